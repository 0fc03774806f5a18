// Package storetest opens real stores for tests of any package, on both
// engines: SQLite in the test's own folder, PostgreSQL as package cluster finds it.
package storetest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/sealed"
	"tocsin/internal/store"
	"tocsin/internal/store/storetest/cluster"
)

// The engines.
const (
	SQLite   = "sqlite"
	Postgres = "postgres"
)

// Each runs a test on both engines.
func Each(t *testing.T, run func(t *testing.T, engine string)) {
	t.Helper()
	for _, engine := range []string{SQLite, Postgres} {
		t.Run(engine, func(t *testing.T) { run(t, engine) })
	}
}

// URL returns the database address of an engine for one test: "" for SQLite in
// the data folder. The test is skipped when there is no PostgreSQL.
func URL(t testing.TB, engine string) string {
	t.Helper()
	if engine == Postgres {
		return cluster.URL(t)
	}
	return ""
}

// A Database is a store with what it needs around it.
type Database struct {
	*store.Store
	Keeper *sealed.Keeper
	Vault  *store.Vault
	Master *sealed.Master
	Dir    string
	URL    string
}

// Open opens an empty store for the length of a test. change may set options;
// the defaults are a clock that stands at Noon and ids that sort in order.
func Open(t testing.TB, engine string, change ...func(*store.Options)) *Database {
	t.Helper()
	d, err := open(t.Context(), t.TempDir(), URL(t, engine), change)
	if err != nil {
		t.Fatalf("open a test store: %v", err)
	}
	t.Cleanup(func() {
		if err := errors.Join(d.Store.Close(), d.Vault.Close()); err != nil {
			t.Errorf("close a test store: %v", err)
		}
	})
	return d
}

// Noon is where the clock of a test store stands.
var Noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func open(ctx context.Context, dir, url string, change []func(*store.Options)) (*Database, error) {
	d := &Database{Dir: dir, URL: url}
	var err error
	raw := base64.StdEncoding.EncodeToString(make([]byte, 32)) // a key as it is: no slow derivation
	if d.Master, err = sealed.OpenMaster(filepath.Join(dir, "master.json"), []byte(raw), true); err != nil {
		return nil, err
	}
	if d.Vault, err = store.OpenVault(ctx, store.VaultOptions{Dir: dir}); err != nil {
		return nil, err
	}
	d.Keeper = sealed.New(d.Master, d.Vault)
	o := store.Options{URL: url, Dir: dir, Now: func() time.Time { return Noon }, NewID: NewID, Keeper: d.Keeper}
	for _, c := range change {
		c(&o)
	}
	if d.Store, err = store.Open(ctx, o); err != nil {
		return nil, errors.Join(err, d.Vault.Close())
	}
	return d, nil
}

var ids atomic.Int64

// NewID makes ids that look and sort like UUIDv7.
func NewID() string { return fmt.Sprintf("019abcde-0000-7000-8000-%012x", ids.Add(1)) }

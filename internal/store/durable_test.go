package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/store/storetest/cluster"
)

func TestAServerThatLosesTransactionsIsRefused(t *testing.T) {
	url := cluster.URL(t)
	for _, c := range []struct {
		with string
		want incidents.Kind
	}{{"&synchronous_commit=off", incidents.KindUnavailable}, {"&synchronous_commit=local", ""}, {"", ""}} {
		s, err := Open(t.Context(), options(t, url+c.with))
		if c.want == "" {
			ok(t, err)
			ok(t, s.Close())
		} else {
			refused(t, c.want, err)
		}
	}
}

func TestEveryConnectionToSQLiteIsDurable(t *testing.T) {
	s := opened(t, options(t, ""))
	open := []*sql.Conn{s.writer.conn}
	for range s.r.Stats().MaxOpenConnections {
		c, err := s.r.Conn(t.Context())
		ok(t, err)
		defer c.Close()
		open = append(open, c)
	}
	for i, c := range open {
		var mode string
		var sync int
		ok(t, errors.Join(c.QueryRowContext(t.Context(), "PRAGMA journal_mode").Scan(&mode), c.QueryRowContext(t.Context(), "PRAGMA synchronous").Scan(&sync)))
		if mode != "wal" || sync != 2 {
			t.Errorf("connection %d has journal_mode %s, synchronous %d", i, mode, sync)
		}
	}
	if db, err := sqlitePool(filepath.Join(t.TempDir(), "x.db"), "immediate", 1, "synchronous(NORMAL)"); err != nil {
		t.Fatal(err)
	} else {
		refused(t, incidents.KindUnavailable, assertSQLite(t.Context(), db))
		ok(t, db.Close())
	}
}

func TestTheDataFolderIsPrivate(t *testing.T) {
	o := options(t, "")
	o.Dir = filepath.Join(o.Dir, "a b", "ü?#%41")
	s := opened(t, o)
	ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "i") }))
	for name, want := range map[string]os.FileMode{"": 0o700 | os.ModeDir, "tocsin.db": 0o600, "tocsin.db-wal": 0o600} {
		st, err := os.Stat(filepath.Join(o.Dir, name))
		ok(t, err)
		same(t, st.Mode(), want)
	}
}

func TestAFullDiskIsUnavailableAndLosesNothing(t *testing.T) {
	s := opened(t, options(t, ""))
	ok(t, s.Group(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "before") }))
	_, err := s.writer.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 1") // as many as there are, and no more
	ok(t, err)
	var last error
	for i := 0; i < 100 && last == nil; i++ {
		last = s.Group(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprint(i)) })
	}
	refused(t, incidents.KindUnavailable, last)
	_, err = s.writer.conn.ExecContext(t.Context(), "PRAGMA max_page_count = 4294967294")
	ok(t, err)
	ok(t, s.Group(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "after") }))
	verified(t, s)
	whole(t, s)
}

func TestAfterAFailedSyncNothingIsWritten(t *testing.T) {
	s := opened(t, options(t, ""))
	s.broken.Store(true)
	refused(t, incidents.KindUnavailable, s.Write(t.Context(), func(incidents.Tx) error { return nil }))
	refused(t, incidents.KindUnavailable, s.Group(t.Context(), func(incidents.Tx) error { return nil }))
	refused(t, incidents.KindUnavailable, s.Ping(t.Context()))
	ok(t, s.Read(t.Context(), func(incidents.Tx) error { return nil }))
}

func TestAnErrorDoesNotRepeatWhatWasInTheStatement(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		err := s.write(t.Context(), func(tx *tx) error {
			_, err := tx.run(`INSERT INTO counters (name, n) VALUES ($1, $2)`, "x", "canary@example.org")
			return err
		})
		if err == nil || len(err.Error()) > 80 {
			t.Errorf("got %v", err)
		}
	})
}

func TestServersStartingTogetherMigrateOnce(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				s, err := Open(context.WithoutCancel(t.Context()), o)
				if err == nil {
					err = s.Close()
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		s := opened(t, o)
		ok(t, s.Ping(t.Context()))
	})
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	ctx := t.Context()
	bad := options(t, "postgres://user:canary@[::1]:bad/db")
	_, err := Open(ctx, bad)
	refused(t, incidents.KindInvalid, err)
	gone := options(t, "postgres://nobody@127.0.0.1:1/none?connect_timeout=2")
	_, err = Open(ctx, gone)
	refused(t, incidents.KindUnavailable, err)
	folder := options(t, "")
	folder.URL = folder.Dir // a folder is no file
	if _, err = Open(ctx, folder); err == nil {
		t.Error("a folder was opened as a database")
	}
	if _, err = Open(ctx, Options{Dir: t.TempDir()}); err == nil {
		t.Error("opened without a clock")
	}
}

package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/internal/settings"
	"tocsin/internal/store/storetest/cluster"
)

// openFor opens database and keys as a server or a worker would, and closes them again.
func openFor(t *testing.T, s settings.Settings, worker bool) error {
	t.Helper()
	a := newApp(Config{Settings: s, Worker: worker})
	err := a.openStore(t.Context())
	if cerr := a.Close(context.Background()); cerr != nil {
		t.Fatal(cerr)
	}
	return err
}

func keysIn(dir string, database string) settings.Settings {
	s := settings.Default()
	s.DataDir, s.Database.URL = dir, settings.Secret(database)
	s.MasterKey.File, s.MasterKey.Passphrase = filepath.Join(dir, "keys", "master.key"), "a passphrase for the test"
	return s
}

func refusedFor(t *testing.T, err error, says string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), says) {
		t.Fatalf("got %v, want it to say %q", err, says)
	}
}

func noFile(t *testing.T, path string) {
	t.Helper()
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s was made (%v)", path, err)
	}
}

func copied(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o700)
	}
	if err == nil {
		err = os.WriteFile(to, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// A process with a master key of its own would take people's messages and could
// make none of them.
func TestAMasterKeyIsMadeOnceForADatabase(t *testing.T) {
	for name, database := range map[string]func(*testing.T) string{
		"sqlite":   func(*testing.T) string { return "" },
		"postgres": func(t *testing.T) string { return cluster.URL(t) },
	} {
		t.Run(name, func(t *testing.T) {
			server := keysIn(t.TempDir(), database(t))
			refusedFor(t, openFor(t, server, true), "a worker makes none")
			noFile(t, server.MasterKey.File)
			for range 2 {
				if err := openFor(t, server, false); err != nil {
					t.Fatal(err)
				}
			}
			if err := openFor(t, server, true); err != nil {
				t.Fatal("a worker with the server's key:", err)
			}

			other := server
			other.MasterKey.File = filepath.Join(t.TempDir(), "master.key")
			for _, worker := range []bool{true, false} {
				refusedFor(t, openFor(t, other, worker), "this database belongs to another master key")
				noFile(t, other.MasterKey.File)
			}
			stranger := keysIn(t.TempDir(), "")
			if err := openFor(t, stranger, false); err != nil {
				t.Fatal(err)
			}
			copied(t, stranger.MasterKey.File, other.MasterKey.File)
			refusedFor(t, openFor(t, other, true), "this database belongs to another master key")
			refusedFor(t, openFor(t, other, false), "this database belongs to another master key")
		})
	}
}

func TestTheKeyStoreOfADatabaseIsItsOwn(t *testing.T) {
	server := keysIn(t.TempDir(), cluster.URL(t))
	if err := openFor(t, server, false); err != nil {
		t.Fatal(err)
	}
	worker := keysIn(t.TempDir(), server.Database.URL.Reveal())
	refusedFor(t, openFor(t, worker, true), "this database belongs to another master key")
	noFile(t, worker.MasterKey.File)
	copied(t, server.MasterKey.File, worker.MasterKey.File)
	refusedFor(t, openFor(t, worker, true), "the key store is empty")
}

// A version before left no marks: its epoch keys tell whose they are.
func TestAKeyStoreWithoutAMarkIsKnownByItsKeys(t *testing.T) {
	server := keysIn(t.TempDir(), "")
	a := newApp(Config{Settings: server})
	if err := a.openStore(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(a.keeper.NewBlock(t.Context(), "a-list", 1), a.Close(context.Background())); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"tocsin.db", "tocsin.db-wal", "tocsin.db-shm"} { // the database that had the mark
		if err := os.Remove(filepath.Join(server.DataDir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
	}
	other := server
	other.MasterKey.File = filepath.Join(t.TempDir(), "master.key")
	refusedFor(t, openFor(t, other, false), "this key store belongs to another master key")
	noFile(t, other.MasterKey.File)
	if err := openFor(t, server, false); err != nil {
		t.Fatal(err)
	}
}

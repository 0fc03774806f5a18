package store

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/sealed"
	"tocsin/internal/store/storetest/cluster"
)

// vaults runs a test on key stores of both engines.
func vaults(t *testing.T, run func(t *testing.T, o VaultOptions)) {
	t.Run("sqlite", func(t *testing.T) { run(t, VaultOptions{Dir: t.TempDir()}) })
	t.Run("postgres", func(t *testing.T) {
		url := cluster.URL(t)
		_, schema, _ := strings.Cut(url, "search_path=")
		run(t, VaultOptions{URL: url, Schema: schema})
	})
}

func openVault(t testing.TB, o VaultOptions) *Vault {
	t.Helper()
	v, err := OpenVault(t.Context(), o)
	ok(t, err)
	t.Cleanup(func() { ok(t, v.Close()) })
	return v
}

func TestKeysArePutListedAndDeleted(t *testing.T) {
	vaults(t, func(t *testing.T, o VaultOptions) {
		v := openVault(t, o)
		k := func(id, epoch, data string) sealed.WrappedKey {
			return sealed.WrappedKey{ID: id, Epoch: epoch, Data: []byte(data)}
		}
		ok(t, v.PutKeys(t.Context(), []sealed.WrappedKey{k("block/a/2", "epoch/1", "x"), k("block/a/10", "epoch/1", "y"), k("block/ab/1", "epoch/1", "z"), k("epoch/1", "master", "e")}))
		ok(t, v.PutKeys(t.Context(), []sealed.WrappedKey{k("block/a/2", "epoch/2", "new")}))
		got, err := v.Key(t.Context(), "block/a/2")
		ok(t, err)
		same(t, got, k("block/a/2", "epoch/2", "new"))
		list, err := v.Keys(t.Context(), "block/a/")
		ok(t, err)
		same(t, list, []sealed.WrappedKey{k("block/a/10", "epoch/1", "y"), k("block/a/2", "epoch/2", "new")})
		all, err := v.Keys(t.Context(), "")
		ok(t, err)
		same(t, len(all), 4)
		ok(t, v.DeleteKeys(t.Context(), []string{"block/a/2", "no/such", "block/a/10"}))
		ok(t, v.DeleteKeys(t.Context(), nil))
		_, err = v.Key(t.Context(), "block/a/2")
		refused(t, incidents.KindNotFound, err)
		all, err = v.Keys(t.Context(), "")
		ok(t, err)
		same(t, len(all), 2)
	})
}

func TestADeletedKeyIsInNoFile(t *testing.T) {
	o := VaultOptions{Dir: t.TempDir()}
	v := openVault(t, o)
	var keys []sealed.WrappedKey
	for i := range 300 {
		keys = append(keys, sealed.WrappedKey{ID: fmt.Sprintf("block/gone/%d", i), Epoch: "epoch/1", Data: bytes.Repeat([]byte("canary-key"), 20)})
	}
	keep := sealed.WrappedKey{ID: "block/kept/1", Epoch: "epoch/1", Data: []byte("kept-key-data")}
	ok(t, v.PutKeys(t.Context(), append(keys, keep)))
	if !inFiles(t, o.Dir, "canary-key") {
		t.Fatal("the test does not see keys that are there")
	}
	var ids []string
	for _, k := range keys {
		ids = append(ids, k.ID)
	}
	ok(t, v.DeleteKeys(t.Context(), ids))
	if inFiles(t, o.Dir, "canary-key") {
		t.Error("a deleted key can still be read from the files")
	}
	if !inFiles(t, o.Dir, "kept-key-data") {
		t.Error("a kept key is gone")
	}
}

func inFiles(t *testing.T, dir, text string) (found bool) {
	t.Helper()
	ok(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		found = found || bytes.Contains(b, []byte(text))
		return err
	}))
	return found
}

func TestOneProcessAtATimeChangesKeys(t *testing.T) {
	vaults(t, func(t *testing.T, o VaultOptions) {
		var inside, most atomic.Int64
		var wg sync.WaitGroup
		for range 3 {
			v := openVault(t, o) // each stands for a process
			wg.Go(func() {
				for range 3 {
					if err := v.Locked(t.Context(), "keys", func(ctx context.Context) error {
						most.Store(max(most.Load(), inside.Add(1)))
						defer inside.Add(-1)
						return v.PutKeys(ctx, []sealed.WrappedKey{{ID: "a", Epoch: "b"}})
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		same(t, most.Load(), int64(1))
		v := openVault(t, o)
		ctx, cancel := context.WithCancel(t.Context())
		ok(t, v.Locked(t.Context(), "keys", func(context.Context) error {
			cancel()
			if err := openVault(t, o).Locked(ctx, "keys", func(context.Context) error { return nil }); err == nil {
				t.Error("two at once")
			}
			return nil
		}))
	})
}

func TestAKeeperWorksOnTheVault(t *testing.T) {
	vaults(t, func(t *testing.T, o VaultOptions) {
		m, err := sealed.OpenMaster(filepath.Join(t.TempDir(), "master.json"), []byte("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="), true)
		ok(t, err)
		k := sealed.New(m, openVault(t, o))
		ok(t, k.NewBlocks(t.Context(), "list", 1, 2))
		b, err := k.Sealer(t.Context(), "list", 1)
		ok(t, err)
		box := b.Seal("row", []byte("plain"))
		n, _, err := k.DestroyBlocks(t.Context(), "list")
		ok(t, err)
		same(t, n, int64(2))
		again := sealed.New(m, openVault(t, o))
		if b, err := again.Sealer(t.Context(), "list", 1); err == nil {
			if _, err := b.Open("row", box); err == nil {
				t.Error("a destroyed block opens")
			}
		}
	})
}

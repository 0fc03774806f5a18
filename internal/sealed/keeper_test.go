package sealed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"

	"tocsin/incidents"
)

func TestSealAndOpen(t *testing.T) {
	k := New(newMaster(t), NewMemoryVault())
	newBlocks(t, k, "list", 1, 2)
	newBlocks(t, k, "other", 1)
	b := blockOf(t, k, "list", 1)
	plain := []byte("Mia Example, mia@example.test, +49 30 000000")
	sealed := b.Seal("list/1", plain)
	mustOpen(t, b, "list/1", sealed, string(plain))
	if bytes.Contains(sealed, plain[:8]) {
		t.Fatal("plain text in the sealed value")
	}
	if bytes.Equal(sealed, b.Seal("list/1", plain)) {
		t.Fatal("two seals of one value are equal")
	}
	if got, err := b.Open("e", b.Seal("e", nil)); err != nil || len(got) != 0 {
		t.Fatal("an empty value does not come back", err)
	}
	flipped := bytes.Clone(sealed)
	for i := range flipped {
		flipped[i] ^= 1
		if _, err := b.Open("list/1", flipped); !errors.Is(err, ErrUnreadable) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
		flipped[i] ^= 1
	}
	for name, open := range map[string]func() ([]byte, error){
		"another row":            func() ([]byte, error) { return b.Open("list/2", sealed) },
		"another block":          func() ([]byte, error) { return blockOf(t, k, "list", 2).Open("list/1", sealed) },
		"another list":           func() ([]byte, error) { return blockOf(t, k, "other", 1).Open("list/1", sealed) },
		"truncated":              func() ([]byte, error) { return b.Open("list/1", sealed[:10]) },
		"nothing":                func() ([]byte, error) { return b.Open("list/1", nil) },
		"something at the front": func() ([]byte, error) { return b.Open("list/1", append([]byte{0}, sealed...)) },
	} {
		if _, err := open(); !errors.Is(err, ErrUnreadable) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBlocksOutliveTheProcess(t *testing.T) {
	m, v := newMaster(t), NewMemoryVault()
	k := New(m, v)
	newBlocks(t, k, "list", 1)
	sealed := blockOf(t, k, "list", 1).Seal("r", []byte("x"))
	newBlocks(t, k, "list", 1, 2) // again: the first keeps its key
	mustOpen(t, blockOf(t, New(m, v), "list", 1), "r", sealed, "x")
}

func TestKeeperRefuses(t *testing.T) {
	ctx := context.Background()
	v := NewMemoryVault()
	k := New(newMaster(t), v)
	for _, scope := range []string{"", "a/b", "a\x00"} {
		if err := k.NewBlock(ctx, scope, 1); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("scope %q: %v", scope, err)
		}
	}
	if err := k.NewBlock(ctx, "list", 0); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("block 0: %v", err)
	}
	if _, err := k.Sealer(ctx, "list", 9); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("a block never made: %v", err)
	}
	newBlocks(t, k, "list", 1, 2)
	// Somebody swaps two keys in the vault.
	a, b := v.keys["block/list/1"], v.keys["block/list/2"]
	a.Data, b.Data = b.Data, a.Data
	v.keys["block/list/1"], v.keys["block/list/2"] = a, b
	if _, err := k.Sealer(ctx, "list", 1); err == nil {
		t.Error("a swapped key opens")
	}
	// Another master key.
	if _, err := New(newMaster(t), v).Sealer(ctx, "list", 1); err == nil {
		t.Error("another master key opens the vault")
	}
}

func TestCacheIsBounded(t *testing.T) {
	ctx := context.Background()
	k := New(newMaster(t), NewMemoryVault())
	k.cache.max = 4
	var ns []int64
	for n := int64(1); n <= 50; n++ {
		ns = append(ns, n)
	}
	newBlocks(t, k, "list", ns...)
	held := blockOf(t, k, "list", 1)
	for _, n := range ns {
		blockOf(t, k, "list", n)
	}
	if len(k.cache.byID) != 4 || k.cache.order.Len() != 4 {
		t.Fatalf("%d blocks in a cache of 4", len(k.cache.byID))
	}
	if blockOf(t, k, "list", 1) != held {
		t.Error("a block that is still held was opened a second time")
	}
	runtime.GC()
	runtime.GC()
	k.cache.mu.Lock()
	k.cache.sweep()
	n := len(k.cache.held)
	k.cache.mu.Unlock()
	if n > 6 {
		t.Errorf("%d blocks remembered, nobody holds them", n)
	}
	k.Purge()
	if len(k.cache.byID) != 0 {
		t.Error("purge left blocks behind")
	}
	// Held blocks are reached by a destruction also after they left the cache.
	if _, _, err := k.DestroyBlocks(ctx, "list"); err != nil {
		t.Fatal(err)
	}
	if _, err := held.Open("r", held.Seal("r", []byte("late"))); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("a held block of a destroyed list: %v", err)
	}
}

func TestKeeperIsSafeForMany(t *testing.T) {
	ctx := context.Background()
	k := New(newMaster(t), NewMemoryVault())
	k.cache.max = 3
	newBlocks(t, k, "stays", 1, 2, 3, 4, 5, 6, 7)
	r := fill(blockOf(t, k, "stays", 7)) // the rows of a block that one store re-seals
	var wg sync.WaitGroup
	fail := make(chan error, 100)
	for w := range 6 {
		wg.Go(func() {
			for i := range 60 {
				b, err := k.Sealer(ctx, "stays", int64(1+(i+w)%6))
				if err != nil {
					fail <- err
					return
				}
				if got, err := b.Open("r", b.Seal("r", []byte("v"))); err != nil || string(got) != "v" {
					fail <- fmt.Errorf("%q, %w", got, err)
					return
				}
			}
		})
	}
	wg.Go(func() {
		for i := range 8 {
			scope := fmt.Sprint("goes", i)
			if err := k.NewBlocks(ctx, scope, 1, 2); err != nil {
				fail <- err
			}
			if _, _, err := k.DestroyBlocks(ctx, scope); err != nil {
				fail <- err
			}
			old, fresh, commit, err := k.ReplaceBlock(ctx, "stays", 7)
			if err == nil {
				err = errors.Join(r.reseal(old, fresh, "bob"), commit(ctx))
			}
			if err != nil {
				fail <- err
			}
			k.Purge()
		}
	})
	wg.Wait()
	close(fail)
	for err := range fail {
		t.Error(err)
	}
	r.check(t, "afterwards", blockOf(t, k, "stays", 7))
}

func BenchmarkSeal300(b *testing.B) {
	k := New(newMaster(b), NewMemoryVault())
	newBlocks(b, k, "list", 1)
	blk, plain := blockOf(b, k, "list", 1), bytes.Repeat([]byte("x"), 300)
	b.ReportAllocs()
	for b.Loop() {
		blk.Seal("0198c0de-0000-7000-8000-000000000000/123456", plain)
	}
}

func BenchmarkOpen300(b *testing.B) {
	k := New(newMaster(b), NewMemoryVault())
	newBlocks(b, k, "list", 1)
	blk := blockOf(b, k, "list", 1)
	s := blk.Seal("row", bytes.Repeat([]byte("x"), 300))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := blk.Open("row", s); err != nil {
			b.Fatal(err)
		}
	}
}

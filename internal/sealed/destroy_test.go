package sealed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestDestroyedListCannotBeOpened(t *testing.T) {
	ctx := context.Background()
	m, v := newMaster(t), NewMemoryVault()
	k := New(m, v)
	newBlocks(t, k, "goes", 1, 2, 10)
	newBlocks(t, k, "stays", 1)
	held := blockOf(t, k, "goes", 1)
	gone := held.Seal("r", []byte("plain"))
	kept := blockOf(t, k, "stays", 1).Seal("r", []byte("kept"))
	backup := copyOf(v)

	n, hash, err := k.DestroyBlocks(ctx, "goes")
	if err != nil || n != 3 {
		t.Fatalf("%d blocks, %v", n, err)
	}
	sum := sha256.Sum256([]byte("block/goes/1\nblock/goes/10\nblock/goes/2"))
	if hash != hex.EncodeToString(sum[:]) {
		t.Error("the hash is not over the sorted ids")
	}
	if n2, hash2, err := k.DestroyBlocks(ctx, "goes"); err != nil || n2 != n || hash2 != hash {
		t.Errorf("asked again: %d %s %v", n2, hash2, err)
	}
	if _, err := held.Open("r", gone); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("a block held since before: %v", err)
	}
	if _, err := k.Sealer(ctx, "goes", 1); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("a destroyed block: %v", err)
	}
	if err := k.NewBlock(ctx, "goes", 11); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("a new block in a destroyed list: %v", err)
	}
	mustOpen(t, blockOf(t, k, "stays", 1), "r", kept, "kept")

	// A backup of the block keys comes back: their epoch key was never in it.
	for id, w := range backup.keys {
		if strings.HasPrefix(id, blockPrefix+"goes/") {
			v.keys[id] = w
		}
	}
	fresh := New(m, v)
	if _, err := fresh.Sealer(ctx, "goes", 1); err == nil {
		t.Fatal("restored block keys open after the erasure")
	}
	// Neither do they stop the next rotation, nor come alive in it.
	if err := fresh.Rotate(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := fresh.Sealer(ctx, "goes", 1); err == nil {
		t.Fatal("restored block keys came alive")
	}
	// The honest limit: with the epoch key of before, the master key opens it.
	v.keys["epoch/1"] = backup.keys["epoch/1"]
	mustOpen(t, blockOf(t, New(m, v), "goes", 1), "r", gone, "plain")
}

func TestDestroyingNothing(t *testing.T) {
	n, hash, err := New(newMaster(t), NewMemoryVault()).DestroyBlocks(context.Background(), "empty")
	if n != 0 || len(hash) != 64 || err != nil {
		t.Fatal(n, hash, err)
	}
}

// A fault at every call of the vault, before and after it took effect: nothing
// that stays is lost, and doing it again, or resuming, ends as if all was well.
func TestErasuresResumeAfterAnyFault(t *testing.T) {
	ctx := context.Background()
	m := newMaster(t)
	destroy := func(k *Keeper) error { _, _, err := k.DestroyBlocks(ctx, "goes"); return err }
	resume := func(k *Keeper) error {
		if err := k.Resume(ctx); err != nil {
			return err
		}
		return destroy(k)
	}
	for name, again := range map[string]func(*Keeper) error{"again": destroy, "resume": resume} {
		for _, after := range []bool{false, true} {
			for at := 1; ; at++ {
				v := NewMemoryVault()
				setup := New(m, v)
				newBlocks(t, setup, "goes", 1, 2)
				newBlocks(t, setup, "stays", 1, 2)
				kept := blockOf(t, setup, "stays", 2).Seal("r", []byte("kept"))
				gone := blockOf(t, setup, "goes", 2).Seal("r", []byte("gone"))
				backup := copyOf(v)
				f := &faultyVault{MemoryVault: v, at: at, after: after}
				err := destroy(New(m, f))
				if err == nil {
					if at < 8 {
						t.Fatalf("only %d calls: the fault never came", at)
					}
					break
				}
				label := fmt.Sprintf("%s, fault at call %d, after=%v", name, at, after)
				if !errors.Is(err, errFault) {
					t.Fatalf("%s: %v", label, err)
				}
				mustOpen(t, blockOf(t, New(m, v), "stays", 2), "r", kept, "kept")
				k := New(m, v)
				if err := again(k); err != nil {
					t.Fatalf("%s: %v", label, err)
				}
				mustOpen(t, blockOf(t, k, "stays", 2), "r", kept, "kept")
				if n, _, _ := k.DestroyBlocks(ctx, "goes"); n != 2 {
					t.Fatalf("%s: %d blocks counted", label, n)
				}
				if es, _ := k.epochNumbers(ctx); len(es) != 1 || es[0] == 1 {
					t.Fatalf("%s: epochs %v", label, es)
				}
				for id, w := range backup.keys {
					if strings.HasPrefix(id, blockPrefix) {
						v.keys[id] = w
					}
				}
				if b, err := New(m, v).Sealer(ctx, "goes", 2); err == nil {
					_, err = b.Open("r", gone)
					t.Fatalf("%s: the erased block opens (%v)", label, err)
				}
			}
		}
	}
}

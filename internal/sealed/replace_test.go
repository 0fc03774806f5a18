package sealed

import (
	"context"
	"errors"
	"fmt"
	"testing"
)

// rows is what a store would hold of one block.
type rows map[string][]byte

// reseal is the store's transaction: all that stays, under the fresh key.
func (r rows) reseal(old, fresh *Block, gone string) error {
	next := rows{}
	for id, sealed := range r {
		if id == gone || sealed == nil {
			next[id] = nil
			continue
		}
		plain, err := old.Open(id, sealed)
		if err != nil {
			return err
		}
		next[id] = fresh.Seal(id, plain)
	}
	for id, sealed := range next {
		r[id] = sealed
	}
	return nil
}

func (r rows) check(t *testing.T, label string, b *Block) {
	t.Helper()
	for id, sealed := range r {
		if sealed == nil {
			continue
		}
		if got, err := b.Open(id, sealed); err != nil || string(got) != "of "+id {
			t.Fatalf("%s: row %s: %q, %v", label, id, got, err)
		}
	}
}

func fill(b *Block) rows {
	r := rows{}
	for _, id := range []string{"ann", "bob", "cat"} {
		r[id] = b.Seal(id, []byte("of "+id))
	}
	return r
}

func TestOnePersonIsErased(t *testing.T) {
	ctx := context.Background()
	m, v := newMaster(t), NewMemoryVault()
	k := New(m, v)
	newBlocks(t, k, "list", 1, 11)
	held := blockOf(t, k, "list", 1)
	r := fill(held)
	bob, backup := r["bob"], copyOf(v)

	old, fresh, commit, err := k.ReplaceBlock(ctx, "list", 1)
	if err != nil {
		t.Fatal(err)
	}
	r.check(t, "before the store's transaction", held)
	r.check(t, "before the store's transaction, elsewhere", blockOf(t, New(m, v), "list", 1))
	if err := r.reseal(old, fresh, "bob"); err != nil {
		t.Fatal(err)
	}
	r.check(t, "before commit", held)
	r.check(t, "before commit, elsewhere", blockOf(t, New(m, v), "list", 1))
	if err := commit(ctx); err != nil {
		t.Fatal(err)
	}
	if err := commit(ctx); err != nil {
		t.Fatalf("a second commit: %v", err)
	}
	r.check(t, "after commit", held)
	r.check(t, "after commit, elsewhere", blockOf(t, New(m, v), "list", 1))
	for name, b := range map[string]*Block{"held": held, "old": old, "fresh": fresh, "reopened": blockOf(t, New(m, v), "list", 1)} {
		if _, err := b.Open("bob", bob); err == nil {
			t.Errorf("the erased row opens with the %s block", name)
		}
	}
	v.keys["block/list/1"] = backup.keys["block/list/1"]
	if _, err := New(m, v).Sealer(ctx, "list", 1); err == nil {
		t.Error("a restored block key opens")
	}
}

// Two erasures in one block overlap: whatever order their steps come in,
// nobody who stays is lost and both are gone.
func TestTwoErasuresInOneBlock(t *testing.T) {
	ctx := context.Background()
	for name, run := range map[string]func(r rows, k *Keeper) error{
		"one after the other began": func(r rows, k *Keeper) error {
			o1, f1, c1, e1 := k.ReplaceBlock(ctx, "list", 1)
			if err := errors.Join(e1, r.reseal(o1, f1, "ann")); err != nil {
				return err
			}
			o2, f2, c2, e2 := k.ReplaceBlock(ctx, "list", 1)
			if err := errors.Join(e2, r.reseal(o2, f2, "bob")); err != nil {
				return err
			}
			return errors.Join(c2(ctx), c1(ctx))
		},
		"committed in order": func(r rows, k *Keeper) error {
			o1, f1, c1, e1 := k.ReplaceBlock(ctx, "list", 1)
			o2, f2, c2, e2 := k.ReplaceBlock(ctx, "list", 1)
			return errors.Join(e1, e2, r.reseal(o1, f1, "ann"), r.reseal(o2, f2, "bob"), c1(ctx), c2(ctx))
		},
	} {
		t.Run(name, func(t *testing.T) {
			m, v := newMaster(t), NewMemoryVault()
			k := New(m, v)
			newBlocks(t, k, "list", 1)
			r := fill(blockOf(t, k, "list", 1))
			ann, bob := r["ann"], r["bob"]
			if err := run(r, k); err != nil {
				t.Fatal(err)
			}
			b := blockOf(t, New(m, v), "list", 1)
			r.check(t, "after both", b)
			for id, sealed := range map[string][]byte{"ann": ann, "bob": bob} {
				if _, err := b.Open(id, sealed); err == nil {
					t.Errorf("%s opens", id)
				}
			}
			if len(v.keys) != 2 {
				t.Errorf("%d keys left, want one epoch and one block", len(v.keys))
			}
		})
	}
	t.Run("the older one finds its rows moved on", func(t *testing.T) {
		k := New(newMaster(t), NewMemoryVault())
		newBlocks(t, k, "list", 1)
		r := fill(blockOf(t, k, "list", 1))
		o1, f1, _, e1 := k.ReplaceBlock(ctx, "list", 1)
		o2, f2, _, e2 := k.ReplaceBlock(ctx, "list", 1)
		if err := errors.Join(e1, e2, r.reseal(o2, f2, "bob")); err != nil {
			t.Fatal(err)
		}
		if err := r.reseal(o1, f1, "ann"); !errors.Is(err, ErrUnreadable) {
			t.Fatalf("it would have sealed under a key that goes: %v", err)
		}
	})
}

func TestReplacementResumesAfterAnyFault(t *testing.T) {
	ctx := context.Background()
	m := newMaster(t)
	erase := func(k *Keeper, r rows) error {
		old, fresh, commit, err := k.ReplaceBlock(ctx, "list", 1)
		if err != nil {
			return err
		}
		if err := r.reseal(old, fresh, "bob"); err != nil {
			return err
		}
		return commit(ctx)
	}
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			v := NewMemoryVault()
			setup := New(m, v)
			newBlocks(t, setup, "list", 1)
			r := fill(blockOf(t, setup, "list", 1))
			bob, backup := r["bob"], copyOf(v)
			f := &faultyVault{MemoryVault: v, at: at, after: after}
			err := erase(New(m, f), r)
			if err == nil {
				if at < 12 {
					t.Fatalf("only %d calls: the fault never came", at)
				}
				break
			}
			label := fmt.Sprintf("fault at call %d, after=%v", at, after)
			if !errors.Is(err, errFault) {
				t.Fatalf("%s: %v", label, err)
			}
			r.check(t, label, blockOf(t, New(m, v), "list", 1))
			k := New(m, v)
			if err := errors.Join(k.Resume(ctx), erase(k, r)); err != nil {
				t.Fatalf("%s, again: %v", label, err)
			}
			b := blockOf(t, New(m, v), "list", 1)
			r.check(t, label+", again", b)
			if _, err := b.Open("bob", bob); err == nil {
				t.Fatalf("%s: the erased row opens", label)
			}
			if len(v.keys) != 2 {
				t.Fatalf("%s: %d keys left", label, len(v.keys))
			}
			v.keys["block/list/1"] = backup.keys["block/list/1"]
			if _, err := New(m, v).Sealer(ctx, "list", 1); err == nil {
				t.Fatalf("%s: a restored block key opens", label)
			}
		}
	}
}

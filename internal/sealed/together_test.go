package sealed

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// A sharedVault is used by several processes, which take turns.
type sharedVault struct {
	*MemoryVault
	turn *sync.Mutex
}

func (v sharedVault) Locked(ctx context.Context, _ string, fn func(context.Context) error) error {
	v.turn.Lock()
	defer v.turn.Unlock()
	return fn(ctx)
}

// Two processes share a vault: one imports, the other erases. No block of the
// import is lost, and nothing of what was erased comes back.
func TestTwoProcessesShareAVault(t *testing.T) {
	ctx := context.Background()
	m, mem := newMaster(t), NewMemoryVault()
	for name, vault := range map[string]Vault{"that locks": sharedVault{mem, &sync.Mutex{}}, "that does not": NewMemoryVault()} {
		t.Run(name, func(t *testing.T) {
			here, there := New(m, vault), New(m, vault)
			newBlocks(t, there, "goes", 1)
			sealed := make([][]byte, 60)
			var wg sync.WaitGroup
			fail := make(chan error, 200)
			wg.Go(func() {
				for n := range sealed {
					if err := here.NewBlock(ctx, "list", int64(n+1)); err != nil {
						fail <- err
						return
					}
					b, err := here.Sealer(ctx, "list", int64(n+1))
					if err != nil {
						fail <- err
						return
					}
					sealed[n] = b.Seal("r", []byte("kept"))
				}
			})
			wg.Go(func() {
				for range 15 {
					if err := there.Rotate(ctx); err != nil {
						fail <- err
					}
				}
				if _, _, err := there.DestroyBlocks(ctx, "goes"); err != nil {
					fail <- err
				}
			})
			wg.Wait()
			close(fail)
			for err := range fail {
				t.Error(err)
			}
			fresh := New(m, vault)
			for n, s := range sealed {
				mustOpen(t, blockOf(t, fresh, "list", int64(n+1)), "r", s, "kept")
			}
			if _, err := fresh.Sealer(ctx, "goes", 1); err == nil {
				t.Error("the erased list opens")
			}
		})
	}
}

// What another process destroyed is still opened here until the news comes.
func TestForget(t *testing.T) {
	ctx := context.Background()
	m, v := newMaster(t), NewMemoryVault()
	here, there := New(m, v), New(m, v)
	newBlocks(t, here, "goes", 1)
	newBlocks(t, here, "stays", 1)
	blockOf(t, here, "goes", 1)
	stays := blockOf(t, here, "stays", 1)
	if _, _, err := there.DestroyBlocks(ctx, "goes"); err != nil {
		t.Fatal(err)
	}
	here.Forget("goes")
	if _, err := here.Sealer(ctx, "goes", 1); err == nil {
		t.Error("a destroyed block opens after the news of it")
	}
	if blockOf(t, here, "stays", 1) != stays {
		t.Error("another list was forgotten too")
	}
}

func TestMasterRotationResumesAfterAnyFault(t *testing.T) {
	ctx := context.Background()
	for at := 1; at <= 2; at++ {
		path := filepath.Join(t.TempDir(), "m.json")
		v := NewMemoryVault()
		setup := New(must(OpenMaster(path, rawPass, true))(t), v)
		newBlocks(t, setup, "list", 1)
		sealed := blockOf(t, setup, "list", 1).Seal("r", []byte("kept"))
		k := New(must(OpenMaster(path, rawPass, false))(t), &faultyVault{MemoryVault: v, at: at})
		if err := k.RotateMaster(ctx); !errors.Is(err, errFault) {
			t.Fatal(err)
		}
		reopened := must(OpenMaster(path, rawPass, false))(t)
		mustOpen(t, blockOf(t, New(reopened, v), "list", 1), "r", sealed, "kept")
		if err := New(reopened, v).RotateMaster(ctx); err != nil {
			t.Fatal(err)
		}
		again := must(OpenMaster(path, rawPass, false))(t)
		if again.wrap.Len() != 1 {
			t.Errorf("%d wrapping keys left", again.wrap.Len())
		}
		mustOpen(t, blockOf(t, New(again, v), "list", 1), "r", sealed, "kept")
	}
}

func BenchmarkRotate1000Blocks(b *testing.B) {
	ctx := context.Background()
	k := New(newMaster(b), NewMemoryVault())
	for i := range 10 {
		var ns []int64
		for n := int64(1); n <= 100; n++ {
			ns = append(ns, n)
		}
		newBlocks(b, k, fmt.Sprint("list", i), ns...)
	}
	for b.Loop() {
		if err := k.Rotate(ctx); err != nil {
			b.Fatal(err)
		}
	}
}

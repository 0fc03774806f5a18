package sealed

import (
	"context"
	"encoding/base64"
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var rawPass = []byte(base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32))))

func newMaster(t testing.TB) *Master {
	t.Helper()
	m, err := OpenMaster(filepath.Join(t.TempDir(), "master.json"), rawPass, true)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func blockOf(t testing.TB, k *Keeper, scope string, n int64) *Block {
	t.Helper()
	return must(k.Sealer(context.Background(), scope, n))(t)
}

func newBlocks(t testing.TB, k *Keeper, scope string, ns ...int64) {
	t.Helper()
	if err := k.NewBlocks(context.Background(), scope, ns...); err != nil {
		t.Fatal(err)
	}
}

func mustOpen(t testing.TB, b *Block, aad string, sealed []byte, want string) {
	t.Helper()
	if got, err := b.Open(aad, sealed); err != nil || string(got) != want {
		t.Fatalf("open %s: %q, %v; want %q", aad, got, err, want)
	}
}

// copyOf is a backup of the vault as it is now.
func copyOf(v *MemoryVault) *MemoryVault { return &MemoryVault{keys: maps.Clone(v.keys)} }

var errFault = errors.New("the disk is on fire")

// A faultyVault fails at one call, before or after it took effect.
type faultyVault struct {
	*MemoryVault
	calls, at int
	after     bool
}

func (v *faultyVault) do(fn func() error) error {
	v.calls++
	if v.calls != v.at {
		return fn()
	}
	if v.after {
		_ = fn() // it took effect, only the answer is lost
	}
	return errFault
}

func (v *faultyVault) PutKeys(ctx context.Context, keys []WrappedKey) error {
	return v.do(func() error { return v.MemoryVault.PutKeys(ctx, keys) })
}

func (v *faultyVault) DeleteKeys(ctx context.Context, ids []string) error {
	return v.do(func() error { return v.MemoryVault.DeleteKeys(ctx, ids) })
}

func (v *faultyVault) Key(ctx context.Context, id string) (w WrappedKey, err error) {
	err = v.do(func() error { w, err = v.MemoryVault.Key(ctx, id); return err })
	return w, err
}

func (v *faultyVault) Keys(ctx context.Context, prefix string) (ws []WrappedKey, err error) {
	err = v.do(func() error { ws, err = v.MemoryVault.Keys(ctx, prefix); return err })
	return ws, err
}

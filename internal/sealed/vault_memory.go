package sealed

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"tocsin/incidents"
)

// A MemoryVault is a Vault that forgets everything with the process: for tests
// and for trying things out, never for data that matters.
type MemoryVault struct {
	mu   sync.Mutex
	keys map[string]WrappedKey
}

// NewMemoryVault returns an empty vault.
func NewMemoryVault() *MemoryVault { return &MemoryVault{keys: map[string]WrappedKey{}} }

// PutKeys inserts or replaces keys.
func (v *MemoryVault) PutKeys(ctx context.Context, keys []WrappedKey) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, k := range keys {
		k.Data = slices.Clone(k.Data)
		v.keys[k.ID] = k
	}
	return ctx.Err()
}

// Key returns one key.
func (v *MemoryVault) Key(ctx context.Context, id string) (WrappedKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	k, ok := v.keys[id]
	if !ok {
		return WrappedKey{}, incidents.NotFound("the vault has no key %s", id)
	}
	return k, ctx.Err()
}

// DeleteKeys removes keys.
func (v *MemoryVault) DeleteKeys(ctx context.Context, ids []string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, id := range ids {
		delete(v.keys, id)
	}
	return ctx.Err()
}

// Keys lists keys by prefix.
func (v *MemoryVault) Keys(ctx context.Context, prefix string) ([]WrappedKey, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []WrappedKey
	for _, id := range slices.Sorted(maps.Keys(v.keys)) {
		if strings.HasPrefix(id, prefix) {
			out = append(out, v.keys[id])
		}
	}
	return out, ctx.Err()
}

package sealed

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/tink-crypto/tink-go/v2/tink"

	"tocsin/incidents"
)

// A Keeper makes, opens and destroys keys. It is safe for concurrent use.
//
// Several processes may share a vault. What one destroys, another may still
// hold opened in its cache: call Forget there when news of the erasure comes,
// and Purge now and then. A vault of several processes should be a Locker.
type Keeper struct {
	master *Master
	vault  Vault
	cache  *cache
	lookup []byte // key of Lookup
	// turn lets many open blocks at once and one change keys alone.
	turn sync.RWMutex
}

// New returns a keeper over a vault.
func New(master *Master, vault Vault) *Keeper {
	return &Keeper{master: master, vault: vault, cache: newCache(1024), lookup: master.DeriveKey("lookup")}
}

// DeriveKey returns 32 bytes for one fixed purpose; see Master.DeriveKey.
func (k *Keeper) DeriveKey(purpose string) []byte { return k.master.DeriveKey("derive/" + purpose) }

// NewBlock makes the key of one block; see NewBlocks.
func (k *Keeper) NewBlock(ctx context.Context, scope string, n int64) error {
	return k.NewBlocks(ctx, scope, n)
}

// NewBlocks makes the keys of those blocks of a scope that have none yet, in
// one write. A scope whose blocks were destroyed is closed for ever (conflict).
// When it returns nil the keys are kept: only then seal with them.
func (k *Keeper) NewBlocks(ctx context.Context, scope string, ns ...int64) error {
	if err := checkScope(scope); err != nil {
		return err
	}
	return k.exclusive(ctx, func(ctx context.Context) error {
		if _, found, err := k.destruction(ctx, scope); err != nil {
			return err
		} else if found {
			return incidents.Conflict("the keys of %s were destroyed: nothing can be sealed there any more", scope)
		}
		fresh, err := k.missing(ctx, scope, ns)
		if err != nil || len(fresh) == 0 {
			return err
		}
		return k.keep(ctx, fresh)
	})
}

// missing makes keys for the blocks that have none.
func (k *Keeper) missing(ctx context.Context, scope string, ns []int64) (map[string][]byte, error) {
	fresh := map[string][]byte{}
	for _, n := range ns {
		if n < 1 {
			return nil, incidents.Invalid("block %d of %s: blocks are numbered from 1", n, scope)
		}
		switch _, err := k.vault.Key(ctx, blockID(scope, n)); {
		case isNotFound(err):
			fresh[blockID(scope, n)] = newKey()
		case err != nil:
			return nil, fmt.Errorf("look for block %d of %s: %w", n, scope, err)
		}
	}
	return fresh, nil
}

// keep wraps keys under the newest epoch and writes them. Another process may
// start an epoch meanwhile and destroy ours, so it looks again afterwards.
func (k *Keeper) keep(ctx context.Context, fresh map[string][]byte) error {
	for try := 0; ; try++ {
		e, err := k.currentEpoch(ctx)
		if isNotFound(err) && try < tries {
			continue // it was destroyed between being listed and being read
		}
		if err != nil {
			return err
		}
		if err := k.put(ctx, e, fresh); err != nil {
			return err
		}
		ns, err := k.epochNumbers(ctx)
		if err != nil {
			return err
		}
		if len(ns) > 0 && epochID(ns[len(ns)-1]) == e.id {
			return nil
		}
	}
}

func (k *Keeper) put(ctx context.Context, e epoch, fresh map[string][]byte) error {
	out := make([]WrappedKey, 0, len(fresh))
	for id, key := range fresh {
		w, err := e.wrap(id, key)
		if err != nil {
			return err
		}
		out = append(out, w)
	}
	if err := k.vault.PutKeys(ctx, out); err != nil {
		return fmt.Errorf("keep %d block keys: %w", len(out), err)
	}
	return nil
}

// Sealer returns the opened block, from the cache when it is there. A block
// that was never made, or whose key was destroyed, is a not_found error.
func (k *Keeper) Sealer(ctx context.Context, scope string, n int64) (*Block, error) {
	if b := k.cache.block(place(scope, n)); b != nil {
		return b, nil
	}
	if err := checkScope(scope); err != nil {
		return nil, err
	}
	k.turn.RLock()
	defer k.turn.RUnlock()
	keys, err := k.openBlock(ctx, scope, n)
	if err != nil {
		return nil, err
	}
	return k.cache.add(scope, place(scope, n), keys)
}

// tries bounds how often something is read again because another process
// rotated in between.
const tries = 20

// openBlock reads the keys of a block, newest first.
func (k *Keeper) openBlock(ctx context.Context, scope string, n int64) ([][]byte, error) {
	for range tries {
		raw, err := k.openOnce(ctx, scope, n)
		if !errors.Is(err, errEpochGone) {
			return raw, err
		}
	}
	return nil, noKey(scope, n)
}

// errEpochGone tells that a block key is there and its epoch key is not: it was
// wrapped again a moment ago, or it is the copy of a destroyed one.
var errEpochGone = errors.New("the epoch key is gone")

func noKey(scope string, n int64) error {
	return incidents.NotFound("block %d of %s has no key: it was destroyed, or never made", n, scope)
}

func (k *Keeper) openOnce(ctx context.Context, scope string, n int64) ([][]byte, error) {
	w, err := k.vault.Key(ctx, blockID(scope, n))
	if isNotFound(err) {
		return nil, noKey(scope, n)
	}
	if err != nil {
		return nil, fmt.Errorf("read the key of block %d of %s: %w", n, scope, err)
	}
	wrapped, err := k.nexts(ctx, scope, n)
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, w := range append(wrapped, w) {
		e, err := k.openEpoch(ctx, w.Epoch)
		if isNotFound(err) {
			return nil, errEpochGone
		}
		if err != nil {
			return nil, err
		}
		raw, err := e.unwrap(w)
		if err != nil {
			return nil, err
		}
		out = append(out, raw)
	}
	return out, nil
}

// Forget drops the opened blocks of a scope from memory.
func (k *Keeper) Forget(scope string) { k.cache.forget(scope) }

// Purge drops every opened block from memory; they are read again when needed.
func (k *Keeper) Purge() { k.cache.forget("") }

// exclusive runs fn while nobody else changes keys, here or elsewhere.
func (k *Keeper) exclusive(ctx context.Context, fn func(context.Context) error) error {
	k.turn.Lock()
	defer k.turn.Unlock()
	if l, ok := k.vault.(Locker); ok {
		return l.Locked(ctx, "sealed/keys", fn)
	}
	return fn(ctx)
}

func ciphers(raw [][]byte) ([]tink.AEAD, error) {
	out := make([]tink.AEAD, len(raw))
	for i, b := range raw {
		c, err := cipherOf(b)
		if err != nil {
			return nil, err
		}
		out[i] = c
	}
	return out, nil
}

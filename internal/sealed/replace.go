package sealed

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tocsin/incidents"
)

// ReplaceBlock starts to erase somebody from a block. The store opens the rows
// that stay with old, seals them with fresh, empties the row that goes, all in
// one transaction, and then calls commit, which destroys the old key and the
// epoch key that wrapped it.
//
// Until commit both keys are kept, and every Sealer of the block opens both,
// so a fault anywhere loses nothing: start again with ReplaceBlock, and commit
// again. The store must not add rows to the block between its transaction and
// commit with a Block it took out before.
func (k *Keeper) ReplaceBlock(ctx context.Context, scope string, n int64) (old, fresh *Block, commit func(context.Context) error, err error) {
	if err := checkScope(scope); err != nil {
		return nil, nil, nil, err
	}
	var id string
	err = k.exclusive(ctx, func(ctx context.Context) error {
		raw, err := k.openBlock(ctx, scope, n)
		if err != nil {
			return err
		}
		if old, err = newBlock(raw); err != nil {
			return err
		}
		try, err := k.nextTry(ctx, scope, n)
		if err != nil {
			return err
		}
		id = nextIDs(scope, n) + strconv.FormatInt(try, 10)
		key := newKey()
		if err := k.keep(ctx, map[string][]byte{id: key}); err != nil {
			return err
		}
		if fresh, err = newBlock([][]byte{key}); err != nil {
			return err
		}
		return k.cache.swap(place(scope, n), append([][]byte{key}, raw...))
	})
	if err != nil {
		return nil, nil, nil, fmt.Errorf("replace the key of block %d of %s: %w", n, scope, err)
	}
	commit = func(ctx context.Context) error {
		return k.exclusive(ctx, func(ctx context.Context) error {
			if err := k.promote(ctx, scope, n, id); err != nil {
				return fmt.Errorf("destroy the old key of block %d of %s: %w", n, scope, err)
			}
			old.kill()
			return nil
		})
	}
	return old, fresh, commit, nil
}

// promote puts a next key in the place of the block key. When a later
// replacement was promoted before, ours is already gone and so is the old key.
func (k *Keeper) promote(ctx context.Context, scope string, n int64, id string) error {
	w, err := k.vault.Key(ctx, id)
	if isNotFound(err) {
		return k.finish(ctx)
	}
	if err != nil {
		return err
	}
	e, err := k.openEpoch(ctx, w.Epoch)
	if err != nil {
		return err
	}
	raw, err := e.unwrap(w)
	if err != nil {
		return err
	}
	now, err := e.wrap(blockID(scope, n), raw)
	if err != nil {
		return err
	}
	if err := k.vault.PutKeys(ctx, []WrappedKey{now, {ID: pendingRotation}}); err != nil {
		return err
	}
	later, err := k.dropUpTo(ctx, scope, n, id)
	if err != nil {
		return err
	}
	if err := k.cache.swap(place(scope, n), append(later, raw)); err != nil {
		return err
	}
	return k.rotate(ctx)
}

// finish rotates when an earlier try stopped before it had.
func (k *Keeper) finish(ctx context.Context) error {
	_, err := k.vault.Key(ctx, pendingRotation)
	if isNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return k.rotate(ctx)
}

// dropUpTo destroys the next keys up to id and returns the later ones, opened.
func (k *Keeper) dropUpTo(ctx context.Context, scope string, n int64, id string) (later [][]byte, err error) {
	last, err := number(id)
	if err != nil {
		return nil, err
	}
	keys, err := k.nexts(ctx, scope, n)
	if err != nil {
		return nil, err
	}
	var gone []string
	for _, w := range keys {
		try, err := number(w.ID)
		if err != nil {
			return nil, err
		}
		if try <= last {
			gone = append(gone, w.ID)
			continue
		}
		e, err := k.openEpoch(ctx, w.Epoch)
		if err != nil {
			return nil, err
		}
		raw, err := e.unwrap(w)
		if err != nil {
			return nil, err
		}
		later = append(later, raw)
	}
	return later, k.vault.DeleteKeys(ctx, gone)
}

// nexts lists the next keys of a block, newest first.
func (k *Keeper) nexts(ctx context.Context, scope string, n int64) ([]WrappedKey, error) {
	keys, err := k.vault.Keys(ctx, nextIDs(scope, n))
	if err != nil {
		return nil, fmt.Errorf("list the next keys of block %d of %s: %w", n, scope, err)
	}
	for _, w := range keys {
		if _, err := number(w.ID); err != nil {
			return nil, incidents.Conflict("%v", err)
		}
	}
	slices.SortFunc(keys, func(a, b WrappedKey) int {
		x, _ := number(a.ID)
		y, _ := number(b.ID)
		return int(y - x)
	})
	return keys, nil
}

func (k *Keeper) nextTry(ctx context.Context, scope string, n int64) (int64, error) {
	keys, err := k.nexts(ctx, scope, n)
	if err != nil || len(keys) == 0 {
		return 1, err
	}
	last, err := number(keys[0].ID)
	return last + 1, err
}

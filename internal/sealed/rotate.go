package sealed

import (
	"context"
	"fmt"
)

// batch bounds how many keys one write carries.
const batch = 500

// Rotate starts a new epoch: every living block key is wrapped again and the
// older epoch keys are destroyed. After a fault, call it again.
func (k *Keeper) Rotate(ctx context.Context) error {
	return k.exclusive(ctx, func(ctx context.Context) error { return k.rotate(ctx) })
}

// Resume finishes what a fault or a stopped process left undone. Call it once
// after start, and again when an erasure failed.
func (k *Keeper) Resume(ctx context.Context) error {
	return k.exclusive(ctx, func(ctx context.Context) error {
		open, err := k.unfinished(ctx)
		if err != nil {
			return err
		}
		for _, scope := range open {
			if _, err := k.destroy(ctx, scope); err != nil {
				return err
			}
		}
		switch _, err := k.vault.Key(ctx, pendingRotation); {
		case isNotFound(err):
			return nil
		case err != nil:
			return fmt.Errorf("look for an unfinished rotation: %w", err)
		}
		return k.rotate(ctx)
	})
}

// RotateMaster puts a new wrapping key into the master key file, wraps the
// epoch keys under it and destroys the older wrapping keys. Old copies of the
// vault's epoch keys then open only with an old copy of the master key file.
func (k *Keeper) RotateMaster(ctx context.Context) error {
	return k.exclusive(ctx, func(ctx context.Context) error {
		if err := k.master.addKey(); err != nil {
			return err
		}
		keys, err := k.vault.Keys(ctx, epochPrefix)
		if err != nil {
			return fmt.Errorf("list the epoch keys: %w", err)
		}
		for i, w := range keys {
			raw, err := k.master.open(w.Data, wrapAAD(w.ID, w.Epoch))
			if err != nil {
				return fmt.Errorf("the master key does not open %s: %w", w.ID, err)
			}
			if keys[i].Data, err = k.master.seal(raw, wrapAAD(w.ID, w.Epoch)); err != nil {
				return fmt.Errorf("wrap %s: %w", w.ID, err)
			}
		}
		if err := k.vault.PutKeys(ctx, keys); err != nil {
			return fmt.Errorf("keep the epoch keys: %w", err)
		}
		return k.master.dropOld()
	})
}

// rotate always makes a fresh epoch and destroys all older ones, whatever an
// earlier try left behind; so it may be repeated after any fault.
func (k *Keeper) rotate(ctx context.Context) error {
	old, err := k.epochNumbers(ctx)
	if err != nil {
		return err
	}
	n := int64(1)
	if len(old) > 0 {
		n = old[len(old)-1] + 1
	}
	fresh, err := k.addEpoch(ctx, n)
	if err != nil {
		return err
	}
	epochs := map[string]epoch{}
	ids := []string{pendingRotation}
	for _, o := range old {
		if epochs[epochID(o)], err = k.openEpoch(ctx, epochID(o)); err != nil {
			return err
		}
		ids = append(ids, epochID(o))
	}
	for _, prefix := range []string{blockPrefix, nextPrefix} {
		if err := k.rewrap(ctx, prefix, epochs, fresh); err != nil {
			return err
		}
	}
	if err := k.vault.DeleteKeys(ctx, ids); err != nil {
		return fmt.Errorf("destroy the old epoch keys: %w", err)
	}
	return nil
}

// rewrap goes round until nothing is left under an old epoch, because another
// process may add a block meanwhile. Keys of epochs that are gone stay as they
// are: nobody can open them.
func (k *Keeper) rewrap(ctx context.Context, prefix string, epochs map[string]epoch, fresh epoch) error {
	for {
		keys, err := k.vault.Keys(ctx, prefix)
		if err != nil {
			return fmt.Errorf("list the block keys: %w", err)
		}
		var out []WrappedKey
		for _, w := range keys {
			e, ok := epochs[w.Epoch]
			if !ok {
				continue
			}
			raw, err := e.unwrap(w)
			if err != nil {
				return err
			}
			again, err := fresh.wrap(w.ID, raw)
			if err != nil {
				return err
			}
			out = append(out, again)
		}
		if len(out) == 0 {
			return nil
		}
		for len(out) > 0 {
			n := min(batch, len(out))
			if err := k.vault.PutKeys(ctx, out[:n]); err != nil {
				return fmt.Errorf("wrap %d block keys again: %w", n, err)
			}
			out = out[n:]
		}
	}
}

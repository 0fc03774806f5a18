package sealed

import (
	"bytes"
	"context"
	"fmt"

	"tocsin/incidents"
)

// ownerID is where a vault keeps the mark of its master key: a record, no key.
const ownerID = "owner"

// Mark names the master key and gives nothing of it away. It stays the same
// when the key is rotated.
func (m *Master) Mark() []byte { return m.DeriveKey("mark") }

// Owned tells whether a vault belongs to a master key already.
func Owned(ctx context.Context, v Vault) (bool, error) {
	switch _, err := v.Key(ctx, ownerID); {
	case err == nil:
		return true, nil
	case !isNotFound(err):
		return false, fmt.Errorf("ask whose the key store is: %w", err)
	}
	epochs, err := v.Keys(ctx, epochPrefix) // all there is in a vault of a version that left no mark
	if err != nil {
		return false, fmt.Errorf("ask whose the key store is: %w", err)
	}
	return len(epochs) > 0, nil
}

// Claim leaves the mark of the master key in the vault, once. It is a conflict
// when the vault belongs to another one.
func (k *Keeper) Claim(ctx context.Context) error {
	return k.exclusive(ctx, func(ctx context.Context) error {
		stands, err := k.vault.Key(ctx, ownerID)
		switch {
		case err == nil && bytes.Equal(stands.Data, k.master.Mark()):
			return nil
		case err == nil:
			return errOwned
		case !isNotFound(err):
			return fmt.Errorf("ask whose the key store is: %w", err)
		}
		epochs, err := k.vault.Keys(ctx, epochPrefix)
		if err != nil {
			return fmt.Errorf("list the epoch keys: %w", err)
		}
		for _, w := range epochs {
			if _, err := k.master.open(w.Data, wrapAAD(w.ID, w.Epoch)); err != nil {
				return errOwned
			}
		}
		return k.vault.PutKeys(ctx, []WrappedKey{{ID: ownerID, Data: k.master.Mark()}})
	})
}

var errOwned = incidents.Conflict("the key store belongs to another master key")

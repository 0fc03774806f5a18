package sealed

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"
)

const keySize = 32

func newKey() []byte {
	b := make([]byte, keySize)
	_, _ = rand.Read(b) // never fails
	return b
}

func cipherOf(key []byte) (tink.AEAD, error) {
	a, err := subtle.NewXChaCha20Poly1305(key)
	if err != nil {
		return nil, fmt.Errorf("use a key: %w", err)
	}
	return a, nil
}

// wrapAAD ties a wrapped key to its place, so that two cannot be swapped.
func wrapAAD(id, epoch string) []byte { return []byte(id + "\x00" + epoch) }

// An epoch is an opened epoch key.
type epoch struct {
	id  string
	key tink.AEAD
}

func (e epoch) wrap(id string, key []byte) (WrappedKey, error) {
	data, err := e.key.Encrypt(key, wrapAAD(id, e.id))
	if err != nil {
		return WrappedKey{}, fmt.Errorf("wrap key %s: %w", id, err)
	}
	return WrappedKey{ID: id, Epoch: e.id, Data: data}, nil
}

func (e epoch) unwrap(w WrappedKey) ([]byte, error) {
	key, err := e.key.Decrypt(w.Data, wrapAAD(w.ID, w.Epoch))
	if err != nil {
		return nil, fmt.Errorf("key %s in the vault is damaged or was moved", w.ID)
	}
	return key, nil
}

// epochNumbers lists the numbers of the epochs in the vault, oldest first.
func (k *Keeper) epochNumbers(ctx context.Context) ([]int64, error) {
	keys, err := k.vault.Keys(ctx, epochPrefix)
	if err != nil {
		return nil, fmt.Errorf("list the epoch keys: %w", err)
	}
	var out []int64
	for _, w := range keys {
		n, err := number(w.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, n)
	}
	slices.Sort(out)
	return out, nil
}

func (k *Keeper) openEpoch(ctx context.Context, id string) (epoch, error) {
	w, err := k.vault.Key(ctx, id)
	if err != nil {
		return epoch{}, fmt.Errorf("read the key %s: %w", id, err)
	}
	raw, err := k.master.open(w.Data, wrapAAD(w.ID, w.Epoch))
	if err != nil {
		return epoch{}, fmt.Errorf("the master key does not open %s: wrong master key file, or the vault is damaged", id)
	}
	c, err := cipherOf(raw)
	return epoch{id, c}, err
}

// addEpoch makes and keeps a new epoch key.
func (k *Keeper) addEpoch(ctx context.Context, n int64) (epoch, error) {
	id, raw := epochID(n), newKey()
	data, err := k.master.seal(raw, wrapAAD(id, byMaster))
	if err != nil {
		return epoch{}, fmt.Errorf("wrap %s: %w", id, err)
	}
	if err := k.vault.PutKeys(ctx, []WrappedKey{{ID: id, Epoch: byMaster, Data: data}}); err != nil {
		return epoch{}, fmt.Errorf("keep %s: %w", id, err)
	}
	c, err := cipherOf(raw)
	return epoch{id, c}, err
}

// currentEpoch opens the newest epoch, or makes the first one.
func (k *Keeper) currentEpoch(ctx context.Context) (epoch, error) {
	ns, err := k.epochNumbers(ctx)
	if err != nil {
		return epoch{}, err
	}
	if len(ns) == 0 {
		return k.addEpoch(ctx, 1)
	}
	return k.openEpoch(ctx, epochID(ns[len(ns)-1]))
}

package sealed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"io"

	"github.com/tink-crypto/tink-go/v2/tink"
)

// A Box seals small secrets of one purpose: seeds of second factors, the
// canary of the bus, bodies of intake, files. Its key lives as long as the
// master key, so what must be shredded alone belongs in a Block.
type Box struct{ key tink.AEAD }

// Small returns the box of a purpose. Boxes of different purposes do not open
// each other's values.
func (k *Keeper) Small(purpose string) *Box { return k.master.Small(purpose) }

// Small returns the box of a purpose; see Keeper.Small.
func (m *Master) Small(purpose string) *Box {
	key, err := cipherOf(m.DeriveKey("box/" + purpose))
	if err != nil {
		panic("sealed: " + err.Error()) // the key has the right length
	}
	return &Box{key}
}

// Seal returns plain sealed, tied to aad, the id of its row.
func (b *Box) Seal(aad string, plain []byte) []byte { return mustSeal(b.key, aad, plain) }

// Open returns what Seal was given, or ErrUnreadable.
func (b *Box) Open(aad string, sealed []byte) ([]byte, error) {
	plain, err := b.key.Decrypt(sealed, []byte(aad))
	if err != nil {
		return nil, ErrUnreadable
	}
	return plain, nil
}

// Lookup returns the 32-byte keyed hash of a value, to find equal ones without
// opening any. Equal values of different fields differ; put the scope into the
// field to keep lists from being linked.
func (k *Keeper) Lookup(field, value string) []byte {
	sum := k.Hasher(field).Lookup(value)
	return sum[:]
}

// A Hasher makes lookup hashes of many values of one field. It is for one
// goroutine at a time.
type Hasher struct {
	mac   hash.Hash
	field []byte
	sum   []byte
}

// Hasher returns a hasher of a field.
func (k *Keeper) Hasher(field string) *Hasher {
	// The length goes first, so that no field can run into its value.
	named := binary.BigEndian.AppendUint64(nil, uint64(len(field)))
	return &Hasher{mac: hmac.New(sha256.New, k.lookup), field: append(named, field...)}
}

// Lookup returns what Keeper.Lookup does.
func (h *Hasher) Lookup(value string) (out [sha256.Size]byte) {
	h.mac.Reset()
	h.mac.Write(h.field)
	_, _ = io.WriteString(h.mac, value) // a hash takes everything
	h.sum = h.mac.Sum(h.sum[:0])
	copy(out[:], h.sum)
	return out
}

package sealed

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

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
	mac := hmac.New(sha256.New, k.lookup)
	var size [8]byte
	binary.BigEndian.PutUint64(size[:], uint64(len(field)))
	mac.Write(size[:]) // so that no field can run into its value
	mac.Write([]byte(field))
	mac.Write([]byte(value))
	return mac.Sum(nil)
}

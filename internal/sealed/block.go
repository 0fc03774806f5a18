package sealed

import (
	"errors"
	"sync/atomic"

	"github.com/tink-crypto/tink-go/v2/tink"

	"tocsin/incidents"
)

// ErrUnreadable is the error of a sealed value that does not open: it was
// changed, belongs to another row, or was sealed under another key.
var ErrUnreadable = errors.New("sealed value does not open: it was changed, or belongs to another row or block")

// A Block seals and opens values under the key of one block. It is cheap per
// call and safe for concurrent use. When its key is replaced or destroyed the
// block follows at once, also where it is already held.
type Block struct {
	ring atomic.Pointer[ring]
}

// A ring holds the keys of a block, newest first; the newest one seals.
// A dead ring opens nothing.
type ring struct {
	keys []tink.AEAD
	dead bool
}

func newBlock(raw [][]byte) (*Block, error) {
	keys, err := ciphers(raw)
	if err != nil {
		return nil, err
	}
	b := &Block{}
	b.ring.Store(&ring{keys: keys})
	return b, nil
}

// kill makes the block useless. It still seals, under a key that nobody ever
// sees, so that a late writer leaves noise behind and not personal data.
func (b *Block) kill() {
	keys, err := ciphers([][]byte{newKey()})
	if err != nil {
		panic("sealed: " + err.Error()) // the key has the right length
	}
	b.ring.Store(&ring{keys: keys, dead: true})
}

// Seal returns plain sealed, tied to aad, which is the id of its row. It
// allocates the result only.
func (b *Block) Seal(aad string, plain []byte) []byte {
	return mustSeal(b.ring.Load().keys[0], aad, plain)
}

// Open returns what Seal was given. The error is ErrUnreadable, or not_found
// when the key was destroyed.
func (b *Block) Open(aad string, sealed []byte) ([]byte, error) {
	r := b.ring.Load()
	if r.dead {
		return nil, incidents.NotFound("the key of this block was destroyed")
	}
	for _, key := range r.keys {
		if plain, err := key.Decrypt(sealed, []byte(aad)); err == nil {
			return plain, nil
		}
	}
	return nil, ErrUnreadable
}

func mustSeal(key tink.AEAD, aad string, plain []byte) []byte {
	out, err := key.Encrypt(plain, []byte(aad))
	if err != nil {
		panic("sealed: " + err.Error()) // only for a value too large for memory
	}
	return out
}

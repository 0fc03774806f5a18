package store

import (
	"bytes"
	"errors"
)

// plainBox stands in for a sealed.Box: it ties a value to its row and flips
// every byte, so that a test sees what was not sealed.
type plainBox struct{}

func (plainBox) Seal(aad string, plain []byte) []byte {
	out := append([]byte(aad+"\x00"), plain...)
	for i := range out {
		out[i] ^= 0xa5
	}
	return out
}

func (plainBox) Open(aad string, sealed []byte) ([]byte, error) {
	out := bytes.Clone(sealed)
	for i := range out {
		out[i] ^= 0xa5
	}
	plain, ok := bytes.CutPrefix(out, []byte(aad+"\x00"))
	if !ok {
		return nil, errors.New("not the row it was sealed for")
	}
	return plain, nil
}

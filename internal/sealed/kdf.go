package sealed

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"tocsin/incidents"
)

// A kdf says how the passphrase becomes the key that seals the master file.
type kdf struct {
	Name       string `json:"name"`
	Salt       []byte `json:"salt,omitempty"`
	Iterations int    `json:"iterations,omitempty"`
}

const (
	kdfRaw     = "raw-base64"
	kdfPBKDF2  = "pbkdf2-sha256"
	iterations = 600_000
	// A damaged or hostile file must not keep us busy for hours.
	maxIterations = 20_000_000
	minPassphrase = 12
)

func newKDF(passphrase []byte) (kdf, error) {
	if rawKey(passphrase) != nil {
		return kdf{Name: kdfRaw}, nil
	}
	if len(passphrase) < minPassphrase {
		return kdf{}, incidents.Invalid("the passphrase of the master key is shorter than %d bytes", minPassphrase).
			WithHint("use a longer one, or 32 random bytes as base64")
	}
	k := kdf{Name: kdfPBKDF2, Salt: make([]byte, 32), Iterations: iterations}
	_, _ = rand.Read(k.Salt) // never fails
	return k, nil
}

func (k kdf) key(passphrase []byte) (tink.AEAD, error) {
	raw, err := k.bytes(passphrase)
	if err != nil {
		return nil, err
	}
	a, err := subtle.NewXChaCha20Poly1305(raw)
	if err != nil {
		return nil, fmt.Errorf("use the passphrase: %w", err)
	}
	return a, nil
}

func (k kdf) bytes(passphrase []byte) ([]byte, error) {
	switch {
	case k.Name == kdfRaw:
		if raw := rawKey(passphrase); raw != nil {
			return raw, nil
		}
		return nil, incidents.Unauthenticated("the master key file wants a key of 32 bytes as base64, not a passphrase").
			WithHint("give the key it was created with")
	case k.Name == kdfPBKDF2 && k.Iterations >= iterations && k.Iterations <= maxIterations && len(k.Salt) >= 16:
		raw, err := pbkdf2.Key(sha256.New, string(passphrase), k.Salt, k.Iterations, 32)
		if err != nil {
			return nil, fmt.Errorf("derive the key of the master file: %w", err)
		}
		return raw, nil
	}
	return nil, incidents.Invalid("the master key file is damaged, or was written by a newer version").
		WithHint("restore it from its backup, or update")
}

// rawKey returns the 32 bytes a base64 text stands for, nil when it is none.
func rawKey(s []byte) []byte {
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawStdEncoding, base64.URLEncoding, base64.RawURLEncoding} {
		if b, err := enc.Strict().DecodeString(string(s)); err == nil && len(b) == 32 {
			return b
		}
	}
	return nil
}

package sealed

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"tocsin/incidents"
)

// A secretFile is one secret at rest under a passphrase, apart from the master
// key: a signing key that lies on another machine than the service.
type secretFile struct {
	Kind   string `json:"kind"`
	KDF    kdf    `json:"kdf"`
	Secret []byte `json:"secret"`
}

const secretKind = "tocsin-secret-v1"

// WriteSecret seals a secret under a passphrase into a new file, never over
// another one. The purpose ties it to its use.
func WriteSecret(path, purpose string, secret, passphrase []byte) error {
	passphrase = bytes.TrimRight(passphrase, "\r\n")
	if rawKey(passphrase) == nil && len(passphrase) < minPassphrase {
		return incidents.Invalid("the passphrase is shorter than %d bytes", minPassphrase).WithHint("use a longer one, or 32 random bytes as base64")
	}
	k, err := newKDF(passphrase)
	if err != nil {
		return err
	}
	kek, err := k.key(passphrase)
	if err != nil {
		return err
	}
	f := secretFile{Kind: secretKind, KDF: k}
	if f.Secret, err = kek.Encrypt(secret, secretAAD(purpose)); err != nil {
		return fmt.Errorf("seal a secret: %w", err)
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write a secret: %w", err)
	}
	if err := writeNew(path, append(b, '\n')); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return incidents.Conflict("there is a file %s already", path).WithHint("choose another name; a key that is in use must not be lost")
		}
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// ReadSecret opens what WriteSecret wrote.
func ReadSecret(path, purpose string, passphrase []byte) ([]byte, error) {
	passphrase = bytes.TrimRight(passphrase, "\r\n")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, incidents.NotFound("there is no file %s", path)
	}
	if err != nil {
		return nil, err
	}
	var f secretFile
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Kind != secretKind {
		return nil, incidents.Invalid("%s is no file of a sealed secret, or is damaged", path)
	}
	if len(passphrase) == 0 {
		return nil, incidents.Invalid("%s is sealed and needs its passphrase", path)
	}
	kek, err := f.KDF.key(passphrase)
	if err != nil {
		return nil, err
	}
	secret, err := kek.Decrypt(f.Secret, secretAAD(purpose))
	if err != nil { // a wrong passphrase and a damaged file look the same
		return nil, incidents.Unauthenticated("the passphrase does not open %s", path).WithHint("check the passphrase; if it is right, the file is damaged or of another use")
	}
	return secret, nil
}

func secretAAD(purpose string) []byte { return []byte(secretKind + "/" + purpose) }

package rulepack

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/sealed"
)

const keyPurpose = "rule pack signing key"

// NewKey makes a signing key in a new file, sealed under the passphrase, and
// returns the public key. Without a passphrase, the file holds the key itself.
func NewKey(path, name string, passphrase []byte) (public string, err error) {
	secret, s, err := ledger.NewSecret(name)
	if err != nil {
		return "", err
	}
	if len(passphrase) > 0 {
		return s.VerifierKey(), sealed.WriteSecret(path, keyPurpose, []byte(secret), passphrase)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return "", incidents.Conflict("there is a file %s already", path).WithHint("choose another name; a key that is in use must not be lost")
	}
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(secret + "\n")
	if err == nil {
		err = f.Sync()
	}
	return s.VerifierKey(), errors.Join(err, f.Close())
}

// OpenKey reads a signing key, sealed or not.
func OpenKey(path string, passphrase []byte) (*ledger.Signer, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, incidents.NotFound("there is no key file %s", path).WithHint("tocsin rules keygen makes one")
	}
	if err != nil {
		return nil, err
	}
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) {
		if b, err = sealed.ReadSecret(path, keyPurpose, passphrase); err != nil {
			return nil, err
		}
	}
	s, err := ledger.ReadSecret(strings.TrimSpace(string(b)))
	if err != nil {
		return nil, incidents.Invalid("%s holds no signing key, or a damaged one", path).WithHint("the public key cannot sign; tocsin rules keygen makes a pair")
	}
	return s, nil
}

// PublicKey is a public key given as text, or as the name of a file that holds it.
func PublicKey(textOrFile string) (string, error) {
	key := strings.TrimSpace(textOrFile)
	if err := ledger.CheckKey(key); err == nil {
		return key, nil
	}
	if b, err := os.ReadFile(textOrFile); err == nil {
		key = strings.TrimSpace(string(b))
	}
	return key, ledger.CheckKey(key)
}

// CheckKeys refuses what is no public key.
func CheckKeys(keys []string) error {
	for _, k := range keys {
		if err := ledger.CheckKey(strings.TrimSpace(k)); err != nil {
			return err
		}
	}
	return nil
}

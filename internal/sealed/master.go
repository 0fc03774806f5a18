package sealed

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"

	"tocsin/incidents"
)

// A Master is the opened master key: a keyset that wraps epoch keys and can be
// rotated, and a root from which keys for fixed purposes are derived.
type Master struct {
	path string
	kdf  kdf
	kek  tink.AEAD // from the passphrase; seals the file
	root *prf.Set

	mu     sync.RWMutex // guards what rotation replaces
	wrap   *keyset.Handle
	wrapup tink.AEAD
	rootH  *keyset.Handle
}

// OpenMaster opens the master key file at path. With create it makes one when
// there is none; an existing file is never overwritten. The passphrase is a
// text of at least 12 bytes, or the base64 of 32 random bytes, which is then
// the key itself. A line break at its end is ignored.
func OpenMaster(path string, passphrase []byte, create bool) (*Master, error) {
	passphrase = bytes.TrimRight(passphrase, "\r\n")
	if len(passphrase) == 0 {
		return nil, incidents.Invalid("the passphrase of the master key is empty").
			WithHint("give it through the environment or a file; see docs/operate.md")
	}
	b, err := os.ReadFile(path)
	if err == nil {
		return openMaster(path, b, passphrase)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the master key file: %w", err)
	}
	if !create {
		return nil, incidents.NotFound("there is no master key file at %s", path).
			WithHint("restore it from its backup: without it nothing sealed can be read")
	}
	return createMaster(path, passphrase)
}

func createMaster(path string, passphrase []byte) (*Master, error) {
	k, err := newKDF(passphrase)
	if err != nil {
		return nil, err
	}
	wrap, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	root, err := keyset.NewHandle(prf.HKDFSHA256PRFKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make the master key: %w", err)
	}
	m := &Master{path: path, kdf: k, wrap: wrap, rootH: root}
	if err := m.ready(passphrase); err != nil {
		return nil, err
	}
	b, err := m.encode(wrap)
	if err != nil {
		return nil, err
	}
	if err := writeNew(path, b); err != nil {
		if errors.Is(err, fs.ErrExist) { // somebody else was faster: use theirs
			return OpenMaster(path, passphrase, false)
		}
		return nil, fmt.Errorf("write the master key file: %w", err)
	}
	return m, nil
}

// ready builds the primitives from the handles.
func (m *Master) ready(passphrase []byte) (err error) {
	if m.kek == nil {
		if m.kek, err = m.kdf.key(passphrase); err != nil {
			return err
		}
	}
	if m.wrapup, err = aead.New(m.wrap); err != nil {
		return fmt.Errorf("use the master key: %w", err)
	}
	if m.root, err = prf.NewPRFSet(m.rootH); err != nil {
		return fmt.Errorf("use the master key: %w", err)
	}
	return nil
}

// DeriveKey returns 32 bytes for one fixed purpose. Equal purposes give equal
// keys for as long as the master key file lives, also after rotation.
func (m *Master) DeriveKey(purpose string) []byte {
	b, err := m.root.ComputePrimaryPRF([]byte("tocsin/"+purpose), 32)
	if err != nil {
		panic("sealed: derive a key: " + err.Error()) // HKDF-SHA-256 gives up to 8160 bytes
	}
	return b
}

func (m *Master) seal(plain, aad []byte) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.wrapup.Encrypt(plain, aad)
}

func (m *Master) open(sealed, aad []byte) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.wrapup.Decrypt(sealed, aad)
}

// addKey makes a new wrapping key the one in use; the old ones still open.
func (m *Master) addKey() error {
	return m.change(func(km *keyset.Manager, _ *keyset.Handle) error {
		id, err := km.Add(aead.XChaCha20Poly1305KeyTemplate())
		if err != nil {
			return err
		}
		return km.SetPrimary(id)
	})
}

// dropOld destroys every wrapping key but the one in use.
func (m *Master) dropOld() error {
	return m.change(func(km *keyset.Manager, h *keyset.Handle) error {
		primary, err := h.Primary()
		if err != nil {
			return err
		}
		for i := range h.Len() {
			e, err := h.Entry(i)
			if err != nil {
				return err
			}
			if e.KeyID() == primary.KeyID() {
				continue
			}
			if err := km.Delete(e.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// change writes the changed keyset to the file first and uses it afterwards.
func (m *Master) change(edit func(*keyset.Manager, *keyset.Handle) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	km := keyset.NewManagerFromHandle(m.wrap)
	if err := edit(km, m.wrap); err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	h, err := km.Handle()
	if err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	p, err := aead.New(h)
	if err != nil {
		return fmt.Errorf("rotate the master key: %w", err)
	}
	b, err := m.encode(h)
	if err != nil {
		return err
	}
	if err := replace(m.path, b); err != nil {
		return fmt.Errorf("write the master key file: %w", err)
	}
	m.wrap, m.wrapup = h, p
	return nil
}

package sealed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"tocsin/incidents"
)

// A masterFile is the file at rest: both keysets sealed under the key that
// comes from the passphrase.
type masterFile struct {
	Kind string `json:"kind"`
	KDF  kdf    `json:"kdf"`
	Wrap []byte `json:"wrap"`
	Root []byte `json:"root"`
}

const masterKind = "tocsin-master-key-v1"

func openMaster(path string, b, passphrase []byte) (*Master, error) {
	var f masterFile
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil || f.Kind != masterKind {
		return nil, incidents.Invalid("%s is not a master key file, or is damaged", path).
			WithHint("restore it from its backup")
	}
	m := &Master{path: path, kdf: f.KDF}
	kek, err := f.KDF.key(passphrase)
	if err != nil {
		return nil, err
	}
	m.kek = kek
	if m.wrap, err = m.unseal(f.Wrap, "wrap"); err != nil {
		return nil, err
	}
	if m.rootH, err = m.unseal(f.Root, "root"); err != nil {
		return nil, err
	}
	return m, m.ready(passphrase)
}

func (m *Master) unseal(b []byte, part string) (*keyset.Handle, error) {
	h, err := keyset.ReadWithAssociatedData(keyset.NewBinaryReader(bytes.NewReader(b)), m.kek, aadOf(part))
	if err != nil { // the cause says nothing more: a wrong key and a damaged file look the same
		return nil, incidents.Unauthenticated("the passphrase does not open the master key file %s", m.path).
			WithHint("check the passphrase; if it is right, the file is damaged: restore it from its backup")
	}
	return h, nil
}

func (m *Master) encode(wrap *keyset.Handle) ([]byte, error) {
	f := masterFile{Kind: masterKind, KDF: m.kdf}
	var err error
	if f.Wrap, err = m.sealKeyset(wrap, "wrap"); err != nil {
		return nil, err
	}
	if f.Root, err = m.sealKeyset(m.rootH, "root"); err != nil {
		return nil, err
	}
	b, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the master key: %w", err)
	}
	return append(b, '\n'), nil
}

func (m *Master) sealKeyset(h *keyset.Handle, part string) ([]byte, error) {
	var buf bytes.Buffer
	if err := h.WriteWithAssociatedData(keyset.NewBinaryWriter(&buf), m.kek, aadOf(part)); err != nil {
		return nil, fmt.Errorf("seal the master key: %w", err)
	}
	return buf.Bytes(), nil
}

func aadOf(part string) []byte { return []byte(masterKind + "/" + part) }

// writeNew writes a whole file or none, and never over another one.
func writeNew(path string, b []byte) error {
	return publish(path, b, func(tmp string) error { return os.Link(tmp, path) })
}

// replace writes a whole file over the old one, or leaves the old one.
func replace(path string, b []byte) error {
	return publish(path, b, func(tmp string) error { return os.Rename(tmp, path) })
}

func publish(path string, b []byte, put func(tmp string) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".master-*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = put(f.Name())
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

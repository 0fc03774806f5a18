package rulepack

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/regulators"
)

// kind is signed with every pack: a signature of something else is never one of a pack.
const kind = "tocsin-rule-pack/v1"

// A File is a pack file that was read and verified.
type File struct {
	fs.FS          // the folders of the pack
	Name    string // as it was asked for
	Version string // of the manifest, which is that of the pack
	Key     string // public key of who signed it
	Trusted bool   // the key is one that was given, not only the one the file brings along
	SHA256  string // of the file
	Files   int
}

// Signer is the name in the key.
func (f *File) Signer() string {
	name, _, _ := strings.Cut(f.Key, "+")
	return name
}

// Write packs rules, which must be whole, free of errors, and have a changelog
// that speaks of their version.
func Write(w io.Writer, s *ledger.Signer, layers ...fs.FS) (version string, err error) {
	p, err := regulators.Load(regulators.Options{}, layers...)
	if err != nil {
		return "", err
	}
	for _, f := range regulators.Lint(layers...) {
		if !f.Warning || strings.HasPrefix(f.File, "CHANGELOG") {
			return "", incidents.Invalid("the rules are not packed: %s", f).WithHint("tocsin rules check names everything that is to be mended")
		}
	}
	files, err := regulators.Files(layers...)
	if err != nil {
		return "", err
	}
	return p.Version(), ledger.Parcel{Kind: kind, Version: p.Version(), Format: regulators.Format, Files: files}.Write(w, s)
}

// Read verifies a pack file against the trusted keys and loads it. Without keys
// it is checked against the key it brings along: that proves that it is whole,
// not whose it is.
func Read(name string, trusted ...string) (*File, error) {
	f, err := read(name, trusted)
	if err != nil {
		return nil, explain(name, err)
	}
	return f, nil
}

// explain names the file an error is about and keeps its kind and hint.
func explain(name string, err error) error {
	var e *incidents.Error
	if errors.As(err, &e) {
		c := *e
		c.Msg = fmt.Sprintf("the rule pack %s is refused: %s", name, e.Msg)
		return &c
	}
	return fmt.Errorf("the rule pack %s cannot be read: %w", name, err)
}

func read(name string, trusted []string) (*File, error) {
	b, err := readBounded(name)
	if err != nil {
		return nil, err
	}
	p, err := ledger.OpenParcel(kind, b, trusted...)
	if err != nil {
		return nil, err
	}
	if p.Format > regulators.Format {
		return nil, incidents.Invalid("it is written for format %d of rules, this program reads up to %d", p.Format, regulators.Format).WithHint("update the program first")
	}
	archive, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(b)
	f := &File{FS: archive, Name: name, Version: p.Version, Key: strings.TrimSpace(p.Key), Trusted: len(trusted) > 0, SHA256: hex.EncodeToString(sum[:]), Files: len(p.Files)}
	return f, f.judge(p)
}

// judge holds what is in the file against what its manifest says, and lints it.
func (f *File) judge(p ledger.Parcel) error {
	files, err := regulators.Files(f)
	if err != nil {
		return err
	}
	for path := range p.Files {
		if _, ok := files[path]; !ok {
			return incidents.Invalid("%s is no part of a pack", path)
		}
	}
	pack, err := regulators.OpenOn(f, nil, regulators.Options{})
	if err != nil {
		return err
	}
	if pack.Version() != f.Version {
		return incidents.Invalid("its manifest says %s, its rules are %s", f.Version, pack.Version())
	}
	var wrong []string
	for _, x := range regulators.Lint(f) {
		if !x.Warning {
			wrong = append(wrong, x.String())
		}
	}
	if len(wrong) > 0 {
		return incidents.Invalid("the linter finds %d errors: %s", len(wrong), strings.Join(wrong[:min(5, len(wrong))], "; "))
	}
	return nil
}

// readBounded reads a file that may be anything, and no more of it than a pack has.
func readBounded(name string) ([]byte, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, incidents.NotFound("there is no such file")
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, incidents.Invalid("it is not a file")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, ledger.MaxParcel+1))
	if err == nil && len(b) > ledger.MaxParcel {
		err = incidents.Invalid("it is larger than %d bytes", ledger.MaxParcel)
	}
	return b, err
}

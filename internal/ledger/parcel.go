package ledger

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// A Parcel is a few files under one signature: an archive of the same exact
// shape as an evidence bundle, for what is no evidence and is read whole.
type Parcel struct {
	Kind    string // what it is and the form of its manifest: "tocsin-rule-pack/v1"
	Version string // of what is in it
	Format  int    // the lowest format number of a program that reads it
	Key     string // public key of who signed it
	Files   map[string][]byte
}

// The bounds of a parcel. It is stored, not compressed: nothing in it grows.
const (
	MaxParcel      = 16 << 20
	maxParcelFiles = 2000
)

// A parcelManifest is manifest.json of a parcel.
type parcelManifest struct {
	Schema  string    `json:"schema"`
	Version string    `json:"version"`
	Format  int       `json:"format"`
	Key     string    `json:"key"`
	Files   []FileSum `json:"files"` // in the order of the archive: by path
}

func (m parcelManifest) encode() ([]byte, error) {
	b, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the manifest: %w", err)
	}
	return append(b, '\n'), nil
}

// Write signs a parcel and writes it: equal content and key give equal bytes.
func (p Parcel) Write(w io.Writer, s *Signer) error {
	m := parcelManifest{Schema: p.Kind, Version: p.Version, Format: p.Format, Key: s.VerifierKey()}
	var files []File
	for _, path := range slices.Sorted(maps.Keys(p.Files)) {
		files = append(files, Bytes(path, p.Files[path]))
	}
	sums, crcs, err := sumUp(files)
	if err != nil {
		return err
	}
	m.Files = sums
	manifest, err := m.encode()
	if err != nil {
		return err
	}
	sig, err := s.signText(signedAs(p.Kind, manifest))
	if err != nil {
		return err
	}
	if err := p.bounded(len(manifest) + len(sig)); err != nil {
		return err
	}
	a := archiver{w: w}
	for _, head := range []struct {
		path string
		b    []byte
	}{{manifestPath, manifest}, {signaturePath, sig}} {
		if err := a.add(head.path, int64(len(head.b)), crc32.ChecksumIEEE(head.b), bytes.NewReader(head.b)); err != nil {
			return fmt.Errorf("write %s: %w", head.path, err)
		}
	}
	for i, f := range files {
		if err := a.addFile(f, sums[i], crcs[i]); err != nil {
			return fmt.Errorf("write %s: %w", f.Path, err)
		}
	}
	return a.close()
}

// bounded refuses to write what nobody would read.
func (p Parcel) bounded(head int) error {
	size := head
	for path, b := range p.Files {
		size += len(b) + 2*len(path) + localSize + centralSize
	}
	if len(p.Files) == 0 || len(p.Files)+2 > maxParcelFiles || size > MaxParcel-1<<10 {
		return incidents.Invalid("%d files of %d bytes do not fit: an archive has 1 to %d files and %d bytes at most", len(p.Files), size, maxParcelFiles-2, MaxParcel)
	}
	return nil
}

// OpenParcel verifies a parcel and returns what is in it. It must be signed by
// one of the trusted keys. Without any it is checked against the key it brings
// along, which proves that it is whole, not whose it is.
func OpenParcel(kind string, b []byte, trusted ...string) (Parcel, error) {
	if len(b) > MaxParcel {
		return Parcel{}, incidents.Invalid("the archive is larger than %d bytes", MaxParcel)
	}
	members, problems, err := readMembers(bytes.NewReader(b), int64(len(b)), "archive")
	if err == nil && len(members) > maxParcelFiles {
		problems = []string{fmt.Sprintf("it has %d files and may have %d", len(members), maxParcelFiles)}
	}
	if err != nil || len(problems) > 0 {
		return Parcel{}, incidents.Invalid("%s", strings.Join(append(problems, errText(err)...), "; "))
	}
	if len(members) < 2 || members[0].path != manifestPath || members[1].path != signaturePath {
		return Parcel{}, incidents.Invalid("the manifest and its signature do not stand first in the archive")
	}
	content := func(m member) []byte { return b[m.dataAt():m.end()] }
	m, err := readParcelManifest(kind, content(members[0]), content(members[1]), trusted)
	if err != nil {
		return Parcel{}, err
	}
	p := Parcel{Kind: kind, Version: m.Version, Format: m.Format, Key: m.Key, Files: map[string][]byte{}}
	for _, f := range members[2:] {
		p.Files[f.path] = content(f)
	}
	return p, m.compare(members, p.Files)
}

func errText(err error) []string {
	if err == nil {
		return nil
	}
	return []string{err.Error()}
}

// readParcelManifest believes nothing of the manifest before its signature is
// checked, but for the name it gives in an error.
func readParcelManifest(kind string, b, sig []byte, trusted []string) (m parcelManifest, err error) {
	if err := exactJSON(b, &m, func() ([]byte, error) { return m.encode() }); err != nil {
		return m, incidents.Invalid("the manifest cannot be read: %v", err)
	}
	key := strings.TrimSpace(m.Key)
	if err := CheckKey(key); err != nil {
		return m, err
	}
	if len(trusted) > 0 && !slices.ContainsFunc(trusted, func(t string) bool { return strings.TrimSpace(t) == key }) {
		return m, incidents.Forbidden("it is signed with the key %s, which is not among the trusted keys", key).
			WithHint("compare the key with the one its maker publishes before you trust it")
	}
	text, err := openExact(sig, key)
	if err != nil {
		return m, incidents.Invalid("manifest.sig was changed: %v", err)
	}
	if text != signedAs(kind, b) {
		if m.Schema != kind {
			return m, incidents.Invalid("it is %q and not %q", m.Schema, kind)
		}
		return m, incidents.Invalid("the manifest was changed after it was signed")
	}
	if m.Schema != kind || m.Version == "" || m.Format < 1 {
		return m, incidents.Invalid("the manifest has no version, no format number, or is of another kind")
	}
	return m, nil
}

// compare holds the archive against what is signed.
func (m parcelManifest) compare(members []member, files map[string][]byte) error {
	if len(m.Files) != len(files) {
		return incidents.Invalid("the archive has %d files, the manifest lists %d", len(files), len(m.Files))
	}
	for i, want := range m.Files {
		b := files[want.Path]
		switch {
		case members[i+2].path != want.Path:
			return incidents.Invalid("the archive has %s where the manifest lists %s", members[i+2].path, want.Path)
		case int64(len(b)) != want.Size || hexSHA256(b) != want.SHA256 || members[i+2].crc != crc32.ChecksumIEEE(b):
			return incidents.Invalid("%s was changed after it was signed", want.Path)
		}
	}
	return nil
}

package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"time"

	"tocsin/incidents"
)

// A Bundle is the evidence of one incident, to be written by WriteBundle.
type Bundle struct {
	Incident incidents.IncidentID
	Ref      string // as people say it
	Created  time.Time
	Signer   *Signer
	// Checkpoint is the state of the log, which reaches at least to the last
	// entry; WriteBundle signs it and proves every entry against it.
	Checkpoint Checkpoint
	Read       Reader   // of the log's stored hashes
	Entries    [][]byte // the incident's encoded audit entries, oldest first
	Files      []File   // in the order they shall have
}

// A File is opened twice, once to sum it up and once to copy it, and must give
// the same bytes both times. Paths use slashes: "notices/N-1/content.json".
type File struct {
	Path string
	Open func() (io.ReadCloser, error)
}

// Bytes returns a File that is in memory.
func Bytes(path string, b []byte) File {
	return File{path, func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }}
}

// WriteBundle writes a bundle: equal input gives equal bytes. Files are
// streamed; a bundle holds up to 4 GiB.
//
// To bind a file to the log itself, put its root or its hash into an audit
// entry under RootKey or SHA256Key before; VerifyBundle compares.
func WriteBundle(w io.Writer, b Bundle) error {
	own, err := b.ownFiles()
	if err != nil {
		return err
	}
	files := append(own, b.Files...)
	sums, crcs, err := sumUp(files)
	if err != nil {
		return err
	}
	manifest, err := Manifest{Schema: manifestSchema, Incident: b.Incident, Ref: b.Ref,
		Created: b.Created.UTC().Truncate(time.Second), Files: sums,
		Log: LogState{b.Signer.Name(), b.Checkpoint.Size, hex.EncodeToString(b.Checkpoint.Root[:]), len(b.Entries)}}.encode()
	if err != nil {
		return err
	}
	sig, err := b.Signer.signText(signedText(manifest))
	if err != nil {
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

// ownFiles are the files every bundle has, besides the manifest.
func (b Bundle) ownFiles() ([]File, error) {
	signed, err := b.Signer.Sign(b.Checkpoint)
	if err != nil {
		return nil, err
	}
	proofs, err := b.prove()
	if err != nil {
		return nil, err
	}
	lines := append(bytes.Join(b.Entries, []byte("\n")), '\n')
	if len(b.Entries) == 0 {
		lines = nil
	}
	return []File{
		Bytes(checkpointPath, signed),
		Bytes(verifierPath, []byte(b.Signer.VerifierKey()+"\n")),
		Bytes(entriesPath, lines),
		Bytes(proofsPath, proofs),
	}, nil
}

func (b Bundle) prove() ([]byte, error) {
	out := proofFile{Size: b.Checkpoint.Size, Root: hex.EncodeToString(b.Checkpoint.Root[:]), Proofs: []proof{}}
	last := int64(0)
	for _, rec := range b.Entries {
		e, err := Decode(rec)
		if err != nil {
			return nil, err
		}
		if e.Seq <= last || e.Seq > b.Checkpoint.Size {
			return nil, incidents.Invalid("entry %d is out of order, or newer than the checkpoint at %d", e.Seq, b.Checkpoint.Size)
		}
		last = e.Seq
		hashes, err := Prove(b.Checkpoint.Size, e.Seq-1, b.Read)
		if err != nil {
			return nil, err
		}
		if err := CheckInclusion(hashes, b.Checkpoint.Size, b.Checkpoint.Root, e.Seq-1, LeafHash(rec)); err != nil {
			return nil, fmt.Errorf("the log itself does not verify: %w", err)
		}
		p := proof{Seq: e.Seq, Hashes: []string{}}
		for _, h := range hashes {
			p.Hashes = append(p.Hashes, hex.EncodeToString(h[:]))
		}
		out.Proofs = append(out.Proofs, p)
	}
	return out.encode()
}

// sumUp reads every file once, for its size and its sums.
func sumUp(files []File) (sums []FileSum, crcs []uint32, err error) {
	seen := map[string]bool{manifestPath: true, signaturePath: true}
	for _, f := range files {
		if err := checkPath(f.Path); err != nil {
			return nil, nil, incidents.Invalid("%v", err)
		}
		if fold := strings.ToLower(f.Path); seen[fold] {
			return nil, nil, incidents.Invalid("the file %s is given twice", f.Path)
		} else {
			seen[fold] = true
		}
		r, err := f.Open()
		if err != nil {
			return nil, nil, fmt.Errorf("open %s: %w", f.Path, err)
		}
		sha, crc := sha256.New(), crc32.NewIEEE()
		n, err := io.Copy(io.MultiWriter(sha, crc), r)
		if cerr := r.Close(); err == nil {
			err = cerr
		}
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", f.Path, err)
		}
		sums = append(sums, FileSum{f.Path, n, hex.EncodeToString(sha.Sum(nil))})
		crcs = append(crcs, crc.Sum32())
	}
	return sums, crcs, nil
}

func (a *archiver) addFile(f File, sum FileSum, crc uint32) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	sha := sha256.New()
	if err := a.add(f.Path, sum.Size, crc, io.TeeReader(r, sha)); err != nil {
		return err
	}
	if hex.EncodeToString(sha.Sum(nil)) != sum.SHA256 {
		return fmt.Errorf("it changed while the bundle was written")
	}
	return nil
}

func hexSHA256(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

package ledger

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"

	"tocsin/incidents"
)

// VerifyOptions says what the verifier knows from elsewhere.
type VerifyOptions struct {
	// VerifierKey is the published key. Without it the bundle is only checked
	// against the key it brings along, which proves that it is whole, not whose it is.
	VerifierKey string
	// Progress is told how far it is, in bytes read of all that are to be read;
	// nil: nobody is.
	Progress incidents.Far
}

// Findings says what VerifyBundle found. Problems are sentences, one for each
// thing that is wrong; Notes say what could not be checked.
type Findings struct {
	Manifest    Manifest
	VerifierKey string // the key the bundle was checked against
	Entries     int    // audit entries proven to be in the log
	Files       int    // files that are as the manifest says
	Bound       int    // files that the log itself vouches for
	Problems    []string
	Notes       []string
}

// OK tells that nothing is wrong.
func (f Findings) OK() bool { return len(f.Problems) == 0 }

func (f *Findings) add(format string, args ...any) {
	if len(f.Problems) < maxProblems {
		f.Problems = append(f.Problems, fmt.Sprintf(format, args...))
	}
}

func (f *Findings) note(format string, args ...any) {
	if len(f.Notes) < maxProblems {
		f.Notes = append(f.Notes, fmt.Sprintf(format, args...))
	}
}

// VerifyBundle checks a bundle offline. It trusts nothing in it: it unpacks
// nothing, follows no path, and bounds what it keeps in memory. An error means
// that the file could not be read; what is wrong with it is in the findings.
func VerifyBundle(r io.ReaderAt, size int64, opts VerifyOptions) (Findings, error) {
	v := bundleVerifier{r: r, opts: opts, files: map[string]member{}}
	members, problems, err := readMembers(r, size, "bundle")
	if err != nil {
		return v.Findings, err
	}
	for _, p := range problems {
		v.add("%s", p)
	}
	if members == nil {
		return v.Findings, nil
	}
	for _, m := range members {
		v.files[m.path] = m
		v.total += 2 * m.size // to compare it with the manifest, and with the log
	}
	for _, step := range []func([]member) error{v.key, v.manifest, v.sums, v.checkpoint, v.entries, v.bindings} {
		if err := step(members); err != nil {
			return v.Findings, err
		}
	}
	if opts.Progress != nil {
		opts.Progress(v.total, v.total) // the log does not speak of every file
	}
	return v.Findings, nil
}

type bundleVerifier struct {
	Findings
	r     io.ReaderAt
	opts  VerifyOptions
	files map[string]member
	state Checkpoint
	log   []incidents.AuditEntry // proven

	done, total int64 // bytes
}

// progressBytes is how much is read between two tellings.
const progressBytes = 1 << 20

// read returns a whole file of the bundle, nil and a finding when it is not
// there or too large to be what it must be.
func (v *bundleVerifier) read(path string) ([]byte, error) {
	m, ok := v.files[path]
	if !ok {
		v.add("%s is missing from the bundle", path)
		return nil, nil
	}
	if m.size > maxJSON {
		v.add("%s is larger than %d bytes", path, maxJSON)
		return nil, nil
	}
	b := make([]byte, m.size)
	return b, readAt(v.r, b, m.dataAt())
}

func (v *bundleVerifier) key([]member) error {
	own, err := v.read(verifierPath)
	if err != nil {
		return err
	}
	v.VerifierKey = strings.TrimSpace(v.opts.VerifierKey)
	if v.VerifierKey == "" {
		v.VerifierKey = strings.TrimSpace(string(own))
		v.note("checked against the key in the bundle only: compare verifier.txt with the published key")
	} else if own != nil && v.VerifierKey+"\n" != string(own) {
		v.add("verifier.txt is not the published key: the bundle was signed by somebody else, or verifier.txt was changed")
	}
	return nil
}

func (v *bundleVerifier) manifest(members []member) error {
	b, err := v.read(manifestPath)
	if err != nil || b == nil {
		return err
	}
	sig, err := v.read(signaturePath)
	if err != nil {
		return err
	}
	if sig != nil {
		if text, err := openExact(sig, v.VerifierKey); err != nil {
			v.add("manifest.sig was changed or is of another key: %v", err)
		} else if text != signedText(b) {
			v.add("manifest.json was changed: it is not what manifest.sig signs")
		}
	}
	if v.Manifest, err = decodeManifest(b); err != nil {
		v.add("manifest.json was changed: %v", err)
	}
	if len(members) < 2 || members[0].path != manifestPath || members[1].path != signaturePath {
		v.add("the manifest and its signature do not stand first in the bundle")
	}
	return nil
}

// sums compares every file with the manifest, in its order.
func (v *bundleVerifier) sums(members []member) error {
	listed := map[string]bool{manifestPath: true, signaturePath: true}
	for _, want := range v.Manifest.Files {
		if listed[want.Path] {
			v.add("%s is listed twice in the manifest", want.Path)
			continue
		}
		listed[want.Path] = true
		m, ok := v.files[want.Path]
		if !ok {
			v.add("%s was deleted: the manifest lists it, the bundle does not have it", want.Path)
			continue
		}
		if err := v.compare(m, want); err != nil {
			return err
		}
	}
	for _, m := range members {
		if !listed[m.path] {
			v.add("%s was added: the manifest does not list it", m.path)
		}
	}
	if len(members) == len(v.Manifest.Files)+2 {
		for i, want := range v.Manifest.Files {
			if got := members[i+2].path; got != want.Path && listed[got] {
				v.add("the files were reordered: %s stands where %s belongs", got, want.Path)
				break
			}
		}
	}
	return nil
}

func (v *bundleVerifier) compare(m member, want FileSum) error {
	sum, err := v.sum(m)
	if err != nil {
		return err
	}
	switch {
	case m.size < want.Size:
		v.add("%s was truncated: it has %d bytes, the manifest says %d", m.path, m.size, want.Size)
	case m.size > want.Size:
		v.add("%s was added to: it has %d bytes, the manifest says %d", m.path, m.size, want.Size)
	case sum != want.SHA256:
		v.add("%s was changed: its SHA-256 is %s, but the manifest says %s", m.path, sum, want.SHA256)
	default:
		v.Files++
	}
	return nil
}

func (v *bundleVerifier) sum(m member) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, v.section(m)); err != nil {
		return "", fmt.Errorf("read the bundle: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func (v *bundleVerifier) section(m member) io.Reader {
	return watched{io.NewSectionReader(v.r, m.dataAt(), m.size), v}
}

// watched tells how far a bundle is read.
type watched struct {
	io.Reader
	v *bundleVerifier
}

func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	before := w.v.done / progressBytes
	w.v.done += int64(n)
	if w.v.opts.Progress != nil && w.v.done/progressBytes != before {
		w.v.opts.Progress(w.v.done, w.v.total)
	}
	return n, err
}

func (v *bundleVerifier) checkpoint([]member) error {
	b, err := v.read(checkpointPath)
	if err != nil || b == nil {
		return err
	}
	text, err := openExact(b, v.VerifierKey)
	if err != nil {
		v.add("checkpoint.txt was changed or is of another key: %v", err)
		return nil
	}
	origin, _, _ := strings.Cut(v.VerifierKey, "+")
	if v.state, err = parseCheckpoint(text, origin); err != nil {
		v.add("checkpoint.txt was changed: %v", err)
		return nil
	}
	if l := v.Manifest.Log; l.Origin != v.state.Origin || l.Size != v.state.Size || l.Root != hex.EncodeToString(v.state.Root[:]) {
		v.add("the manifest and checkpoint.txt speak of different logs")
	}
	return nil
}

// entries proves each audit entry to be in the log of the checkpoint.
func (v *bundleVerifier) entries([]member) error {
	raw, err := v.read(entriesPath)
	if err != nil {
		return err
	}
	b, err := v.read(proofsPath)
	if err != nil || b == nil {
		return err
	}
	var pf proofFile
	if err := exactJSON(b, &pf, func() ([]byte, error) { return pf.encode() }); err != nil {
		v.add("log/proofs.json was changed: %v", err)
		return nil
	}
	lines := splitLines(raw)
	if len(raw) > 0 && raw[len(raw)-1] != '\n' {
		v.add("log/entries.jsonl was truncated: its last line does not end")
	}
	if len(lines) != len(pf.Proofs) || len(lines) != v.Manifest.Log.Entries {
		v.add("log/entries.jsonl has %d entries, the manifest says %d, and there are %d proofs: entries were deleted or added",
			len(lines), v.Manifest.Log.Entries, len(pf.Proofs))
	}
	if pf.Size != v.state.Size || pf.Root != hex.EncodeToString(v.state.Root[:]) {
		v.add("log/proofs.json was changed: it speaks of another log than checkpoint.txt")
	}
	last := int64(0)
	for i, line := range lines {
		e, err := Decode(line)
		if err != nil {
			v.add("entry %d of log/entries.jsonl was edited: it is %v", i+1, err)
			continue
		}
		if e.Seq <= last {
			v.add("the entries were reordered: record %d stands after record %d", e.Seq, last)
		}
		last = e.Seq
		if e.Incident != v.Manifest.Incident {
			v.add("record %d does not belong to this incident", e.Seq)
		}
		v.include(i, e, line, pf.Proofs)
	}
	return nil
}

func (v *bundleVerifier) include(i int, e incidents.AuditEntry, line []byte, proofs []proof) {
	if i >= len(proofs) {
		return // the counts differ, which was said
	}
	if proofs[i].Seq != e.Seq {
		v.add("entry %d of log/entries.jsonl is record %d, its proof is of record %d: one was deleted, added or moved", i+1, e.Seq, proofs[i].Seq)
		return
	}
	hashes, err := parseHashes(proofs[i].Hashes)
	if err == nil {
		err = CheckInclusion(hashes, v.state.Size, v.state.Root, e.Seq-1, LeafHash(line))
	}
	if err != nil {
		v.add("record %d of the log was edited: it is not in the log that was signed", e.Seq)
		return
	}
	v.Entries++
	v.log = append(v.log, e)
}

// bindings checks the files whose hash or root is itself in the log.
func (v *bundleVerifier) bindings([]member) error {
	rootOf, shaOf := map[string]string{}, map[string]string{}
	for _, e := range v.log { // oldest first: the newest entry counts
		for k, val := range e.Data {
			if p, ok := strings.CutPrefix(k, RootKey("")); ok {
				rootOf[p] = val
			}
			if p, ok := strings.CutPrefix(k, SHA256Key("")); ok {
				shaOf[p] = val
			}
		}
	}
	for _, f := range v.Manifest.Files {
		m, ok := v.files[f.Path]
		root, bound := rootOf[f.Path]
		if ok && bound {
			got, err := v.rootOf(m)
			if err != nil {
				return err
			}
			v.bound(f.Path, "Merkle root", got, root)
		}
		sha, bound := shaOf[f.Path]
		if ok && bound {
			got, err := v.sum(m)
			if err != nil {
				return err
			}
			v.bound(f.Path, "SHA-256", got, sha)
		}
		delete(rootOf, f.Path)
		delete(shaOf, f.Path)
	}
	if n := len(rootOf) + len(shaOf); n > 0 {
		v.note("the log vouches for %d files that are not in this bundle", n)
	}
	return nil
}

func (v *bundleVerifier) bound(path, what, got, want string) {
	if got != want {
		v.add("%s is not what the log vouches for: its %s is %s, the log says %s", path, what, got, want)
		return
	}
	v.Bound++
}

func (v *bundleVerifier) rootOf(m member) (string, error) {
	root, _, err := RootOf(Lines(v.section(m)))
	if err != nil {
		return "unknown (" + err.Error() + ")", nil
	}
	return hex.EncodeToString(root[:]), nil
}

func splitLines(b []byte) [][]byte {
	if len(b) == 0 {
		return nil
	}
	return bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
}

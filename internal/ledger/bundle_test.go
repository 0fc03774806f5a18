package ledger

import (
	"archive/zip"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

var deliveries = []byte(`{"ref":"p-1","channel":"email","status":"delivered"}` + "\n" + `{"ref":"p-2","channel":"sms","status":"accepted"}` + "\n")

// testBundle is the evidence of an incident in a log that also has others' records.
func testBundle(t testing.TB, s *Signer) Bundle {
	t.Helper()
	var m memLog
	b := Bundle{Incident: "inc-1", Ref: "INC-2026-0001", Created: noon, Signer: s, Read: m.read}
	root, _, err := RootOf(Lines(bytes.NewReader(deliveries)))
	if err != nil {
		t.Fatal(err)
	}
	for seq := int64(1); seq <= 9; seq++ {
		e := entry(seq, "notice.sent")
		if seq%3 == 0 {
			e.Incident = "inc-2"
		}
		if seq == 8 {
			e.Data = map[string]string{
				RootKey("deliveries/N-1.jsonl"):         hex.EncodeToString(root[:]),
				SHA256Key("notices/N-1/1/content.json"): hexSHA256([]byte(`{"text":"We are sorry."}`)),
				RootKey("deliveries/N-2.jsonl"):         "not in this bundle",
			}
		}
		m.append(t, Encode(e))
		if e.Incident == "inc-1" {
			b.Entries = append(b.Entries, Encode(e))
		}
	}
	b.Checkpoint = Checkpoint{Size: 9, Root: m.root}
	b.Files = []File{
		Bytes("facts/1.json", []byte(`{"revision":1}`)),
		Bytes("notices/N-1/1/content.json", []byte(`{"text":"We are sorry."}`)),
		Bytes("deliveries/N-1.jsonl", deliveries),
		Bytes("reports/通知.pdf", []byte("%PDF")),
		Bytes("empty.txt", nil),
	}
	return b
}

func written(t testing.TB, b Bundle) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := WriteBundle(&buf, b); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func verified(t testing.TB, b []byte, key string) Findings {
	t.Helper()
	f, err := VerifyBundle(bytes.NewReader(b), int64(len(b)), VerifyOptions{VerifierKey: key})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestBundleVerifies(t *testing.T) {
	s := testSigner(t, "s")
	raw := written(t, testBundle(t, s))
	if !bytes.Equal(raw, written(t, testBundle(t, s))) {
		t.Fatal("the same evidence gives other bytes")
	}
	f := verified(t, raw, s.VerifierKey())
	if !f.OK() || f.Entries != 6 || f.Files != 9 || f.Bound != 2 || f.Manifest.Ref != "INC-2026-0001" {
		t.Fatalf("%+v", f)
	}
	if len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "1 files that are not in this bundle") {
		t.Errorf("notes: %q", f.Notes)
	}
	if f := verified(t, raw, ""); !f.OK() || len(f.Notes) != 2 || f.VerifierKey != s.VerifierKey() {
		t.Errorf("without a known key: %+v", f)
	}
	if f := verified(t, raw, testSigner(t, "x").VerifierKey()); f.OK() {
		t.Error("it verifies with another key")
	}
	if f := verified(t, raw, "rubbish"); f.OK() {
		t.Error("it verifies with no key at all")
	}
	// Any zip program reads it.
	zr, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range zr.File {
		r, err := file.Open()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(r); err != nil {
			t.Errorf("%s: %v", file.Name, err)
		}
		if !file.Mode().IsRegular() || file.Mode().Perm() != 0o644 {
			t.Errorf("%s: mode %v", file.Name, file.Mode())
		}
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	s := testSigner(t, "s")
	b := testBundle(t, s)
	b.Entries, b.Files = b.Entries[:2], b.Files[:1]
	raw := written(t, b)
	keys := []string{s.VerifierKey(), ""}
	for i := range raw {
		bit := byte(1) << ((i + i/8) % 8)
		raw[i] ^= bit
		if f := verified(t, raw, keys[i%2]); f.OK() {
			t.Fatalf("byte %d (%q) changed and nobody noticed", i, raw[max(0, i-20):min(len(raw), i+20)])
		}
		raw[i] ^= bit
	}
	for n := range raw {
		if f := verified(t, raw[:n], s.VerifierKey()); f.OK() {
			t.Fatalf("cut to %d bytes and nobody noticed", n)
		}
	}
}

// A forger unpacks a bundle, changes it and packs a well-formed one again.
type forgery struct {
	paths []string
	data  map[string][]byte
}

func unpack(t testing.TB, raw []byte) *forgery {
	t.Helper()
	ms, problems, err := readMembers(bytes.NewReader(raw), int64(len(raw)), "bundle")
	if err != nil || len(problems) > 0 {
		t.Fatal(problems, err)
	}
	f := &forgery{data: map[string][]byte{}}
	for _, m := range ms {
		f.paths = append(f.paths, m.path)
		f.data[m.path] = bytes.Clone(raw[m.dataAt():m.end()])
	}
	return f
}

func (f *forgery) pack(t testing.TB) []byte {
	t.Helper()
	var buf bytes.Buffer
	a := archiver{w: &buf}
	for _, p := range f.paths {
		b := f.data[p]
		if err := a.add(p, int64(len(b)), crc32.ChecksumIEEE(b), bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func (f *forgery) remove(path string) {
	f.paths = slices.DeleteFunc(f.paths, func(p string) bool { return p == path })
}

func (f *forgery) edit(path, old, new string) {
	f.data[path] = bytes.Replace(f.data[path], []byte(old), []byte(new), 1)
}

func (f *forgery) swap(a, b string) {
	i, j := slices.Index(f.paths, a), slices.Index(f.paths, b)
	f.paths[i], f.paths[j] = f.paths[j], f.paths[i]
}

// resign makes the manifest agree with the files again and signs it.
func (f *forgery) resign(t testing.TB, s *Signer, change func(*Manifest)) {
	t.Helper()
	m, err := decodeManifest(f.data[manifestPath])
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range m.Files {
		b := f.data[file.Path]
		m.Files[i] = FileSum{file.Path, int64(len(b)), hexSHA256(b)}
	}
	if change != nil {
		change(&m)
	}
	b, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.signText(signedText(b))
	if err != nil {
		t.Fatal(err)
	}
	f.data[manifestPath], f.data[signaturePath] = b, sig
}

func TestForgeries(t *testing.T) {
	s, forger := testSigner(t, "s"), testSigner(t, "x")
	raw := written(t, testBundle(t, s))
	lines := func(f *forgery) [][]byte { return splitLines(f.data[entriesPath]) }
	join := func(f *forgery, ls [][]byte) { f.data[entriesPath] = append(bytes.Join(ls, []byte("\n")), '\n') }
	cases := []struct {
		name string
		do   func(f *forgery)
		want string
	}{
		{"a file edited", func(f *forgery) { f.edit("facts/1.json", "1", "2") }, "facts/1.json was changed: its SHA-256 is "},
		{"a file deleted", func(f *forgery) { f.remove("facts/1.json") }, "facts/1.json was deleted"},
		{"a file added", func(f *forgery) {
			f.paths = append(f.paths, "extra.txt")
			f.data["extra.txt"] = []byte("x")
		}, "extra.txt was added"},
		{"a file truncated", func(f *forgery) { f.data["deliveries/N-1.jsonl"] = deliveries[:20] }, "deliveries/N-1.jsonl was truncated: it has 20 bytes"},
		{"a file with more at its end", func(f *forgery) { f.data["empty.txt"] = []byte("x") }, "empty.txt was added to"},
		{"files reordered", func(f *forgery) { f.swap("facts/1.json", "empty.txt") }, "the files were reordered: empty.txt stands where facts/1.json belongs"},
		{"the manifest not first", func(f *forgery) { f.swap(manifestPath, "empty.txt") }, "do not stand first"},
		{"the manifest edited", func(f *forgery) { f.edit(manifestPath, "INC-2026-0001", "INC-2026-0002") }, "manifest.json was changed: it is not what manifest.sig signs"},
		{"the manifest gone", func(f *forgery) { f.remove(manifestPath) }, "manifest.json is missing"},
		{"the signature gone", func(f *forgery) { f.remove(signaturePath) }, "manifest.sig is missing"},
		{"the checkpoint gone", func(f *forgery) { f.remove(checkpointPath) }, "checkpoint.txt was deleted"},
		{"the key replaced", func(f *forgery) { f.data[verifierPath] = []byte(forger.VerifierKey() + "\n") }, "verifier.txt is not the published key"},
		{"all signed by somebody else", func(f *forgery) {
			f.edit("facts/1.json", "1", "2")
			f.data[verifierPath] = []byte(forger.VerifierKey() + "\n")
			f.resign(t, forger, nil)
		}, "manifest.sig was changed or is of another key"},
		{"the signature of another manifest", func(f *forgery) { f.data[signaturePath], _ = s.signText(signedText([]byte("other"))) }, "it is not what manifest.sig signs"},
		{"a checkpoint in place of the signature", func(f *forgery) { f.data[signaturePath] = f.data[checkpointPath] }, "it is not what manifest.sig signs"},
		// From here on the forger has stolen the signing key, and the log stands against him.
		{"an entry edited", func(f *forgery) {
			f.edit(entriesPath, "was approved", "was refused")
			f.resign(t, s, nil)
		}, "record 1 of the log was edited"},
		{"an entry deleted", func(f *forgery) { join(f, slices.Delete(lines(f), 1, 2)); f.resign(t, s, nil) }, "entries were deleted or added"},
		{"an entry deleted with its proof and count", func(f *forgery) {
			join(f, lines(f)[1:])
			f.resign(t, s, func(m *Manifest) { m.Log.Entries-- })
		}, "there are 6 proofs"},
		{"entries reordered", func(f *forgery) {
			ls := lines(f)
			ls[0], ls[1] = ls[1], ls[0]
			join(f, ls)
			f.resign(t, s, nil)
		}, "record 1 stands after record 2"},
		{"entries truncated", func(f *forgery) {
			b := f.data[entriesPath]
			f.data[entriesPath] = b[:len(b)-1]
			f.resign(t, s, nil)
		}, "its last line does not end"},
		{"an entry of another incident", func(f *forgery) {
			f.resign(t, s, func(m *Manifest) { m.Incident = "inc-2" })
		}, "record 1 does not belong to this incident"},
		{"a proof edited", func(f *forgery) {
			f.edit(proofsPath, `"hashes":["`, `"hashes":["00`)
			f.resign(t, s, nil)
		}, "record 1 of the log was edited"},
		{"proofs in another spelling", func(f *forgery) {
			f.edit(proofsPath, `"size":9`, `"size": 9`)
			f.resign(t, s, nil)
		}, "log/proofs.json was changed"},
		{"a delivery edited", func(f *forgery) {
			f.edit("deliveries/N-1.jsonl", "accepted", "delivered")
			f.resign(t, s, nil)
		}, "deliveries/N-1.jsonl is not what the log vouches for: its Merkle root"},
		{"deliveries reordered", func(f *forgery) {
			ls := splitLines(deliveries)
			f.data["deliveries/N-1.jsonl"] = fmt.Appendf(nil, "%s\n%s\n", ls[1], ls[0])
			f.resign(t, s, nil)
		}, "deliveries/N-1.jsonl is not what the log vouches for"},
		{"a notice edited", func(f *forgery) {
			f.edit("notices/N-1/1/content.json", "sorry", "great")
			f.resign(t, s, nil)
		}, "notices/N-1/1/content.json is not what the log vouches for: its SHA-256"},
		{"another log", func(f *forgery) {
			f.data[checkpointPath], _ = s.Sign(Checkpoint{Size: 9, Root: Hash{1}})
			f.resign(t, s, nil)
		}, "the manifest and checkpoint.txt speak of different logs"},
		{"a path that climbs", func(f *forgery) {
			f.paths = append(f.paths, "../../etc/passwd")
			f.data["../../etc/passwd"] = []byte("x")
		}, "could point elsewhere"},
		{"an absolute path", func(f *forgery) {
			f.paths = append(f.paths, "/etc/passwd")
			f.data["/etc/passwd"] = []byte("x")
		}, "could point elsewhere"},
		{"a path with backslashes", func(f *forgery) {
			f.paths = append(f.paths, `a\b`)
			f.data[`a\b`] = []byte("x")
		}, "a character that is not allowed"},
		{"a file there twice", func(f *forgery) { f.paths = append(f.paths, "empty.txt") }, "the file empty.txt is there twice"},
		{"a file there twice in other case", func(f *forgery) { f.paths = append(f.paths, "EMPTY.txt") }, "the file EMPTY.txt is there twice"},
		{"nothing left", func(f *forgery) { f.paths = nil }, "the bundle is empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			f := unpack(t, raw)
			c.do(f)
			got := verified(t, f.pack(t), s.VerifierKey())
			all := strings.Join(got.Problems, "\n")
			if got.OK() || !strings.Contains(all, c.want) {
				t.Fatalf("problems:\n%s\nwant: %s", all, c.want)
			}
		})
	}
}

// What other zip writers make is no bundle: symlinks, compression, comments,
// bytes before, between and after.
func TestOddArchives(t *testing.T) {
	s := testSigner(t, "s")
	raw := written(t, testBundle(t, s))
	good := unpack(t, raw)
	rezip := func(h func(*zip.FileHeader), comment string) []byte {
		var buf bytes.Buffer
		w := zip.NewWriter(&buf)
		for _, p := range good.paths {
			fh := &zip.FileHeader{Name: p, Method: zip.Store}
			h(fh)
			fw, err := w.CreateHeader(fh)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := fw.Write(good.data[p]); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.SetComment(comment), w.Close()); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()
	}
	for name, b := range map[string][]byte{
		"another writer":  rezip(func(*zip.FileHeader) {}, ""),
		"compressed":      rezip(func(h *zip.FileHeader) { h.Method = zip.Deflate }, ""),
		"with a comment":  rezip(func(*zip.FileHeader) {}, "hello"),
		"bytes before":    append([]byte("#!/bin/sh\n"), raw...),
		"bytes after":     append(bytes.Clone(raw), "more"...),
		"a second ending": append(bytes.Clone(raw), raw[len(raw)-endSize:]...),
		"twice":           append(bytes.Clone(raw), raw...),
		"not a zip":       []byte("%PDF-1.7 and so on and so on"),
		"empty":           nil,
	} {
		if f := verified(t, b, s.VerifierKey()); f.OK() || len(f.Problems[0]) < 20 {
			t.Errorf("%s: %q", name, f.Problems)
		}
	}
	if _, err := VerifyBundle(bytes.NewReader(raw[:50]), int64(len(raw)), VerifyOptions{}); err == nil {
		t.Error("a file that cannot be read is no error")
	}
}

func TestBundleRefuses(t *testing.T) {
	s := testSigner(t, "s")
	twice := 0
	moving := File{"x", func() (io.ReadCloser, error) {
		twice++
		return io.NopCloser(strings.NewReader(fmt.Sprint(twice))), nil
	}}
	for name, change := range map[string]func(b *Bundle){
		"a path that climbs":                 func(b *Bundle) { b.Files = []File{Bytes("../x", nil)} },
		"a path twice":                       func(b *Bundle) { b.Files = []File{Bytes("x", nil), Bytes("X", nil)} },
		"a path of ours":                     func(b *Bundle) { b.Files = []File{Bytes("manifest.json", nil)} },
		"a file that changes":                func(b *Bundle) { b.Files = []File{moving} },
		"a file that does not open":          func(b *Bundle) { b.Files = []File{{"x", func() (io.ReadCloser, error) { return nil, io.EOF }}} },
		"an entry newer than the checkpoint": func(b *Bundle) { b.Checkpoint.Size = 3 },
		"entries out of order":               func(b *Bundle) { slices.Reverse(b.Entries) },
		"an entry that is none":              func(b *Bundle) { b.Entries[0] = []byte("{}") },
		"an entry not in the log": func(b *Bundle) {
			e := entry(1, "other")
			b.Entries[0] = Encode(e)
		},
		"a checkpoint of another origin": func(b *Bundle) { b.Checkpoint.Origin = "other" },
	} {
		b := testBundle(t, s)
		change(&b)
		if err := WriteBundle(io.Discard, b); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	empty := Bundle{Incident: incidents.IncidentID("inc-9"), Signer: s, Checkpoint: Checkpoint{Root: flatRoot(nil)}, Created: noon}
	if f := verified(t, written(t, empty), s.VerifierKey()); !f.OK() {
		t.Errorf("a bundle of nothing: %q", f.Problems)
	}
}

func TestLongLinesAreRefused(t *testing.T) {
	if _, _, err := RootOf(Lines(strings.NewReader(strings.Repeat("x", maxLine+1)))); err == nil {
		t.Error("a line of more than 1 MiB passes")
	}
	a, _, _ := RootOf(Lines(strings.NewReader("a\r\nb\n")))
	b, n, _ := RootOf(Lines(strings.NewReader("a\nb")))
	if a == b || n != 2 || b != flatRoot([][]byte{[]byte("a"), []byte("b")}) {
		t.Error("lines are not taken byte by byte")
	}
}

// Any change of a valid bundle is found, and nothing makes the verifier fail.
func FuzzVerifyBundle(f *testing.F) {
	s := testSigner(f, "s")
	raw := written(f, testBundle(f, s))
	f.Add(raw)
	f.Add(raw[:len(raw)-1])
	f.Add(raw[len(raw)/2:])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	empty := written(f, Bundle{Signer: s, Checkpoint: Checkpoint{Root: flatRoot(nil)}})
	f.Add(empty)
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := VerifyBundle(bytes.NewReader(b), int64(len(b)), VerifyOptions{VerifierKey: s.VerifierKey()})
		if err != nil {
			t.Fatal(err)
		}
		if got.OK() && !bytes.Equal(b, raw) && !bytes.Equal(b, empty) {
			t.Fatal("a bundle nobody wrote verifies")
		}
	})
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(entry(1, "x")))
	f.Fuzz(func(t *testing.T, b []byte) {
		if e, err := Decode(b); err == nil && !bytes.Equal(Encode(e), b) {
			t.Fatal("two forms of one entry")
		}
	})
}

// Whatever an entry says, what was written is what is read.
func FuzzEncode(f *testing.F) {
	f.Add("plain", "key", "value\xff")
	f.Add("<b>\u2028\x00\xed\xa0\x80", "\xff", "")
	f.Fuzz(func(t *testing.T, text, key, val string) {
		e := entry(1, "x")
		e.Text, e.Subject, e.Actor, e.Data = text, key, incidents.AccountID(val), map[string]string{key: val}
		b := Encode(e)
		got, err := Decode(b)
		if err != nil || !bytes.Equal(Encode(got), b) || bytes.ContainsAny(b, "\n\r") {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

// Who waits is told how far a bundle is read, never backwards and up to all of it.
func TestVerifyTellsHowFarItIs(t *testing.T) {
	s := testSigner(t, "k")
	b := testBundle(t, s)
	large := bytes.Repeat([]byte("{}\n"), 1<<20)
	b.Files = append(b.Files, Bytes("deliveries/N-3.jsonl", large))
	out := written(t, b)
	var last, total int64
	told := 0
	f, err := VerifyBundle(bytes.NewReader(out), int64(len(out)), VerifyOptions{VerifierKey: s.VerifierKey(), Progress: func(done, all int64) {
		if done < last || done > all || total != 0 && all != total {
			t.Errorf("it is told %d of %d after %d of %d", done, all, last, total)
		}
		last, total, told = done, all, told+1
	}})
	if err != nil || !f.OK() {
		t.Fatal(err, f.Problems)
	}
	if told < 4 || last != total || total < 2*int64(len(large)) {
		t.Errorf("it was told %d times, in the end %d of %d", told, last, total)
	}
}

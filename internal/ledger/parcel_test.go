package ledger

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"
)

const testKind = "tocsin-test/v1"

func parcelOf(t *testing.T, s *Signer, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (Parcel{Kind: testKind, Version: "1", Format: 1, Files: files}).Write(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func newSigner(t *testing.T, name string) *Signer {
	t.Helper()
	secret, s, err := NewSecret(name)
	if err != nil {
		t.Fatal(err)
	}
	again, err := ReadSecret(secret)
	if err != nil || again.VerifierKey() != s.VerifierKey() {
		t.Fatalf("the key is not read back: %v", err)
	}
	return again
}

var someFiles = map[string][]byte{"b/two.yaml": []byte("two"), "a/one.yaml": []byte("one"), "CHANGELOG.md": nil}

func TestAParcelComesBack(t *testing.T) {
	s := newSigner(t, "law.example.org")
	raw := parcelOf(t, s, someFiles)
	if !bytes.Equal(raw, parcelOf(t, s, someFiles)) {
		t.Error("equal content gives other bytes")
	}
	if _, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw))); err != nil {
		t.Errorf("a zip program cannot open it: %v", err)
	}
	for _, trusted := range [][]string{nil, {s.VerifierKey() + "\n"}, {newSigner(t, "other").VerifierKey(), s.VerifierKey()}} {
		p, err := OpenParcel(testKind, raw, trusted...)
		if err != nil || p.Version != "1" || p.Format != 1 || p.Key != s.VerifierKey() || len(p.Files) != 3 || string(p.Files["a/one.yaml"]) != "one" {
			t.Errorf("%+v %v", p, err)
		}
	}
}

func TestAParcelOfSomebodyElse(t *testing.T) {
	s := newSigner(t, "law.example.org")
	raw := parcelOf(t, s, someFiles)
	for name, key := range map[string]string{"another name": newSigner(t, "eve").VerifierKey(), "the same name": newSigner(t, "law.example.org").VerifierKey()} {
		if _, err := OpenParcel(testKind, raw, key); err == nil || !strings.Contains(err.Error(), "not among the trusted keys") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := OpenParcel("tocsin-other/v1", raw, s.VerifierKey()); err == nil || !strings.Contains(err.Error(), "tocsin-test/v1") {
		t.Errorf("another kind: %v", err)
	}
}

// No byte can be changed, added or cut off.
func TestAChangedParcelIsRefused(t *testing.T) {
	s := newSigner(t, "law.example.org")
	raw := parcelOf(t, s, someFiles)
	for i := range raw {
		for _, bit := range []byte{1, 0x20, 0x80} {
			b := bytes.Clone(raw)
			b[i] ^= bit
			if _, err := OpenParcel(testKind, b, s.VerifierKey()); err == nil {
				t.Fatalf("byte %d was changed and nobody noticed", i)
			}
			if _, err := OpenParcel(testKind, b); err == nil {
				t.Fatalf("byte %d was changed and nobody without a key noticed", i)
			}
		}
	}
	for name, b := range map[string][]byte{"empty": nil, "cut off": raw[:len(raw)-1], "added to": append(bytes.Clone(raw), 0), "something before": append([]byte("#!"), raw...), "huge": make([]byte, MaxParcel+1)} {
		if _, err := OpenParcel(testKind, b, s.VerifierKey()); err == nil {
			t.Errorf("%s: nobody noticed", name)
		}
	}
}

// A file that was swapped with its hash in the manifest fails at the signature.
func TestAForgedManifestIsRefused(t *testing.T) {
	s, eve := newSigner(t, "law.example.org"), newSigner(t, "eve")
	raw := parcelOf(t, s, someFiles)
	members, _, _ := readMembers(bytes.NewReader(raw), int64(len(raw)), "archive")
	sig := raw[members[1].dataAt():members[1].end()]
	forged := parcelManifest{Schema: testKind, Version: "2", Format: 1, Key: s.VerifierKey(), Files: []FileSum{{"a", 1, hexSHA256([]byte("x"))}}}
	for name, sig := range map[string][]byte{"the old signature": sig, "a signature of somebody else": signWith(t, eve, forged), "a note of the right key about something else": mustSign(t, s)} {
		m, err := forged.encode()
		if err != nil {
			t.Fatal(err)
		}
		b := archiveOf(t, Bytes(manifestPath, m), Bytes(signaturePath, sig), Bytes("a", []byte("x")))
		if _, err := OpenParcel(testKind, b, s.VerifierKey()); err == nil {
			t.Errorf("%s opens it", name)
		}
	}
}

func signWith(t *testing.T, s *Signer, m parcelManifest) []byte {
	t.Helper()
	b, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	sig, err := s.signText(signedAs(testKind, b))
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func mustSign(t *testing.T, s *Signer) []byte {
	t.Helper()
	b, err := s.Sign(Checkpoint{})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func archiveOf(t *testing.T, files ...File) []byte {
	t.Helper()
	var b bytes.Buffer
	a := archiver{w: &b}
	for _, f := range files {
		sums, crcs, err := sumUp([]File{{Path: "x", Open: f.Open}})
		if err != nil {
			t.Fatal(err)
		}
		if err := a.addFile(f, sums[0], crcs[0]); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Even a signer we trust cannot make files land elsewhere, or fill the memory.
func TestPathsAndBoundsOfAParcel(t *testing.T) {
	s := newSigner(t, "law.example.org")
	for _, path := range []string{"../rules/eu.yaml", "/etc/passwd", `rules\..\x`, "rules/../../x", "C:x", "rules//x", "manifest.json", ".hidden"} {
		if err := (Parcel{Kind: testKind, Version: "1", Format: 1, Files: map[string][]byte{path: nil}}).Write(&bytes.Buffer{}, s); err == nil {
			t.Errorf("%q was written", path)
		}
		m := parcelManifest{Schema: testKind, Version: "1", Format: 1, Key: s.VerifierKey(), Files: []FileSum{{path, 0, hexSHA256(nil)}}}
		head, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		b := archiveOf(t, Bytes(manifestPath, head), Bytes(signaturePath, signWith(t, s, m)), Bytes(path, nil))
		if p, err := OpenParcel(testKind, b, s.VerifierKey()); err == nil {
			t.Errorf("%q was read: %v", path, p.Files)
		}
	}
	many := map[string][]byte{}
	for i := range maxParcelFiles {
		many[fmt.Sprintf("rules/%d.yaml", i)] = nil
	}
	for name, files := range map[string]map[string][]byte{"none": {}, "too many": many, "too large": {"a": make([]byte, MaxParcel)}} {
		if err := (Parcel{Kind: testKind, Version: "1", Format: 1, Files: files}).Write(&bytes.Buffer{}, s); err == nil {
			t.Errorf("%s: it was written", name)
		}
	}
}

func TestSigningKeysAreRead(t *testing.T) {
	secret, s, err := NewSecret("law.example.org")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckKey(s.VerifierKey()); err != nil {
		t.Error(err)
	}
	for name, text := range map[string]string{"nothing": "", "a public key": s.VerifierKey(), "cut off": secret[:len(secret)-2], "another name": strings.Replace(secret, "law", "lax", 1)} {
		if _, err := ReadSecret(text); err == nil {
			t.Errorf("%s is taken for a signing key", name)
		} else if strings.Contains(err.Error(), secret[60:]) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
	for _, key := range []string{"", "law", secret} {
		if err := CheckKey(key); err == nil || strings.Contains(err.Error(), secret[60:]) {
			t.Errorf("%q is taken for a public key, or shown: %v", key, err)
		}
	}
	if _, _, err := NewSecret("with spaces"); err == nil {
		t.Error("a name with spaces")
	}
}

package rulepack

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/regulators"
)

// small is a whole pack with the rules of one place, so that tests are quick.
func small(t *testing.T, version string) fstest.MapFS {
	t.Helper()
	files, err := regulators.Files(regulators.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for name, b := range files {
		if !strings.HasPrefix(name, "rules/") || name == "rules/ch.yaml" {
			out[name] = &fstest.MapFile{Data: b}
		}
	}
	out["vocabulary/pack.yaml"] = &fstest.MapFile{Data: []byte("version: \"" + version + "\"\ntitle: Small\n")}
	out["CHANGELOG.md"] = &fstest.MapFile{Data: []byte("## " + version + ", 2026-11-29\n\n- For tests.\n")}
	return out
}

func signer(t *testing.T, name string) *ledger.Signer {
	t.Helper()
	_, s, err := ledger.NewSecret(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func packed(t *testing.T, s *ledger.Signer, layers ...fs.FS) string {
	t.Helper()
	var b bytes.Buffer
	if _, err := Write(&b, s, layers...); err != nil {
		t.Fatal(err)
	}
	return file(t, b.Bytes())
}

func file(t *testing.T, b []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "law.pack")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAPackComesBackAsItWas(t *testing.T) {
	s := signer(t, "law.example.org")
	rules := small(t, "2027.1")
	name := packed(t, s, rules)
	one, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if two, err := os.ReadFile(packed(t, s, rules)); err != nil || !bytes.Equal(one, two) {
		t.Errorf("equal rules give other bytes: %v", err)
	}
	f, err := Read(name, signer(t, "other").VerifierKey(), s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	p, err := regulators.OpenOn(f, nil, regulators.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := regulators.Load(regulators.Options{}, rules)
	if err != nil {
		t.Fatal(err)
	}
	if p.Version() != want.Version() || f.Version != p.Version() || p.Number() != "2027.1" || !f.Trusted || f.Signer() != "law.example.org" || len(p.Rules()) != len(want.Rules()) || p.Changelog()[0].Text == "" {
		t.Errorf("%+v and %s", f, p.Version())
	}
	if f, err := Read(name); err != nil || f.Trusted {
		t.Errorf("without a key: %+v %v", f, err)
	}
}

func TestPacksThatAreRefused(t *testing.T) {
	s := signer(t, "law.example.org")
	raw, err := os.ReadFile(packed(t, s, small(t, "2027.1")))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Replace(raw, []byte("jurisdiction: CH"), []byte("jurisdiction: CN"), 1)
	if bytes.Equal(raw, changed) {
		t.Fatal("nothing was changed")
	}
	sign := func(p ledger.Parcel) []byte {
		var b bytes.Buffer
		if err := p.Write(&b, s); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	parcel, err := ledger.OpenParcel(kind, raw, s.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	with := func(fn func(p *ledger.Parcel)) []byte {
		p := parcel
		p.Files = map[string][]byte{}
		for path, b := range parcel.Files {
			p.Files[path] = b
		}
		fn(&p)
		return sign(p)
	}
	for _, c := range []struct {
		name string
		raw  []byte
		says string
	}{
		{"a rule was changed", changed, "rules/ch.yaml was changed after it was signed"},
		{"it is cut off", raw[:len(raw)-9], "cut off"},
		{"it is no archive", []byte("jurisdiction: XX"), "too short"},
		{"it is a YAML file of some length", bytes.Repeat([]byte("rules: []\n"), 100), "not a whole archive"},
		{"it needs a newer program", with(func(p *ledger.Parcel) { p.Format = regulators.Format + 1 }), "update the program"},
		{"its manifest lies about the version", with(func(p *ledger.Parcel) { p.Version = "2099.1" }), "its manifest says 2099.1"},
		{"it holds what is no rule", with(func(p *ledger.Parcel) { p.Files["rules/run.sh"] = []byte("#!/bin/sh") }), "rules/run.sh is no part of a pack"},
		{"a rule does not compile", with(func(p *ledger.Parcel) {
			p.Files["rules/ch.yaml"] = bytes.Replace(p.Files["rules/ch.yaml"], []byte("when:"), []byte("when: )(&&"), 1)
		}), "rules/ch.yaml"},
		{"a rule has no Chinese title", relabelled(t, with), "title"},
	} {
		t.Run(c.name, func(t *testing.T) {
			name := file(t, c.raw)
			_, err := Read(name, s.VerifierKey())
			if err == nil || !strings.Contains(err.Error()+hint(err), c.says) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := Read(file(t, raw), signer(t, "law.example.org").VerifierKey()); incidents.KindOf(err) != incidents.KindForbidden || !strings.Contains(err.Error(), "not among the trusted keys") {
		t.Errorf("signed by somebody else: %v", err)
	}
	if _, err := Read(filepath.Join(t.TempDir(), "none")); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("no file: %v", err)
	}
	if _, err := Read(t.TempDir()); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("a folder: %v", err)
	}
	if _, err := Read(file(t, make([]byte, ledger.MaxParcel+1))); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("a huge file: %v", err)
	}
}

// relabelled is a pack that loads and that the linter finds an error in.
func relabelled(t *testing.T, with func(func(*ledger.Parcel)) []byte) []byte {
	t.Helper()
	rules := small(t, "2027.1")
	text := string(rules["rules/ch.yaml"].Data)
	at := strings.Index(text, "title-zh: ")
	end := at + strings.Index(text[at:], "\n")
	text = text[:at] + `title-zh: ""` + text[end:]
	rules["rules/ch.yaml"].Data = []byte(text)
	pack, err := regulators.Load(regulators.Options{}, rules)
	if err != nil {
		t.Fatal(err)
	}
	return with(func(p *ledger.Parcel) { p.Version, p.Files["rules/ch.yaml"] = pack.Version(), []byte(text) })
}

func hint(err error) string {
	if e, ok := err.(*incidents.Error); ok {
		return " " + e.Hint
	}
	return ""
}

func TestWhatIsNotPacked(t *testing.T) {
	s := signer(t, "law.example.org")
	for name, c := range map[string]struct {
		change func(fstest.MapFS)
		says   string
	}{
		"the changelog speaks of another version": {func(m fstest.MapFS) { m["vocabulary/pack.yaml"].Data = []byte("version: \"2027.2\"\n") }, "the newest entry is about 2027.1"},
		"there is no changelog":                   {func(m fstest.MapFS) { delete(m, "CHANGELOG.md") }, "no entry"},
		"there is no version":                     {func(m fstest.MapFS) { m["vocabulary/pack.yaml"].Data = []byte("title: x\n") }, "no version"},
		"a part of a pack alone":                  {func(m fstest.MapFS) { delete(m, "vocabulary/pack.yaml"); delete(m, "vocabulary/places.yaml") }, "vocabulary/pack.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			m := small(t, "2027.1")
			c.change(m)
			var b bytes.Buffer
			if _, err := Write(&b, s, m); err == nil || !strings.Contains(err.Error(), c.says) || b.Len() > 0 {
				t.Errorf("%d bytes, %v", b.Len(), err)
			}
		})
	}
}

func TestKeys(t *testing.T) {
	dir := t.TempDir()
	sealedKey, rawKey := filepath.Join(dir, "sealed.key"), filepath.Join(dir, "raw.key")
	pass := []byte("a passphrase of some length")
	public, err := NewKey(sealedKey, "law.example.org", pass)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := OpenKey(sealedKey, pass); err != nil || s.VerifierKey() != public {
		t.Errorf("%v", err)
	}
	if _, err := OpenKey(sealedKey, []byte("another passphrase")); incidents.KindOf(err) != incidents.KindUnauthenticated {
		t.Errorf("another passphrase: %v", err)
	}
	if public, err = NewKey(rawKey, "law.example.org", nil); err != nil {
		t.Fatal(err)
	}
	if s, err := OpenKey(rawKey, nil); err != nil || s.VerifierKey() != public {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(rawKey); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	for _, path := range []string{sealedKey, rawKey} {
		if _, err := NewKey(path, "x", nil); incidents.KindOf(err) != incidents.KindConflict {
			t.Errorf("written over: %v", err)
		}
	}
	pub := filepath.Join(dir, "key.pub")
	if err := os.WriteFile(pub, []byte(public+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, given := range []string{public, pub} {
		if got, err := PublicKey(given); err != nil || got != public {
			t.Errorf("%q %v", got, err)
		}
	}
	if _, err := PublicKey(rawKey); err == nil || !strings.Contains(err.Error(), "secret signing key") {
		t.Errorf("%v", err)
	}
	if _, err := OpenKey(pub, nil); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("%v", err)
	}
	if err := CheckKeys([]string{public, "nonsense"}); err == nil {
		t.Error("nonsense is a key")
	}
}

package sealed

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestMasterIsMadeOnceAndOpensAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "master.json")
	pass := []byte("correct horse battery staple\n")
	m := must(OpenMaster(path, pass, true))(t)
	before := must(os.ReadFile(path))(t)
	if fi := must(os.Stat(path))(t); fi.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, want 0600", fi.Mode().Perm())
	}
	again := must(OpenMaster(path, bytes.TrimSpace(pass), true))(t)
	if !bytes.Equal(m.DeriveKey("x"), again.DeriveKey("x")) {
		t.Fatal("the reopened master derives other keys")
	}
	if !bytes.Equal(before, must(os.ReadFile(path))(t)) {
		t.Fatal("opening with create changed the file")
	}
	if left := must(filepath.Glob(filepath.Join(filepath.Dir(path), ".master-*")))(t); len(left) > 0 {
		t.Fatalf("left behind: %v", left)
	}
}

func TestMasterRefuses(t *testing.T) {
	dir := t.TempDir()
	raw := filepath.Join(dir, "raw.json")
	must(OpenMaster(raw, rawPass, true))(t)
	good := must(os.ReadFile(raw))(t)
	write := func(name string, b []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	weak := write("weak.json", bytes.Replace(good, []byte(`"raw-base64"`), []byte(`"pbkdf2-sha256","salt":"AAAAAAAAAAAAAAAAAAAAAA==","iterations":1`), 1))
	cases := []struct {
		name, path, pass string
		create           bool
		kind             incidents.Kind
	}{
		{"no file", filepath.Join(dir, "none.json"), string(rawPass), false, incidents.KindNotFound},
		{"no passphrase", raw, "\n", true, incidents.KindInvalid},
		{"a short new passphrase", filepath.Join(dir, "new.json"), "abc-xyz", true, incidents.KindInvalid},
		{"another key", raw, "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWE=", true, incidents.KindUnauthenticated},
		{"a passphrase where a key is wanted", raw, "correct horse battery staple", false, incidents.KindUnauthenticated},
		{"not our file", write("odd.json", []byte(`{"kind":"other"}`)), string(rawPass), true, incidents.KindInvalid},
		{"a truncated file", write("cut.json", good[:len(good)/2]), string(rawPass), true, incidents.KindInvalid},
		{"a weakened derivation", weak, "correct horse battery staple", true, incidents.KindInvalid},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := OpenMaster(c.path, []byte(c.pass), c.create)
			if incidents.KindOf(err) != c.kind {
				t.Fatalf("%v; want kind %s", err, c.kind)
			}
			if p := strings.TrimSpace(c.pass); p != "" && strings.Contains(err.Error(), p) {
				t.Fatal("the error shows the passphrase")
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "none.json")); err == nil {
		t.Fatal("a file was made without create")
	}
}

func TestWrongPassphrase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "m.json")
	must(OpenMaster(path, []byte("correct horse battery staple"), true))(t)
	if _, err := OpenMaster(path, []byte("incorrect horse battery staple"), true); incidents.KindOf(err) != incidents.KindUnauthenticated {
		t.Fatal(err)
	}
}

func TestMasterRotationKeepsWhatIsNeededAndCutsOffOldCopies(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "m.json")
	m := must(OpenMaster(path, rawPass, true))(t)
	v := NewMemoryVault()
	k := New(m, v)
	newBlocks(t, k, "list", 1)
	sealed := blockOf(t, k, "list", 1).Seal("row", []byte("plain"))
	box := k.Small("seeds").Seal("a", []byte("seed"))
	oldVault := copyOf(v)
	if err := k.RotateMaster(ctx); err != nil {
		t.Fatal(err)
	}
	again := must(OpenMaster(path, rawPass, false))(t)
	mustOpen(t, blockOf(t, New(again, v), "list", 1), "row", sealed, "plain")
	if got, err := again.Small("seeds").Open("a", box); err != nil || string(got) != "seed" {
		t.Fatalf("the box of before: %q, %v", got, err)
	}
	if _, err := New(again, oldVault).Sealer(ctx, "list", 1); err == nil {
		t.Fatal("an old copy of the vault opens with the rotated master key")
	}
}

package sealed

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"tocsin/incidents"
)

func TestASecretInAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	secret, pass := []byte("a secret nobody reads"), []byte("a passphrase of some length\n")
	if err := WriteSecret(path, "tests", secret, pass); err != nil {
		t.Fatal(err)
	}
	if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, secret) {
		t.Errorf("the file shows the secret: %s %v", b, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	if got, err := ReadSecret(path, "tests", bytes.TrimSpace(pass)); err != nil || !bytes.Equal(got, secret) {
		t.Errorf("%q %v", got, err)
	}
	for name, x := range map[string]struct {
		purpose, pass string
		kind          incidents.Kind
	}{
		"another passphrase": {"tests", "another passphrase", incidents.KindUnauthenticated},
		"another use":        {"other", string(pass), incidents.KindUnauthenticated},
		"no passphrase":      {"tests", "", incidents.KindInvalid},
	} {
		if got, err := ReadSecret(path, x.purpose, []byte(x.pass)); err == nil || incidents.KindOf(err) != x.kind {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if err := WriteSecret(path, "tests", secret, pass); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("written over another file: %v", err)
	}
	if err := WriteSecret(path+"2", "tests", secret, []byte("short")); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("a short passphrase: %v", err)
	}
	if _, err := ReadSecret(path+"3", "tests", pass); incidents.KindOf(err) != incidents.KindNotFound {
		t.Errorf("%v", err)
	}
}

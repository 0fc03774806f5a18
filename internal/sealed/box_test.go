package sealed

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"filippo.io/age"
)

func TestBoxes(t *testing.T) {
	k := New(newMaster(t), NewMemoryVault())
	seeds, files := k.Small("seeds"), k.Small("files")
	sealed := seeds.Seal("account-1", []byte("JBSWY3DPEHPK3PXP"))
	if got, err := k.Small("seeds").Open("account-1", sealed); err != nil || string(got) != "JBSWY3DPEHPK3PXP" {
		t.Fatal(string(got), err)
	}
	if _, err := files.Open("account-1", sealed); err == nil {
		t.Error("the box of another purpose opens it")
	}
	if _, err := seeds.Open("account-2", sealed); err == nil {
		t.Error("it opens for another row")
	}
	if bytes.Contains(sealed, []byte("JBSW")) {
		t.Error("plain text in the sealed value")
	}
}

func TestLookupHashes(t *testing.T) {
	m := newMaster(t)
	k := New(m, NewMemoryVault())
	a := k.Lookup("email", "mia@example.test")
	if len(a) != 32 || !bytes.Equal(a, New(m, NewMemoryVault()).Lookup("email", "mia@example.test")) {
		t.Error("not 32 stable bytes")
	}
	for name, other := range map[string][]byte{
		"another value":           k.Lookup("email", "max@example.test"),
		"another field":           k.Lookup("phone", "mia@example.test"),
		"a field run into":        k.Lookup("emailm", "ia@example.test"),
		"another master key":      New(newMaster(t), NewMemoryVault()).Lookup("email", "mia@example.test"),
		"the key of another use":  k.DeriveKey("lookup"),
		"the key of a second use": k.DeriveKey("bus"),
	} {
		if bytes.Equal(a, other) {
			t.Errorf("%s gives the same bytes", name)
		}
	}
}

func TestSecretsHide(t *testing.T) {
	type settings struct{ Token Secret }
	s := settings{Token: "hunter2-hunter2"}
	var out strings.Builder
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "token", s.Token, "settings", s)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&out, verb, s)
		fmt.Fprintf(&out, verb, s.Token)
	}
	b := must(json.Marshal(s))(t)
	out.Write(b)
	if strings.Contains(out.String(), "hunter2") || strings.Contains(out.String(), "68756e74") {
		t.Fatalf("the secret shows: %s", out.String())
	}
	if s.Token.Reveal() != "hunter2-hunter2" || s.Token.Empty() {
		t.Fatal("the secret is not what it was")
	}
}

func TestBundlesForRecipients(t *testing.T) {
	classic := must(age.GenerateX25519Identity())(t)
	hybrid := must(age.GenerateHybridIdentity())(t)
	var buf bytes.Buffer
	w := must(EncryptTo(&buf, []string{classic.Recipient().String()}))(t)
	must(io.WriteString(w, "evidence"))(t)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	sealed := buf.Bytes()
	r := must(DecryptWith(bytes.NewReader(sealed), []Secret{Secret(hybrid.String()), Secret(classic.String())}))(t)
	if got, err := io.ReadAll(r); err != nil || string(got) != "evidence" {
		t.Fatal(string(got), err)
	}
	if _, err := DecryptWith(bytes.NewReader(sealed), []Secret{Secret(hybrid.String())}); err == nil {
		t.Error("another identity decrypts it")
	}
	r = must(DecryptWith(bytes.NewReader(sealed[:len(sealed)-1]), []Secret{Secret(classic.String())}))(t)
	if _, err := io.ReadAll(r); err == nil {
		t.Error("a truncated message reads as whole")
	}
	if _, err := EncryptTo(io.Discard, []string{"bob"}); err == nil {
		t.Error("a bad recipient passes")
	}
	if _, err := EncryptTo(io.Discard, nil); err == nil {
		t.Error("no recipient passes")
	}
	if _, err := DecryptWith(bytes.NewReader(sealed), []Secret{"AGE-SECRET-KEY-1BROKEN"}); err == nil || strings.Contains(err.Error(), "BROKEN") {
		t.Errorf("a broken identity: %v", err)
	}
	w = must(EncryptTo(io.Discard, []string{hybrid.Recipient().String()}))(t)
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

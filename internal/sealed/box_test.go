package sealed

import (
	"bytes"
	"testing"
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

package bounce

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

// box makes a Maildir and opens it.
func box(t *testing.T) (*Maildir, *shelf) {
	t.Helper()
	dir := t.TempDir()
	for _, sub := range []string{"new", "cur", "tmp"} {
		if err := os.Mkdir(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	s := &shelf{}
	m, err := OpenMaildir(dir, &Taker{Addresses: addresses, Keep: s.keep})
	if err != nil {
		t.Fatal(err)
	}
	return m, s
}

func (m *Maildir) put(t *testing.T, name string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.Dir, "new", name), raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (m *Maildir) names(t *testing.T, sub string) (out []string) {
	t.Helper()
	list, err := os.ReadDir(filepath.Join(m.Dir, sub))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

func TestAMaildirIsTaken(t *testing.T) {
	m, s := box(t)
	m.put(t, "1795514533.M1.host", returned(t, "postfix-unknown-user", theirPath))
	m.put(t, "1795514534.M2.host", returned(t, "qmail", theirPath))
	m.put(t, "1795514535.M3.host", returned(t, "vacation", theirPath))
	m.put(t, "1795514536.M4.host", returned(t, "qmail", "bounce+12-345-e.1.aaaaaaaaaaaaaaaaaaaa@bounces.example.org"))
	m.put(t, "1795514537.M5.host", []byte("\x00 no mail"))
	m.put(t, ".hidden", []byte("a file of the mail system's own"))
	if err := os.Symlink("/dev/zero", filepath.Join(m.Dir, "new", "1795514538.M6.host")); err != nil {
		t.Fatal(err)
	}

	s.set(incidents.Unavailable("the database is away"))
	if err := m.Round(context.Background()); incidents.KindOf(err) != incidents.KindUnavailable || err == nil {
		t.Fatalf("what cannot be stored: %v", err)
	}
	s.set(nil)
	if err := m.Round(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := m.names(t, "cur"); !slices.Equal(got, []string{"1795514533.M1.host:2,S", "1795514534.M2.host:2,S", "1795514535.M3.host:2,S"}) {
		t.Errorf("cur has %v", got)
	}
	if got := m.names(t, "new"); !slices.Equal(got, []string{".hidden"}) {
		t.Errorf("new has %v", got)
	}
	if got := m.names(t, "aside"); len(got) != 6 {
		t.Errorf("aside has %v", got)
	}
	why, err := os.ReadFile(filepath.Join(m.Dir, "aside", "1795514536.M4.host.reason"))
	if err != nil || !strings.Contains(string(why), "no address that was signed here") {
		t.Errorf("%q, %v", why, err)
	}
	got := s.all()
	if len(got) != 2 || got[0].ID == got[1].ID {
		t.Errorf("stored %+v", got)
	}
	if n := m.take.Counts(); n != (Counts{Taken: 3, Refused: 2, Aside: 3}) {
		t.Errorf("%+v", n)
	}
	if err := m.Round(context.Background()); err != nil || len(s.all()) != 2 {
		t.Errorf("taken twice: %v", err)
	}
}

// The recipient is where the mail system wrote it, whatever the To header says.
func TestTheEnvelopeIsFound(t *testing.T) {
	m, _ := box(t)
	for name, header := range map[string]string{
		"delivered to": "Delivered-To: " + theirPath,
		"original to":  "X-Original-To: " + theirPath,
		"second of to": "To: other@example.net, Bounces <" + theirPath + ">",
		"first is not": "Delivered-To: mail@bounces.example.org\r\nEnvelope-To: " + theirPath,
	} {
		address, null, ok := m.envelope([]byte("Return-Path: <>\r\n" + header + "\r\n\r\n"))
		if !ok || !null || address != theirPath {
			t.Errorf("%s: %q, %v, %v", name, address, null, ok)
		}
	}
	if _, null, ok := m.envelope([]byte("Return-Path: <a@example.net>\r\nTo: " + theirPath + "\r\n\r\n")); null || !ok {
		t.Error("a sender is taken for none")
	}
	if _, _, ok := m.envelope([]byte("To: a@example.net\r\n\r\nDelivered-To: " + theirPath + "\r\n")); ok {
		t.Error("the body was searched")
	}
}

func TestAFolderThatIsNoMaildir(t *testing.T) {
	_, err := OpenMaildir(t.TempDir(), &Taker{})
	if incidents.KindOf(err) != incidents.KindInvalid || err == nil {
		t.Errorf("%v", err)
	}
}

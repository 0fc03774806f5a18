package bounce

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"tocsin/incidents"
)

// A shelf keeps what was stored, as the journal would.
type shelf struct {
	mu   sync.Mutex
	kept []incidents.StatusReceipt
	fail error
}

func (s *shelf) keep(_ context.Context, id incidents.DeliveryID, attempt int, r Report) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if got, ok := r.Receipt(id, attempt); ok {
		s.kept = append(s.kept, got)
	}
	return nil
}

func (s *shelf) set(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = err
}

func (s *shelf) all() []incidents.StatusReceipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]incidents.StatusReceipt(nil), s.kept...)
}

// listening starts a server on loopback for the length of a test.
func listening(t *testing.T, secure ...*tls.Config) (addr string, take *Taker, s *shelf) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = &shelf{}
	take = &Taker{Addresses: addresses, Keep: s.keep}
	var conf *tls.Config
	if len(secure) > 0 {
		conf = secure[0]
	}
	srv := NewServer(take, ln, "bounces.example.org", conf)
	done := make(chan error, 1)
	go func() { done <- srv.Serve() }()
	t.Cleanup(func() {
		now, cancel := context.WithCancel(context.Background())
		cancel() // whoever is still connected is cut off
		if err := errors.Join(srv.Close(now), <-done); err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String(), take, s
}

// deliver sends one mail as a mail system does, and returns its refusal.
func deliver(t *testing.T, addr, from, to string, raw []byte) error {
	t.Helper()
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	return c.SendMail(from, []string{to}, strings.NewReader(string(raw)))
}

func refusedWith(t *testing.T, err error, code int) {
	t.Helper()
	var s *smtp.SMTPError
	if !errors.As(err, &s) || s.Code != code {
		t.Errorf("refused with %v, want %d", err, code)
	}
}

func TestABounceIsStoredBeforeItIsAnswered(t *testing.T) {
	addr, take, s := listening(t)
	raw := returned(t, "postfix-unknown-user", theirPath)

	s.set(incidents.Unavailable("the disk is full"))
	refusedWith(t, deliver(t, addr, "", theirPath, raw), 451)
	if len(s.all()) != 0 {
		t.Fatal("something was stored")
	}
	s.set(nil)
	for range 2 { // it comes again, in another case
		if err := deliver(t, addr, "", strings.ToUpper(theirPath), raw); err != nil {
			t.Fatal(err)
		}
	}
	got := s.all()
	if len(got) != 2 || got[0].ID != got[1].ID {
		t.Fatalf("the same bounce has ids of its own: %+v", got)
	}
	if r := got[0]; r.Delivery != theirs || r.Status != "bounced" || r.Code != "550 5.1.1" || r.Channel != incidents.Email || r.Reason != "the address does not exist" {
		t.Errorf("%+v", r)
	}
	if n := take.Counts(); n != (Counts{Taken: 2}) {
		t.Errorf("%+v", n)
	}
}

func TestAForgedAddressIsRefusedAtOnce(t *testing.T) {
	addr, take, s := listening(t)
	raw := returned(t, "postfix-unknown-user", theirPath)
	for _, to := range []string{"bounce+12-345-e.1.aaaaaaaaaaaaaaaaaaaa@bounces.example.org", strings.Replace(theirPath, "345", "346", 1), "postmaster@bounces.example.org"} {
		refusedWith(t, deliver(t, addr, "", to, raw), 550)
	}
	if len(s.all()) != 0 || take.Counts() != (Counts{Refused: 3}) {
		t.Errorf("%+v, %+v", s.all(), take.Counts())
	}
}

func TestAReportAboutAnotherMessageChangesNothing(t *testing.T) {
	addr, _, s := listening(t)
	if err := deliver(t, addr, "", theirPath, returned(t, "postfix-other-message", theirPath)); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestOneBounceToOneAddress(t *testing.T) {
	addr, _, _ := listening(t)
	c, err := smtp.Dial(addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := errors.Join(c.Mail("", nil), c.Rcpt(theirPath, nil)); err != nil {
		t.Fatal(err)
	}
	other := theirs
	other.Seq++
	refusedWith(t, c.Rcpt(addresses.Address(other, 1), nil), 452)
}

func TestWhatIsNoMailIsRefused(t *testing.T) {
	addr, _, s := listening(t)
	refusedWith(t, deliver(t, addr, "", theirPath, []byte("no header here\r\n")), 554)
	if len(s.all()) != 0 {
		t.Error("something was stored")
	}
}

// A returned message may be larger than what is read of it, and have any lines.
func TestALargeBounceIsNotLost(t *testing.T) {
	addr, _, s := listening(t)
	raw := append(returned(t, "postfix-unknown-user", theirPath), []byte(strings.Repeat(strings.Repeat("x", 20000)+"\r\n", 200))...)
	if err := deliver(t, addr, "", theirPath, raw); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 1 || got[0].Code != "550 5.1.1" {
		t.Errorf("%+v", got)
	}
}

func TestOneHostTakesNotEveryPlace(t *testing.T) {
	addr, _, _ := listening(t)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			_ = c.Close()
		}
	}()
	greeted := func() bool {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		n, _ := c.Read(make([]byte, 3)) // a greeting, or the end
		return n > 0
	}
	for i := range maxPerHost {
		if !greeted() {
			t.Fatalf("connection %d was sent away", i)
		}
	}
	if greeted() {
		t.Error("there is room for one too many")
	}
}

func TestABounceMayComeUnderTLS(t *testing.T) {
	https := httptest.NewTLSServer(nil) // for its certificate
	defer https.Close()
	addr, _, s := listening(t, &tls.Config{Certificates: https.TLS.Certificates, MinVersion: tls.VersionTLS12})
	trusts := https.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	c, err := smtp.DialStartTLS(addr, &tls.Config{RootCAs: trusts, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.SendMail("", []string{theirPath}, strings.NewReader(string(returned(t, "qmail", theirPath)))); err != nil {
		t.Fatal(err)
	}
	if got := s.all(); len(got) != 1 || got[0].Status != "bounced" || got[0].Code != "" {
		t.Errorf("%+v", got)
	}
}

package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/notifiers/email"
)

// A told is what a webhook of the team got.
type told struct {
	header http.Header
	body   string
}

func webhook(t *testing.T, answer http.HandlerFunc) (a *App, got func() []told) {
	t.Helper()
	var mu sync.Mutex
	var all []told
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		mu.Lock()
		all = append(all, told{r.Header, string(b)})
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() { webhookClient.CloseIdleConnections(); s.Close() })
	a = &App{channels: channels{}, now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	a.settings.Escalation.Webhook = settings.Webhook{URL: settings.Secret(s.URL + "/services/T0/secret-part"), Secret: "what signs"}
	return a, func() []told {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestTheWebhookIsToldAndTheSignatureIsOfWhatItGot(t *testing.T) {
	a, got := webhook(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if err := a.tell(context.Background(), "clock-1", "INC-1: overdue", "INC-1: overdue\n\nIt is."); err != nil {
		t.Fatal(err)
	}
	x := got()[0]
	var body map[string]string
	if err := json.Unmarshal([]byte(x.body), &body); err != nil || len(body) != 3 || body["id"] != "clock-1" || body["subject"] != "INC-1: overdue" || !strings.HasSuffix(body["text"], "It is.") {
		t.Errorf("%s: %v", x.body, err)
	}
	mac := hmac.New(sha256.New, []byte("what signs"))
	mac.Write([]byte("clock-1.1800000000." + x.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); x.header.Get("webhook-signature") != want || x.header.Get("webhook-timestamp") != "1800000000" || x.header.Get("webhook-id") != "clock-1" {
		t.Errorf("headers %v, want the signature %s", x.header, want)
	}
	a.settings.Escalation.Webhook.Secret = ""
	if err := a.tell(context.Background(), "clock-2", "s", "t"); err != nil || got()[1].header.Get("webhook-signature") != "" {
		t.Errorf("without a secret: %v, %v", err, got()[1].header)
	}
}

// Whatever goes wrong, it is an error, and the address is in none.
func TestAWebhookThatDoesNotTakeItIsToldAgain(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refuses":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"hangs up":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			a, got := webhook(t, answer)
			err := a.tell(context.Background(), "clock-1", "s", "t")
			if err == nil || strings.Contains(err.Error(), "secret-part") {
				t.Errorf("%v", err)
			}
			if len(got()) != 1 {
				t.Errorf("it was called %d times", len(got()))
			}
		})
	}
	a := &App{channels: channels{}}
	if err := a.tell(context.Background(), "clock-1", "s", "t"); err != nil {
		t.Errorf("without a webhook: %v", err)
	}
}

// relay is a relay that takes everything, with what it took.
func relay(t *testing.T) *standin.Mail {
	t.Helper()
	m, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
}

// closedPort is an address where nobody listens.
func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// by is the way to a relay.
func by(t *testing.T, address string) *email.Channel {
	t.Helper()
	c, err := email.New(email.Options{Address: address, TLS: email.TLSOff, From: mail.Address{Address: "notices@example.com"}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// to lists whom a relay's letters went to, sorted.
func to(m *standin.Mail) (out []string) {
	for _, l := range m.Letters() {
		out = append(out, l.Header("To"))
	}
	slices.Sort(out)
	return out
}

func answers(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
}

// No way waits for another: the webhook is called while the relay is down, and
// mail leaves while the webhook is. Only what failed is said again.
func TestOneWayThatIsDownSilencesNoOther(t *testing.T) {
	t.Run("the relay is down", func(t *testing.T) {
		a, got := webhook(t, answers(http.StatusNoContent))
		a.channels.team = []*email.Channel{by(t, closedPort(t))}
		a.settings.Escalation.Email = []string{"team@example.com"}
		for range 2 {
			err := a.tell(context.Background(), "clock-1", "s", "t")
			if err == nil || !strings.Contains(err.Error(), "escalation.email[0]") || strings.Contains(err.Error(), "team@") || strings.Contains(err.Error(), "webhook") {
				t.Errorf("mail did not leave, and the error is %v", err)
			}
		}
		if len(got()) != 1 {
			t.Errorf("the webhook took it and was called %d times", len(got()))
		}
		up := relay(t)
		a.channels.team = []*email.Channel{by(t, up.Addr)}
		if err := a.tell(context.Background(), "clock-1", "s", "t"); err != nil || up.Count() != 1 || len(got()) != 1 {
			t.Errorf("with the relay back: %v, %d mails, %d calls", err, up.Count(), len(got()))
		}
	})
	t.Run("the webhook is down", func(t *testing.T) {
		a, got := webhook(t, answers(http.StatusBadGateway))
		up := relay(t)
		a.channels.team = []*email.Channel{by(t, up.Addr)}
		a.settings.Escalation.Email = []string{"one@example.com", "two@example.com"}
		for range 2 {
			if err := a.tell(context.Background(), "clock-1", "s", "t"); err == nil || !strings.Contains(err.Error(), "502") {
				t.Errorf("the webhook's answer is lost: %v", err)
			}
		}
		if up.Count() != 2 || len(got()) != 2 {
			t.Errorf("%d mails to two addresses, %d calls", up.Count(), len(got()))
		}
	})
	t.Run("one address is refused", func(t *testing.T) {
		a, got := webhook(t, answers(http.StatusNoContent))
		up := relay(t)
		up.Refuse = func(to string) error {
			if strings.Contains(to, "left") {
				return standin.Reply(550, 5, 1, 1)
			}
			return nil
		}
		a.channels.team = []*email.Channel{by(t, up.Addr)}
		a.settings.Escalation.Email = []string{"left@example.com", "here@example.com"}
		if err := a.tell(context.Background(), "clock-1", "s", "t"); err == nil || !strings.Contains(err.Error(), "escalation.email[0]") {
			t.Errorf("a refused address: %v", err)
		}
		if who := to(up); len(who) != 1 || !strings.Contains(who[0], "here@example.com") || len(got()) != 1 {
			t.Errorf("told: %v, and %d calls", who, len(got()))
		}
	})
}

// What all took is forgotten: the same id said again is said to all.
func TestWhatAllTookIsForgotten(t *testing.T) {
	a, got := webhook(t, answers(http.StatusNoContent))
	for range 2 {
		if err := a.tell(context.Background(), "clock-1", "s", "t"); err != nil {
			t.Fatal(err)
		}
	}
	if len(got()) != 2 || len(a.informed.ways) != 0 {
		t.Errorf("%d calls, %d ids kept", len(got()), len(a.informed.ways))
	}
}

// The team's mail goes by the second relay when the first does not take it, and
// only then. In doubt it goes by both, as one message by its id.
func TestTheTeamsMailHasASecondRelay(t *testing.T) {
	for _, c := range []struct {
		name          string
		broken        func(*standin.Mail) // nil: nobody listens there
		first, second int64
	}{
		{"the first is well", func(*standin.Mail) {}, 1, 0},
		{"the first is down", nil, 0, 1},
		{"the first refuses our account", func(m *standin.Mail) {
			m.RefuseSender = func(string) error { return standin.Reply(530, 5, 7, 0) }
		}, 0, 1},
		{"the first leaves it in doubt", func(m *standin.Mail) { m.Lose = func(string) bool { return true } }, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, two := relay(t), relay(t)
			address := one.Addr
			if c.broken == nil {
				address = closedPort(t)
			} else {
				c.broken(one)
			}
			a := &App{channels: channels{team: []*email.Channel{by(t, address), by(t, two.Addr)}}}
			a.settings.Escalation.Email = []string{"team@example.com"}
			if err := a.tell(context.Background(), "clock-1", "s", "t"); err != nil {
				t.Error(err)
			}
			if one.Count() != c.first || two.Count() != c.second {
				t.Errorf("%d by the first relay and %d by the second, want %d and %d", one.Count(), two.Count(), c.first, c.second)
			}
			if c.first+c.second == 2 && one.Letters()[0].Header("Message-ID") != two.Letters()[0].Header("Message-ID") {
				t.Error("two messages out of one")
			}
		})
	}
}

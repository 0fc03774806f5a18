package email_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
)

// flood sends a message by each of n hands at once and returns how many were
// accepted. Each waits at the relay until all that can be there are there.
func flood(t *testing.T, c *email.Channel, ms []notifiers.Message) (accepted int) {
	t.Helper()
	done := make(chan incidents.Receipt, len(ms))
	for i := range ms {
		go func() { done <- c.SendAll(t.Context(), t.Context(), ms[i:i+1])[0] }()
	}
	for range ms {
		r := <-done
		if r.Outcome == yes {
			accepted++
		} else {
			t.Errorf("a message is %s (%s)", r.Outcome, r.Code)
		}
	}
	return accepted
}

// A relay that allows three connections gets three, and every message; when it
// allows more again, it is asked again, one connection a minute.
func TestConnectionsShrinkToWhatTheRelayAllowsAndGrowBack(t *testing.T) {
	var clock atomic.Int64
	var hold atomic.Pointer[chan struct{}]
	var inside atomic.Int64
	r := newRelay(t, func(r *relay) {
		r.offers, r.most = modes[0].offers, 3
		r.script = func(p point) (answer, bool) {
			if ch := hold.Load(); ch != nil && p.stage == "end" {
				inside.Add(1)
				<-*ch
			}
			return answer{}, false
		}
	})
	c := opened(t, r, func(o *email.Options) {
		o.Connections = 6
		o.Now = func() time.Time { return noon.Add(time.Duration(clock.Load())) }
	})
	round := func(first, n int, allowed int64) {
		t.Helper()
		gate := make(chan struct{})
		inside.Store(0)
		hold.Store(&gate)
		go func() { // all that may be at work are at work at once, then they go on
			for inside.Load() < allowed {
				time.Sleep(time.Millisecond)
			}
			hold.Store(nil)
			close(gate)
		}()
		ms := batchOf(first + n)[first:]
		if got := flood(t, c, ms); got != n {
			t.Errorf("%d of %d accepted", got, n)
		}
	}
	round(0, 12, 3)
	if _, peak := r.connections(); peak != 3 {
		t.Errorf("%d connections at once", peak)
	}
	before, _ := r.connections()
	round(12, 12, 3)
	if now, _ := r.connections(); now != before {
		t.Errorf("%d more connections were tried at a relay that refuses them", now-before)
	}
	r.mu.Lock()
	r.most = 5
	r.mu.Unlock()
	clock.Add(int64(61 * time.Second))
	round(24, 12, 4) // one more, a minute later
	clock.Add(int64(61 * time.Second))
	round(36, 12, 5)
	clock.Add(int64(61 * time.Second))
	round(48, 12, 5) // the sixth is refused, which harms nothing
	if _, peak := r.connections(); peak != 5 {
		t.Errorf("%d connections at once, of 5 allowed", peak)
	}
}

// secured is a certificate for 127.0.0.1 and what trusts it.
func secured(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{Certificates: s.TLS.Certificates, MinVersion: tls.VersionTLS12}, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
}

func TestSTARTTLS(t *testing.T) {
	server, client := secured(t)
	strangers := client.Clone()
	strangers.RootCAs = x509.NewCertPool()
	for _, tc := range []struct {
		name   string
		script func(point) (answer, bool)
		none   bool // STARTTLS is not offered
		trust  *tls.Config
		want   incidents.Outcome
	}{
		{"protected", nil, false, client, yes},
		{"not offered", nil, true, client, retry},
		{"refused", at("starttls", answer{text: "454 4.7.0 not now"}), false, client, retry},
		{"cut", at("starttls", answer{cut: true}), false, client, retry},
		{"a certificate nobody trusts", nil, false, strangers, retry},
		{"replies slipped in before the handshake", at("starttls", answer{text: "220 go on\n250 2.1.0 ok\n250 2.1.5 ok\n250 2.0.0 taken"}), false, client, retry},
	} {
		for _, mode := range modes {
			t.Run(tc.name+", "+mode.name, func(t *testing.T) {
				r := newRelay(t, func(r *relay) {
					r.offers, r.tls, r.script = append([]string{"STARTTLS"}, mode.offers...), server, tc.script
					if tc.none {
						r.offers = mode.offers
					}
				})
				c := opened(t, r, func(o *email.Options) { o.TLS, o.TLSConfig = email.TLSRequired, tc.trust })
				ms := batchOf(5)
				for i, o := range sound(t, r, ms, c.SendAll(t.Context(), t.Context(), ms)) {
					if o != tc.want {
						t.Errorf("p%d is %s", i+1, o)
					}
				}
				if tc.want != yes && r.count("mail ") != 0 {
					t.Error("MAIL was said")
				}
			})
		}
	}
}

// A password leaves over a protected connection only, and shows nowhere.
func TestThePasswordShowsNowhere(t *testing.T) {
	server, client := secured(t)
	signIn := func(t *testing.T, script func(point) (answer, bool), offers []string) (*relay, []incidents.Outcome) {
		r := newRelay(t, func(r *relay) { r.offers, r.tls, r.script = append(offers, modes[0].offers...), server, script })
		c := opened(t, r, func(o *email.Options) {
			o.TLS, o.TLSConfig, o.Username, o.Password = email.TLSRequired, client, "us", "hunter2"
		})
		ms := batchOf(2)
		return r, sound(t, r, ms, c.SendAll(t.Context(), t.Context(), ms))
	}
	for _, ways := range []string{"AUTH PLAIN", "AUTH LOGIN", "AUTH GSSAPI LOGIN PLAIN"} {
		if r, o := signIn(t, nil, []string{"STARTTLS", ways}); o[0] != yes || r.count("auth ") != 1 {
			t.Errorf("%s: outcomes %v after signing in %d times", ways, o, r.count("auth "))
		}
	}
	if r, o := signIn(t, at("auth", answer{text: "535 5.7.8 hunter2 is wrong"}), []string{"STARTTLS", "AUTH LOGIN PLAIN"}); o[0] != retry || o[1] != retry || r.count("mail ") != 0 {
		t.Errorf("outcomes %v when the password is refused", o)
	}
	if r, o := signIn(t, nil, nil); o[0] != retry || r.count("auth ") != 0 {
		t.Errorf("outcomes %v without TLS", o)
	}
}

// What keeps us from a relay is said, and is the same for every message.
func TestWhatKeepsUsFromARelayIsSaid(t *testing.T) {
	server, client := secured(t)
	for _, tc := range []struct {
		offers []string
		change func(*email.Options)
		want   string
	}{
		{[]string{"STARTTLS", "AUTH XOAUTH2 NTLM"}, nil, "the relay signs in by XOAUTH2, NTLM, and we by PLAIN or LOGIN"},
		{[]string{"STARTTLS"}, nil, "the relay offers no way to sign in: use its port for submission (587 or 465), or no username"},
		{nil, nil, "the relay does not offer STARTTLS, and nothing is sent in clear"},
		{[]string{"STARTTLS"}, func(o *email.Options) {
			o.TLSConfig = &tls.Config{ServerName: "another.example", RootCAs: client.RootCAs}
		}, "the relay's certificate is not to be trusted: x509: "},
		{nil, func(o *email.Options) { o.Address = closedPort(t) }, "the relay cannot be reached"},
	} {
		r := newRelay(t, func(r *relay) { r.offers, r.tls = tc.offers, server })
		c := opened(t, r, func(o *email.Options) {
			o.TLS, o.TLSConfig, o.Username, o.Password = email.TLSRequired, client, "us", "hunter2"
			if tc.change != nil {
				tc.change(o)
			}
		})
		for _, got := range c.SendAll(t.Context(), t.Context(), batchOf(2)) {
			if got.Outcome != retry || !strings.HasPrefix(got.Reason, tc.want) || strings.Contains(got.Reason, "127.0.0.1:") {
				t.Errorf("%s: %q; want %q", got.Outcome, got.Reason, tc.want)
			}
		}
	}
}

// Whole batches at once over few connections: everybody's own message, once.
func TestManyBatchesAtOnce(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode.name, func(t *testing.T) {
			r := newRelay(t, func(r *relay) {
				r.offers = mode.offers
				r.script = func(p point) (answer, bool) {
					return answer{text: "450 4.2.0 later"}, p.stage == "rcpt" && strings.HasSuffix(p.to, "7")
				}
			})
			c := opened(t, r, func(o *email.Options) { o.Connections = 3 })
			ms := batchOf(160)
			got := make([]incidents.Receipt, len(ms))
			done := make(chan struct{})
			for from := 0; from < len(ms); from += 8 {
				go func() {
					copy(got[from:], c.SendAll(context.Background(), context.Background(), ms[from:from+8]))
					done <- struct{}{}
				}()
			}
			for range len(ms) / 8 {
				<-done
			}
			for i, o := range sound(t, r, ms, got) {
				want := yes
				if (i+1)%10 == 7 {
					want = retry
				}
				if o != want {
					t.Errorf("p%d is %s", i+1, o)
				}
			}
			if _, peak := r.connections(); peak > 3 {
				t.Errorf("%d connections at once", peak)
			}
		})
	}
}

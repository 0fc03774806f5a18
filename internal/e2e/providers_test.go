package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// A gateway stands before a relay and can refuse connections.
type gateway struct {
	net.Listener
	to   string
	shut atomic.Bool
	mu   sync.Mutex
	open []net.Conn
	all  sync.WaitGroup
}

func newGateway(t *testing.T, to string) *gateway {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g := &gateway{Listener: l, to: to}
	g.all.Go(g.run)
	t.Cleanup(func() { g.Close(); g.cut(); g.all.Wait() })
	return g
}

func (g *gateway) run() {
	for {
		c, err := g.Accept()
		if err != nil {
			return
		}
		if g.shut.Load() {
			c.Close()
			continue
		}
		d, err := net.Dial("tcp", g.to)
		if err != nil {
			c.Close()
			continue
		}
		g.mu.Lock()
		g.open = append(g.open, c, d)
		g.mu.Unlock()
		g.all.Go(func() { _, _ = io.Copy(d, c); d.Close() })
		g.all.Go(func() { _, _ = io.Copy(c, d); c.Close() })
	}
}

// cut drops every connection.
func (g *gateway) cut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, c := range g.open {
		c.Close()
	}
}

// read reads a page of the console, signed in as somebody.
func (h *house) read(name, path string) string {
	h.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		h.t.Fatal(err)
	}
	tr := &http.Transport{}
	defer tr.CloseIdleConnections()
	c := &http.Client{Jar: jar, Transport: tr}
	m := h.team[name]
	resp, err := c.PostForm("http://"+h.at.Inside+"/sign-in", url.Values{"name": {name}, "password": {m.password}, "code": {h.freshCode(name)}})
	if err != nil {
		h.t.Fatal(err)
	}
	resp.Body.Close()
	if resp, err = c.Get("http://" + h.at.Inside + path); err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		h.t.Fatalf("%s: %s %v\n%s", path, resp.Status, err, b)
	}
	return string(b)
}

// The first relay refuses connections in the middle of a notice: the second
// carries on, everybody is told once, and the page and the evidence say by whom.
func TestTheSecondRelayCarriesOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		other, err := standin.NewMail()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Close() })
		var g *gateway
		h := openHouse(t, engine, func(s *settings.Settings) {
			g = newGateway(t, s.Channels.Email.SMTP.Address)
			s.Channels.Email.Second = s.Channels.Email.SMTP
			s.Dispatch.DoubtWait = settings.Duration(time.Second) // a letter cut off after its last byte waits for proof
			s.Channels.Email.SMTP.Address, s.Channels.Email.Second.Address = g.Addr().String(), other.Addr
		})
		const people = 300
		var taken atomic.Int64
		h.mail.Refuse = func(string) error {
			if taken.Add(1) == people/3 { // in the middle, before the message is taken
				g.shut.Store(true)
				g.cut()
			}
			return nil
		}
		in := h.incident(time.Now().UTC())
		h.list(in, csvOf(people))
		n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
		if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
			t.Fatal(err)
		}
		var p incidents.Progress
		h.eventually("the end of the notice", func() bool {
			if p, err = h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID); err != nil {
				t.Fatal(err)
			}
			return p.Notice.Status == incidents.NoticeDone
		})
		if r := p.Reconciliation; r.Sent != people || r.Unaccounted() != 0 {
			t.Errorf("the reconciliation says %+v", r)
		}
		told := map[string]int{}
		ids := map[string]string{}
		for _, l := range append(h.mail.Letters(), other.Letters()...) {
			if id := l.Header("Message-Id"); ids[l.To] != id { // the one allowed resend of a doubt is the same message
				ids[l.To] = id
				told[l.To]++
			}
		}
		twice := 0
		for _, k := range told {
			if k != 1 {
				twice++
			}
		}
		if len(told) != people || twice > 0 || len(other.Letters()) == 0 || len(h.mail.Letters()) == 0 {
			t.Errorf("%d of %d told, %d with two different messages; %d by the first, %d by the second", len(told), people, twice, len(h.mail.Letters()), len(other.Letters()))
		}
		page := h.read("olga", "/providers")
		for _, want := range []string{"email/first", "email/second", "cannot be used", "the relay "} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of providers does not say %q", want)
			}
		}
		var b bytes.Buffer
		if err := h.app.Bundle(context.Background(), h.as("ada"), in.ID, &b); err != nil {
			t.Fatal(err)
		}
		if lines := b.String(); !strings.Contains(lines, `"provider":"email/second"`) || !strings.Contains(lines, `"provider":"email/first"`) {
			t.Error("the evidence does not say which provider carried what")
		}
	})
}

// Twilio asks to be left alone: nothing is sent to that account meanwhile, by
// any worker, and the rest goes out afterwards.
func TestNothingIsSentInsideRetryAfter(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	var mu sync.Mutex
	var until time.Time
	inside, asked, refused := 0, 0, 0
	h.twilio.Fault = func(string) *standin.Fault {
		mu.Lock()
		defer mu.Unlock()
		asked++
		if left := time.Until(until); left > 0 && left < 2*time.Second { // not what had left before the refusal was read
			inside++
		}
		if asked == 5 || asked == 20 {
			refused++
			until = time.Now().Add(4 * time.Second)
			return &standin.Fault{Status: 429, Code: 20429, RetryAfter: "4"}
		}
		return nil
	}
	in := h.incident(time.Now().UTC())
	var csv strings.Builder
	csv.WriteString("subject_id,name,phone,country,locale,data_categories\n")
	for i := range 60 {
		csv.WriteString("S-" + string(rune('A'+i/26)) + string(rune('A'+i%26)) + ",Person,+1415555" + pad4(100+i) + ",US,en,basic\n")
	}
	h.list(in, csv.String())
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.SMS}}})
	p := h.released(in, n)
	mu.Lock()
	defer mu.Unlock()
	if r := p.Reconciliation; r.Sent+r.ReachedDirect != 60 {
		t.Errorf("the reconciliation says %+v", r)
	}
	if refused != 2 || inside > 0 || len(h.twilio.Texts()) != 60 {
		t.Errorf("%d refusals, %d of %d requests inside a Retry-After, %d texts", refused, inside, asked, len(h.twilio.Texts()))
	}
	page := h.read("olga", "/providers")
	if !strings.Contains(page, "sms/first") {
		t.Error("the page of providers does not show the account")
	}
}

func pad4(n int) string {
	return fmt.Sprintf("%04d", n)
}

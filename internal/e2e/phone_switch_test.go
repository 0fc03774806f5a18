package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// otherTwilio is a second account, for calls too.
func otherTwilio(t *testing.T) (*standin.Twilio, func(*settings.Settings)) {
	t.Helper()
	other := standin.NewTwilio("auth-token-of-the-second")
	t.Cleanup(func() { _ = other.Close() })
	return other, func(s *settings.Settings) {
		second := s.Channels.Twilio
		second.BaseURL, second.AccountSID, second.AuthToken = other.URL, "AC00000000000000000000000000000002", settings.Secret(other.AuthToken)
		s.Channels.TwilioSecond, s.Channels.Phone.SecondFrom = second, "+14155550177"
	}
}

// numbered is a list of n people with a number and nothing else.
func numbered(n int) string {
	var csv strings.Builder
	csv.WriteString("subject_id,name,email,phone,country,locale,data_categories\n")
	for i := range n {
		fmt.Fprintf(&csv, "%d,Person %d,,+1415555%04d,US,en,basic\n", i+1, i+1, 100+i)
	}
	return csv.String()
}

// The first account makes some calls and then asks to be left alone: the second
// makes the others, from its own number, and answers the keys pressed in them.
// Nobody is called twice, and nobody in a country that is not on the list.
func TestTheSecondAccountCalls(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		const people = 12
		other, twice := otherTwilio(t)
		h := openHouse(t, engine, byTelephone, twice, func(s *settings.Settings) { s.Channels.Phone.Countries = []string{"US"} })
		var asked atomic.Int64
		h.twilio.Fault = func(string) *standin.Fault {
			if asked.Add(1) > 4 {
				return &standin.Fault{Status: http.StatusTooManyRequests, Code: 20429, RetryAfter: "600"}
			}
			return nil
		}
		in := h.incident(time.Now().UTC())
		h.list(in, numbered(people)+"91,Abroad,abroad@example.com,+493012345678,DE,en,basic\n")
		n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}, {Channel: incidents.Email}}})
		if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
			t.Fatal(err)
		}
		h.eventually("everybody's key, and a letter", func() bool {
			p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
			if err != nil || p.Reconciliation.Unaccounted() != 0 {
				t.Fatal(p.Reconciliation, err)
			}
			return p.Reconciliation.ReachedDirect == people && h.mail.Count() == 1
		})
		called := map[string]int{}
		for account, calls := range map[string][]standin.Call{"+14155550188": h.twilio.Calls(), "+14155550177": other.Calls()} {
			if len(calls) == 0 {
				t.Errorf("no calls from %s", account)
			}
			for _, c := range calls {
				called[c.To]++
				if c.From != account || !strings.Contains(c.Told, "A security incident at Example Retail Ltd") {
					t.Errorf("called from %s and told %q", c.From, c.Told)
				}
			}
		}
		if len(called) != people {
			t.Errorf("%d people were called", len(called))
		}
		for to, k := range called {
			if k != 1 {
				t.Errorf("%d calls to %s", k, to)
			}
		}
		signedByTheRightAccount(t, h, other)
		claimed(t, h, n, "91 phone escalated", "91 email accepted")
		if page := h.read("olga", "/providers"); !strings.Contains(page, "phone/second") || !strings.Contains(page, "asked to be left alone") {
			t.Error("the page of providers does not say which account calls")
		}
		var b bytes.Buffer
		if err := h.app.Bundle(context.Background(), h.as("ada"), in.ID, &b); err != nil {
			t.Fatal(err)
		}
		for _, want := range []string{`"provider":"phone/first"`, `"provider":"phone/second"`, `"country"`} {
			if !strings.Contains(b.String(), want) {
				t.Errorf("the evidence lacks %s", want)
			}
		}
	})
}

// signedByTheRightAccount asks for the words of a call of the second account:
// its own signature gets them, the first one's does not.
func signedByTheRightAccount(t *testing.T, h *house, other *standin.Twilio) {
	t.Helper()
	call := other.Calls()[0]
	address := call.Callback + "/speak"
	form := url.Values{"CallSid": {call.SID}, "Digits": {"1"}}
	for token, want := range map[string]int{h.twilio.AuthToken: http.StatusForbidden, other.AuthToken: http.StatusOK} {
		req, err := http.NewRequest(http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", standin.Sign(token, address, form))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != want {
			t.Errorf("answered %s, want %d", resp.Status, want)
		}
	}
}

// The first account takes calls and cuts the connection, then it does not even
// take them: what is in doubt is looked up there and is never called by the
// second, which makes the other calls.
func TestACallInDoubtIsNotMadeByTheSecondAccount(t *testing.T) {
	const people = 10
	other, twice := otherTwilio(t)
	h := openHouse(t, storetest.SQLite, byTelephone, twice, func(s *settings.Settings) { s.Limits.Window.Phone = 1 })
	h.twilio.Answers = func(string) string { return standin.AnswerNever } // nothing but a lookup tells
	var asked atomic.Int64
	h.twilio.Fault = func(string) *standin.Fault {
		if asked.Add(1) == 1 {
			return &standin.Fault{Cut: true}
		}
		return &standin.Fault{Status: http.StatusInternalServerError}
	}
	in := h.incident(time.Now().UTC())
	h.list(in, numbered(people))
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Phone}}})
	if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: people}); err != nil {
		t.Fatal(err)
	}
	h.eventually("the calls of the second account", func() bool { return len(other.Calls()) == people-3 })
	doubts := func(state incidents.DeliveryState) (out []int64) {
		all, err := h.app.Desk.InDoubt(context.Background(), h.as("rita"), n.No, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range all {
			if d.Provider != "phone/first" {
				t.Errorf("the doubt is said to be with %q", d.Provider)
			}
			if d.State == state {
				out = append(out, d.ID.Seq)
			}
		}
		return out
	}
	h.eventually("what a person must decide", func() bool {
		h.ahead.Add(int64(time.Minute))
		return len(doubts(incidents.Manual)) == 2 && len(doubts(incidents.InDoubt)) == 0
	})
	called := map[string]int{}
	for _, c := range append(h.twilio.Calls(), other.Calls()...) {
		called[c.To]++
	}
	if len(h.twilio.Calls()) != 1 || len(called) != people-2 || len(other.Calls()) != people-3 {
		t.Errorf("%d calls by the first, %d by the second, to %d people", len(h.twilio.Calls()), len(other.Calls()), len(called))
	}
}

// A cap on calls holds what would pass it, by the price of the country each
// person lives in; it goes on when an officer confirms the raise. So does a cap
// on letters.
func TestTheCapHoldsCallsAndLetters(t *testing.T) {
	for _, c := range []struct {
		channel incidents.Channel
		people  string
		cap     settings.Tariff
		held    int64
		spent   incidents.SpendCap
		raise   incidents.SpendCap
	}{
		{incidents.Phone, numbered(4) + "5,孙霞,,+8613800138003,CN,zh-CN,basic\n", settings.Tariff{Messages: 100, Money: 65, Price: 30, Prices: map[string]int64{"CN": 5}},
			2, incidents.SpendCap{Messages: 3, Money: 65}, incidents.SpendCap{Messages: 100, Money: 125}},
		{incidents.Letter, "subject_id,name,address,country,locale\n1,Ann Post,\"Poststraße 2, 10115 Berlin\",DE,en\n2,Bo Post,\"Poststraße 3, 10115 Berlin\",DE,en\n3,何霞,上海市浦东新区世纪大道100号,CN,zh-CN\n",
			settings.Tariff{Messages: 1, Price: 95, Prices: map[string]int64{"CN": 125}}, 2, incidents.SpendCap{Messages: 1, Money: 95}, incidents.SpendCap{Messages: 3}},
	} {
		t.Run(string(c.channel), func(t *testing.T) {
			h := openHouse(t, storetest.SQLite, byTelephone, func(s *settings.Settings) {
				s.Channels.Letter.Mode, s.Channels.Letter.Sender = settings.ModeFolder, []string{"Example Retail Ltd", "Invalidenstr. 112", "10115 Berlin"}
				s.Limits.Spend.Phone, s.Limits.Spend.Letter = c.cap, c.cap
			})
			left := func() (n int) {
				for _, b := range batches(t, h.set.LetterFolder()) {
					n += b.Letters
				}
				return n + len(h.twilio.Calls())
			}
			ctx, desk := context.Background(), h.app.Desk
			in := h.incident(time.Now().UTC())
			h.list(in, c.people)
			n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: c.channel}}})
			if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
				t.Fatal(err)
			}
			var s incidents.Spend
			h.eventually("the cap", func() bool {
				spends, _, err := desk.Spends(ctx, h.as("rita"), in.ID)
				if err != nil {
					t.Fatal(err)
				}
				for _, x := range spends {
					if x.Channel == c.channel {
						s = x
					}
				}
				return s.Held == c.held && left() == int(n.Content.Persons-c.held)
			})
			if got := (incidents.SpendCap{Messages: s.Messages, Money: s.Money}); got != c.spent {
				t.Errorf("spent %+v, want %+v", got, c.spent)
			}
			if page := h.read("rita", fmt.Sprintf("/notices/%d/delivery", n.No)); !strings.Contains(page, fmt.Sprintf("%d deliveries wait: spend cap", c.held)) {
				t.Error("the page does not say what waits")
			}
			r, err := desk.AskCapRaise(ctx, h.as("olga"), in.ID, c.channel, c.raise, "all of them")
			if err != nil {
				t.Fatal(err)
			}
			subject := incidents.Subject{Kind: incidents.SubjectCapRaise, ID: r.ID, Version: 1, Hash: r.Hash()}
			if err := desk.Decide(ctx, h.as("oscar"), subject, "approve", ""); err != nil {
				t.Fatal(err)
			}
			h.eventually("the rest", func() bool {
				p, err := desk.Progress(ctx, h.as("rita"), n.ID)
				if err != nil || p.Reconciliation.Unaccounted() != 0 {
					t.Fatal(p.Reconciliation, err)
				}
				return p.Notice.Status == incidents.NoticeDone
			})
			if got := left(); got != int(n.Content.Persons) {
				t.Errorf("%d left", got)
			}
		})
	}
}

// The first printer's folder is not mounted: the service starts all the same,
// the second printer gets the letters, and its answers are read.
func TestTheSecondPrinterTakesOver(t *testing.T) {
	away, there := filepath.Join(t.TempDir(), "away"), t.TempDir()
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		l := &s.Channels.Letter
		l.Mode, l.Folder, l.SecondFolder, l.Sender = settings.ModeFolder, away, there, []string{"Example Retail Ltd", "Invalidenstr. 112", "10115 Berlin"}
	})
	if page := h.read("olga", "/providers"); !strings.Contains(page, "letter/second") || !strings.Contains(page, "cannot be used") {
		t.Error("the page of providers does not say that a printer's folder is not there")
	}
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,address,country,locale\n1,Ann Post,\"Poststraße 2, 10115 Berlin\",DE,en\n2,Bo Post,\"Poststraße 3, 10115 Berlin\",DE,en\n3,Cy Post,\"Poststraße 4, 10115 Berlin\",DE,en\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Letter}}})
	if p := h.released(in, n); p.Reconciliation.Sent != 3 {
		t.Errorf("%+v", p.Reconciliation)
	}
	all := batches(t, there)
	letters := 0
	for _, b := range all {
		letters += b.Letters
	}
	if letters != 3 {
		t.Errorf("%d letters in %d batches", letters, len(all))
	}
	if _, err := os.Stat(away); err == nil {
		t.Error("the folder that was away was made")
	}
	answer(t, there, all, ".posted")
	h.eventually("that the letters were posted", func() bool { return answeredWith(there, all, ".posted") })
}

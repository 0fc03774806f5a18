package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// An incident may send 10 e-mails: the other 15 wait, the page says so, and they
// leave when one person has asked for more and another, an officer with a fresh
// second factor, has confirmed it.
func TestTheSpendCapHoldsUntilTwoPeopleRaiseIt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		h := openHouse(t, engine, func(s *settings.Settings) {
			s.Limits.Spend.Email = settings.Tariff{Messages: 100, Money: 20, Price: 5, Prices: map[string]int64{"DE": 2}}
			s.Escalation.Email = []string{"team@example.com"}
		})
		ctx, desk := context.Background(), h.app.Desk
		in := h.incident(time.Now().UTC())
		h.list(in, csvOf(25))
		n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
		short := func() (held int64, capped bool) {
			var f incidents.ForecastView
			h.call("rita", "GET", fmt.Sprintf("/notices/%d/forecast", n.No), nil, &f)
			return f.Channels[0].Short, slices.ContainsFunc(f.Deadlines, func(d incidents.DeadlineForecast) bool { return d.Capped })
		}
		if held, capped := short(); held != 15 || !capped { // before anything is released
			t.Errorf("%d are foreseen to be held up, %v", held, capped)
		}
		if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
			t.Fatal(err)
		}
		var s incidents.Spend
		h.eventually("the cap", func() bool {
			spends, _, err := desk.Spends(ctx, h.as("rita"), in.ID)
			if err != nil || len(spends) != 1 {
				t.Fatal(spends, err)
			}
			s = spends[0]
			return s.Held == 15
		})
		told := func() (people, team int) {
			for _, l := range h.mail.Letters() {
				if l.To != "team@example.com" {
					people++
				} else if strings.Contains(l.Header("Subject"), fmt.Sprintf("the spend cap of email stops notice N-%d", n.No)) {
					team++
				}
			}
			return people, team
		}
		if people, _ := told(); s.Messages != 10 || s.Money != 20 || people > 10 {
			t.Errorf("spent %+v, %d letters", s, people)
		}
		page := h.read("rita", fmt.Sprintf("/notices/%d/delivery", n.No))
		for _, want := range []string{"15 deliveries wait: spend cap", "Ask to raise the cap", "0.20 EUR", "The spend cap of Email is too low", "stopped by a spend cap"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		if held, capped := short(); held != 15 || !capped {
			t.Errorf("%d are said to be held up, %v", held, capped)
		}
		h.eventually("the team's e-mail", func() bool {
			_, team := told()
			return team > 0
		})
		higher := incidents.SpendCap{Messages: 100, Money: 50}
		if _, err := desk.AskCapRaise(ctx, h.as("olga"), in.ID, incidents.Email, incidents.SpendCap{Messages: 100, Money: 10}, "more"); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("a lower cap was taken as a raise: %v", err)
		}
		r, err := desk.AskCapRaise(ctx, h.as("olga"), in.ID, incidents.Email, higher, "25 persons, not 10")
		if err != nil {
			t.Fatal(err)
		}
		subject := incidents.Subject{Kind: incidents.SubjectCapRaise, ID: r.ID, Version: 1, Hash: r.Hash()}
		if err := desk.Decide(ctx, h.as("olga"), subject, "approve", ""); incidents.KindOf(err) != incidents.KindForbidden {
			t.Fatalf("who asked confirmed it: %v", err)
		}
		if err := desk.Decide(ctx, h.as("rita"), subject, "approve", ""); incidents.KindOf(err) != incidents.KindForbidden {
			t.Fatalf("a responder confirmed it: %v", err)
		}
		stale := h.as("oscar")
		stale.SecondFactorAt = stale.SecondFactorAt.Add(-time.Hour)
		if err := desk.Decide(ctx, stale, subject, "approve", ""); incidents.KindOf(err) != incidents.KindForbidden {
			t.Fatalf("it was confirmed with an old second factor: %v", err)
		}
		if page := h.read("ada", "/approvals/cap-raise/"+r.ID); !strings.Contains(page, "25 persons, not 10") {
			t.Error("the page of the decision does not say why")
		}
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
		if held, capped := short(); held != 0 || capped {
			t.Errorf("with the higher cap %d are held up, %v", held, capped)
		}
		if people, _ := told(); people != 25 {
			t.Errorf("%d letters", people)
		}
		log, err := desk.AuditLog(ctx, h.as("ada"), incidents.AuditFilter{Incident: in.ID, Event: "cap."})
		if err != nil || len(log) != 2 {
			t.Errorf("%d entries in the audit log, %v", len(log), err)
		}
	})
}

// What a text takes is measured when a version is written, in the languages of
// the list, and the forecast reckons with it before anything is released.
func TestTheForecastReckonsWithTheSegmentsOfAnSMS(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Limits.Spend.SMS = settings.Tariff{Money: 12, Price: 1}
	})
	in := h.incident(time.Now().UTC())
	var csv strings.Builder
	csv.WriteString("subject_id,name,phone,country,locale,data_categories\n")
	for i := range 10 {
		fmt.Fprintf(&csv, "P-%d,王%d,+86138001380%02d,CN,zh-CN,basic\n", i, i, i)
	}
	h.list(in, csv.String())
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.SMS}}})
	segments := n.Content.Parts(incidents.SMS, "zh-Hans")
	if segments < 2 || len(n.Content.SMSSegments) != len(n.Content.Langs) {
		t.Fatalf("measured: %v", n.Content.SMSSegments)
	}
	var f incidents.ForecastView
	h.call("rita", "GET", fmt.Sprintf("/notices/%d/forecast", n.No), nil, &f)
	if want := 10 - 12/segments; f.Channels[0].Short != want {
		t.Errorf("%d are foreseen to be held up, want %d of texts of %d segments", f.Channels[0].Short, want, segments)
	}
}

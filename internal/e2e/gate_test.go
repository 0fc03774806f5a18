package e2e

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// Twelve ways round the approval gate, tried on the running service. Each gets
// an approved or a waiting notice, does its trick, tries to send, and must
// fail; and no mail may leave.
func TestTwelveWaysRoundTheGate(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(3))
	plan := []incidents.Step{{Channel: incidents.Email}}
	submitted := func() incidents.Notice {
		n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: plan})
		if err == nil {
			n, err = desk.SubmitNotice(ctx, h.as("rita"), n.ID)
		}
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	decide := func(a incidents.Actor, n incidents.Notice) error {
		return desk.Decide(ctx, a, subjectOf(n), "approve", "")
	}
	release := func(n incidents.Notice) error {
		return desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons})
	}
	edit := func(name string, n incidents.Notice, change func(*incidents.NoticeInput)) (incidents.Notice, error) {
		c := n.Content
		input := incidents.NoticeInput{Title: n.Title, Kind: c.Kind, Langs: c.Langs, Default: c.Default, Filter: c.Filter, Plan: c.Plan, Answers: c.Answers}
		change(&input)
		return desk.EditNotice(ctx, h.as(name), n.ID, n.Version, input)
	}
	stale := func(a incidents.Actor) incidents.Actor {
		a.SecondFactorAt = time.Now().Add(-time.Hour)
		return a
	}
	for _, way := range []struct {
		name string
		try  func() (incidents.Notice, error)
	}{
		{"release a draft", func() (incidents.Notice, error) {
			n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: plan})
			return n, err
		}},
		{"release what only waits for approval", func() (incidents.Notice, error) { return submitted(), nil }},
		{"approve one's own draft", func() (incidents.Notice, error) { n := submitted(); return n, decide(h.as("rita"), n) }},
		{"let an officer edit and approve", func() (incidents.Notice, error) {
			n, err := edit("olga", submitted(), func(i *incidents.NoticeInput) { i.Title = "Edited by the officer" })
			if err == nil {
				n, err = desk.SubmitNotice(ctx, h.as("rita"), n.ID)
			}
			if err != nil {
				return n, err
			}
			return n, decide(h.as("olga"), n)
		}},
		{"approve without a fresh second factor", func() (incidents.Notice, error) { n := submitted(); return n, decide(stale(h.as("olga")), n) }},
		{"approve as administrator", func() (incidents.Notice, error) { n := submitted(); return n, decide(h.as("adam"), n) }},
		{"approve another hash", func() (incidents.Notice, error) {
			n := submitted()
			s := subjectOf(n)
			s.Hash = strings.Repeat("0", len(s.Hash)) // not one digit of it changed: that may be the same
			return n, desk.Decide(ctx, h.as("olga"), s, "approve", "")
		}},
		{"approve, then change a word", func() (incidents.Notice, error) {
			n := submitted()
			if err := decide(h.as("olga"), n); err != nil {
				return n, err
			}
			return edit("rita", n, func(i *incidents.NoticeInput) {
				w := i.Langs["en"]
				w.Subject = "Something quite different"
				i.Langs = map[incidents.Lang]incidents.Words{"en": w, "zh-Hans": i.Langs["zh-Hans"]}
			})
		}},
		{"approve, then choose other people", func() (incidents.Notice, error) {
			n := submitted()
			if err := decide(h.as("olga"), n); err != nil {
				return n, err
			}
			return edit("rita", n, func(i *incidents.NoticeInput) { i.Filter.Places = []incidents.Place{"DE"} })
		}},
		{"approve, then grow the list", func() (incidents.Notice, error) {
			n := submitted()
			if err := decide(h.as("olga"), n); err != nil {
				return n, err
			}
			h.list(in, "subject_id,name,email,country,locale,data_categories\nlate-1,Late Person,late@example.com,DE,en,basic\n")
			return n, nil
		}},
		{"approve, then change the facts", func() (incidents.Notice, error) {
			n := submitted()
			if err := decide(h.as("olga"), n); err != nil {
				return n, err
			}
			_, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"data_categories": []string{"basic", "health"}}), "news")
			return n, err
		}},
		{"write the status past the desk", func() (incidents.Notice, error) {
			n := submitted()
			return n, h.tamper(func(tx incidents.Tx) error {
				n.Status = incidents.NoticeApproved
				return tx.PutNotice(n)
			})
		}},
		{"write a forged approval past the desk", func() (incidents.Notice, error) {
			n := submitted()
			return n, h.tamper(func(tx incidents.Tx) error {
				now := time.Now().UTC()
				forged := incidents.Approval{ID: "forged", IncidentID: in.ID, Subject: subjectOf(n), Decision: "approve", By: n.Author, Role: incidents.RoleOfficer, SecondFactorAt: now, At: now}
				n.Status = incidents.NoticeApproved
				return errors.Join(tx.PutApproval(forged), tx.PutNotice(n))
			})
		}},
	} {
		t.Run(way.name, func(t *testing.T) {
			n, err := way.try()
			if err == nil {
				err = release(n)
			}
			if err == nil {
				t.Error("it was released")
			}
			if got := h.mail.Count(); got != 0 {
				t.Errorf("%d mails left", got)
			}
		})
	}
}

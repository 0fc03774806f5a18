package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// The team hears 72, 24 and one hour before a hold ends, and at its end, once
// each, however the clock steps. Then the hold ends by itself, and what it had
// halted goes on if its approval still stands.
func TestAHoldEndsAsItsBasisSays(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { s.Escalation.Email = []string{"team@example.com"} })
	ctx, desk := context.Background(), h.app.Desk
	h.as("ada") // before the clock moves: a second factor goes by the real one
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(100))
	gate := make(chan struct{})
	h.mail.Answer = func(to string) error {
		if to != "team@example.com" {
			<-gate
		}
		return nil
	}
	plan := []incidents.Step{{Channel: incidents.Email}}
	stands, gone := h.approved(in, incidents.NoticeInput{Plan: plan}), h.approved(in, incidents.NoticeInput{Plan: plan})
	for _, n := range []incidents.Notice{stands, gone} {
		if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 100}); err != nil {
			t.Fatal(err)
		}
	}
	end := time.Now().UTC().Add(80 * time.Hour).Truncate(time.Second)
	if _, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{
		"law_enforcement_hold": true, "law_enforcement_hold_basis": "written", "law_enforcement_hold_until": end}), "a letter of the police"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	if err := h.tamper(func(tx incidents.Tx) error {
		_, err := tx.VoidApprovals(incidents.SubjectNotice, string(gone.ID), "an officer took it back")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	warned := func() (out []string) {
		for _, l := range h.mail.Letters() {
			if s := l.Header("Subject"); strings.Contains(s, "the hold of an authority") {
				out = append(out, s)
			}
		}
		return out
	}
	for i, left := range []time.Duration{71 * time.Hour, 23 * time.Hour, 30 * time.Minute} {
		h.ahead.Store(int64(time.Until(end) - left))
		step := []int{25, 50, 75}[i]
		h.eventually("word of the end", func() bool { return h.duty(in, incidents.HoldDuty).Told == step })
		h.ahead.Store(int64(time.Until(end) - 79*time.Hour)) // the clock is set back, and forward again
		if _, err := desk.Escalate(ctx); err != nil {
			t.Fatal(err)
		}
		h.ahead.Store(int64(time.Until(end) - left))
		steps, err := desk.Escalate(ctx)
		if err != nil || slices.ContainsFunc(steps, func(e incidents.Escalation) bool { return e.Duty.ID == incidents.HoldDuty }) {
			t.Errorf("it is told again: %v, %v", steps, err)
		}
	}
	h.ahead.Store(int64(time.Until(end) + time.Minute))
	h.eventually("the end of the hold", func() bool {
		d, err := desk.Dossier(ctx, h.as("rita"), string(in.ID))
		on, known := d.Facts.Bool("law_enforcement_hold")
		return err == nil && known && !on
	})
	if got := warned(); len(got) != 4 || !strings.Contains(got[3], "its time is over") {
		t.Errorf("the team was told %q", got)
	}
	if o := h.duty(in, incidents.HoldDuty); o.Status != incidents.DutyMet || h.events(in, "hold.ended") != 1 {
		t.Errorf("the hold is %s: %s", o.Status, o.Note)
	}
	if n, _, err := desk.Notice(ctx, h.as("rita"), gone.ID); err != nil || n.Status != incidents.NoticeHeld || !strings.Contains(n.HoldReason, "no longer stands") {
		t.Errorf("a notice without approval is %s (%s), %v", n.Status, n.HoldReason, err)
	}
	h.eventually("the rest of what is approved", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), stands.ID)
		return err == nil && p.Notice.Status == incidents.NoticeDone
	})
}

// A hold that lasts until it is lifted does not end at its date: the team is
// told that it is over, and nothing leaves.
func TestAHoldWithoutALimitStays(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	h.as("ada") // before the clock moves: a second factor goes by the real one
	in := h.incident(time.Now().UTC())
	end := time.Now().UTC().Add(time.Hour).Truncate(time.Second)
	set := func(facts map[string]any) {
		if _, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(facts), "a call of the police"); err != nil {
			t.Fatal(err)
		}
	}
	set(map[string]any{"law_enforcement_hold": true})
	if o := h.duty(in, incidents.HoldDuty); o.Applies != incidents.AppliesDepends || len(o.Decides) == 0 {
		t.Errorf("a hold without an end asks for nothing: %+v", o)
	}
	set(map[string]any{"law_enforcement_hold_basis": "until_lifted", "law_enforcement_hold_until": end})
	h.ahead.Store(int64(3 * time.Hour))
	h.eventually("word of the end", func() bool { return h.duty(in, incidents.HoldDuty).Told == 100 })
	if err := desk.EndHolds(ctx); err != nil {
		t.Fatal(err)
	}
	if o := h.duty(in, incidents.HoldDuty); o.Status != incidents.DutyOpen || h.events(in, "hold.ended") != 0 {
		t.Errorf("the hold is %s", o.Status)
	}
	set(map[string]any{"law_enforcement_hold": false})
	if o := h.duty(in, incidents.HoldDuty); o.Status != incidents.DutyMoot {
		t.Errorf("it was lifted, and is %s", o.Status)
	}
}

package e2e

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// The team hears 72, 24 and one hour before a hold ends, and at its end, once
// each, however the clock steps. Then the hold ends by itself, and what it had
// halted goes on if its approval is of the last day. What was approved before, or
// no longer is, stays held: the team is told at once, an officer approves it
// anew, and somebody else resumes it.
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
	stands, old, gone := h.approved(in, incidents.NoticeInput{Plan: plan}), h.approved(in, incidents.NoticeInput{Plan: plan}), h.approved(in, incidents.NoticeInput{Plan: plan})
	for _, n := range []incidents.Notice{stands, old, gone} {
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
		if _, err := tx.VoidApprovals(incidents.SubjectNotice, string(gone.ID), "an officer took it back"); err != nil {
			return err
		}
		all, err := tx.Approvals(incidents.SubjectNotice, string(stands.ID))
		if err != nil {
			return err
		}
		if _, err := tx.VoidApprovals(incidents.SubjectNotice, string(stands.ID), "an officer looks at it again"); err != nil {
			return err
		}
		again := all[0]
		again.ID, again.At, again.SecondFactorAt = "again", end.Add(-time.Hour), end.Add(-time.Hour)
		return tx.PutApproval(again)
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
	at := func(n incidents.Notice) incidents.Progress {
		p, err := desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	h.eventually("the rest of what was approved in the last day", func() bool { return at(stands).Notice.Status == incidents.NoticeDone })
	for _, n := range []incidents.Notice{old, gone} {
		p := at(n)
		if p.Notice.Status != incidents.NoticeHeld || p.Notice.Lapsed == nil || p.Reconciliation.ToSend == 0 {
			t.Errorf("N-%d is %s (%s), %+v", n.No, p.Notice.Status, p.Notice.HoldReason, p.Reconciliation)
		}
		subject := "notice N-" + strconv.FormatInt(n.No, 10) + " stays held and needs a new approval"
		h.eventually("word of a notice that stays held", func() bool {
			return slices.ContainsFunc(h.mail.Letters(), func(l standin.Letter) bool {
				return l.To == "team@example.com" && strings.Contains(l.Header("Subject"), subject)
			})
		})
		if err := desk.ResumeNotice(ctx, h.as("rita"), n.ID, "the hold is over"); incidents.KindOf(err) != incidents.KindConflict {
			t.Errorf("N-%d is resumed without a new approval: %v", n.No, err)
		}
	}
	if !strings.Contains(at(old).Notice.HoldReason, "older than 24 hours") {
		t.Errorf("it is held because %q", at(old).Notice.HoldReason)
	}
	olga := h.as("olga")
	olga.SecondFactorAt = h.now()
	waiting, err := desk.Waiting(ctx, olga)
	if err != nil || len(waiting) != 2 || !waiting[0].Mine || !waiting[1].Mine {
		t.Errorf("who waits for an officer: %+v, %v", waiting, err)
	}
	if err := desk.Decide(ctx, olga, subjectOf(old), "approve", ""); err != nil {
		t.Fatal(err)
	}
	if err := desk.Decide(ctx, olga, subjectOf(gone), "return", "it comes too late"); err != nil {
		t.Fatal(err)
	}
	if p := at(old); p.Notice.Status != incidents.NoticeHeld {
		t.Errorf("an approval alone makes it %s", p.Notice.Status)
	}
	for _, c := range []struct {
		who incidents.Actor
		n   incidents.Notice
	}{{olga, old}, {h.as("rita"), gone}} {
		if err := desk.ResumeNotice(ctx, c.who, c.n.ID, "the hold is over"); incidents.KindOf(err) != incidents.KindForbidden {
			t.Errorf("%s resumes N-%d: %v", c.who.Name, c.n.No, err)
		}
	}
	if err := desk.ResumeNotice(ctx, h.as("rita"), old.ID, "approved anew"); err != nil {
		t.Fatal(err)
	}
	h.eventually("the rest of what was approved anew", func() bool { return at(old).Notice.Status == incidents.NoticeDone })
	if p := at(gone); p.Notice.Status != incidents.NoticeHeld || at(old).Notice.Lapsed != nil {
		t.Errorf("what was returned is %s", p.Notice.Status)
	}
	if waiting, err := desk.Waiting(ctx, olga); err != nil || len(waiting) != 0 {
		t.Errorf("still waits: %+v, %v", waiting, err)
	}
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

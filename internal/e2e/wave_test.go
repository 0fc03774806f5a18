package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
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

var byMail = incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}}

// release starts the sending of an approved notice.
func (h *house) release(in incidents.Incident, n incidents.Notice) {
	h.t.Helper()
	if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
		h.t.Fatal(err)
	}
}

// wave returns the first wave of a notice.
func (h *house) wave(n incidents.Notice) incidents.FirstWave {
	h.t.Helper()
	p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
	if err != nil || p.FirstWave == nil || p.Reconciliation.Unaccounted() != 0 {
		h.t.Fatalf("%+v, %v", p, err)
	}
	return *p.FirstWave
}

// A relay refuses whatever it is given. Twenty learn of it, not sixty: the
// notice is on hold, the page and a mail say why, and an officer with a fresh
// second factor lets it go on when the relay is mended.
func TestAFirstWaveThatDoesNotPassStopsTheNotice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		h := openHouse(t, engine, func(s *settings.Settings) { s.Escalation.Email = []string{"team@example.com"} })
		ctx, desk := context.Background(), h.app.Desk
		var mu sync.Mutex
		asked := map[string]bool{}
		var mended atomic.Bool
		h.mail.Refuse = func(to string) error {
			if strings.HasPrefix(to, "team@") || mended.Load() {
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			asked[to] = true
			return standin.Reply(550, 5, 7, 1)
		}
		in := h.incident(time.Now().UTC())
		h.list(in, csvOf(60))
		n := h.approved(in, byMail)
		h.release(in, n)
		h.eventually("the hold", func() bool {
			got, _, err := desk.Notice(ctx, h.as("rita"), n.ID)
			return err == nil && got.Status == incidents.NoticeHeld
		})
		v := h.wave(n)
		mu.Lock()
		tried := len(asked)
		mu.Unlock()
		if v.State != incidents.WaveStopped || v.Refused != 20 || tried != 20 {
			t.Fatalf("%d persons were tried, %+v", tried, v)
		}
		page := h.read("oscar", fmt.Sprintf("/notices/%d/delivery", n.No))
		for _, want := range []string{"The first wave did not pass", "with the same answer, 550 5.7.1", "Go on to the 40 people left", "Stop for good"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page does not say %q", want)
			}
		}
		h.eventually("word to the team", func() bool {
			for _, l := range h.mail.Letters() {
				if l.To == "team@example.com" && strings.Contains(l.Header("Subject"), "first wave did not pass") {
					return true
				}
			}
			return false
		})
		if err := desk.ResumeNotice(ctx, h.as("rita"), n.ID, "just go on"); incidents.KindOf(err) != incidents.KindConflict {
			t.Errorf("it was resumed past the wave: %v", err)
		}
		stale := h.as("olga")
		stale.SecondFactorAt = stale.SecondFactorAt.Add(-time.Hour)
		for who, a := range map[string]incidents.Actor{"an officer with an old second factor": stale, "an owner who did not release it": h.as("wes"), "comms": h.as("carla")} {
			if err := desk.PassFirstWave(ctx, a, n.ID, "never mind"); incidents.KindOf(err) != incidents.KindForbidden {
				t.Errorf("%s let it go on: %v", who, err)
			}
		}
		if status := h.call("olga", http.MethodPost, fmt.Sprintf("/notices/%d/first-wave", n.No), map[string]string{"reason": "over the API"}, nil); status != http.StatusForbidden {
			t.Errorf("the API without a code answers %d", status)
		}
		mended.Store(true)
		before := h.mail.Count()
		if err := desk.PassFirstWave(ctx, h.as("olga"), n.ID, "the relay had our address on a list; it is off now"); err != nil {
			t.Fatal(err)
		}
		h.eventually("the rest", func() bool { return h.mail.Count() == before+40 })
		if v := h.wave(n); v.State != incidents.WaveOverruled || v.ByName != "Olga Test" {
			t.Errorf("%+v", v)
		}
		log, err := desk.AuditLog(ctx, h.as("ada"), incidents.AuditFilter{Incident: in.ID, Event: "notice.wave"})
		if err != nil || len(log) != 2 {
			t.Errorf("%d entries in the audit log, %v", len(log), err)
		}
	})
}

// A wave that passes asks nobody: the rest follows at once, the page and the
// audit log say so, and so it is in a drill.
func TestAFirstWaveThatPassesIsFollowedByTheRest(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(60))
	n := h.approved(in, byMail)
	if p := h.released(in, n); p.Reconciliation.Sent != 60 || h.mail.Count() != 60 {
		t.Fatalf("%+v", p.Reconciliation)
	}
	if v := h.wave(n); v.State != incidents.WavePassed || v.Sent != 20 || v.Attempted != 20 {
		t.Errorf("%+v", v)
	}
	if page := h.read("adam", fmt.Sprintf("/notices/%d/delivery", n.No)); !strings.Contains(page, "First wave passed: 20 sent, 0 refused") {
		t.Error("the page does not say that it passed")
	}
	log, err := desk.AuditLog(ctx, h.as("ada"), incidents.AuditFilter{Incident: in.ID, Event: "notice.wave"})
	if err != nil || len(log) != 1 || log[0].Data["sent"] != "20" {
		t.Errorf("%+v, %v", log, err)
	}
	drill, err := desk.OpenIncident(ctx, h.as("rita"), "Rehearsal", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	h.facts(drill, time.Now().UTC())
	h.list(drill, csvOf(30))
	d := h.approved(drill, byMail)
	h.released(drill, d)
	if v := h.wave(d); v.State != incidents.WavePassed || v.Attempted != 20 || h.mail.Count() != 60 {
		t.Errorf("%+v", v)
	}
}

// A notice turns out wrong while it leaves. Somebody stops it, and the
// correction that an officer approved before goes to exactly those who got it,
// though the list has changed since; it needs the reference and a fresh second
// factor, and nobody's approval again.
func TestACorrectionFollowsExactlyWhatLeft(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { s.Limits.Window.Email = 4 })
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(60))
	n := h.approved(in, byMail)
	c := h.approved(in, incidents.NoticeInput{Corrects: n.ID})
	if page := h.read("adam", fmt.Sprintf("/notices/%d/delivery", n.No)); !strings.Contains(page, fmt.Sprintf("N-%d Correction of N-%d", c.No, n.No)) {
		t.Error("the page of the notice does not show its correction")
	}
	correct := func(a incidents.Actor, ref string) error {
		return desk.ReleaseNotice(ctx, a, c.ID, incidents.Release{Ref: ref})
	}
	if err := correct(h.as("rita"), in.Ref); incidents.KindOf(err) != incidents.KindConflict {
		t.Fatalf("a correction of nothing was released: %v", err)
	}

	gate, reached := make(chan struct{}), make(chan struct{})
	var taken atomic.Int64
	h.mail.Answer = func(string) error {
		if n := taken.Add(1); n == 30 {
			close(reached)
		} else if n < 30 {
			return nil
		}
		<-gate
		return nil
	}
	h.release(in, n)
	<-reached
	if v := h.wave(n); v.State != incidents.WavePassed {
		t.Fatalf("%+v", v)
	}
	if err := correct(h.as("rita"), in.Ref); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("a correction was released while the notice leaves: %v", err)
	}
	if _, err := desk.StopNotice(ctx, h.as("carla"), n.ID, "it is the text of another incident"); err != nil {
		t.Fatal(err)
	}
	close(gate)
	h.eventually("the end of what was in flight", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.Trying == 0 && p.Reconciliation.ToSend == 0
	})
	h.list(in, csvOf(70)) // ten more persons: they got nothing
	got := map[string]int{}
	for _, l := range h.mail.Letters() {
		got[l.To]++
	}
	if len(got) < 30 || len(got) == 60 {
		t.Fatalf("%d got the notice", len(got))
	}

	stale := h.as("rita")
	stale.SecondFactorAt = stale.SecondFactorAt.Add(-time.Hour)
	if err := correct(stale, in.Ref); incidents.KindOf(err) != incidents.KindForbidden {
		t.Errorf("it was released with an old second factor: %v", err)
	}
	if err := correct(h.as("rita"), "INC-1"); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("it was released for another reference: %v", err)
	}
	if page := h.read("oscar", fmt.Sprintf("/notices/%d/delivery", n.No)); !strings.Contains(page, fmt.Sprintf("Send the correction N-%d", c.No)) {
		t.Error("the page of the stopped notice does not offer its correction")
	}
	if err := correct(h.as("rita"), in.Ref); err != nil {
		t.Fatal(err)
	}
	h.eventually("the correction's end", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), c.ID)
		if err != nil || p.Reconciliation.Unaccounted() != 0 {
			t.Fatal(p.Reconciliation, err)
		}
		return p.Notice.Status == incidents.NoticeDone && p.Reconciliation.List == int64(len(got)) && p.Reconciliation.Sent == int64(len(got))
	})
	corrected := map[string]int{}
	for _, l := range h.mail.Letters() {
		if strings.HasPrefix(l.Header("Subject"), "Correction") {
			corrected[l.To]++
		}
	}
	if !maps.Equal(corrected, got) {
		t.Errorf("%d got the notice, %d the correction", len(got), len(corrected))
	}
	if err := correct(h.as("rita"), in.Ref); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("it was released twice: %v", err)
	}
}

package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
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

// An authority asks to delay telling people while a notice is being sent: the
// sending halts, and nothing resumes, is released or is published until the
// hold is lifted.
func TestAnAuthorityAsksToWait(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(300))
	gate := make(chan struct{})
	h.mail.Answer = func(string) error { <-gate; return nil }
	plan := []incidents.Step{{Channel: incidents.Email}}
	n, second := h.approved(in, incidents.NoticeInput{Plan: plan}), h.approved(in, incidents.NoticeInput{Plan: plan})
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 300}); err != nil {
		t.Fatal(err)
	}
	hold := func(on bool) {
		if _, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"law_enforcement_hold": on}), "a letter of the police"); err != nil {
			t.Fatal(err)
		}
	}
	hold(true)
	if got, _, err := desk.Notice(ctx, h.as("rita"), n.ID); err != nil || got.Status != incidents.NoticeHeld {
		t.Fatalf("the notice is %s, %v", got.Status, err)
	}
	close(gate)
	if err := desk.ResumeNotice(ctx, h.as("rita"), n.ID, "never mind the police"); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("it was resumed: %v", err)
	}
	if err := desk.ReleaseNotice(ctx, h.as("rita"), second.ID, incidents.Release{Ref: in.Ref, Persons: 300}); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("another was released: %v", err)
	}
	if count := h.mail.Count(); count >= 300 {
		t.Errorf("%d mails left", count)
	}
	hold(false)
	if err := desk.ResumeNotice(ctx, h.as("rita"), n.ID, "the police lifted it"); err != nil {
		t.Fatal(err)
	}
	h.eventually("the rest", func() bool { return h.mail.Count() == 300 })
}

func TestWhatWasWithdrawnStaysWithdrawn(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	publish(t, h, in)
	list, err := desk.PublicAnnouncements(ctx, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d public, %v", len(list), err)
	}
	a := list[0]
	if err := desk.Withdraw(ctx, h.as("rita"), a.ID, "it named the wrong service"); err != nil {
		t.Fatal(err)
	}
	now, _, err := desk.Announcement(ctx, h.as("carla"), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.EditAnnouncement(ctx, h.as("carla"), a.ID, now.Version, now.Text); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("it was edited: %v", err)
	}
	if list, err := desk.PublicAnnouncements(ctx, 10); err != nil || len(list) != 0 {
		t.Errorf("%d public, %v", len(list), err)
	}
	if status := get(t, "http://"+h.at.Public+"/announcements/"+a.Slug); status != http.StatusGone && status != http.StatusNotFound {
		t.Errorf("its page answers %d", status)
	}
}

// A changed fact takes approvals of words that were written from the old ones.
func TestAChangedFactVoidsWhatWaits(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	a, err := desk.DraftAnnouncement(ctx, h.as("carla"), in.ID, incidents.AnnouncementText{})
	if err == nil {
		a, err = desk.SubmitAnnouncement(ctx, h.as("carla"), a.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(a.ID), Version: a.Version, Hash: a.Hash}
	for _, officer := range []string{"olga", "oscar"} {
		if err := desk.Decide(ctx, h.as(officer), s, "approve", ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"persons_total": 70_000}), "a second count"); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.Publish(ctx, h.as("rita"), a.ID); err == nil {
		t.Error("it was published with the old facts")
	}
	if now, _, err := desk.Announcement(ctx, h.as("carla"), a.ID); err != nil || now.Status != incidents.AnnouncementDraft || now.Stale == "" {
		t.Errorf("it is %s, %q, %v", now.Status, now.Stale, err)
	}
}

// Handing in one report takes nobody's approval of another text: the facts are
// the same. The duty was met when the report was handed in, not when that was
// written down.
func TestAMetDutyVoidsNothing(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC().Add(-3 * time.Hour))
	a, err := desk.DraftAnnouncement(ctx, h.as("carla"), in.ID, incidents.AnnouncementText{})
	if err == nil {
		a, err = desk.SubmitAnnouncement(ctx, h.as("carla"), a.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, officer := range []string{"olga", "oscar"} {
		if err := desk.Decide(ctx, h.as(officer), incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(a.ID), Version: a.Version, Hash: a.Hash}, "approve", ""); err != nil {
			t.Fatal(err)
		}
	}
	r, err := desk.DraftReport(ctx, h.as("rita"), in.ID, due(t, h, in, "gdpr33").ID, incidents.PhaseInitial)
	if err == nil {
		r, err = desk.SubmitReport(ctx, h.as("rita"), r.ID, "the number of people is not known yet")
	}
	if err == nil {
		err = desk.Decide(ctx, h.as("olga"), incidents.Subject{Kind: incidents.SubjectReport, ID: string(r.ID), Version: r.Version, Hash: r.Hash}, "approve", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Add(-time.Hour).Truncate(time.Second)
	if _, err := desk.FileReport(ctx, h.as("rita"), r.ID, incidents.Filing{Channel: "portal", Reference: "REF-1", At: at}, nil); err != nil {
		t.Fatal(err)
	}
	if o := due(t, h, in, "gdpr33"); o.Status != incidents.DutyMet || o.ClosedAt == nil || !o.ClosedAt.Equal(at) {
		t.Errorf("the duty is %s, closed %v instead of %v", o.Status, o.ClosedAt, at)
	}
	if now, _, err := desk.Announcement(ctx, h.as("carla"), a.ID); err != nil || now.Status != incidents.AnnouncementApproved || now.Stale != "" {
		t.Errorf("the announcement is %s, %q, %v", now.Status, now.Stale, err)
	}
	if _, err := desk.Publish(ctx, h.as("rita"), a.ID); err != nil {
		t.Errorf("what was approved cannot be published any more: %v", err)
	}
}

// A notice to some places is not meant to meet duties owed to people elsewhere.
func TestANoticeToSomePlacesMeetsTheirDutiesOnly(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,country,region,locale,data_categories\nA,Ada Example,ada@example.com,US,CA,en,basic\nB,Bea Example,bea@example.com,JP,,en,basic\n")
	all, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err != nil {
		t.Fatal(err)
	}
	some, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}, Filter: incidents.PersonFilter{Places: []incidents.Place{"JP"}}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"jp-appi-26-individuals"}; !slices.Equal(some.Content.Answers, want) || !slices.Contains(all.Content.Answers, "eu-gdpr-34") {
		t.Fatalf("to JP: %v, to all: %v", some.Content.Answers, all.Content.Answers)
	}
	c := some.Content
	over, err := desk.EditNotice(ctx, h.as("rita"), some.ID, some.Version, incidents.NoticeInput{Title: some.Title, Kind: c.Kind, Langs: c.Langs, Default: c.Default, Filter: c.Filter, Plan: c.Plan, Answers: all.Content.Answers})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), over.ID); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("a notice to JP is meant to meet a duty to Europeans: %v", err)
	}
}

// A relay that takes ten a second would be at it for half a minute. The stop
// button does not wait for what waits for its turn.
func TestAStopDoesNotWaitForTheRate(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { s.Channels.Email.SMTP.RatePerSecond = 10 })
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(300))
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 300}); err != nil {
		t.Fatal(err)
	}
	h.eventually("the first mails", func() bool { return h.mail.Count() >= 12 })
	if _, err := desk.StopNotice(ctx, h.as("rita"), n.ID, "wrong words"); err != nil {
		t.Fatal(err)
	}
	h.eventually("nothing under way", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil || p.Reconciliation.Unaccounted() != 0 {
			t.Fatalf("%+v, %v", p.Reconciliation, err)
		}
		return p.Reconciliation.Trying+p.Reconciliation.ToSend == 0
	})
	if count := h.mail.Count(); count > 60 { // without it, the windows that were claimed leave: 64 and more
		t.Errorf("%d mails left", count)
	}
}

// The team is told of a burning clock although its relay was away at first: by
// the webhook at once, by mail later, once each; and of a drill as a drill.
func TestTheTeamIsToldOfClocks(t *testing.T) {
	var posts sync.Map // id to subject
	chat := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var got struct{ ID, Subject, Text string }
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil || got.ID != r.Header.Get("webhook-id") || !strings.HasPrefix(got.Text, got.Subject) {
			t.Errorf("the webhook got %+v (%v)", got, err)
		}
		if _, twice := posts.LoadOrStore(got.ID, about(got.Subject)); twice {
			t.Errorf("posted again: %q", got.Subject)
		}
	}))
	t.Cleanup(chat.Close)
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Escalation.Email, s.Escalation.Webhook.URL = []string{"team@example.com"}, settings.Secret(chat.URL)
	})
	var away atomic.Bool
	var tries atomic.Int64
	away.Store(true)
	h.mail.Refuse = func(string) error {
		tries.Add(1)
		if away.Load() {
			return standin.Reply(451, 4, 3, 0)
		}
		return nil
	}
	ctx := context.Background()
	real := h.incident(time.Now().UTC().Add(-40 * time.Hour))
	drill, err := h.app.Desk.OpenIncident(ctx, h.as("rita"), "Rehearsal", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	h.facts(drill, time.Now().UTC().Add(-40*time.Hour))
	h.eventually("a try", func() bool { return tries.Load() > 0 })
	h.eventually("a post", func() (posted bool) {
		posts.Range(func(_, _ any) bool { posted = true; return false })
		return posted
	})
	if len(h.mail.Letters()) != 0 {
		t.Fatal("the relay was not away")
	}
	away.Store(false)
	h.ahead.Store(int64(6 * time.Minute))
	for _, in := range []incidents.Incident{real, drill} {
		h.eventually("word of "+in.Ref, func() bool {
			burning, err := h.app.Desk.Burning(ctx, h.as("rita"), 100)
			return err == nil && slices.ContainsFunc(burning, func(e incidents.Escalation) bool { return e.Incident.ID == in.ID && e.Duty.Told == 50 })
		})
	}
	seen := map[string]int{}
	for _, l := range h.mail.Letters() {
		subject := l.Header("Subject")
		if seen[about(subject)]++; seen[about(subject)] > 1 || strings.HasPrefix(subject, "DRILL ") != strings.Contains(subject, drill.Ref+":") {
			t.Errorf("the team was mailed %q", subject)
		}
	}
	if len(seen) < 2 {
		t.Errorf("the team was mailed %v", seen)
	}
	posts.Range(func(_, subject any) bool {
		if _, mailed := seen[subject.(string)]; !mailed {
			t.Errorf("posted and not mailed: %v", subject)
		}
		delete(seen, subject.(string))
		return true
	})
	if len(seen) > 0 {
		t.Errorf("mailed and not posted: %v", seen)
	}
}

// about is a subject of an alarm without the time that is left.
func about(subject string) string { return subject[:max(0, strings.LastIndex(subject, ", "))] }

// What an officer sent back is not looked at again as it is: saved anew it is.
func TestAReturnedVersionIsNotSubmittedAgain(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(2))
	n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err == nil {
		n, err = desk.SubmitNotice(ctx, h.as("rita"), n.ID)
	}
	if err == nil {
		err = desk.Decide(ctx, h.as("olga"), subjectOf(n), "return", "say what was taken")
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), n.ID); incidents.KindOf(err) != incidents.KindConflict {
		t.Fatalf("submitted again as it was: %v", err)
	}
	c := n.Content
	if n, err = desk.EditNotice(ctx, h.as("rita"), n.ID, n.Version, incidents.NoticeInput{Title: n.Title, Kind: c.Kind, Langs: c.Langs, Default: c.Default, Filter: c.Filter, Plan: c.Plan, Answers: c.Answers}); err == nil {
		n, err = desk.SubmitNotice(ctx, h.as("rita"), n.ID)
	}
	if err == nil {
		err = desk.Decide(ctx, h.as("olga"), subjectOf(n), "approve", "")
	}
	if err != nil {
		t.Fatal(err)
	}
	if p := h.released(in, n); p.Reconciliation.Sent != 2 {
		t.Errorf("%+v", p.Reconciliation)
	}
}

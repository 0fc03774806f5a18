package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

const (
	patients = "subject_id,name,email,phone,country,locale,data_categories\nS-1,Ada One,ada@example.com,+4915112345678,DE,en,health\n"
	others   = "subject_id,name,email,phone,country,locale,data_categories\nS-2,Bob Two,bob@example.com,,FR,en,basic\n"
)

// clinic is an organisation whose name says it all; the facts of its incident
// know of nothing sensitive.
func clinic(s *settings.Settings) {
	s.Organisation.Name, s.Persons.CoverSensitive = "Berlin HIV Clinic", true
}

// The list alone names health data: the notice to these people is as discreet
// as if the facts did, and the one to the others need not be.
func TestTheListAloneMakesANoticeDiscreet(t *testing.T) {
	h := openHouse(t, storetest.SQLite, clinic)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, patients)
	h.list(in, others)
	plan := []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}}
	open, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: plan, Filter: incidents.PersonFilter{Places: []incidents.Place{"FR"}}})
	if c := open.Content; err != nil || c.Sensitive || c.Cover || !strings.Contains(c.Langs["en"].Subject, "{{org}}") {
		t.Errorf("the notice to whom nothing sensitive is named for: sensitive %v, covered %v, subject %q, %v", c.Sensitive, c.Cover, c.Langs["en"].Subject, err)
	}
	n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: plan})
	if err != nil {
		t.Fatal(err)
	}
	if !n.Content.Sensitive || !n.Content.Cover {
		t.Errorf("sensitive %v, covered %v", n.Content.Sensitive, n.Content.Cover)
	}
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), h.renamed(n).ID); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "sensitive-words") {
		t.Errorf("a subject with the clinic's name was submitted: %v", err)
	}
	n = h.approved(in, incidents.NoticeInput{Plan: plan})
	h.released(in, n)
	if h.mail.Count() != 2 {
		t.Fatalf("%d mails", h.mail.Count())
	}
	for _, l := range h.mail.Letters() {
		if strings.Contains(l.Header("Subject"), "HIV") {
			t.Errorf("the subject is %q", l.Header("Subject"))
		}
	}
}

// renamed puts the organisation's name into the subject of a notice.
func (h *house) renamed(n incidents.Notice) incidents.Notice {
	h.t.Helper()
	c := n.Content
	w := c.Langs["en"]
	w.Subject = "A message from {{org}}"
	n, err := h.app.Desk.EditNotice(context.Background(), h.as("rita"), n.ID, n.Version, incidents.NoticeInput{Title: n.Title, Kind: c.Kind,
		Langs: map[incidents.Lang]incidents.Words{"en": w}, Default: "en", Filter: c.Filter, Plan: c.Plan, Answers: c.Answers})
	if err != nil {
		h.t.Fatal(err)
	}
	return n
}

// A notice approved before the list named anything sensitive does not leave
// afterwards; saved again it is judged by what the list is now.
func TestAnApprovalDoesNotCoverWhatTheListNamesLater(t *testing.T) {
	h := openHouse(t, storetest.SQLite, clinic)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, others)
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	h.list(in, patients)
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err == nil {
		t.Error("it was released to a list it was not approved for")
	}
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), n.ID); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "list: ") {
		t.Errorf("the version written before was submitted: %v", err)
	}
	again := h.renamed(n)
	if !again.Content.Sensitive || again.Hash == n.Hash {
		t.Error("saving it again does not look at the list")
	}
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), n.ID); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "sensitive-words") {
		t.Errorf("its subject names the clinic and was submitted: %v", err)
	}
	if h.mail.Count() != 0 {
		t.Errorf("%d mails left", h.mail.Count())
	}
}

// What was approved by a version of the program that did not look at the list is
// not released either.
func TestAVersionThatKnewNothingOfTheListIsNotReleased(t *testing.T) {
	h := openHouse(t, storetest.SQLite, clinic)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, patients)
	n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err != nil {
		t.Fatal(err)
	}
	n.Version, n.Content.Sensitive = n.Version+1, false
	n.Hash = n.Content.Hash()
	put := func(status incidents.NoticeStatus) {
		t.Helper()
		n.Status = status
		if err := h.tamper(func(tx incidents.Tx) error { return tx.PutNotice(n) }); err != nil {
			t.Fatal(err)
		}
	}
	put(incidents.NoticeDraft)
	if _, err := desk.SubmitNotice(ctx, h.as("rita"), n.ID); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "sensitive data") {
		t.Errorf("it was submitted: %v", err)
	}
	put(incidents.NoticeSubmitted)
	if err := desk.Decide(ctx, h.as("olga"), subjectOf(n), "approve", ""); err != nil {
		t.Fatal(err)
	}
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); incidents.KindOf(err) != incidents.KindConflict || !strings.Contains(err.Error(), "sensitive data") {
		t.Errorf("it was released: %v", err)
	}
}

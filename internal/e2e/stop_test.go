package e2e

import (
	"context"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// Who holds or stops a notice and leaves the page has done it all the same.
func TestAStopGoesOnWhenItsPageWasLeft(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Email.SMTP.RatePerSecond = 1
		s.Dispatch.FirstWave = 0
		s.Limits.TwoApproversAbove = 0
	})
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(500))
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: 500}); err != nil {
		t.Fatal(err)
	}
	left, leave := context.WithCancel(ctx)
	leave()
	if err := desk.HoldNotice(left, h.as("rita"), n.ID, "is it the right list?"); err != nil {
		t.Fatal(err)
	}
	cancelled, err := desk.StopNotice(left, h.as("rita"), n.ID, "the wrong list")
	if err != nil {
		t.Fatal(err)
	}
	p, err := desk.Progress(ctx, h.as("rita"), n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Reconciliation; p.Notice.Status != incidents.NoticeStopped || cancelled == 0 || r.Cancelled < cancelled || r.ToSend != 0 || r.Unaccounted() != 0 {
		t.Errorf("the notice is %s, %d are cancelled: %+v", p.Notice.Status, cancelled, r)
	}
}

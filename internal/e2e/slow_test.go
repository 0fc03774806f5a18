package e2e

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// releasedBy approves a notice by one channel to everybody on the list, and releases it.
func (h *house) releasedBy(in incidents.Incident, ch incidents.Channel) incidents.Notice {
	h.t.Helper()
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: ch}}})
	if err := h.app.Desk.ReleaseNotice(context.Background(), h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
		h.t.Fatal(err)
	}
	return n
}

// crowd is a list of more chunks than a process works at once.
func crowd() string {
	var csv strings.Builder
	csv.WriteString("subject_id,name,email,phone,country,locale,data_categories\n")
	for i := range 5500 {
		fmt.Fprintf(&csv, "S-%d,Person %d,p%d@example.com,+1415555%04d,US,en,basic\n", i, i, i, i)
	}
	return csv.String()
}

func bigLists(s *settings.Settings) { s.Limits.TwoApproversAbove, s.Dispatch.FirstWave = 100_000, 0 }

// A provider that asks for a pause of minutes holds up its own channel alone, and
// nothing is in its hands meanwhile.
func TestAPausedChannelHoldsUpNoOther(t *testing.T) {
	h := openHouse(t, storetest.SQLite, bigLists)
	var asked atomic.Int64
	h.twilio.Fault = func(string) *standin.Fault {
		if asked.Add(1) > 60 {
			return &standin.Fault{Status: 429, Code: 20429, RetryAfter: "600"}
		}
		return nil
	}
	in := h.incident(time.Now().UTC())
	h.list(in, crowd())
	texts := h.releasedBy(in, incidents.SMS)
	h.eventually("the pause", func() bool { return asked.Load() > 60 })
	h.releasedBy(in, incidents.Email)
	h.eventually("every e-mail", func() bool { return h.mail.Count() == 5500 })
	h.eventually("nothing in hand of who waits", func() bool {
		p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), texts.ID)
		if err != nil {
			t.Fatal(err)
		}
		r := p.Reconciliation
		return r.Trying+r.ToSend > 5000 && h.inHand(texts) == 0
	})
}

// inHand is how many deliveries of a notice are written down as being sent.
func (h *house) inHand(n incidents.Notice) (attempting int64) {
	h.t.Helper()
	p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, t := range p.Tallies {
		attempting += t.States[incidents.Attempting]
	}
	return attempting
}

// A channel that is merely slow holds up no other for long.
func TestASlowChannelHoldsUpNoOther(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { bigLists(s); s.Channels.Email.SMTP.RatePerSecond = 20 })
	in := h.incident(time.Now().UTC())
	h.list(in, crowd())
	h.releasedBy(in, incidents.Email)
	h.eventually("the first e-mails", func() bool { return h.mail.Count() > 10 })
	h.releasedBy(in, incidents.SMS)
	h.eventually("texts", func() bool { return len(h.twilio.Texts()) > 10 })
	if got := h.mail.Count(); got > 2500 {
		t.Errorf("%d e-mails left first", got)
	}
}

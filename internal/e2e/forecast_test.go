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

// slowly releases a notice to n people an hour before the first deadline to
// them.
func slowly(t *testing.T, h *house, n int) (incidents.Incident, incidents.Notice) {
	t.Helper()
	ctx := context.Background()
	aware := time.Now().UTC()
	in := h.incident(aware)
	h.facts(in, aware.Add(time.Hour-firstDue(t, h, in).Sub(aware)))
	if im := h.list(in, csvOf(n)); im.Imported != int64(n) {
		t.Fatalf("imported %d", im.Imported)
	}
	notice := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err := h.app.Desk.Decide(ctx, h.as("oscar"), subjectOf(notice), "approve", ""); err != nil { // so many people take two
		t.Fatal(err)
	}
	if err := h.app.Desk.ReleaseNotice(ctx, h.as("rita"), notice.ID, incidents.Release{Ref: in.Ref, Persons: notice.Content.Persons}); err != nil {
		t.Fatal(err)
	}
	return in, notice
}

// firstDue is when the first duty to the people is due.
func firstDue(t *testing.T, h *house, in incidents.Incident) time.Time {
	t.Helper()
	d, err := h.app.Desk.Dossier(context.Background(), h.as("rita"), string(in.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Obligations { // by due time
		if o.Audience == incidents.AudienceIndividuals && o.Applies == incidents.AppliesYes && o.Due != nil {
			return *o.Due
		}
	}
	t.Fatal("nothing is due to the people")
	return time.Time{}
}

// A sending that will be late says so hours before: on the page, in the API,
// and to the team, once. What it would take is enough.
func TestASendingThatWillBeLate(t *testing.T) {
	const people = 8000
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Email.SMTP.RatePerSecond = 1 // 8,000 people take more than two hours
		s.Escalation.Email = []string{"team@example.com"}
	})
	ctx := context.Background()
	in, n := slowly(t, h, people)
	path := fmt.Sprintf("/notices/%d/forecast", n.No)

	var f incidents.ForecastView
	h.eventually("a measured rate and a missed deadline", func() bool {
		f = incidents.ForecastView{}
		h.call("rita", "GET", path, nil, &f)
		return len(f.Channels) == 1 && f.Channels[0].Rate.Basis == incidents.BasisMeasured && f.Late()
	})
	c := f.Channels[0]
	if c.Channel != incidents.Email || c.Planned != people || c.Handled+c.Left != c.Planned || c.Ends.Likely == nil || c.Ends.Late.Before(*c.Ends.Early) {
		t.Errorf("the channel: %+v", c)
	}
	late := f.Deadlines[slices.IndexFunc(f.Deadlines, func(d incidents.DeadlineForecast) bool { return d.Missed })]
	if late.Cause != incidents.Email || len(late.Needs) != 1 || !late.Needs[0].Possible || late.Needs[0].PerSecond <= c.Rate.Likely {
		t.Errorf("the deadline: %+v", late)
	}

	// What it takes is enough.
	h.call("rita", "GET", fmt.Sprintf("%s?rate[email]=%f", path, late.Needs[0].PerSecond*1.5), nil, &f)
	if f.WhatIf == nil || !f.WhatIf.Ends.Likely.Before(late.Due) {
		t.Errorf("what if: %+v", f.WhatIf)
	}
	if status := h.call("rita", "GET", path+"?rate[pigeon]=1", nil, nil); status != 400 && status != 422 {
		t.Errorf("a rate of pigeons was answered %d", status)
	}

	// The team is told, once, and it is written down.
	told := func() (mails int) {
		for _, l := range h.mail.Letters() {
			if l.To == "team@example.com" && strings.Contains(l.Header("Subject"), "is likely to end") {
				mails++
			}
		}
		return mails
	}
	var foreseen []incidents.ObligationState
	h.eventually("the team's e-mail", func() bool {
		d, err := h.app.Desk.Dossier(ctx, h.as("rita"), string(in.ID))
		if err != nil {
			t.Fatal(err)
		}
		foreseen = slices.DeleteFunc(d.Obligations, func(o incidents.ObligationState) bool { return o.Foreseen == nil })
		return len(foreseen) > 0 && !slices.ContainsFunc(foreseen, func(o incidents.ObligationState) bool { return !o.Foreseen.Told })
	})
	if told() != len(foreseen) {
		t.Errorf("%d duties will be late, and the team had %d mails", len(foreseen), told())
	}
	again, err := h.app.Desk.Foresee(ctx)
	if err != nil || len(again) != 0 {
		t.Errorf("it is told again: %v %v", again, err)
	}
	d, err := h.app.Desk.Dossier(ctx, h.as("rita"), string(in.ID))
	if err != nil || !slices.ContainsFunc(d.Timeline, func(e incidents.TimelineEntry) bool { return e.Kind == "forecast.late" }) {
		t.Errorf("the timeline does not say it: %v", err)
	}

	// On hold the forecast is what would be if it went on now; stopped, it is over.
	if err := h.app.Desk.HoldNotice(ctx, h.as("rita"), n.ID, "the relay asks for a moment"); err != nil {
		t.Fatal(err)
	}
	h.eventually("an empty window", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && !slices.ContainsFunc(p.Tallies, func(t incidents.Tally) bool { return t.States[incidents.Attempting] > 0 })
	})
	h.ahead.Add(int64(2 * incidents.PaceStep)) // the stretch of the last message is over, and counts
	h.call("rita", "GET", path, nil, &f)
	before := *f.Ends.Likely
	h.ahead.Add(int64(30 * time.Minute))
	h.call("rita", "GET", path, nil, &f)
	if f.Status != incidents.NoticeHeld || !f.Ends.Likely.After(before) {
		t.Errorf("half an hour on hold, and it ends %v instead of %v", f.Ends.Likely, before)
	}
	if _, err := h.app.Desk.StopNotice(ctx, h.as("rita"), n.ID, "the test is over"); err != nil {
		t.Fatal(err)
	}
}

// Somebody asks in a real browser what if it went faster: the page counts
// without being loaded anew, and without scripts by the form.
func TestWhatIfInARealBrowser(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { s.Channels.Email.SMTP.RatePerSecond = 1 })
	_, n := slowly(t, h, 8000)
	h.eventually("a measured rate", func() bool {
		f, err := h.app.Desk.Forecast(context.Background(), h.as("rita"), n.ID, nil)
		return err == nil && f.Channels[0].Rate.Basis == incidents.BasisMeasured && f.Late()
	})
	b := openBrowser(t, h)
	b.signIn("rita")
	page := fmt.Sprintf("/notices/%d/delivery", n.No)
	b.open(page)
	b.must("It is likely to be late", "Forecast against the deadlines", "What if it went faster?", "misses by")
	b.look("forecast")
	if js[bool](b, `document.querySelector('input[type="range"]').hidden || !document.querySelector("#fc-d").textContent.includes("people are handled")`) {
		t.Error("there is no slider, or the picture says nothing to a screen reader")
	}
	b.fill("#rate-email", "500")
	h.eventually("the what-if on the open page", func() bool {
		return js[bool](b, `location.search === "" && !!document.querySelector("svg .curve.if") && document.querySelector("#progress").innerText.includes("before")`)
	})
	b.look("what-if")
	b.fill("#rate-email", "-3")
	h.eventually("the refusal of a rate", func() bool { return strings.Contains(b.text(), "above 0") })

	b.open(page + "?rate%5Bemail%5D=500") // as the form sends it without scripts
	b.must("What if", "before")
	if got := js[string](b, `document.querySelector("#rate-email").value`); got != "500" {
		t.Errorf("the form forgot what was asked: %q", got)
	}
	if _, err := h.app.Desk.StopNotice(context.Background(), h.as("rita"), n.ID, "the test is over"); err != nil {
		t.Fatal(err)
	}
}

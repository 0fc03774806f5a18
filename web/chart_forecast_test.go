package web

import (
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// sendingView is 45 of 105 people told in an hour, and the rest in three more.
func sendingView(now time.Time, rates map[incidents.Channel]float64, duties ...incidents.ObligationState) (incidents.ForecastView, incidents.Reconciliation) {
	begun := now.Add(-time.Hour)
	p := incidents.Pace{Now: now, Status: incidents.NoticeSending, Started: &begun, Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}}, Duties: duties,
		Limits:   map[incidents.Channel]float64{incidents.SMS: 1},
		Tallies:  []incidents.Tally{{Channel: incidents.Email, States: map[incidents.DeliveryState]int64{incidents.Accepted: 40, incidents.Ready: 60}}, {Channel: incidents.SMS, States: map[incidents.DeliveryState]int64{incidents.Delivered: 5}}},
		PaceView: incidents.PaceView{Every: 30 * time.Minute, Curve: []incidents.PaceSample{{Channel: incidents.Email, At: begun, N: 5}, {Channel: incidents.Email, At: begun.Add(30 * time.Minute), N: 35}}}}
	base := map[incidents.Channel]float64{incidents.Email: 60.0 / (3 * 3600)}
	v := incidents.ForecastView{Forecast: incidents.ForecastOf(p, base)}
	if rates != nil {
		f := incidents.ForecastOf(p, rates)
		v.WhatIf = &f
	}
	return v, incidents.Reconciliation{List: 105, Sent: 45, ToSend: 60}
}

func dutyTo(due time.Time, soft bool, where string) incidents.ObligationState {
	return incidents.ObligationState{Status: incidents.DutyOpen, Obligation: incidents.Obligation{ID: where + due.String(), Audience: incidents.AudienceIndividuals, Applies: incidents.AppliesYes, Due: &due, Soft: soft, Jurisdiction: where}}
}

var chartNow = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// TestTheForecast says when it is late, and for which law.
func TestTheForecast(t *testing.T) {
	now := chartNow
	for _, c := range []struct {
		name   string
		duties []incidents.ObligationState
		late   bool
		says   string
	}{
		{"no deadline", nil, false, "45 of 105 people are handled"},
		{"in time", []incidents.ObligationState{dutyTo(now.Add(10*time.Hour), false, "EU")}, false, "6 h 59 min before"},
		{"late for a law", []incidents.ObligationState{dutyTo(now.Add(time.Hour), false, "EU")}, true, "misses by 2 h 0 min"},
		{"late for our target", []incidents.ObligationState{dutyTo(now.Add(time.Hour), true, "CN")}, true, "our target"},
		{"one deadline far away", []incidents.ObligationState{dutyTo(now.Add(10*time.Hour), false, "EU"), dutyTo(now.Add(900*time.Hour), false, "US-NY")}, false, "EU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, r := sendingView(now, nil, c.duties...)
			f := forecastOf(v, r, false)
			if f.Late != c.late || !strings.Contains(f.Desc, c.says) {
				t.Errorf("late %t: %s", f.Late, f.Desc)
			}
			if len(f.Lanes) != 2 || !strings.HasPrefix(f.Lanes[1].Label, "done ") || f.Lanes[0].RestW <= 0 {
				t.Errorf("the lanes: %+v", f.Lanes)
			}
			inside(t, f)
			inside(t, forecastOf(v, r, true))
		})
	}
	v, r := sendingView(now, nil, dutyTo(now.Add(10*time.Hour), false, "EU"), dutyTo(now.Add(900*time.Hour), false, "US-NY"))
	if f := forecastOf(v, r, false); len(f.Limits) != 1 || len(f.Far) != 1 || f.Far[0].Label != "US-NY" || f.Far[0].Says != "likely to end 37 d 8 h before it" {
		t.Errorf("a far deadline squeezes the picture: %+v, beside it %+v", f.Limits, f.Far)
	}
	if forecastOf(incidents.ForecastView{}, incidents.Reconciliation{}, false).Show {
		t.Error("a picture of nothing is shown")
	}
}

// inside tells that every point of a picture is in it, that curves only rise,
// and that no names of deadlines meet.
func inside(t *testing.T, f forecastChart) {
	t.Helper()
	for _, k := range f.Curves {
		for _, line := range []string{k.Past, k.Likely, k.Fan, k.If} {
			lastX, lastY := 0.0, 1e9
			for _, p := range strings.Fields(line) {
				xs, ys, _ := strings.Cut(p, ",")
				x, errX := strconv.ParseFloat(xs, 64)
				y, errY := strconv.ParseFloat(ys, 64)
				if errX != nil || errY != nil || x < f.Left-0.1 || x > f.Right+0.1 || y < f.Top-0.1 || y > f.Base+0.1 {
					t.Errorf("a point beside the picture: %q of %+v", p, k)
				}
				if line == k.Past && (x < lastX || y > lastY) {
					t.Errorf("the past goes back: %s", line)
				}
				lastX, lastY = x, y
			}
		}
	}
	for i, m := range f.Limits {
		if m.X < f.Left || m.X > f.Right || m.TextX < 0 || m.DueY > f.Top {
			t.Errorf("a deadline is beside the picture: %+v", m)
		}
		for _, o := range f.Limits[:i] {
			if m.TopY == o.TopY && max(m.X, o.X)-min(m.X, o.X) < 60 {
				t.Errorf("two names meet: %+v %+v", m, o)
			}
		}
	}
	for i, l := range f.Far {
		if l.X < 0 || l.X > f.Width-200 || l.EndY > f.Height || (i > 0 && l.Y < f.Far[i-1].SaysY+15) {
			t.Errorf("a far deadline is beside the picture, or meets another: %+v", l)
		}
	}
	for i, k := range f.Curves {
		for _, o := range f.Curves[:i] {
			if k.Name != "" && o.Name != "" && k.LabelY > o.LabelY-13 && k.LabelY < o.LabelY+13 {
				t.Errorf("two names of curves meet: %+v %+v", k, o)
			}
		}
	}
	for _, l := range f.Lanes {
		if l.RestW < 0 || l.DoneW < 0 || l.BarY < l.LabelY || l.DoneX+l.DoneW > f.Right+3.1 || l.RestX+l.RestW > f.Right+3.1 {
			t.Errorf("a lane is beside the picture: %+v", l)
		}
	}
}

// Deadlines close together keep their names apart.
func TestNamesOfDeadlinesDoNotMeet(t *testing.T) {
	var duties []incidents.ObligationState
	for i, where := range []string{"EU", "US-CA", "CN", "KR"} {
		duties = append(duties, dutyTo(chartNow.Add(5*time.Hour+time.Duration(i)*10*time.Minute), i%2 == 1, where))
	}
	v, r := sendingView(chartNow, nil, duties...)
	f := forecastOf(v, r, false)
	rows := map[float64]bool{}
	for _, m := range f.Limits {
		rows[m.TopY] = true
	}
	if len(f.Limits) != 4 || len(rows) != 4 {
		t.Errorf("%d names in %d rows", len(f.Limits), len(rows))
	}
	inside(t, f)
}

func TestWhatIfIsDrawnBesideTheForecast(t *testing.T) {
	v, r := sendingView(chartNow, map[incidents.Channel]float64{incidents.Email: 1}, dutyTo(chartNow.Add(time.Hour), false, "EU"))
	f := forecastOf(v, r, false)
	if !f.WhatIf || f.Curves[0].If == "" || f.Lanes[0].IfX <= f.NowX-1 || f.Lanes[0].IfX >= f.Lanes[0].RestX+f.Lanes[0].RestW {
		t.Errorf("a faster what-if ends earlier: %+v %+v", f.Curves[0], f.Lanes[0])
	}
	rows := deadlineRows(v)
	if rows[0].State.Colour != "red" || !strings.Contains(rows[0].WhatIf, "before") || !strings.Contains(rows[0].Needs, "Email 0.01") {
		t.Errorf("the row: %+v", rows[0])
	}
	inside(t, f)
}

func TestRatesAsTheyAreTyped(t *testing.T) {
	got, err := ratesOf(url.Values{"rate[email]": {" 2.5 "}, "rate[sms]": {""}, "other": {"x"}})
	if err != nil || len(got) != 1 || got[incidents.Email] != 2.5 {
		t.Errorf("%v %v", got, err)
	}
	for _, q := range []url.Values{{"rate[email]": {"fast"}}, {"rate[email]": {"NaN"}}, {"rate[email]": {"-1"}}, {"rate[pigeon]": {"1"}}} {
		if _, err := ratesOf(q); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("%v: %v", q, err)
		}
	}
}

// Minutes of sending and deadlines days away are both to be seen: the axis is as
// long as the sending, and the deadlines stand beside it, or below it on a phone.
func TestMinutesOfSendingAndDaysToTheDeadline(t *testing.T) {
	begun, done := chartNow.Add(-5*time.Hour), chartNow.Add(-5*time.Hour+4*time.Minute)
	p := incidents.Pace{Now: chartNow, Status: incidents.NoticeDone, Started: &begun, Done: &done, Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}},
		Duties:   []incidents.ObligationState{dutyTo(chartNow.Add(48*time.Hour), true, "CN"), dutyTo(chartNow.Add(48*time.Hour), false, "EU"), dutyTo(begun.Add(3*time.Minute), false, "KR")},
		Tallies:  []incidents.Tally{{Channel: incidents.Email, States: map[incidents.DeliveryState]int64{incidents.Accepted: 40}}, {Channel: incidents.SMS, States: map[incidents.DeliveryState]int64{incidents.Delivered: 10}}},
		PaceView: incidents.PaceView{Every: time.Minute, Curve: []incidents.PaceSample{{Channel: incidents.Email, At: begun, N: 30}, {Channel: incidents.Email, At: begun.Add(time.Minute), N: 10}, {Channel: incidents.SMS, At: begun.Add(2 * time.Minute), N: 10}}}}
	v := incidents.ForecastView{Forecast: incidents.ForecastOf(p, nil)}
	for _, narrow := range []bool{false, true} {
		f := forecastOf(v, incidents.Reconciliation{List: 50, Sent: 50}, narrow)
		inside(t, f)
		if len(f.Far) != 2 || len(f.Limits) != 1 || f.Far[1].Says != "ended 2 d 4 h before it" || f.Far[0].Class != "t-green" {
			t.Errorf("the deadlines: %+v, beside the axis %+v", f.Limits, f.Far)
		}
		email, sms := f.Lanes[0], f.Lanes[1]
		if used := (sms.DoneX + sms.DoneW - email.DoneX) / f.Wide(); used < 0.6 {
			t.Errorf("the sending takes %.2f of the axis", used)
		}
		if email.Label != "done 24 Nov 07:02:00, in 2 min" || sms.Label != "done 24 Nov 07:03:00, in 1 min" || sms.DoneX <= email.DoneX+email.DoneW-1 {
			t.Errorf("what happened: %+v, %+v", email, sms)
		}
		if f.Curves[0].Past == "" || f.Curves[0].Likely != "" || !strings.Contains(f.Lead, "4 min after the release, 1 min after the first deadline (KR") {
			t.Errorf("the end: %q %+v", f.Lead, f.Curves[0])
		}
	}
}

// On hold it says so, and what would be if it were resumed now.
func TestAForecastOnHold(t *testing.T) {
	v, r := sendingView(chartNow, nil, dutyTo(chartNow.Add(10*time.Hour), false, "EU"))
	v.Status = incidents.NoticeHeld
	f := forecastOf(v, r, false)
	if !f.Held || !strings.HasPrefix(f.Lead, "It is on hold, and nothing leaves. Resumed now, it would end about Tue 24 Nov 2026, 15:00 UTC, 6 h 59 min before the first deadline") {
		t.Error(f.Lead)
	}
	if l := f.Lanes[0]; l.Label != "on hold; resumed now, done in 3 h 0 min" || l.RestW <= 0 {
		t.Errorf("the lane: %+v", l)
	}
}

// Few messages are said to be few.
func TestTooFewToMeasure(t *testing.T) {
	for c, want := range map[incidents.ChannelForecast]string{
		{Handled: 3}: "too few sent yet to tell",
		{}:           "not known yet",
		{Handled: 3, Rate: incidents.Rate{Likely: 10, Basis: incidents.BasisAllowed}}:                  "10.0 a second, as its account allows: too few sent yet to measure",
		{Handled: 300, Rate: incidents.Rate{Likely: 1, Basis: incidents.BasisMeasured, Limited: true}}: "1.0 a second, all its account allows now",
	} {
		if got := rateSays(c); got != want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

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
			f := forecastOf(v, r)
			if f.Late != c.late || !strings.Contains(f.Desc, c.says) {
				t.Errorf("late %t: %s", f.Late, f.Desc)
			}
			if len(f.Lanes) != 2 || f.Lanes[1].Label != "done" || f.Lanes[0].RestW <= 0 {
				t.Errorf("the lanes: %+v", f.Lanes)
			}
			inside(t, f)
		})
	}
	v, r := sendingView(now, nil, dutyTo(now.Add(10*time.Hour), false, "EU"), dutyTo(now.Add(900*time.Hour), false, "US-NY"))
	if f := forecastOf(v, r); len(f.Limits) != 1 || !strings.Contains(f.Later, "US-NY") {
		t.Errorf("a far deadline squeezes the picture: %+v, later %q", f.Limits, f.Later)
	}
	if forecastOf(incidents.ForecastView{}, incidents.Reconciliation{}).Show {
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
				if errX != nil || errY != nil || x < fcLeft || x > fcRight || y < f.Top-0.1 || y > f.Base+0.1 {
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
		if m.X < fcLeft || m.X > fcRight || m.DueY > f.Top {
			t.Errorf("a deadline is beside the picture: %+v", m)
		}
		for _, o := range f.Limits[:i] {
			if m.TopY == o.TopY && max(m.X, o.X)-min(m.X, o.X) < 60 {
				t.Errorf("two names meet: %+v %+v", m, o)
			}
		}
	}
	for _, l := range f.Lanes {
		if l.RestW < 0 || l.DoneW < 0 || l.LabelX > fcRight {
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
	f := forecastOf(v, r)
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
	f := forecastOf(v, r)
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

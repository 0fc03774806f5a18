package web

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// Whatever is met, nothing that is open is hidden: it comes first, overdue
// before the rest, under its whole name; what is met is folded behind a count.
func TestOpenDutiesAreNeverHidden(t *testing.T) {
	duty := func(i int, status incidents.DutyStatus, due *time.Time) incidents.ObligationState {
		start := chartNow.Add(-20 * time.Hour)
		o := incidents.ObligationState{Status: status, Obligation: incidents.Obligation{ID: fmt.Sprint(i), Applies: incidents.AppliesYes, Start: &start, Due: due, Law: "Act on the Protection of Personal Information (APPI)",
			Title: fmt.Sprintf("Send the Personal Information Protection Commission the final report (wrongful purpose) %d", i)}}
		if status != incidents.DutyOpen {
			o.ClosedAt = &chartNow
		}
		return o
	}
	at := func(d time.Duration) *time.Time { t := chartNow.Add(d); return &t }
	duties := []incidents.ObligationState{duty(0, incidents.DutyOpen, at(-300*time.Hour))}
	for i := range 16 {
		duties = append(duties, duty(100+i, incidents.DutyMet, at(time.Duration(i)*time.Hour)))
	}
	duties = append(duties, duty(200, incidents.DutyWaived, at(20*time.Hour)), duty(1, incidents.DutyOpen, nil))
	for i := range 14 {
		duties = append(duties, duty(2+i, incidents.DutyOpen, at(time.Duration(30+10*i)*time.Hour)))
	}
	a := axisOf(duties, chartNow)
	if len(a.Rows) != 16 || a.Closed == nil || len(a.Closed.Rows) != 17 || a.ClosedWord != "16 met, 1 waived" || len(a.Table) != 33 {
		t.Fatalf("%d open, %q", len(a.Rows), a.ClosedWord)
	}
	if first := a.Rows[0]; !strings.HasSuffix(first.Title, " 0") || first.LabelClass != "t-red" || first.PinX < axisLeft {
		t.Errorf("the overdue one: %+v", first)
	}
	if last := a.Rows[15]; !strings.HasSuffix(last.Title, " 1") || last.Label != "Open, no number in the law" || last.Pin != "" {
		t.Errorf("the one without a time: %+v", last)
	}
	for i, r := range a.Rows {
		if strings.Contains(r.Title+r.Law, "…") || r.X+r.W > axisRight+0.1 || r.W < 0 || (i > 0 && r.TitleY() < a.Rows[i-1].LabelY()) {
			t.Errorf("a row: %+v", r)
		}
	}
	if none := axisOf(duties[1:17], chartNow); len(none.Rows) != 0 || !strings.Contains(none.Desc, "0 open") {
		t.Errorf("nothing is open: %+v", none)
	}
}

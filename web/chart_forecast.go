package web

import (
	"fmt"
	"time"

	"tocsin/incidents"
)

// A forecastChart sets the sending against the deadlines of the people's duties.
type forecastChart struct {
	Show                bool
	Desc                string
	StartX, NowX, EndX  float64
	Share               float64
	DoneW, RestX, RestW float64
	Late                bool
	Label               string
	Limits              []limitMark
	Ticks               []axisDay
}

type limitMark struct {
	X     float64
	Soft  bool
	Label string
	Due   string
	Y     float64
}

const fcLeft, fcRight = 120.0, 1040.0

// forecastOf draws done, forecast and limits on one axis.
func forecastOf(p incidents.Progress, duties []incidents.ObligationState, now time.Time) forecastChart {
	f := forecastChart{}
	if p.StartedAt == nil {
		return f
	}
	end := now
	if p.FinishAt != nil {
		end = *p.FinishAt
	}
	if p.Notice.DoneAt != nil {
		end = *p.Notice.DoneAt
	}
	last := end
	type limit struct {
		at    time.Time
		soft  bool
		label string
	}
	var limits []limit
	for _, o := range duties {
		if o.Audience != incidents.AudienceIndividuals || o.Applies != incidents.AppliesYes || o.Due == nil {
			continue
		}
		dup := false
		for i := range limits {
			if limits[i].at.Equal(*o.Due) {
				limits[i].label, dup = limits[i].label+", "+o.Jurisdiction, true
			}
		}
		if !dup && len(limits) < 4 && o.Due.Sub(*p.StartedAt) < 40*24*time.Hour {
			limits = append(limits, limit{*o.Due, o.Soft, o.Jurisdiction})
		}
		if o.Due.After(last) && o.Due.Sub(*p.StartedAt) < 40*24*time.Hour {
			last = *o.Due
		}
	}
	from := p.StartedAt.Add(-time.Hour)
	to := last.Add(last.Sub(from) / 12)
	if now.After(to) {
		to = now.Add(time.Hour)
	}
	scale := (fcRight - fcLeft) / max(to.Sub(from).Seconds(), 1)
	x := func(t time.Time) float64 { return fcLeft + t.Sub(from).Seconds()*scale }
	f.Show, f.StartX, f.NowX, f.EndX = true, x(*p.StartedAt), x(now), x(end)
	f.DoneW = max(min(f.NowX, f.EndX)-f.StartX, 3)
	f.RestX, f.RestW = f.StartX+f.DoneW, max(f.EndX-f.NowX, 0)
	for i, l := range limits {
		f.Limits = append(f.Limits, limitMark{x(l.at), l.soft, clip(l.label, 40), l.at.UTC().Format("Mon 2 Jan 15:04"), 18 + float64(i)*14})
		if end.After(l.at) && !l.soft {
			f.Late = true
		}
	}
	step := 24 * time.Hour
	if to.Sub(from) > 12*24*time.Hour {
		step = 7 * 24 * time.Hour
	}
	for d := from.Truncate(24 * time.Hour).Add(24 * time.Hour); d.Before(to); d = d.Add(step) {
		f.Ticks = append(f.Ticks, axisDay{X: x(d), Label: d.UTC().Format("2 Jan")})
	}
	switch {
	case p.Notice.DoneAt != nil:
		f.Label = "done " + short(p.Notice.DoneAt)
	case p.FinishAt != nil:
		f.Label = "ends about " + short(p.FinishAt)
	default:
		f.Label = "rate not known yet"
	}
	f.Desc = fmt.Sprintf("Sending began %s; %s.", short(p.StartedAt), f.Label)
	return f
}

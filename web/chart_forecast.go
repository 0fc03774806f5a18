package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A forecastChart sets the sending against the deadlines of the people's
// duties: how many people are handled, and one lane per channel.
type forecastChart struct {
	Show            bool
	Desc            string
	Height, Bottom  float64
	Ticks           []axisDay
	Levels          []axisDay // of people; X is the height
	Area, Past, Far string    // points: handled so far, and the forecast
	NowX            float64
	NowText         string
	CurX, CurY      float64
	CurText, SubTxt string
	Lanes           []forecastLane
	Limits          []limitMark
	Later           string // deadlines beyond the right edge
	Late            bool
}

type forecastLane struct {
	Y                          float64
	Name                       string
	DoneX, DoneW, RestX, RestW float64
	Late                       bool
	Label, Class               string
	LabelX                     float64
}

type limitMark struct {
	X                 float64
	Soft              bool
	Label, Due        string
	Anchor            string
	TextX, TopY, DueY float64
}

const (
	fcLeft, fcRight = 150.0, 1056.0
	fcTop, fcBase   = 66.0, 204.0
	fcLane          = 38.0
	fcLimits        = 3
)

// forecastOf draws done, forecast and limits on one axis.
func forecastOf(p incidents.Progress, duties []incidents.ObligationState, now time.Time) (f forecastChart) {
	if p.StartedAt == nil {
		return f
	}
	start, end, known := *p.StartedAt, now, p.FinishAt != nil
	if known {
		end = *p.FinishAt
	}
	if p.Notice.DoneAt != nil {
		end, known = *p.Notice.DoneAt, true
	}
	limits, later := limitsOf(duties, start, end.Sub(start), fcLimits)
	last := end
	if len(limits) > 0 && limits[len(limits)-1].at.After(last) {
		last = limits[len(limits)-1].at
	}
	if now.After(last) {
		last = now
	}
	span := max(last.Sub(start), 30*time.Minute)
	from, to := start.Add(-span/40), start.Add(span+span/5)
	scale := (fcRight - fcLeft) / to.Sub(from).Seconds()
	x := func(t time.Time) float64 { return min(max(fcLeft+t.Sub(from).Seconds()*scale, fcLeft), fcRight) }
	f = forecastChart{Show: true, NowX: x(now), NowText: "Now " + now.UTC().Format("15:04"), Later: later}
	f.Ticks = timeTicks(from, to, x)
	f.curve(p, start, end, now, known, x)
	late := false
	for _, l := range limits {
		late = late || end.After(l.at)
	}
	f.Late = late && known
	f.lanes(p, start, end, now, known, x)
	f.Bottom = fcBase + 28 + fcLane*float64(len(f.Lanes)) + 12
	f.Height = f.Bottom + 22
	f.marks(limits, x)
	f.describe(p, limits, end, known)
	return f
}

type limit struct {
	at    time.Time
	soft  bool
	label string
}

// limitsOf lists the first deadlines of duties to people; the rest is said in
// words. reach is how long the sending takes.
func limitsOf(duties []incidents.ObligationState, start time.Time, reach time.Duration, most int) (out []limit, later string) {
	var all []limit
	for _, o := range duties {
		if o.Audience != incidents.AudienceIndividuals || o.Applies != incidents.AppliesYes || o.Due == nil || o.Due.Before(start) {
			continue
		}
		i := slices.IndexFunc(all, func(l limit) bool { return l.at.Equal(*o.Due) && l.soft == o.Soft })
		if i < 0 {
			all = append(all, limit{*o.Due, o.Soft, o.Jurisdiction})
		} else if !strings.Contains(all[i].label, o.Jurisdiction) {
			all[i].label += ", " + o.Jurisdiction
		}
	}
	slices.SortStableFunc(all, func(a, b limit) int { return a.at.Compare(b.at) })
	near := len(all)
	for i, l := range all {
		// Deadlines far behind the first ones would squeeze the picture.
		if i == most || (i > 0 && l.at.Sub(start) > 4*all[0].at.Sub(start) && l.at.Sub(start) > 3*reach) {
			near = i
			break
		}
	}
	var rest []string
	for _, l := range all[near:] {
		rest = append(rest, l.label+" "+l.at.UTC().Format("2 Jan"))
	}
	return all[:near], strings.Join(rest, "; ")
}

// timeTicks puts about eight round times under the axis.
func timeTicks(from, to time.Time, x func(time.Time) float64) (out []axisDay) {
	steps := []time.Duration{5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 30 * 24 * time.Hour}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if to.Sub(from)/s <= 9 {
			step = s
			break
		}
	}
	for t := from.UTC().Truncate(step).Add(step); t.Before(to); t = t.Add(step) {
		day := t.Hour() == 0 && t.Minute() == 0
		label := t.Format("15:04")
		if day {
			label = t.Format("2 Jan")
		}
		out = append(out, axisDay{x(t), label, day})
	}
	return out
}

// curve is the number of people handled. Two points are known: the beginning
// and now; between them it is drawn straight.
func (f *forecastChart) curve(p incidents.Progress, start, end, now time.Time, known bool, x func(time.Time) float64) {
	r := p.Reconciliation
	list := max(r.List, 1)
	y := func(n int64) float64 { return fcBase - (fcBase-fcTop)*float64(n)/float64(list) }
	f.Levels = []axisDay{{X: y(0), Label: "0"}, {X: y(list / 2), Label: people(list / 2)}, {X: y(list), Label: people(list)}}
	done := r.List - r.ToSend - r.Trying
	until := now
	if p.Notice.DoneAt != nil {
		until = end
	}
	sx, ux, dy := x(start), x(until), y(done)
	f.Past = fmt.Sprintf("%.1f,%.1f %.1f,%.1f", sx, fcBase, ux, dy)
	if p.Notice.DoneAt != nil && now.After(end) {
		f.Past += fmt.Sprintf(" %.1f,%.1f", x(now), dy)
	}
	f.Area = fmt.Sprintf("%.1f,%.1f %.1f,%.1f %.1f,%.1f", sx, fcBase, ux, dy, ux, fcBase)
	if known && end.After(now) {
		f.Far = fmt.Sprintf("%.1f,%.1f %.1f,%.1f", ux, dy, x(end), y(list))
	}
	f.CurX, f.CurY = max(ux, f.NowX)+10, min(max(dy+26, fcTop+40), fcBase-26)
	f.CurText = num(done) + " handled"
	f.SubTxt = share(done, list)
	if p.PerSecond > 0 {
		f.SubTxt += fmt.Sprintf(", %.1f a second", p.PerSecond)
	}
}

// people is a short count for an axis.
func people(n int64) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%.2f M", float64(n)/1e6)
	case n >= 10_000:
		return fmt.Sprintf("%d k", n/1000)
	}
	return num(n)
}

func share(n, of int64) string {
	if n == 0 || of == 0 {
		return "0 %"
	}
	f := 100 * float64(n) / float64(of)
	if n > 0 && f < 0.1 {
		return "< 0.1 %"
	}
	return fmt.Sprintf("%.1f %%", f)
}

// lanes are the channels, in the order of the plan.
func (f *forecastChart) lanes(p incidents.Progress, start, end, now time.Time, known bool, x func(time.Time) float64) {
	for _, t := range p.Tallies {
		row := channelOf(t)
		if row.Planned == 0 {
			continue
		}
		l := forecastLane{Y: fcBase + 28 + fcLane*float64(len(f.Lanes)), Name: channelName(t.Channel), DoneX: x(start)}
		until := now
		if p.Notice.DoneAt != nil {
			until = end
		}
		l.DoneW = max(x(until)-l.DoneX, 3)
		l.LabelX = max(l.DoneX+l.DoneW, f.NowX) + 10
		switch {
		case row.Left == 0:
			l.Label, l.Class = "done", "t-green"
		case p.Notice.Status == incidents.NoticeHeld:
			l.Label, l.Class = "on hold, "+num(row.Left)+" left", "t-amber"
		case known && end.After(now):
			l.RestX, l.Late = l.DoneX+l.DoneW, f.Late
			l.RestW = max(x(end)-l.RestX, 3)
			l.LabelX = max(l.RestX+l.RestW, f.NowX) + 10
			l.Label = "in " + left(end.Sub(now))
			if f.Late {
				l.Label, l.Class = l.Label+", too late", "t-red"
			}
		default:
			l.Label = num(row.Left) + " left, rate not known yet"
		}
		f.Lanes = append(f.Lanes, l)
	}
}

// marks are the deadlines; names alternate in height so that they do not meet.
func (f *forecastChart) marks(limits []limit, x func(time.Time) float64) {
	for i, l := range limits {
		m := limitMark{X: x(l.at), Soft: l.soft, Label: clip(l.label, 30), Due: l.at.UTC().Format("Mon 2 Jan 15:04") + ", legal", Anchor: "end"}
		if l.soft {
			m.Due = l.at.UTC().Format("Mon 2 Jan 15:04") + ", our target"
		}
		m.TextX, m.TopY = m.X-8, 34+float64(i%2)*34
		beside := i > 0 && m.X-f.Limits[i-1].X < 200 // the name would cross the line before
		if m.X < fcLeft+260 || (beside && m.X+190 < fcRight+24) {
			m.Anchor, m.TextX = "start", m.X+8
		}
		m.DueY = m.TopY + 15
		f.Limits = append(f.Limits, m)
	}
}

// describe states the finding in figures.
func (f *forecastChart) describe(p incidents.Progress, limits []limit, end time.Time, known bool) {
	r := p.Reconciliation
	f.Desc = fmt.Sprintf("%s of %s people are handled since %s.", num(r.List-r.ToSend-r.Trying), num(r.List), utc(p.StartedAt))
	switch {
	case p.Notice.DoneAt != nil:
		f.Desc += " It was done " + utc(end) + "."
	case known:
		f.Desc += " It ends about " + utc(end) + "."
	default:
		f.Desc += " The rate is not known yet."
	}
	for _, l := range limits {
		word := "legal deadline"
		if l.soft {
			word = "our target"
		}
		rel := ""
		if known {
			if rel = left(l.at.Sub(end)) + " to spare"; end.After(l.at) {
				rel = left(end.Sub(l.at)) + " late"
			}
			rel = ", " + rel
		}
		f.Desc += fmt.Sprintf(" %s, %s, %s%s.", l.label, word, utc(l.at), rel)
	}
}

// Points of the shapes, so that the template holds no arithmetic.
func (f forecastChart) FlagX() float64   { return min(max(f.NowX-38, 0), fcRight-60) }
func (f forecastChart) FlagMid() float64 { return f.FlagX() + 38 }
func (f forecastChart) TickY() float64   { return f.Bottom + 16 }
func (f forecastChart) CurSub() float64  { return f.CurY + 16 }
func (l forecastLane) TextY() float64    { return l.Y + 23 }
func (l forecastLane) BarY() float64     { return l.Y + 12 }

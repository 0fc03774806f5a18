package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A forecastChart sets the sending against the deadlines of the people's
// duties: what each channel handled so far, the fan of what is to come, and one
// lane per channel.
type forecastChart struct {
	Show, Estimate bool // Estimate: not released; as if it were released now
	Desc           string
	Height, Top    float64
	Base, Bottom   float64
	Ticks          []axisDay
	Levels         []axisDay // of deliveries; X is the height
	Curves         []forecastCurve
	NowX           float64
	NowText        string
	Lanes          []forecastLane
	Limits         []limitMark
	Later          string // deadlines beyond the right edge
	Late, WhatIf   bool
}

// A forecastCurve is one channel: points of polylines and a polygon.
type forecastCurve struct {
	Channel                  incidents.Channel
	Name                     string
	Past, Fan, Likely, If    string
	LabelX, LabelY, EndX, EY float64
}

type forecastLane struct {
	Y                          float64
	Name                       string
	DoneX, DoneW, RestX, RestW float64
	IfX                        float64 // end by the what-if; 0: none
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
	fcHigh          = 150.0 // of the curves
	fcLane          = 38.0
	fcLimits        = 4
)

// forecastOf draws the measured past, the forecast and the limits on one axis.
func forecastOf(v incidents.ForecastView, r incidents.Reconciliation) (f forecastChart) {
	base, now := v.Forecast, v.At
	if len(base.Channels) == 0 || (base.StartedAt == nil && base.Ends.Likely == nil) {
		return f
	}
	start := now
	if base.StartedAt != nil {
		start = *base.StartedAt
	}
	last := now
	for _, at := range ends(v) {
		last = lastOf(last, at)
	}
	near, later := limitsOf(base.Deadlines, start, last.Sub(start))
	for _, l := range near {
		last = lastOf(last, &l.Due)
	}
	span := max(last.Sub(start), 30*time.Minute)
	from, to := start.Add(-span/40), start.Add(span+span/5)
	scale := (fcRight - fcLeft) / to.Sub(from).Seconds()
	x := func(t time.Time) float64 { return min(max(fcLeft+t.Sub(from).Seconds()*scale, fcLeft), fcRight) }
	f = forecastChart{Show: true, Estimate: base.StartedAt == nil, NowX: x(now), NowText: "Now " + now.UTC().Format("15:04"), Later: later, Late: base.Late(), WhatIf: v.WhatIf != nil}
	f.marks(near, x)
	f.Base = f.Top + fcHigh
	f.Ticks = timeTicks(from, to, x)
	f.curves(v, start, x)
	f.lanes(v, start, x)
	f.Bottom = f.Base + 28 + fcLane*float64(len(f.Lanes)) + 12
	f.Height = f.Bottom + 22
	f.Desc = describe(base, r)
	if v.WhatIf != nil {
		f.Desc += " What if: " + endsIn(*v.WhatIf)
	}
	return f
}

// ends are the times a picture has to reach. A late end far behind the likely
// one would squeeze the picture: it is cut off at three times as far.
func ends(v incidents.ForecastView) (out []*time.Time) {
	for _, f := range []*incidents.Forecast{&v.Forecast, v.WhatIf} {
		if f == nil {
			continue
		}
		for _, c := range f.Channels {
			out = append(out, c.Ends.Likely)
		}
		out = append(out, f.Ends.Likely)
		if a, b := f.Ends.Likely, f.Ends.Late; a != nil && b != nil && b.Sub(f.At) < 3*max(a.Sub(f.At), time.Minute) {
			out = append(out, b)
		}
	}
	return out
}

func lastOf(a time.Time, b *time.Time) time.Time {
	if b != nil && b.After(a) {
		return *b
	}
	return a
}

// limitsOf lists the first deadlines; the rest is said in words. reach is how
// long the sending takes.
func limitsOf(all []incidents.DeadlineForecast, start time.Time, reach time.Duration) (out []incidents.DeadlineForecast, later string) {
	near := len(all)
	for i, l := range all {
		// Deadlines far behind the first ones would squeeze the picture.
		if i == fcLimits || (i > 0 && l.Due.Sub(start) > 4*all[0].Due.Sub(start) && l.Due.Sub(start) > 3*reach) {
			near = i
			break
		}
	}
	var rest []string
	for _, l := range all[near:] {
		rest = append(rest, strings.Join(l.Jurisdictions, ", ")+" "+l.Due.UTC().Format("2 Jan"))
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

// curves are what each channel handled, as it was measured, and the fan of when
// it has handled the rest.
func (f *forecastChart) curves(v incidents.ForecastView, start time.Time, x func(time.Time) float64) {
	most := int64(1)
	for _, c := range v.Channels {
		most = max(most, c.Planned+c.Coming)
	}
	y := func(n float64) float64 { return f.Base - fcHigh*min(max(n/float64(most), 0), 1) }
	f.Levels = []axisDay{{X: y(0), Label: "0"}, {X: y(float64(most) / 2), Label: people(most / 2)}, {X: y(float64(most)), Label: people(most)}}
	until := v.At
	if v.DoneAt != nil && v.DoneAt.Before(until) {
		until = *v.DoneAt
	}
	for _, c := range v.Channels {
		if c.Planned+c.Coming == 0 {
			continue
		}
		k := forecastCurve{Channel: c.Channel, Name: channelName(c.Channel), Past: past(v.Forecast, c, start, until, x, y)}
		nowX, nowY, all := x(v.At), y(float64(c.Handled)), y(float64(c.Planned+c.Coming))
		if c.Ends.Likely != nil && v.DoneAt == nil {
			k.EndX, k.EY = x(*c.Ends.Likely), all
			k.Likely = points(nowX, nowY, k.EndX, all)
			if c.Ends.Early != nil && c.Ends.Late != nil {
				k.Fan = points(nowX, nowY, x(*c.Ends.Early), all, x(*c.Ends.Late), all)
			}
			k.If = ifLine(v.WhatIf, c.Channel, nowX, nowY, all, x)
		}
		k.LabelX, k.LabelY = f.label(nowX, nowY)
		f.Curves = append(f.Curves, k)
	}
}

// label finds a place for the name of a curve beside the now-line, below the
// names that are there already.
func (f *forecastChart) label(x, y float64) (float64, float64) {
	y = min(max(y+4, f.Top+14), f.Base-6)
	for range f.Curves {
		if !slices.ContainsFunc(f.Curves, func(k forecastCurve) bool { return k.LabelY > y-15 && k.LabelY < y+15 }) {
			break
		}
		if y += 15; y > f.Base-2 {
			y = f.Top + 14
		}
	}
	return x - 8, y
}

// past sums the measured outcomes up. The counters are the truth: the curve ends there.
func past(f incidents.Forecast, c incidents.ChannelForecast, start, until time.Time, x func(time.Time) float64, y func(float64) float64) string {
	at := []float64{x(start), y(0)}
	var sum int64
	for _, s := range f.Curve {
		if s.Channel != c.Channel {
			continue
		}
		begin, end := lastOf(s.At, &start), s.At.Add(f.Every)
		if end.After(until) {
			end = until
		}
		at = append(at, x(begin), y(float64(min(sum, c.Handled))))
		sum += s.N
		at = append(at, x(lastOf(begin, &end)), y(float64(min(sum, c.Handled))))
	}
	at = append(at, x(until), y(float64(c.Handled)))
	if f.At.After(until) {
		at = append(at, x(f.At), y(float64(c.Handled)))
	}
	return points(at...)
}

func ifLine(f *incidents.Forecast, ch incidents.Channel, nowX, nowY, all float64, x func(time.Time) float64) string {
	if f == nil {
		return ""
	}
	for _, c := range f.Channels {
		if c.Channel == ch && c.Ends.Likely != nil {
			return points(nowX, nowY, x(*c.Ends.Likely), all)
		}
	}
	return ""
}

func points(xy ...float64) string {
	var b strings.Builder
	for i := 0; i+1 < len(xy); i += 2 {
		fmt.Fprintf(&b, "%.1f,%.1f ", xy[i], xy[i+1])
	}
	return strings.TrimSpace(b.String())
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
func (f *forecastChart) lanes(v incidents.ForecastView, start time.Time, x func(time.Time) float64) {
	for _, c := range v.Channels {
		if c.Planned+c.Coming == 0 {
			continue
		}
		l := forecastLane{Y: f.Base + 28 + fcLane*float64(len(f.Lanes)), Name: channelName(c.Channel), DoneX: x(start)}
		until := v.At
		if v.DoneAt != nil {
			until = *v.DoneAt
		}
		if v.StartedAt != nil && c.Handled > 0 {
			l.DoneW = max(x(until)-l.DoneX, 3)
		}
		l.LabelX = max(l.DoneX+l.DoneW, f.NowX) + 10
		l.rest(v, c, x, f.NowX)
		if v.WhatIf != nil {
			for _, w := range v.WhatIf.Channels {
				if w.Channel == c.Channel && w.Ends.Likely != nil {
					l.IfX = x(*w.Ends.Likely)
				}
			}
		}
		if l.LabelX > fcRight-150 { // beside the picture
			l.LabelX = fcRight - 150
		}
		f.Lanes = append(f.Lanes, l)
	}
}

// rest is what a lane has before it.
func (l *forecastLane) rest(v incidents.ForecastView, c incidents.ChannelForecast, x func(time.Time) float64, nowX float64) {
	switch {
	case v.DoneAt != nil || (c.Left == 0 && c.Coming == 0):
		l.Label, l.Class = "done", "t-green"
	case v.Status == incidents.NoticeHeld:
		l.Label, l.Class = "on hold, "+num(c.Left)+" left", "t-amber"
	case c.Short > 0:
		l.Label, l.Class = num(c.Left)+" left, the spend cap stops "+num(c.Short), "t-red"
	case c.Ends.Likely == nil:
		l.Label = num(c.Left) + " left, rate not known yet"
	default:
		l.RestX = max(l.DoneX+l.DoneW, nowX)
		l.RestW = max(x(*c.Ends.Likely)-l.RestX, 3)
		l.LabelX = l.RestX + l.RestW + 10
		l.Label = "in " + left(c.Ends.Likely.Sub(v.At))
		l.Late = slices.ContainsFunc(v.Deadlines, func(d incidents.DeadlineForecast) bool { return d.Missed && c.Ends.Likely.After(d.Due) })
		if l.Late {
			l.Label, l.Class = l.Label+", too late", "t-red"
		}
	}
}

// marks are the deadlines. Their names go into rows above the curves, each into
// the first in which it meets no other name.
func (f *forecastChart) marks(limits []incidents.DeadlineForecast, x func(time.Time) float64) {
	const rowHigh, letter = 34.0, 6.8
	var used [][][2]float64 // of each row, from and to
	for _, l := range limits {
		m := limitMark{X: x(l.Due), Soft: l.Soft, Label: clip(strings.Join(l.Jurisdictions, ", "), 30), Due: l.Due.UTC().Format("Mon 2 Jan 15:04") + ", legal", Anchor: "end"}
		if l.Soft {
			m.Due = l.Due.UTC().Format("Mon 2 Jan 15:04") + ", our target"
		}
		wide := letter * float64(max(len([]rune(m.Label)), len([]rune(m.Due))))
		box := [2]float64{m.X - 8 - wide, m.X - 8}
		m.TextX = m.X - 8
		if box[0] < 0 {
			m.Anchor, m.TextX, box = "start", m.X+8, [2]float64{m.X + 8, m.X + 8 + wide}
		}
		row := slices.IndexFunc(used, func(taken [][2]float64) bool {
			return !slices.ContainsFunc(taken, func(b [2]float64) bool { return box[0] < b[1]+12 && b[0] < box[1]+12 })
		})
		if row < 0 {
			row, used = len(used), append(used, nil)
		}
		used[row] = append(used[row], box)
		m.TopY = 36 + rowHigh*float64(row)
		m.DueY = m.TopY + 15
		f.Limits = append(f.Limits, m)
	}
	f.Top = 40 + rowHigh*float64(len(used))
}

// describe states the finding in figures.
func describe(f incidents.Forecast, r incidents.Reconciliation) (s string) {
	if f.StartedAt == nil {
		s = "It is not released. If it were released now: "
	} else {
		s = fmt.Sprintf("%s of %s people are handled since %s. ", num(r.List-r.ToSend-r.Trying), num(r.List), utc(f.StartedAt))
	}
	if f.Status == incidents.NoticeHeld {
		s += "It is on hold. If it were resumed now: "
	}
	return s + endsIn(f)
}

// endsIn says when a forecast ends and what that is for each deadline.
func endsIn(f incidents.Forecast) (s string) {
	switch {
	case f.DoneAt != nil:
		s = "It was done " + utc(f.DoneAt) + "."
	case len(f.Capped()) > 0:
		s = "A spend cap stops it before everybody is told."
	case f.Ends.Likely == nil:
		s = "The rate is not known yet."
	default:
		s = "It ends about " + utc(f.Ends.Likely)
		if f.Ends.Early != nil && f.Ends.Late != nil {
			s += ", between " + short(f.Ends.Early) + " and " + short(f.Ends.Late)
		}
		s += "."
	}
	for _, d := range f.Deadlines {
		word := "legal deadline"
		if d.Soft {
			word = "our target"
		}
		s += " " + strings.Join(d.Jurisdictions, ", ") + ", " + word + ", " + utc(d.Due)
		if d.Known {
			s += ", " + slackOf(d)
		}
		s += "."
	}
	return s
}

// slackOf is "3 h 20 min before", or "misses by 40 min".
func slackOf(d incidents.DeadlineForecast) string {
	switch {
	case d.Capped:
		return "stopped by a spend cap"
	case !d.Known:
		return "not known yet"
	case d.Missed:
		return "misses by " + left(d.Slack)
	}
	return left(d.Slack) + " before"
}

// Points of the shapes, so that the template holds no arithmetic.
func (f forecastChart) FlagX() float64   { return min(max(f.NowX-38, 0), fcRight-60) }
func (f forecastChart) FlagMid() float64 { return f.FlagX() + 38 }
func (f forecastChart) TickY() float64   { return f.Bottom + 16 }
func (l forecastLane) TextY() float64    { return l.Y + 23 }
func (l forecastLane) BarY() float64     { return l.Y + 12 }
func (l forecastLane) BarEnd() float64   { return l.Y + 26 }

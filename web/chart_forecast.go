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
// lane per channel, on an axis as long as the sending. A deadline the axis does
// not reach stands beside it, with its distance in words.
type forecastChart struct {
	ID             string // of the picture on its page
	Show, Estimate bool   // Estimate: not released; as if it were released now
	Held, Done     bool
	Lead, Desc     string
	Width, Height  float64
	Top            float64
	Base, Bottom   float64
	Left, Right    float64 // of the axis
	Day            string
	DayX           float64
	DayAnchor      string
	Ticks          []axisDay
	Levels         []axisDay // of deliveries; X is the height
	Curves         []forecastCurve
	NowX           float64
	NowText        string
	Lanes          []forecastLane
	Limits         []limitMark // on the axis
	Far            []farLimit  // beside it
	Break          string      // the line along which the axis is broken
	FarX, FarY     float64     // where the names of far deadlines begin
	Later          string      // deadlines too many to be drawn
	Late, WhatIf   bool
	narrow         bool
}

// A forecastCurve is one channel: points of polylines and polygons.
type forecastCurve struct {
	Channel                     incidents.Channel
	Name, Anchor                string
	Past, Area, Fan, Likely, If string
	LabelX, LabelY              float64
}

type forecastLane struct {
	Channel                    incidents.Channel
	Y                          float64
	Name, Count                string
	DoneX, DoneW, RestX, RestW float64
	IfX                        float64 // end by the what-if; 0: none
	Late                       bool
	Label, Class               string
	LabelX, LabelY             float64
	CountX, CountY, BarY       float64
	CountAnchor                string
}

const (
	fcHigh   = 150.0 // of the curves
	fcTicks  = 30.0  // below them
	fcLimits = 4     // deadlines on the axis, and as many beside it
)

// forecastOf draws the measured past, the forecast and the limits; narrow is
// the same picture for a phone, with less beside and more below the axis.
func forecastOf(v incidents.ForecastView, r incidents.Reconciliation, narrow bool) (f forecastChart) {
	base := v.Forecast
	if len(base.Channels) == 0 || (base.StartedAt == nil && base.Ends.Likely == nil) {
		return f
	}
	f = forecastChart{ID: "fc", Show: true, Estimate: base.StartedAt == nil, Held: base.Status == incidents.NoticeHeld, Done: base.DoneAt != nil,
		Width: 1080, Left: 150, Right: 1056, Late: base.Late(), WhatIf: v.WhatIf != nil, narrow: narrow}
	if narrow {
		f.ID, f.Width, f.Left, f.Right = "fc-n", 360, 6, 354
	}
	start := v.At
	if base.StartedAt != nil {
		start = *base.StartedAt
	}
	last, now := reachOf(v, start), v.At
	near, far, later := limitsOf(base.Deadlines, start, max(last.Sub(start), time.Minute))
	for _, l := range near {
		last = lastOf(last, &l.Due)
	}
	if f.Later = later; len(far) > 0 && !narrow {
		f.Right = 770
	}
	from, to := axisSpan(start, last, f.Done)
	scale := (f.Right - f.Left) / to.Sub(from).Seconds()
	x := func(t time.Time) float64 { return min(max(f.Left+t.Sub(from).Seconds()*scale, f.Left), f.Right) }
	f.NowText = "Now " + now.UTC().Format("15:04")
	if f.Done {
		now, f.NowText = last, "Last "+last.UTC().Format("15:04")
	}
	f.NowX = x(now)
	f.marks(near, x)
	f.Base = f.Top + fcHigh
	f.ticks(from, to, x)
	f.curves(v, start, now, x)
	f.lanes(v, start, x)
	f.Bottom = f.Base + fcTicks + f.laneHigh()*float64(len(f.Lanes)) + 6
	f.Height = f.Bottom + 4
	f.far(v.Forecast, far)
	f.Lead, f.Desc = leadOf(base), describe(base, r)
	if v.WhatIf != nil {
		f.Desc += " What if: " + endsIn(*v.WhatIf)
	}
	return f
}

// reachOf is when the sending ends as far as the picture has to reach: after
// the end the last that was sent; before it the likely end, and the late one
// unless that is so far behind that it would squeeze the picture.
func reachOf(v incidents.ForecastView, start time.Time) time.Time {
	if v.DoneAt != nil {
		last := start
		for _, s := range v.Curve {
			if end := s.At.Add(v.Every); s.N > 0 {
				last = lastOf(last, &end)
			}
		}
		if last.After(*v.DoneAt) || last.Equal(start) {
			last = *v.DoneAt
		}
		return last
	}
	last := v.At
	for _, f := range []*incidents.Forecast{&v.Forecast, v.WhatIf} {
		if f == nil {
			continue
		}
		for _, c := range f.Channels {
			last = lastOf(last, c.Ends.Likely)
		}
		if a, b := f.Ends.Likely, f.Ends.Late; a != nil && b != nil && b.Sub(f.At) < 3*max(a.Sub(f.At), time.Minute) {
			last = lastOf(last, b)
		}
	}
	return last
}

// axisSpan is what the axis shows, with some room on either side.
func axisSpan(start, last time.Time, done bool) (from, to time.Time) {
	least := time.Minute
	if done {
		least = 20 * time.Second
	}
	span := max(last.Sub(start), least)
	return start.Add(-span / 40), start.Add(span + span/10)
}

func lastOf(a time.Time, b *time.Time) time.Time {
	if b != nil && b.After(a) {
		return *b
	}
	return a
}

// ticks puts round times under the axis, and the day it begins.
func (f *forecastChart) ticks(from, to time.Time, x func(time.Time) float64) {
	most := 8
	if f.narrow {
		most = 4
	}
	f.Ticks = timeTicks(from, to, most, x)
	f.Day, f.DayX, f.DayAnchor = from.UTC().Format("Mon 2 Jan")+", UTC", 0, "start"
	if f.narrow {
		if f.DayX = f.Left; f.NowX < f.Width/2 {
			f.DayX, f.DayAnchor = f.Right, "end"
		}
	}
}

// DayY is where the day stands: in the row of the ticks, or where there is no
// room beside it at the top.
func (f forecastChart) DayY() float64 {
	if f.narrow {
		return 14
	}
	return f.TickY()
}

// timeTicks puts at most so many round times under the axis.
func timeTicks(from, to time.Time, most int, x func(time.Time) float64) (out []axisDay) {
	const day = 24 * time.Hour
	steps := []time.Duration{5 * time.Second, 10 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, day, 2 * day, 7 * day, 30 * day}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if int(to.Sub(from)/s) <= most {
			step = s
			break
		}
	}
	format := "15:04"
	if step < time.Minute {
		format = "15:04:05"
	}
	for t := from.UTC().Truncate(step).Add(step); t.Before(to); t = t.Add(step) {
		midnight, label := t.Equal(t.Truncate(day)), t.Format(format)
		if midnight {
			label = t.Format("2 Jan")
		}
		if to.Sub(t) < to.Sub(from)/25 {
			label = "" // it would be cut off
		}
		out = append(out, axisDay{x(t), label, midnight})
	}
	return out
}

// curves are what each channel handled, as it was measured, and the fan of when
// it has handled the rest.
func (f *forecastChart) curves(v incidents.ForecastView, start, until time.Time, x func(time.Time) float64) {
	most := int64(1)
	for _, c := range v.Channels {
		most = max(most, c.Planned+c.Coming)
	}
	y := func(n float64) float64 { return f.Base - fcHigh*min(max(n/float64(most), 0), 1) }
	f.Levels = []axisDay{{X: y(0), Label: "0"}, {X: y(float64(most) / 2), Label: people(most / 2)}, {X: y(float64(most)), Label: people(most)}}
	for _, c := range v.Channels {
		if c.Planned+c.Coming == 0 {
			continue
		}
		k := forecastCurve{Channel: c.Channel, Name: channelName(c.Channel), Past: past(v.Forecast, c, start, until, x, y)}
		nowX, nowY, all := x(until), y(float64(c.Handled)), y(float64(c.Planned+c.Coming))
		k.Area = k.Past + " " + points(nowX, f.Base, x(start), f.Base)
		if c.Ends.Likely != nil && !f.Done {
			k.Likely = points(nowX, nowY, x(*c.Ends.Likely), all)
			if c.Ends.Early != nil && c.Ends.Late != nil {
				k.Fan = points(nowX, nowY, x(*c.Ends.Early), all, x(*c.Ends.Late), all)
			}
			k.If = ifLine(v.WhatIf, c.Channel, nowX, nowY, all, x)
		}
		f.label(&k, nowX, nowY)
		f.Curves = append(f.Curves, k)
	}
}

// label puts the name of a curve beside the now-line, unless it would meet
// another: the lanes have the same colours, and all the names.
func (f *forecastChart) label(k *forecastCurve, x, y float64) {
	const row = 16.0
	y = min(max(y+4, f.Top+14), f.Base-6)
	if slices.ContainsFunc(f.Curves, func(k forecastCurve) bool { return k.Name != "" && k.LabelY > y-row && k.LabelY < y+row }) {
		k.Name = ""
		return
	}
	k.LabelX, k.LabelY, k.Anchor = x-8, y, "end"
	if x < f.Left+110 {
		k.LabelX, k.Anchor = x+8, "start"
	}
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
	return points(append(at, x(until), y(float64(c.Handled)))...)
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

func (f forecastChart) laneHigh() float64 {
	if f.narrow {
		return 58
	}
	return 46
}

// lanes are the channels, in the order of the plan: the name, what stands
// before it in words, and a bar below the words, so that they never meet.
func (f *forecastChart) lanes(v incidents.ForecastView, start time.Time, x func(time.Time) float64) {
	for _, c := range v.Channels {
		if c.Planned+c.Coming == 0 {
			continue
		}
		y := f.Base + fcTicks + f.laneHigh()*float64(len(f.Lanes))
		l := forecastLane{Channel: c.Channel, Y: y, Name: channelName(c.Channel), Count: num(c.Handled) + " of " + num(c.Planned), LabelX: f.Left, LabelY: y + 18, CountY: y + 34, CountAnchor: "start", BarY: y + 25, DoneX: x(start)}
		if f.narrow {
			l.LabelY, l.BarY, l.CountX, l.CountY, l.CountAnchor = y+33, y+40, f.Right, y+17, "end"
		}
		first, last := activity(v.Forecast, c.Channel, start)
		if v.StartedAt != nil && c.Handled > 0 {
			l.DoneX = x(first)
			l.DoneW = max(x(last)-l.DoneX, 3)
		}
		l.rest(v, c, first, last, x)
		if v.WhatIf != nil {
			for _, w := range v.WhatIf.Channels {
				if w.Channel == c.Channel && w.Ends.Likely != nil {
					l.IfX = x(*w.Ends.Likely)
				}
			}
		}
		f.Lanes = append(f.Lanes, l)
	}
}

// activity is from when to when a channel sent so far.
func activity(f incidents.Forecast, ch incidents.Channel, start time.Time) (first, last time.Time) {
	until := f.At
	if f.DoneAt != nil {
		until = *f.DoneAt
	}
	first, last = start, until
	seen := false
	for _, s := range f.Curve {
		if s.Channel != ch || s.N == 0 {
			continue
		}
		if !seen {
			first, seen = lastOf(s.At, &start), true
		}
		if last = s.At.Add(f.Every); last.After(until) {
			last = until
		}
	}
	return first, last
}

// rest is what a lane has before it.
func (l *forecastLane) rest(v incidents.ForecastView, c incidents.ChannelForecast, first, last time.Time, x func(time.Time) float64) {
	nothing := c.Left == 0 && c.Coming == 0
	if c.Ends.Likely != nil && v.DoneAt == nil && !nothing {
		l.RestX = x(v.At)
		l.RestW = max(x(*c.Ends.Likely)-l.RestX, 3)
		l.Late = slices.ContainsFunc(v.Deadlines, func(d incidents.DeadlineForecast) bool { return d.Missed && c.Ends.Likely.After(d.Due) })
	}
	switch {
	case c.Handled > 0 && (v.DoneAt != nil || nothing):
		l.Label, l.Class = "done "+last.UTC().Format("2 Jan 15:04:05")+", in "+lasting(last.Sub(first)), "t-green"
	case v.DoneAt != nil || nothing:
		l.Label = "nothing was sent by it"
	case c.Short > 0:
		l.Label, l.Class = num(c.Left)+" left, the spend cap stops "+num(c.Short), "t-red"
	case c.Ends.Likely == nil:
		l.Label = num(c.Left) + " left; how long is not known yet"
		if c.Handled > 0 {
			l.Label = num(c.Left) + " left; too few sent yet to tell how long"
		}
	case v.Status == incidents.NoticeHeld:
		l.Label, l.Class = "on hold; resumed now, done in "+left(c.Ends.Likely.Sub(v.At)), "t-amber"
	default:
		l.Label = "done in " + left(c.Ends.Likely.Sub(v.At)) + ", about " + short(c.Ends.Likely)
	}
	if l.Late {
		l.Label, l.Class = l.Label+", too late", "t-red"
	}
}

// lasting is how long something took, to the second where that matters.
func lasting(d time.Duration) string {
	if d < time.Minute {
		return fmt.Sprintf("%d s", max(int(d.Seconds()), 1))
	}
	return left(d)
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

// Points of the shapes, so that the template holds no arithmetic.
func (f forecastChart) FlagX() float64   { return min(max(f.NowX-38, 0), f.Right-72) }
func (f forecastChart) FlagMid() float64 { return f.FlagX() + 38 }
func (f forecastChart) TickY() float64   { return f.Base + 17 }
func (f forecastChart) Wide() float64    { return f.Right - f.Left }

// LevelX is where the levels stand: beside the axis, or where there is no room
// above their lines.
func (f forecastChart) LevelX() float64 {
	if f.narrow {
		return f.Left
	}
	return f.Left - 10
}

func (f forecastChart) LevelAnchor() string {
	if f.narrow {
		return "start"
	}
	return "end"
}

func (f forecastChart) LevelDY() float64 {
	if f.narrow {
		return -4
	}
	return 4
}

func (l forecastLane) NameY() float64 { return l.Y + 17 }
func (l forecastLane) IfEnd() float64 { return l.BarY + 14 }
func (l forecastLane) IfTop() float64 { return l.BarY - 2 }

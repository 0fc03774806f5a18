package web

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A limitMark is a deadline on the axis of a forecast.
type limitMark struct {
	X                 float64
	Soft              bool
	Label, Due        string
	TextX, TopY, DueY float64
}

// A farLimit is a deadline the axis does not reach.
type farLimit struct {
	X, Y              float64
	Soft              bool
	Label, Due, Says  string
	Class             string // of what it says
	DueY, SaysY, EndY float64
}

// limitsOf parts the deadlines: those the axis reaches without squeezing the
// sending, those beside it, and what is said in words as there are too many.
// reach is how long the sending takes.
func limitsOf(all []incidents.DeadlineForecast, start time.Time, reach time.Duration) (near, far []incidents.DeadlineForecast, later string) {
	var rest []string
	for _, l := range all {
		on := !l.Due.Before(start) && l.Due.Sub(start) <= 3*reach
		switch {
		case on && len(near) < fcLimits:
			near = append(near, l)
		case !on && len(far) < fcLimits:
			far = append(far, l)
		default:
			rest = append(rest, strings.Join(l.Jurisdictions, ", ")+" "+l.Due.UTC().Format("2 Jan"))
		}
	}
	return near, far, strings.Join(rest, "; ")
}

const letter = 6.8 // pixels, of the names

// marks are the deadlines on the axis. Their names go into rows above the
// curves, each into the first in which it meets no other name.
func (f *forecastChart) marks(limits []incidents.DeadlineForecast, x func(time.Time) float64) {
	const rowHigh = 34.0
	var used [][][2]float64 // of each row, from and to
	for _, l := range limits {
		m := limitMark{X: x(l.Due), Soft: l.Soft, Label: clip(strings.Join(l.Jurisdictions, ", "), 30), Due: dueOf(l)}
		wide := letter * float64(max(len([]rune(m.Label)), len([]rune(m.Due))))
		m.TextX = max(m.X-8-wide, 0)
		if m.X < (f.Left+f.Right)/2 {
			m.TextX = max(min(m.X+8, f.Right-wide), 0)
		}
		row := slices.IndexFunc(used, func(taken [][2]float64) bool {
			return !slices.ContainsFunc(taken, func(b [2]float64) bool { return m.TextX < b[1]+12 && b[0] < m.TextX+wide+12 })
		})
		if row < 0 {
			row, used = len(used), append(used, nil)
		}
		used[row] = append(used[row], [2]float64{m.TextX, m.TextX + wide})
		m.TopY = 36 + rowHigh*float64(row)
		m.DueY = m.TopY + 15
		f.Limits = append(f.Limits, m)
	}
	f.Top = 40 + rowHigh*float64(len(used))
}

func dueOf(l incidents.DeadlineForecast) string {
	if l.Soft {
		return l.Due.UTC().Format("Mon 2 Jan 15:04") + ", our target"
	}
	return l.Due.UTC().Format("Mon 2 Jan 15:04") + ", legal"
}

// far lists the deadlines beside the axis, right of it or below.
func (f *forecastChart) far(v incidents.Forecast, limits []incidents.DeadlineForecast) {
	if len(limits) == 0 {
		return
	}
	const high = 60.0
	f.FarX, f.FarY = f.Right+40, 14
	f.Break = zigzag(f.Right+14, 24, f.Bottom)
	if f.narrow {
		f.FarX, f.FarY = f.Left, f.Bottom+28
		f.Break = ""
	}
	for i, l := range limits {
		y := f.FarY + 28 + high*float64(i)
		m := farLimit{X: f.FarX + 3, Y: y, Soft: l.Soft, Label: clip(strings.Join(l.Jurisdictions, ", "), 30), Due: dueOf(l), Says: distance(v, l), DueY: y + 16, SaysY: y + 32, EndY: y + 36}
		switch {
		case l.Missed || l.Capped:
			m.Class = "t-red"
		case l.Known && l.AtRisk && !f.Done:
			m.Class = "t-amber"
		case l.Known:
			m.Class = "t-green"
		}
		f.Far = append(f.Far, m)
	}
	f.Height = max(f.Height, f.Far[len(f.Far)-1].EndY+12)
}

// distance is how far a deadline is from the end.
func distance(f incidents.Forecast, d incidents.DeadlineForecast) string {
	switch {
	case !d.Known:
		return slackOf(d)
	case f.DoneAt != nil && d.Missed:
		return "ended " + left(d.Slack) + " after it"
	case f.DoneAt != nil:
		return "ended " + left(d.Slack) + " before it"
	case d.Missed:
		return "likely to end " + left(d.Slack) + " after it"
	}
	return "likely to end " + left(d.Slack) + " before it"
}

// zigzag is a line down along which an axis is broken.
func zigzag(x, from, to float64) string {
	var xy []float64
	for i, y := 0, from; y <= to; i, y = i+1, y+8 {
		xy = append(xy, x+float64(i%2)*8, y)
	}
	return points(xy...)
}

// FarTextX is where the words of a far deadline begin, beside its line.
func (m farLimit) FarTextX() float64 { return m.X + 12 }
func (m farLimit) FromY() float64    { return m.Y - 12 }

// leadOf is the finding in one sentence.
func leadOf(f incidents.Forecast) (s string) {
	first := ""
	if len(f.Deadlines) > 0 {
		d := f.Deadlines[0]
		first = fmt.Sprintf(", %s the first deadline (%s, %s)", "%s", strings.Join(d.Jurisdictions, ", "), dueOf(d))
		switch {
		case !d.Known:
			first = ""
		case d.Missed:
			first = fmt.Sprintf(first, left(d.Slack)+" after")
		default:
			first = fmt.Sprintf(first, left(d.Slack)+" before")
		}
	}
	switch {
	case f.Status == incidents.NoticeStopped:
		return "It was stopped " + utc(f.DoneAt) + "."
	case f.DoneAt != nil && f.StartedAt != nil:
		return "It was done " + utc(f.DoneAt) + ", " + lasting(f.DoneAt.Sub(*f.StartedAt)) + " after the release" + first + "."
	case f.Status == incidents.NoticeHeld && f.Ends.Likely == nil:
		return "It is on hold, and nothing leaves. When it would end is not known."
	case f.Status == incidents.NoticeHeld:
		return "It is on hold, and nothing leaves. Resumed now, it would end about " + utc(f.Ends.Likely) + first + "."
	case len(f.Capped()) > 0:
		return "A spend cap stops it before everybody is told."
	case f.Ends.Likely == nil:
		return "When it ends is not known: too few were sent yet to measure a rate."
	case f.StartedAt == nil:
		return "Released now, it would end about " + utc(f.Ends.Likely) + first + "."
	}
	return "It ends about " + utc(f.Ends.Likely) + first + "."
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

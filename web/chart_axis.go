package web

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tocsin/incidents"
)

// An axisChart is the obligations of an incident on a time axis: what is open,
// the most urgent first. What is closed is a picture of its own, folded.
type axisChart struct {
	ID                    string // of the picture on its page
	Width, Height, Bottom float64
	Desc                  string
	Days                  []axisDay
	Rows                  []axisRow
	NowX                  float64
	NowText               string
	Closed                *axisChart // nil: nothing is
	ClosedWord            string
	Table                 []axisLine
}

type axisDay struct {
	X      float64
	Label  string
	Strong bool
}

type axisRow struct {
	Y          float64 // of the bar's label
	Title, Law string
	Colour     string
	X, W, Done float64 // W 0: no time is set
	Pin        string  // check, tri, dot, beyond; empty: none
	PinX       float64
	Label      string
	LabelClass string
	LabelX     float64
	Anchor     string
}

type axisLine struct {
	Duty  incidents.ObligationState
	To    string
	State stateView
}

const (
	axisLeft, axisRight = 16.0, 1056.0
	axisTop, axisRowH   = 50.0, 46.0
	axisLetters         = 150 // in a line
)

// axisOf lays the duties that apply out from the first start to the last due
// time within reach. Nothing that is open is left out.
func axisOf(duties []incidents.ObligationState, now time.Time) axisChart {
	var all, open, closed []incidents.ObligationState
	overdue, waived := 0, 0
	for _, o := range duties {
		switch {
		case o.Applies != incidents.AppliesYes:
			continue
		case o.Status == incidents.DutyOpen:
			open = append(open, o)
			if o.Due != nil && !now.Before(*o.Due) {
				overdue++
			}
		default:
			closed = append(closed, o)
			if o.Status == incidents.DutyWaived {
				waived++
			}
		}
		all = append(all, o)
	}
	slices.SortStableFunc(open, func(a, b incidents.ObligationState) int { // by due time as they come; without one last
		return map[bool]int{true: 1}[a.Due == nil] - map[bool]int{true: 1}[b.Due == nil]
	})
	a := axisRows("ax", open, now)
	a.Desc = fmt.Sprintf("%d obligations apply: %d open, of them %d overdue, and %d met or waived. The table below says the same in words.", len(all), len(open), overdue, len(closed))
	if len(closed) > 0 {
		c := axisRows("ax-c", closed, now)
		c.Desc = fmt.Sprintf("%d obligations that are met or waived.", len(closed))
		a.Closed, a.ClosedWord = &c, fmt.Sprintf("%d met", len(closed)-waived)
		if waived > 0 {
			a.ClosedWord += fmt.Sprintf(", %d waived", waived)
		}
	}
	for _, o := range all {
		a.Table = append(a.Table, axisLine{o, audienceName(o.Audience), dutyState(o, now)})
	}
	return a
}

// axisRows draws some duties on an axis of their own.
func axisRows(id string, duties []incidents.ObligationState, now time.Time) axisChart {
	a := axisChart{ID: id, Width: 1080}
	from, to := now.Add(-12*time.Hour), now.Add(60*time.Hour)
	for _, o := range duties {
		if o.Start != nil && o.Start.Before(from) && now.Sub(*o.Start) < 7*24*time.Hour {
			from = *o.Start
		}
	}
	from = from.Truncate(time.Hour)
	scale := (axisRight - axisLeft) / to.Sub(from).Seconds()
	x := func(t time.Time) float64 { return axisLeft + t.Sub(from).Seconds()*scale }
	for d := from.Truncate(24 * time.Hour).Add(24 * time.Hour); d.Before(to); d = d.Add(24 * time.Hour) {
		label := d.UTC().Format("Mon 2 Jan")
		if x(d) > axisRight-60 {
			label = "" // it would be cut off
		}
		a.Days = append(a.Days, axisDay{x(d), label, true})
	}
	for i, o := range duties {
		a.Rows = append(a.Rows, axisRowOf(o, now, i, x))
	}
	a.Bottom = axisTop + axisRowH*float64(max(len(duties), 1)) + 4
	a.Height = a.Bottom + 8
	a.NowX, a.NowText = x(now), "Now "+now.UTC().Format("15:04")
	return a
}

func axisRowOf(o incidents.ObligationState, now time.Time, i int, x func(time.Time) float64) axisRow {
	y := axisTop + axisRowH*float64(i)
	k := clockOf(o, now)
	r := axisRow{Y: y + 32, Title: clip(o.Title, axisLetters), Colour: map[string]string{"red": "red", "amber": "amber", "green": "green", "grey": "blue"}[k.Colour]}
	if room := axisLetters - len([]rune(r.Title)); room > 8 {
		r.Law = clip(o.Law, room)
	}
	if o.Start == nil || o.Due == nil {
		r.Label, r.LabelX, r.Anchor = dutyState(o, now).Word+", "+cmp.Or(o.Qualifier, "no number in the law"), axisLeft, "start"
		return r
	}
	begin, end := min(max(x(*o.Start), axisLeft), axisRight), max(x(*o.Due), axisLeft+9)
	r.X, r.W = begin, max(min(end, axisRight)-begin, 2)
	r.Done = max(min(x(now), min(end, axisRight))-begin, 0)
	r.PinX = end
	r.Label, r.LabelX, r.Anchor = k.Left+" left", end+15, "start"
	if o.Soft {
		r.Label += ", our target"
	}
	switch {
	case o.Status == incidents.DutyMet && o.ClosedAt != nil:
		r.Pin, r.PinX, r.Done, r.LabelClass = "check", min(max(x(*o.ClosedAt), axisLeft), axisRight), r.W, "t-green"
		r.W = max(r.PinX-begin, 2)
		r.Done = r.W
		r.Label, r.LabelX = "met, "+left(o.Due.Sub(*o.ClosedAt))+" early", r.PinX+15
		if o.ClosedAt.After(*o.Due) {
			r.Label = "met late"
		}
	case o.Status == incidents.DutyWaived:
		r.Pin, r.Colour, r.Label = "dot", "grey", "waived"
	case !now.Before(*o.Due):
		r.Pin, r.LabelClass, r.Label = "tri", "t-red", k.Left
	case k.Colour == "red" || k.Colour == "amber":
		r.Pin, r.LabelClass = "tri", "t-"+k.Colour
	default:
		r.Pin = "dot"
	}
	if r.PinX > axisRight-4 {
		r.Pin, r.PinX = "beyond", axisRight-14
		r.Label, r.LabelX, r.Anchor = "due "+o.Due.UTC().Format("2 Jan"), axisRight-22, "end"
	} else if r.LabelX > axisRight-170 {
		r.LabelX, r.Anchor = r.PinX-15, "end"
	}
	return r
}

// Points of the shapes, so that templates hold no arithmetic.
func (r axisRow) TitleY() float64 { return r.Y - 14 }
func (r axisRow) BarY() float64   { return r.Y - 3 }
func (r axisRow) LineY() float64  { return r.Y + 14 }
func (r axisRow) LabelY() float64 { return r.Y + 6 }
func (r axisRow) Tri() string {
	return fmt.Sprintf("M%.1f %.1fl9 17h-18z", r.PinX, r.Y-7)
}
func (r axisRow) TriMark() string {
	return fmt.Sprintf("M%.1f %.1fv4.5M%.1f %.1fv.01", r.PinX, r.Y-1, r.PinX, r.Y+6.6)
}
func (r axisRow) Check() string {
	return fmt.Sprintf("M%.1f %.1fl2.4 2.4 4.2-4.8", r.PinX-3.5, r.Y+2.3)
}
func (r axisRow) Arrow() string {
	return fmt.Sprintf("M%.1f %.1fl12 9-12 9z", r.PinX, r.Y-7)
}
func (a axisChart) FlagX() float64   { return min(max(a.NowX-38, 0), axisRight-76) }
func (a axisChart) FlagMid() float64 { return a.FlagX() + 38 }

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

package web

import (
	"fmt"
	"time"

	"tocsin/incidents"
)

// An axisChart is the obligations of an incident on a time axis.
type axisChart struct {
	Width, Height, Bottom float64
	Desc                  string
	Days                  []axisDay
	Rows                  []axisRow
	NowX                  float64
	NowText               string
	Table                 []axisLine
}

type axisDay struct {
	X      float64
	Label  string
	Strong bool
}

type axisRow struct {
	Y                  float64 // of the row's first line of text
	Title, Sub, Colour string
	X, W, Done         float64
	Pin                string // check, tri, dot, beyond
	PinX               float64
	Label, LabelClass  string
	LabelX             float64
	Anchor             string
}

type axisLine struct {
	Duty  incidents.ObligationState
	To    string
	State stateView
}

const (
	axisLeft, axisRight = 292.0, 1056.0
	axisTop, axisRowH   = 58.0, 44.0
	axisRowsMax         = 12
)

// axisOf lays the duties that apply out from the first start to the last due
// time within reach.
func axisOf(duties []incidents.ObligationState, now time.Time) axisChart {
	a := axisChart{Width: 1080}
	from, to := now.Add(-12*time.Hour), now.Add(60*time.Hour)
	var shown []incidents.ObligationState
	for _, o := range duties {
		if o.Applies != incidents.AppliesYes {
			continue
		}
		a.Table = append(a.Table, axisLine{o, audienceName(o.Audience), dutyState(o, now)})
		if o.Start == nil || o.Due == nil || len(shown) == axisRowsMax {
			continue
		}
		shown = append(shown, o)
		if o.Start.Before(from) && now.Sub(*o.Start) < 7*24*time.Hour {
			from = *o.Start
		}
	}
	from = from.Truncate(time.Hour)
	if span := to.Sub(from); span > 10*24*time.Hour {
		from = to.Add(-10 * 24 * time.Hour)
	}
	scale := (axisRight - axisLeft) / to.Sub(from).Seconds()
	x := func(t time.Time) float64 { return axisLeft + t.Sub(from).Seconds()*scale }
	for d := from.Truncate(24 * time.Hour).Add(24 * time.Hour); d.Before(to); d = d.Add(24 * time.Hour) {
		label := d.UTC().Format("Mon 2 Jan")
		if x(d) > axisRight-60 {
			label = "" // it would be cut off
		}
		a.Days = append(a.Days, axisDay{x(d), label, true})
	}
	for i, o := range shown {
		a.Rows = append(a.Rows, axisRowOf(o, now, i, x))
	}
	a.Bottom = axisTop + axisRowH*float64(max(len(shown), 1)) + 4
	a.Height = a.Bottom + 8
	a.NowX, a.NowText = x(now), "Now "+now.UTC().Format("15:04")
	a.Desc = fmt.Sprintf("%d obligations apply; %d of them have a time. The table below says the same in words.", len(a.Table), len(shown))
	return a
}

func axisRowOf(o incidents.ObligationState, now time.Time, i int, x func(time.Time) float64) axisRow {
	y := axisTop + axisRowH*float64(i)
	k := clockOf(o, now)
	r := axisRow{Y: y + 19, Title: clip(o.Law, 34), Sub: clip(o.Title, 44), Colour: map[string]string{"red": "red", "amber": "amber", "green": "green", "grey": "blue"}[k.Colour]}
	begin, end := max(x(*o.Start), axisLeft), x(*o.Due)
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
func (r axisRow) BarY() float64   { return r.Y - 3 }
func (r axisRow) SubY() float64   { return r.Y + 16 }
func (r axisRow) LineY() float64  { return r.Y + 25 }
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
func (a axisChart) FlagX() float64 { return a.NowX - 38 }

func clip(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

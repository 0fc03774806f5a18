package web

import (
	"math"

	"tocsin/incidents"
)

// A barView is the one bar of everything that takes a while.
type barView struct {
	Label   string // what it measures, for who cannot see it
	Part    float64
	Percent int
	Words   string // beside the percents
	Still   bool   // nothing moved for a while
}

func barOf(label string, part float64, words string) barView {
	return barView{Label: label, Part: part, Percent: int(100 * part), Words: words}
}

// A workView is long work while it is done, or that it came to nothing.
type workView struct {
	incidents.Work
	By        string
	Bar       barView
	PerSecond int64
	Left      string // "" when it cannot be told
}

func (c *console) workOf(p *page, w incidents.Work, label, words string) *workView {
	v := &workView{Work: w, By: c.nameOf(p, w.By), Bar: barOf(label, w.Part(), words), PerSecond: int64(math.Round(w.PerSecond()))}
	if left, known := w.Left(); known {
		v.Left = spanText(left)
	}
	return v
}

// works is the long work of a kind on a subject, the newest first.
func (c *console) works(in incidents.IncidentID, kind incidents.WorkKind, subject string) (out []incidents.Work) {
	for _, w := range c.Works.Works(in) {
		if w.Kind == kind && w.Subject == subject {
			out = append(out, w)
		}
	}
	return out
}

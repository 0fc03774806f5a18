package web

import (
	"math"

	"tocsin/incidents"
)

// A workItem is long work with what follows from how far it is.
type workItem struct {
	incidents.Work
	PerSecond   int64  `json:"per_second"`
	SecondsLeft *int64 `json:"seconds_left,omitempty"`
}

func viewWork(w incidents.Work) workItem {
	v := workItem{Work: w, PerSecond: int64(math.Round(w.PerSecond()))}
	if left, known := w.Left(); known {
		s := int64(math.Ceil(left.Seconds()))
		v.SecondsLeft = &s
	}
	return v
}

// work lists the long work of an incident, the newest first.
func (a api) work(c *call) (any, error) {
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	return whole(views(a.Works.Works(in.ID), viewWork), nil)
}

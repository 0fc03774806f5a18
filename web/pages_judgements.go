package web

import (
	"strconv"

	"tocsin/incidents"
)

type judgementsPage struct {
	incidentFrame
	List []incidents.Judgement
	Most bool // there may be older ones
}

// judgements lists how an incident was judged over time, and by which pack.
func (c *console) judgements(p *page) error {
	f, _, err := c.incidentFrame(p, "obligations")
	if err != nil {
		return err
	}
	list, err := c.Desk.Judgements(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	return c.show(p, "judgements", judgementsPage{f, list, len(list) == incidents.MostJudgements})
}

type judgementPage struct {
	incidentFrame
	incidents.Assessment
	No     int64
	Now    string // the pack of today, when it is another one
	Groups []judgedGroup
}

type judgedGroup struct {
	Name string
	Fold bool // shown when asked for
	Rows []incidents.Obligation
}

// judgement shows one judgement as it was made.
func (c *console) judgement(p *page) error {
	f, d, err := c.incidentFrame(p, "obligations")
	if err != nil {
		return err
	}
	no, err := strconv.ParseInt(p.vars["no"], 10, 64)
	if err != nil {
		return incidents.NotFound("there is no such judgement")
	}
	v := judgementPage{incidentFrame: f, No: no}
	if v.Assessment, err = c.Desk.Judgement(p.r.Context(), p.actor, p.vars["incident"], no); err != nil {
		return err
	}
	if d.Assessment.Pack != v.Pack {
		v.Now = d.Assessment.Pack
	}
	v.Groups = []judgedGroup{{Name: "Applied"}, {Name: "Depended on what was not known", Fold: true}}
	for _, o := range v.Obligations {
		switch o.Applies {
		case incidents.AppliesYes:
			v.Groups[0].Rows = append(v.Groups[0].Rows, o)
		case incidents.AppliesDepends:
			v.Groups[1].Rows = append(v.Groups[1].Rows, o)
		}
	}
	return c.show(p, "judgement", v)
}

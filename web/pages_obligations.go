package web

import (
	"slices"

	"tocsin/incidents"
)

type obligationsPage struct {
	incidentFrame
	Groups   []dutyGroup
	Axis     axisChart
	Severity incidents.Severity
	Pack     string
	Waivers  []incidents.Waiver
	Reason   string
	For      string
}

type dutyGroup struct {
	Name string
	Fold bool // shown when asked for
	Rows []dutyRow
}

type dutyRow struct {
	incidents.ObligationState
	Clock clockView
	State stateView
	Asks  []string // questions that decide
	To    string
	View  *taskView // of a task to give substitute notice
}

func (c *console) obligationsView(p *page) (v obligationsPage, err error) {
	f, d, err := c.incidentFrame(p, "obligations")
	if err != nil {
		return v, err
	}
	v = obligationsPage{incidentFrame: f, Axis: axisOf(d.Obligations, f.Now), Severity: d.Assessment.Severity, Pack: d.Assessment.Pack, Waivers: d.Waivers, Reason: p.form("reason"), For: p.form("obligation")}
	groups := []dutyGroup{{Name: "Apply"}, {Name: "Depend on what we do not know yet"}, {Name: "Done"}, {Name: "Do not apply", Fold: true}}
	for _, o := range d.Obligations {
		r := dutyRow{ObligationState: o, Clock: clockOf(o, f.Now), State: dutyState(o, f.Now), To: audienceName(o.Audience), View: c.taskOf(p, o, d, f.Now)}
		for _, key := range o.Decides {
			if def, ok := incidents.FactByKey(key); ok {
				r.Asks = append(r.Asks, def.Question)
			}
		}
		i := 0
		switch {
		case o.Status == incidents.DutyMet || o.Status == incidents.DutyWaived:
			i = 2
		case o.Status == incidents.DutyMoot || o.Applies == incidents.AppliesNo:
			i = 3
		case o.Applies == incidents.AppliesDepends:
			i = 1
		}
		groups[i].Rows = append(groups[i].Rows, r)
	}
	v.Groups = slices.DeleteFunc(groups, func(g dutyGroup) bool { return len(g.Rows) == 0 })
	return v, nil
}

func (c *console) obligations(p *page) error {
	v, err := c.obligationsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "obligations", v)
}

// askWaiver asks an officer to close an obligation without doing it.
func (c *console) askWaiver(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	if _, err := c.Desk.AskWaiver(p.r.Context(), p.actor, in.ID, p.form("obligation"), p.form("reason")); err != nil {
		v, verr := c.obligationsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "obligations", &v)
	}
	return c.redirect(p, "/incidents/"+in.Ref+"/obligations", "An officer was asked.")
}

package web

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/incidents"
)

type obligationsPage struct {
	incidentFrame
	Groups   []dutyGroup
	Axis     axisChart
	Severity incidents.Severity
	Pack     string
	Repacked *incidents.TimelineEntry // what the last new rule pack did
	Courses  []courseView
	Waivers  []incidents.Waiver
	Reason   string
	For      string
}

type dutyGroup struct {
	Name   string
	Count  int
	Fold   bool // shown when asked for
	Tables []dutyTable
}

// A dutyTable is the duties of a group, or those of one place in it.
type dutyTable struct {
	Page  *obligationsPage
	Place string // in words; empty: the whole group
	Asks  []string
	Fold  bool
	Rows  []dutyRow
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
	changed := slices.ContainsFunc(d.Obligations, func(o incidents.ObligationState) bool { return o.Repacked != "" })
	if i := slices.IndexFunc(d.Timeline, func(e incidents.TimelineEntry) bool { return e.Kind == "rules.changed" }); i >= 0 && changed {
		v.Repacked = &d.Timeline[i]
	}
	v.Courses = coursesOf(p, d)
	names := []string{"Apply", "Depend on what we do not know yet", "Done", "Do not apply"}
	rows := make([][]dutyRow, len(names))
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
		rows[i] = append(rows[i], r)
	}
	for i, name := range names {
		if len(rows[i]) == 0 {
			continue
		}
		g := dutyGroup{Name: name, Count: len(rows[i]), Fold: i == 3, Tables: []dutyTable{{Rows: rows[i]}}}
		if i%2 == 1 { // of the many that are not to be done now, place by place
			g.Tables = c.byPlace(rows[i])
		}
		v.Groups = append(v.Groups, g)
	}
	return v, nil
}

// byPlace parts duties by jurisdiction, and says what each place waits for.
func (c *console) byPlace(rows []dutyRow) (out []dutyTable) {
	at, names := map[string]int{}, map[string]string{}
	for _, j := range c.Rules.Pack().Jurisdictions() {
		names[j.Code] = j.Name
	}
	for _, r := range rows {
		i, seen := at[r.Jurisdiction]
		if !seen {
			i = len(out)
			at[r.Jurisdiction] = i
			out = append(out, dutyTable{Place: cmp.Or(names[r.Jurisdiction], r.Jurisdiction), Fold: true})
		}
		out[i].Rows = append(out[i].Rows, r)
		for _, q := range r.Asks {
			if !slices.Contains(out[i].Asks, q) {
				out[i].Asks = append(out[i].Asks, q)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b dutyTable) int { return strings.Compare(a.Place, b.Place) })
	return out
}

func (c *console) obligations(p *page) error {
	v, err := c.obligationsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "obligations", v.whole())
}

// whole lets each table and each proposal see the page it is on.
func (v *obligationsPage) whole() *obligationsPage {
	for i := range v.Courses {
		v.Courses[i].Page = v
	}
	for i := range v.Groups {
		for j := range v.Groups[i].Tables {
			v.Groups[i].Tables[j].Page = v
		}
	}
	return v
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
		return c.again(p, err, "obligations", v.whole())
	}
	return c.redirect(p, "/incidents/"+in.Ref+"/obligations", "An officer was asked.")
}

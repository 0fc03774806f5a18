package web

import (
	"slices"

	"tocsin/incidents"
)

type riskPage struct {
	incidentFrame
	Statement incidents.RiskStatement
	Groups    []riskView
	Pack      string
	Severity  incidents.Severity
	Apart     bool   // a group is at high risk and the incident is not
	Unlikely  bool   // misuse was found unlikely
	By        string // the group whose decision makes the incident count as high
	Judged    bool   // the team judged how much the context weighs
}

// A riskView is one group of people: what is proposed, and what was decided.
type riskView struct {
	incidents.RiskGroup
	Page    *riskPage
	Ref     string
	Label   string                  // of the level that holds
	Holds   string                  // the level that holds
	Stands  *incidents.RiskDecision // nil: nothing is decided
	Earlier []incidents.RiskDecision
	Levels  []levelChoice
	Gone    bool // nobody is in it any more
	Decide  bool // the reader may
	Open    bool // the form is shown at once
	Typed   bool // the form was sent, and refused
	Raise   bool // the form offers to let the incident count as high
	Raised  bool // and that was ticked
	Reason  string
}

// A levelChoice is one answer of the form.
type levelChoice struct {
	Level  string
	Label  string
	Chosen bool
}

// riskRows are the groups of an incident as the tables show them.
func riskRows(d incidents.Dossier) (out []riskView) {
	if d.Risk == nil {
		return nil
	}
	for _, g := range d.Risk.Groups {
		v := riskView{RiskGroup: g, Ref: d.Incident.Ref, Holds: g.Level}
		v.decided(d.RiskDecisions)
		out = append(out, v)
	}
	return out
}

// decided adds what officers decided; the newest decision stands.
func (v *riskView) decided(all []incidents.RiskDecision) {
	for i, x := range all {
		switch {
		case x.Proposal.Key != v.Key:
		case v.Stands == nil:
			v.Stands, v.Holds = &all[i], x.Level
		default:
			v.Earlier = append(v.Earlier, x)
		}
	}
	v.Label = incidents.RiskWord(v.Holds)
}

// apart tells whether a group is at high risk while the incident, by its facts, is not.
func apart(groups []riskView, s incidents.Severity) bool {
	high := func(v riskView) bool { return incidents.HighRisk(v.Holds) }
	return s.Level != "" && !incidents.HighRisk(s.Level) && slices.ContainsFunc(groups, high)
}

func (c *console) riskView(p *page) (v riskPage, err error) {
	f, d, err := c.incidentFrame(p, "risk")
	if err != nil {
		return v, err
	}
	if d.Risk == nil {
		return v, incidents.NotFound("a service termination has no risk statement")
	}
	v = riskPage{incidentFrame: f, Statement: *d.Risk, Pack: d.Assessment.Pack, Severity: d.Assessment.Severity}
	likely, known := d.Facts.Bool("misuse_likely")
	v.Unlikely = known && !likely
	by := d.Facts.SetByRisk()
	_, judged := d.Facts.Text("data_context")
	v.Judged = judged && by == ""
	for _, x := range d.RiskDecisions {
		if x.Proposal.Key == by {
			v.By = x.Proposal.Name
		}
	}
	may := p.actor.May(incidents.ActApprove) == nil && !d.Incident.Status.Over()
	for _, g := range riskRows(d) {
		g.Decide, g.Raise = may, !v.Judged && (by == g.Key || !incidents.HighRisk(v.Severity.Level))
		g.Raised = by == g.Key
		g.asked(p)
		v.Groups = append(v.Groups, g)
	}
	v.Apart = apart(v.Groups, v.Severity)
	v.Groups = append(v.Groups, formerGroups(d)...)
	return v, nil
}

// asked fills the form of a group: with what was typed, if it was refused.
func (v *riskView) asked(p *page) {
	chosen := v.Holds
	if p.form("group") == v.Key {
		chosen, v.Reason, v.Raised, v.Typed = p.form("level"), p.form("reason"), p.form("raise") != "", true
	}
	for _, level := range incidents.RiskLevels() {
		v.Levels = append(v.Levels, levelChoice{level, sevWord(level), level == chosen})
	}
	v.Open = v.Typed || v.Stands != nil && v.Stands.Stale != ""
}

// formerGroups shows what was decided for groups nobody is in any more.
func formerGroups(d incidents.Dossier) (out []riskView) {
	shown := map[string]bool{}
	for _, g := range d.Risk.Groups {
		shown[g.Key] = true
	}
	for _, x := range d.RiskDecisions {
		if shown[x.Proposal.Key] {
			continue
		}
		shown[x.Proposal.Key] = true
		v := riskView{RiskGroup: incidents.RiskGroup{Key: x.Proposal.Key, Name: x.Proposal.Name}, Ref: d.Incident.Ref, Gone: true}
		v.decided(d.RiskDecisions)
		out = append(out, v)
	}
	return out
}

// risk shows the statement for each group of people.
func (c *console) risk(p *page) error {
	v, err := c.riskView(p)
	if err != nil {
		return err
	}
	return c.show(p, "risk", v.whole())
}

// whole lets each group see the page it is on.
func (v *riskPage) whole() *riskPage {
	for i := range v.Groups {
		v.Groups[i].Page = v
	}
	return v
}

// decideRisk takes the level an officer gives a group. The code proves the
// second factor again.
func (c *console) decideRisk(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	if err = c.stepUp(p); err == nil {
		_, err = c.Desk.DecideRisk(p.r.Context(), p.actor, in.ID, incidents.RiskInput{Proposal: p.form("proposal"), Level: p.form("level"), Reason: p.form("reason"), Raise: p.form("raise") != ""})
	}
	if err != nil {
		v, verr := c.riskView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "risk", v.whole())
	}
	return c.redirect(p, "/incidents/"+in.Ref+"/risk", "Decided, and written down.")
}

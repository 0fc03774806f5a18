package web

import (
	"tocsin/incidents"
)

// A courseView is what is proposed under one law, and what was decided.
type courseView struct {
	incidents.Proposal
	Page    *obligationsPage
	Ref     string
	Label   string
	Asks    []string            // questions that may change it
	Stands  *incidents.Decision // nil: nothing is decided
	Earlier []incidents.Decision
	Courses []courseChoice
	Decide  bool // the reader may
	Open    bool // the form is shown at once
	Typed   bool // the form was sent, and refused
	Reason  string
}

// A courseChoice is one answer of the form.
type courseChoice struct {
	Course incidents.Course
	Label  string
	Chosen bool
}

// coursesOf are the proposals of an incident, and the decisions of laws that
// are no longer proposed under.
func coursesOf(p *page, d incidents.Dossier) (out []courseView) {
	may := p.actor.May(incidents.ActApprove) == nil && !d.Incident.Status.Over()
	for _, x := range d.Proposals {
		v := courseView{Proposal: x, Ref: d.Incident.Ref, Label: x.Course.Label(), Decide: may}
		for _, key := range x.Decides {
			if def, ok := incidents.FactByKey(key); ok {
				v.Asks = append(v.Asks, def.Question)
			}
		}
		v.decided(d.Decisions)
		chosen := x.Course
		if typed := incidents.Course(p.form("course")); p.form("regime") == x.Regime.ID {
			chosen, v.Reason, v.Typed = typed, p.form("reason"), true
		}
		for _, c := range incidents.Courses() {
			v.Courses = append(v.Courses, courseChoice{c, c.Label(), c == chosen})
		}
		fresh := v.Stands == nil && v.Course != "" && !v.Unsure
		v.Open = v.Typed || fresh || v.Stands != nil && v.Stands.Stale != ""
		out = append(out, v)
	}
	return append(out, formerCourses(d)...)
}

func (v *courseView) decided(all []incidents.Decision) {
	for i, x := range all {
		switch {
		case x.Proposal.Regime.ID != v.Regime.ID:
		case v.Stands == nil:
			v.Stands = &all[i]
		default:
			v.Earlier = append(v.Earlier, x)
		}
	}
}

// formerCourses shows what was decided while a law seemed to apply.
func formerCourses(d incidents.Dossier) (out []courseView) {
	shown := map[string]bool{}
	for _, x := range d.Proposals {
		shown[x.Regime.ID] = true
	}
	for _, x := range d.Decisions {
		if shown[x.Proposal.Regime.ID] {
			continue
		}
		shown[x.Proposal.Regime.ID] = true
		v := courseView{Proposal: incidents.Proposal{Regime: x.Proposal.Regime}, Ref: d.Incident.Ref}
		v.decided(d.Decisions)
		out = append(out, v)
	}
	return out
}

// decideCourse takes an officer's decision on what an incident asks for. The
// code proves the second factor again.
func (c *console) decideCourse(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	if err = c.stepUp(p); err == nil {
		_, err = c.Desk.DecideCourse(p.r.Context(), p.actor, in.ID, incidents.DecisionInput{Proposal: p.form("proposal"), Course: incidents.Course(p.form("course")), Reason: p.form("reason")})
	}
	if err != nil {
		v, verr := c.obligationsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "obligations", v.whole())
	}
	return c.redirect(p, "/incidents/"+in.Ref+"/obligations", "Decided, and written down.")
}

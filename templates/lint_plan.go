package templates

import "tocsin/incidents"

const pushCounts = "that a telephone took a push does not show that anybody was told, so it does not count as a legal notice by itself"

// plans keeps push from being all that somebody is told by. A correction goes by
// the ways of the notice it corrects.
func (l *linter) plans(c incidents.Content, answers []incidents.Obligation) {
	if c.Correction() {
		return
	}
	asked := len(answers) > 0 || c.Kind == incidents.NoticeTermination
	l.plan("plan", c.Plan, asked)
	for _, g := range c.Plans {
		l.plan("plans", g.Plan, asked)
	}
}

// plan checks one plan; asked is whether the law asks for the notice.
func (l *linter) plan(where string, plan []incidents.Step, asked bool) {
	if len(plan) == 0 || plan[len(plan)-1].Channel != incidents.Push {
		return
	}
	if len(plan) > 1 {
		l.add("push-last", levelWarning, where, "push is the last way that is tried: "+pushCounts, "put push before another way, or e-mail, SMS, a call or a letter after it")
		return
	}
	level := levelWarning
	if asked {
		level = levelError
	}
	l.add("push-alone", level, where, "the plan has no way but push: "+pushCounts, "add e-mail, SMS, a call or a letter after it, with a time to wait for the push")
}

package web

import (
	"tocsin/incidents"
)

// A decisionsView is what is proposed, and what was decided, newest first.
type decisionsView struct {
	Proposals []incidents.Proposal `json:"proposals"`
	Decisions []incidents.Decision `json:"decisions"`
}

func (a api) decisions(c *call) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	return decisionsView{some(d.Proposals), some(d.Decisions)}, err
}

// decideCourse binds a decision to exactly the proposal that was looked at.
func (a api) decideCourse(c *call) (any, error) {
	var in struct {
		Proposal string           `json:"proposal"` // its hash
		Course   incidents.Course `json:"course"`
		Reason   string           `json:"reason"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	actor, err := a.steppedUp(c)
	if err != nil {
		return nil, err
	}
	got, err := a.Desk.DecideCourse(c.ctx, actor, found.ID, incidents.DecisionInput{Proposal: in.Proposal, Course: in.Course, Reason: in.Reason})
	return made{got, "/incidents/" + string(found.ID) + "/decisions"}, err
}

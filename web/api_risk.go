package web

import (
	"tocsin/incidents"
)

// A riskAnswer is the statement as it is proposed, and what officers decided,
// newest first.
type riskAnswer struct {
	*incidents.RiskStatement
	Decisions []incidents.RiskDecision `json:"decisions"`
}

func (a api) risk(c *call) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	if err == nil && d.Risk == nil {
		err = incidents.NotFound("a service termination has no risk statement")
	}
	return riskAnswer{d.Risk, some(d.RiskDecisions)}, err
}

// decideRisk binds a decision to exactly the group that was looked at.
func (a api) decideRisk(c *call) (any, error) {
	var in struct {
		Proposal string `json:"proposal"` // hash of the group
		Level    string `json:"level"`
		Reason   string `json:"reason"`
		Raise    bool   `json:"raise"`
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
	got, err := a.Desk.DecideRisk(c.ctx, actor, found.ID, incidents.RiskInput{Proposal: in.Proposal, Level: in.Level, Reason: in.Reason, Raise: in.Raise})
	return made{got, "/incidents/" + string(found.ID) + "/risk"}, err
}

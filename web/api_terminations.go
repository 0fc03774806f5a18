package web

import "tocsin/incidents"

func (c *call) terminationID() incidents.TerminationID {
	return incidents.TerminationID(c.vars["termination"])
}

func (a api) terminations(c *call) (any, error) { return whole(a.Desk.Terminations(c.ctx, c.actor)) }

func (a api) startTermination(c *call) (any, error) {
	var in struct {
		Service string         `json:"service"`
		EndDate string         `json:"end_date"`
		Zone    string         `json:"zone"`
		Mode    incidents.Mode `json:"mode"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	t, err := a.Desk.StartTermination(c.ctx, c.actor, in.Service, in.EndDate, in.Zone, in.Mode)
	return made{t, "/terminations/" + string(t.ID)}, err
}

func (a api) termination(c *call) (any, error) {
	return a.Desk.Termination(c.ctx, c.actor, c.terminationID())
}

func (a api) moveTermination(c *call) (any, error) {
	var in struct {
		EndDate string `json:"end_date"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.Desk.MoveTermination(c.ctx, c.actor, c.terminationID(), in.EndDate)
}

// erase cannot be undone: the reference of the incident is typed.
func (a api) erase(c *call) (any, error) {
	var in struct {
		Ref string `json:"ref"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.Desk.Erase(c.ctx, c.actor, c.terminationID(), in.Ref)
}

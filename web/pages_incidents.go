package web

import (
	"tocsin/incidents"
)

type incidentsPage struct {
	Frame
	Incidents []incidents.Incident
	Filter    incidents.IncidentFilter
	More      incidents.IncidentID
	NewTitle  string
	NewMode   string
}

func (c *console) incidentsView(p *page) (v incidentsPage, err error) {
	v.Frame = c.frame(p, "incidents", "Incidents")
	v.Filter = incidents.IncidentFilter{Open: p.query("all") == "", Text: p.query("text"), Kind: incidents.KindBreach, Before: incidents.IncidentID(p.query("before")), Limit: 51}
	if v.Incidents, err = c.Desk.Incidents(p.r.Context(), p.actor, v.Filter); err != nil {
		return v, err
	}
	if len(v.Incidents) > 50 {
		v.Incidents = v.Incidents[:50]
		v.More = v.Incidents[49].ID
	}
	return v, nil
}

// incidents lists incidents.
func (c *console) incidents(p *page) error {
	v, err := c.incidentsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "incidents", v)
}

// openIncident opens one by hand.
func (c *console) openIncident(p *page) error {
	in, err := c.Desk.OpenIncident(p.r.Context(), p.actor, p.form("title"), incidents.Mode(p.form("mode")))
	if err != nil {
		v, verr := c.incidentsView(p)
		if verr != nil {
			return verr
		}
		v.NewTitle, v.NewMode = p.form("title"), p.form("mode")
		return c.again(p, err, "incidents", &v)
	}
	return c.redirect(p, "/incidents/"+in.Ref, "")
}

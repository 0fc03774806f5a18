package web

import (
	"encoding/json"
	"unicode/utf8"

	"tocsin/incidents"
)

type alertsPage struct {
	Frame
	Alerts []incidents.Alert
	Filter incidents.AlertFilter
	More   incidents.AlertID
	Bad    int
}

// alerts lists alerts, newest first.
func (c *console) alerts(p *page) error {
	v := alertsPage{Frame: c.frame(p, "alerts", "Alerts"), Filter: incidents.AlertFilter{State: incidents.AlertState(p.query("state")), Severity: incidents.AlertSeverity(p.query("severity")),
		Source: p.query("source"), Text: p.query("text"), Before: incidents.AlertID(p.query("before")), Limit: 51}}
	var err error
	if v.Alerts, err = c.Desk.Alerts(p.r.Context(), p.actor, v.Filter); err != nil {
		return err
	}
	if len(v.Alerts) > 50 {
		v.Alerts = v.Alerts[:50]
		v.More = v.Alerts[49].ID
	}
	bad, err := p.quarantined()
	v.Bad = len(bad)
	if err != nil {
		return err
	}
	return c.show(p, "alerts", v)
}

type alertPage struct {
	Frame
	Alert    incidents.Alert
	Incident *incidents.Incident
	Open     []incidents.Incident // it could be moved to
	Raw      string
	Into     string // what was typed or chosen
	Reason   string
}

func (c *console) alertView(p *page) (v alertPage, err error) {
	v.Frame = c.frame(p, "alerts", "Alert")
	if v.Alert, err = c.Desk.Alert(p.r.Context(), p.actor, incidents.AlertID(p.vars["alert"])); err != nil {
		return v, err
	}
	v.Title = v.Alert.Title
	if v.Alert.IncidentID != "" {
		in, err := c.Desk.Find(p.r.Context(), p.actor, string(v.Alert.IncidentID))
		if err != nil {
			return v, err
		}
		v.Incident = &in
	}
	v.Open, err = c.Desk.Incidents(p.r.Context(), p.actor, incidents.IncidentFilter{Open: true, Kind: incidents.KindBreach, Mode: incidents.Live, Limit: 50})
	v.Raw, v.Into, v.Reason = pretty(v.Alert.Raw), p.form("incident"), p.form("reason")
	return v, err
}

// pretty indents JSON, and shows anything else as text.
func pretty(b []byte) string {
	var x any
	if json.Unmarshal(b, &x) == nil {
		if out, err := json.MarshalIndent(x, "", "  "); err == nil {
			return string(out)
		}
	}
	if !utf8.Valid(b) {
		return "(not text)"
	}
	return string(b)
}

func (c *console) alert(p *page) error {
	v, err := c.alertView(p)
	if err != nil {
		return err
	}
	return c.show(p, "alert", v)
}

// triageAlert moves, splits off or dismisses an alert.
func (c *console) triageAlert(p *page) error {
	id := incidents.AlertID(p.vars["alert"])
	var err error
	switch p.form("do") {
	case "dismiss":
		err = c.Desk.DismissAlert(p.r.Context(), p.actor, id, p.form("reason"))
	case "split":
		_, err = c.Desk.MoveAlert(p.r.Context(), p.actor, id, "")
	case "move":
		_, err = c.Desk.MoveAlert(p.r.Context(), p.actor, id, incidents.IncidentID(p.form("incident")))
	default:
		err = incidents.Invalid("choose what to do")
	}
	if err != nil {
		v, verr := c.alertView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "alert", &v)
	}
	return c.redirect(p, "/alerts/"+string(id), "Done, and written down.")
}

type quarantinePage struct {
	Frame
	Bodies []incidents.Intake
}

// quarantine lists bodies that could not be read.
func (c *console) quarantine(p *page) (err error) {
	v := quarantinePage{Frame: c.frame(p, "alerts", "Quarantine")}
	if v.Bodies, err = p.quarantined(); err != nil {
		return err
	}
	return c.show(p, "quarantine", v)
}

type intakePage struct {
	Frame
	Intake incidents.Intake
	Body   string
	Reason string
}

func (c *console) intakeView(p *page) (v intakePage, err error) {
	v.Frame = c.frame(p, "alerts", "Body in quarantine")
	v.Intake, err = c.Desk.Intake(p.r.Context(), p.actor, incidents.IntakeID(p.vars["intake"]))
	v.Body, v.Reason = pretty(v.Intake.Body), p.form("reason")
	return v, err
}

func (c *console) intake(p *page) error {
	v, err := c.intakeView(p)
	if err != nil {
		return err
	}
	return c.show(p, "intake", v)
}

// releaseIntake reads a body again, or takes it out of quarantine.
func (c *console) releaseIntake(p *page) error {
	id := incidents.IntakeID(p.vars["intake"])
	var err error
	if p.form("do") == "retry" {
		_, err = c.Desk.RetryIntake(p.r.Context(), p.actor, id)
	} else {
		err = c.Desk.ReleaseIntake(p.r.Context(), p.actor, id, p.form("reason"))
	}
	if err != nil {
		v, verr := c.intakeView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "intake", &v)
	}
	return c.redirect(p, "/quarantine", "Taken out of quarantine. The body stays on file.")
}

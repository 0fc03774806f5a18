package web

import (
	"time"
	"unicode/utf8"

	"tocsin/incidents"
)

func (a api) alerts(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	f := incidents.AlertFilter{State: incidents.AlertState(c.query("state")), Source: c.query("source"),
		Severity: incidents.AlertSeverity(c.query("severity")), Text: c.query("q"), Before: incidents.AlertID(c.query("before")), Limit: limit}
	if ref := c.query("incident"); ref != "" {
		in, err := a.Desk.Find(c.ctx, c.actor, ref)
		if err != nil {
			return nil, err
		}
		f.Incident = in.ID
	}
	list, err := a.Desk.Alerts(c.ctx, c.actor, f)
	if err != nil {
		return nil, err
	}
	return paged(list, limit, func(x incidents.Alert) string { return string(x.ID) }), nil
}

func (c *call) alertID() incidents.AlertID { return incidents.AlertID(c.vars["alert"]) }

func (a api) alert(c *call) (any, error) { return a.Desk.Alert(c.ctx, c.actor, c.alertID()) }

func (a api) dismissAlert(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	return nil, a.Desk.DismissAlert(c.ctx, c.actor, c.alertID(), why)
}

func (a api) moveAlert(c *call) (any, error) {
	var in struct {
		Incident string `json:"incident"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	var to incidents.IncidentID
	if in.Incident != "" {
		found, err := a.Desk.Find(c.ctx, c.actor, in.Incident)
		if err != nil {
			return nil, err
		}
		to = found.ID
	}
	now, err := a.Desk.MoveAlert(c.ctx, c.actor, c.alertID(), to)
	return map[string]incidents.IncidentID{"incident": now}, err
}

// An intakeView is one arrived body. Its content is shown by its own address only.
type intakeView struct {
	ID         incidents.IntakeID `json:"id"`
	Source     string             `json:"source"`
	DeliveryID string             `json:"delivery_id"`
	Via        string             `json:"via"`
	ReceivedAt time.Time          `json:"received_at"`
	MediaType  string             `json:"media_type"`
	Status     int                `json:"status"`
	Reason     string             `json:"reason,omitempty"`
	Released   bool               `json:"released"`
	Alerts     int                `json:"alerts"`
	Size       int                `json:"size"`
	Text       *string            `json:"text,omitempty"`  // the body, when it is UTF-8
	Bytes      []byte             `json:"bytes,omitempty"` // the body in base64, when it is not
}

func viewIntake(in incidents.Intake) intakeView {
	return intakeView{ID: in.ID, Source: in.Source, DeliveryID: in.DeliveryID, Via: in.Via, ReceivedAt: in.ReceivedAt, MediaType: in.MediaType,
		Status: in.Status, Reason: in.Reason, Released: in.Released, Alerts: len(in.Alerts), Size: len(in.Body)}
}

func (a api) quarantine(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	list, err := a.Desk.Intakes(c.ctx, c.actor, incidents.IntakeFilter{Source: c.query("source"), Quarantined: c.query("all") != "true",
		Before: incidents.IntakeID(c.query("before")), Limit: limit})
	if err != nil {
		return nil, err
	}
	return paged(views(list, viewIntake), limit, func(x intakeView) string { return string(x.ID) }), nil
}

// views turns a list of the domain into what the API shows.
func views[T, V any](list []T, view func(T) V) []V {
	out := make([]V, len(list))
	for i, x := range list {
		out[i] = view(x)
	}
	return out
}

func (c *call) intakeID() incidents.IntakeID { return incidents.IntakeID(c.vars["intake"]) }

func (a api) intake(c *call) (any, error) {
	in, err := a.Desk.Intake(c.ctx, c.actor, c.intakeID())
	if err != nil {
		return nil, err
	}
	v := viewIntake(in)
	if s := string(in.Body); utf8.ValidString(s) {
		v.Text = &s
	} else {
		v.Bytes = in.Body
	}
	return v, nil
}

func (a api) retryIntake(c *call) (any, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	got, err := a.Desk.RetryIntake(c.ctx, c.actor, c.intakeID())
	if err != nil {
		return nil, err
	}
	return struct {
		ID     incidents.IntakeID  `json:"id"`
		Alerts []incidents.AlertID `json:"alerts"`
	}{got.Intake.ID, append([]incidents.AlertID{}, got.Alerts...)}, nil
}

func (a api) releaseIntake(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	return nil, a.Desk.ReleaseIntake(c.ctx, c.actor, c.intakeID(), why)
}

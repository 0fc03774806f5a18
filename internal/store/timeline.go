package store

import "tocsin/incidents"

// AddTimeline appends a line to an incident's story.
func (t *tx) AddTimeline(e incidents.TimelineEntry) error {
	_, err := t.run(`INSERT INTO timeline (incident_id, at, body) VALUES ($1, $2, $3)`, string(e.IncidentID), ms(e.At), doc(e))
	return err
}

// Timeline lists the newest lines of an incident's story.
func (t *tx) Timeline(id incidents.IncidentID, limit int) ([]incidents.TimelineEntry, error) {
	return documents[incidents.TimelineEntry](t, `SELECT body FROM timeline WHERE incident_id = $1 ORDER BY at DESC, no DESC LIMIT $2`, clean(string(id)), limited(limit))
}

// PutWaiver inserts or replaces a waiver.
func (t *tx) PutWaiver(w incidents.Waiver) error {
	_, err := t.run(`INSERT INTO waivers (id, incident_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		w.ID, string(w.IncidentID), doc(w))
	return err
}

// PutDecision inserts or replaces a decision.
func (t *tx) PutDecision(d incidents.Decision) error {
	_, err := t.run(`INSERT INTO decisions (id, incident_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		d.ID, string(d.IncidentID), doc(d))
	return err
}

// Decisions lists an incident's decisions, newest first.
func (t *tx) Decisions(id incidents.IncidentID) ([]incidents.Decision, error) {
	return documents[incidents.Decision](t, `SELECT body FROM decisions WHERE incident_id = $1 ORDER BY id DESC`, clean(string(id)))
}

// PutRiskDecision inserts or replaces a decision on the risk to a group.
func (t *tx) PutRiskDecision(d incidents.RiskDecision) error {
	_, err := t.run(`INSERT INTO risk_decisions (id, incident_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		d.ID, string(d.IncidentID), doc(d))
	return err
}

// RiskDecisions lists an incident's decisions on the risk to groups, newest first.
func (t *tx) RiskDecisions(id incidents.IncidentID) ([]incidents.RiskDecision, error) {
	return documents[incidents.RiskDecision](t, `SELECT body FROM risk_decisions WHERE incident_id = $1 ORDER BY id DESC`, clean(string(id)))
}

// Waiver returns a waiver by id.
func (t *tx) Waiver(id string) (incidents.Waiver, error) {
	return document[incidents.Waiver](t, "waiver", `SELECT body FROM waivers WHERE id = $1`, clean(id))
}

// Waivers lists an incident's waivers, newest first.
func (t *tx) Waivers(id incidents.IncidentID) ([]incidents.Waiver, error) {
	return documents[incidents.Waiver](t, `SELECT body FROM waivers WHERE incident_id = $1 ORDER BY id DESC`, clean(string(id)))
}

package store

import "tocsin/incidents"

// PutTermination inserts or replaces a termination by id.
func (t *tx) PutTermination(x incidents.Termination) error {
	_, err := t.run(`INSERT INTO terminations (id, incident_id, body) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET body = excluded.body`,
		string(x.ID), string(x.IncidentID), doc(x))
	return err
}

// Termination returns a termination by id.
func (t *tx) Termination(id incidents.TerminationID) (incidents.Termination, error) {
	return document[incidents.Termination](t, "termination", `SELECT body FROM terminations WHERE id = $1`, clean(string(id)))
}

// TerminationOf returns the termination that hangs on an incident.
func (t *tx) TerminationOf(id incidents.IncidentID) (incidents.Termination, error) {
	return document[incidents.Termination](t, "termination", `SELECT body FROM terminations WHERE incident_id = $1`, clean(string(id)))
}

// Terminations lists every termination, newest first.
func (t *tx) Terminations() ([]incidents.Termination, error) {
	return documents[incidents.Termination](t, `SELECT body FROM terminations ORDER BY id DESC`)
}

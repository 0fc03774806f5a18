package store

import (
	"time"

	"tocsin/incidents"
)

// PutObligations replaces the incident's set: what is no longer among them
// goes; every assessment that named it stays on file.
func (t *tx) PutObligations(id incidents.IncidentID, all []incidents.ObligationState) error {
	if _, err := t.run(`DELETE FROM obligations WHERE incident_id = $1`, string(id)); err != nil {
		return err
	}
	if len(all) == 0 {
		return nil
	}
	b := make(jsonRows, 0, 1500*len(all))
	for _, o := range all {
		o.IncidentID = id
		b = b.open().text(o.ID).text(string(o.Status)).text(string(o.Applies)).at(o.Due).at(leftAt(o)).text(doc(o)).shut()
	}
	return t.later(nil, `INSERT INTO obligations (incident_id, id, status, applies, due_at, left_at, body)
		SELECT $1, v.id, v.status, v.applies, v.due_at, v.left_at, v.body FROM `+t.table(`$2`, "id:text", "status:text", "applies:text", "due_at:int", "left_at:int", "body:text")+` v`,
		string(id), b.end())
}

// leftAt is when a duty left calendars; nil: it did not.
func leftAt(o incidents.ObligationState) *time.Time {
	if o.Calendar != nil && !o.Calendar.Open {
		return &o.Calendar.At
	}
	return nil
}

// PutObligation inserts or replaces one obligation.
func (t *tx) PutObligation(o incidents.ObligationState) error {
	return t.later(nil, `INSERT INTO obligations (incident_id, id, status, applies, due_at, left_at, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (incident_id, id) DO UPDATE SET status = excluded.status, applies = excluded.applies, due_at = excluded.due_at, left_at = excluded.left_at, body = excluded.body`,
		string(o.IncidentID), o.ID, string(o.Status), string(o.Applies), orNullAt(o.Due), orNullAt(leftAt(o)), doc(o))
}

// LeftCalendars lists duties whose calendar entry ended since a time.
func (t *tx) LeftCalendars(since time.Time, limit int) ([]incidents.ObligationState, error) {
	return documents[incidents.ObligationState](t, `SELECT o.body FROM obligations o WHERE o.left_at >= $1 ORDER BY o.left_at DESC, o.incident_id, o.id LIMIT $2`, ms(since), limited(limit))
}

// byDue puts what has no due time last.
const byDue = `CASE WHEN o.due_at IS NULL THEN 1 ELSE 0 END, o.due_at, o.id`

// Obligations lists an incident's obligations by due time, then id.
func (t *tx) Obligations(id incidents.IncidentID) ([]incidents.ObligationState, error) {
	return documents[incidents.ObligationState](t, `SELECT o.body FROM obligations o WHERE o.incident_id = $1 ORDER BY `+byDue, clean(string(id)))
}

// OpenObligations lists what is open and applies, of every incident that is not over.
func (t *tx) OpenObligations(limit int) ([]incidents.ObligationState, error) {
	return documents[incidents.ObligationState](t, `SELECT o.body FROM obligations o JOIN incidents i ON i.id = o.incident_id
		WHERE o.status = 'open' AND o.applies = 'yes' AND i.status NOT IN `+ended+` ORDER BY `+byDue+`, o.incident_id LIMIT $1`, limited(limit))
}

package store

import "tocsin/incidents"

// ended are the states in which an incident is over.
const ended = `('closed', 'dismissed', 'merged')`

// PutIncident inserts or replaces an incident by id. Its mode is for ever.
func (t *tx) PutIncident(in incidents.Incident) error {
	n, err := t.run(`INSERT INTO incidents (id, ref, kind, mode, status, title, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET ref = excluded.ref, kind = excluded.kind, status = excluded.status, title = excluded.title, body = excluded.body
		WHERE incidents.mode = excluded.mode`,
		string(in.ID), in.Ref, string(in.Kind), string(in.Mode), string(in.Status), clean(in.Title), doc(in))
	if err == nil && n == 0 {
		err = incidents.Conflict("an incident is %s for ever", in.Mode)
	}
	return err
}

// Incident returns an incident by id.
func (t *tx) Incident(id incidents.IncidentID) (incidents.Incident, error) {
	return document[incidents.Incident](t, "incident", `SELECT body FROM incidents WHERE id = $1`, clean(string(id)))
}

// IncidentByRef returns an incident by its reference, like INC-2026-0147.
func (t *tx) IncidentByRef(ref string) (incidents.Incident, error) {
	return document[incidents.Incident](t, "incident", `SELECT body FROM incidents WHERE ref = $1`, clean(ref))
}

// Incidents lists incidents, newest first.
func (t *tx) Incidents(f incidents.IncidentFilter) ([]incidents.Incident, error) {
	var w filter
	if f.Kind != "" {
		w.and(`kind = ?`, string(f.Kind))
	}
	if f.Open {
		w.and(`status NOT IN ` + ended)
	}
	if f.Mode != "" {
		w.and(`mode = ?`, string(f.Mode))
	}
	if text := clean(f.Text); text != "" {
		w.containsAny(text, "title", "ref")
	}
	if f.Before != "" {
		w.and(`id < ?`, clean(string(f.Before)))
	}
	where, params := w.sql("id DESC", limited(f.Limit))
	return documents[incidents.Incident](t, `SELECT body FROM incidents`+where, params...)
}

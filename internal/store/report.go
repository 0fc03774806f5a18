package store

import "tocsin/incidents"

// PutReport inserts or replaces a report by id and keeps each version for ever.
func (t *tx) PutReport(r incidents.Report) error {
	body := doc(r)
	if err := t.keepVersion(incidents.SubjectReport, string(r.ID), r.Version, r.Content.Hash(), body); err != nil {
		return err
	}
	_, err := t.run(`INSERT INTO reports (id, no, incident_id, status, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body`,
		string(r.ID), r.No, string(r.IncidentID), string(r.Status), body)
	return err
}

// Report returns a report by id.
func (t *tx) Report(id incidents.ReportID) (incidents.Report, error) {
	return document[incidents.Report](t, "report", `SELECT body FROM reports WHERE id = $1`, clean(string(id)))
}

// ReportVersions returns every version as it was first written, oldest first.
func (t *tx) ReportVersions(id incidents.ReportID) ([]incidents.Report, error) {
	return versions[incidents.Report](t, incidents.SubjectReport, string(id))
}

// Reports lists reports, newest first.
func (t *tx) Reports(f incidents.ReportFilter) ([]incidents.Report, error) {
	var w filter
	if f.Incident != "" {
		w.and(`incident_id = ?`, clean(string(f.Incident)))
	}
	in(&w, `status`, f.Status)
	where, params := w.sql("no DESC", limited(f.Limit))
	return documents[incidents.Report](t, `SELECT body FROM reports`+where, params...)
}

package store

import "tocsin/incidents"

// PutNotice inserts or replaces a notice by id and keeps each version for ever.
func (t *tx) PutNotice(n incidents.Notice) error {
	body := doc(n)
	if err := t.keepVersion(incidents.SubjectNotice, string(n.ID), n.Version, n.Content.Hash(), body); err != nil {
		return err
	}
	_, err := t.run(`INSERT INTO notices (id, no, incident_id, status, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body`,
		string(n.ID), n.No, string(n.IncidentID), string(n.Status), body)
	return err
}

// Notice returns a notice by id.
func (t *tx) Notice(id incidents.NoticeID) (incidents.Notice, error) {
	return document[incidents.Notice](t, "notice", `SELECT body FROM notices WHERE id = $1`, clean(string(id)))
}

// NoticeByNo returns a notice by its number.
func (t *tx) NoticeByNo(no int64) (incidents.Notice, error) {
	return document[incidents.Notice](t, "notice", `SELECT body FROM notices WHERE no = $1`, no)
}

// NoticeVersions returns every version as it was first written, oldest first.
func (t *tx) NoticeVersions(id incidents.NoticeID) ([]incidents.Notice, error) {
	return versions[incidents.Notice](t, incidents.SubjectNotice, string(id))
}

// Notices lists notices, newest first.
func (t *tx) Notices(f incidents.NoticeFilter) ([]incidents.Notice, error) {
	var w filter
	if f.Incident != "" {
		w.and(`incident_id = ?`, clean(string(f.Incident)))
	}
	in(&w, `status`, f.Status)
	where, params := w.sql("no DESC", limited(f.Limit))
	return documents[incidents.Notice](t, `SELECT body FROM notices`+where, params...)
}

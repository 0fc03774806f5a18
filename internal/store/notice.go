package store

import (
	"errors"

	"tocsin/incidents"
)

// errOvertaken ends a transaction that read a notice which was halted since: it is
// run once more.
var errOvertaken = &fault{incidents.Conflict("somebody else was faster"), errors.New("the notice was halted meanwhile")}

// PutNotice inserts or replaces a notice by id and keeps each version for ever. One
// that this transaction read must still have the status it was read with.
func (t *tx) PutNotice(n incidents.Notice) error {
	body := doc(n)
	if err := t.keepVersion(incidents.SubjectNotice, string(n.ID), n.Version, n.Content.Hash(), body); err != nil {
		return err
	}
	put, err := t.run(`INSERT INTO notices (id, no, incident_id, status, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET status = excluded.status, body = excluded.body WHERE CAST($6 AS TEXT) = '' OR notices.status = $6`,
		string(n.ID), n.No, string(n.IncidentID), string(n.Status), body, string(t.read[n.ID]))
	if err == nil && put == 0 {
		err = errOvertaken
	}
	t.saw(n)
	return err
}

// saw remembers the status of notices for PutNotice.
func (t *tx) saw(all ...incidents.Notice) {
	if t.read == nil {
		t.read = map[incidents.NoticeID]incidents.NoticeStatus{}
	}
	for _, n := range all {
		t.read[n.ID] = n.Status
	}
}

// Notice returns a notice by id.
func (t *tx) Notice(id incidents.NoticeID) (incidents.Notice, error) {
	n, err := document[incidents.Notice](t, "notice", `SELECT body FROM notices WHERE id = $1`, clean(string(id)))
	t.saw(n)
	return n, err
}

// NoticeByNo returns a notice by its number.
func (t *tx) NoticeByNo(no int64) (incidents.Notice, error) {
	n, err := document[incidents.Notice](t, "notice", `SELECT body FROM notices WHERE no = $1`, no)
	t.saw(n)
	return n, err
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
	all, err := documents[incidents.Notice](t, `SELECT body FROM notices`+where, params...)
	t.saw(all...)
	return all, err
}

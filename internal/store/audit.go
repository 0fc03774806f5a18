package store

import (
	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// AuditLog returns entries oldest first, from seq after on.
func (t *tx) AuditLog(after int64, limit int) ([]incidents.AuditEntry, error) {
	return t.auditEntries(`SELECT body FROM ledger_entries WHERE seq > $1 ORDER BY seq LIMIT $2`, after, limited(limit))
}

// AuditOf returns the entries of one incident, oldest first.
func (t *tx) AuditOf(id incidents.IncidentID) ([]incidents.AuditEntry, error) {
	return t.auditEntries(`SELECT body FROM ledger_entries WHERE incident_id = $1 ORDER BY seq`, clean(string(id)))
}

// Recent returns the newest entries that match, newest first.
func (t *tx) Recent(f incidents.AuditFilter) ([]incidents.AuditEntry, error) {
	var w filter
	if f.Incident != "" {
		w.and(`incident_id = ?`, clean(string(f.Incident)))
	}
	if f.Actor != "" {
		w.and(`actor = ?`, clean(string(f.Actor)))
	}
	w.startsWith(`event`, clean(f.Event))
	if f.Before > 0 {
		w.and(`seq < ?`, f.Before)
	}
	where, params := w.sql("seq DESC", limited(f.Limit))
	return t.auditEntries(`SELECT body FROM ledger_entries`+where, params...)
}

func (t *tx) auditEntries(query string, params ...any) (out []incidents.AuditEntry, err error) {
	err = t.rows(query, params, func(r scanner) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		e, err := ledger.Decode([]byte(body))
		out = append(out, e)
		return err
	})
	return out, err
}

// Next counts up a named counter: 1, 2, 3 …
func (t *tx) Next(counter string) (n int64, err error) {
	_, err = t.one(`INSERT INTO counters (name, n) VALUES ($1, 1) ON CONFLICT (name) DO UPDATE SET n = counters.n + 1 RETURNING n`, args{counter}, &n)
	return n, err
}

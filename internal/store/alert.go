package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// PutAlert inserts or replaces an alert by id. Its raw part is sealed.
func (t *tx) PutAlert(a incidents.Alert) error {
	var sealed []byte
	if a.Raw != nil {
		sealed = t.s.o.Box.Seal("alert/"+string(a.ID), a.Raw)
	}
	open := a
	open.Raw = nil
	b, err := json.Marshal(open)
	if err != nil {
		return incidents.Invalid("the alert cannot be written down: %v", err)
	}
	known, err := t.one(`SELECT 1 FROM alerts WHERE id = $1`, args{string(a.ID)}, new(int64))
	if err != nil {
		return err
	}
	if known {
		if _, err := t.run(`DELETE FROM alert_links WHERE alert_id = $1`, string(a.ID)); err != nil {
			return err
		}
	}
	_, err = t.run(`INSERT INTO alerts (id, incident_id, source, state, severity, title, dedup_key, test, observed_at, body, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (id) DO UPDATE SET incident_id = excluded.incident_id, source = excluded.source, state = excluded.state, severity = excluded.severity,
			title = excluded.title, observed_at = excluded.observed_at, body = excluded.body, sealed = excluded.sealed`,
		string(a.ID), clean(string(a.IncidentID)), clean(a.Source), string(a.State), string(a.Severity), clean(a.Title), key(a.DedupKey), bit(a.Test), ms(a.ObservedAt), string(b), sealed)
	if err != nil {
		return err
	}
	return t.linkAlert(a)
}

// An alert's links are what it may share with another one, by kind.
func links(a incidents.Alert) (rows [][]any) {
	add := func(kind string, values ...string) {
		for _, v := range values {
			if v != "" {
				rows = append(rows, []any{kind, key(v)})
			}
		}
	}
	add("account", a.Users...)
	add("asset", a.Assets...)
	add("address", a.IPs...)
	add("group", a.GroupKey)
	slices.SortFunc(rows, func(x, y []any) int {
		return strings.Compare(x[0].(string)+"\x00"+x[1].(string), y[0].(string)+"\x00"+y[1].(string))
	})
	return slices.CompactFunc(rows, func(x, y []any) bool { return x[0] == y[0] && x[1] == y[1] })
}

func (t *tx) linkAlert(a incidents.Alert) error {
	rows := links(a)
	if len(rows) == 0 {
		return nil
	}
	_, err := t.run(`INSERT INTO alert_links (kind, value, alert_id) SELECT v.kind, v.value, CAST($1 AS TEXT) FROM `+t.table("$2", "kind:text", "value:text")+` v`,
		string(a.ID), asJSON(rows))
	return err
}

// Neighbours lists joined alerts of open incidents, observed since then, that
// share an account, asset, address or group key with a; newest first. Their raw
// part stays sealed: nobody needs it to join them, and one that cannot be
// opened must not keep new alerts from their incident.
func (t *tx) Neighbours(a incidents.Alert, since time.Time) ([]incidents.Alert, error) {
	rows := links(a)
	if len(rows) == 0 {
		return nil, nil
	}
	return documents[incidents.Alert](t, `SELECT a.body FROM alerts a JOIN incidents i ON i.id = a.incident_id
		WHERE a.id IN (SELECT l.alert_id FROM alert_links l JOIN `+t.table("$1", "kind:text", "value:text")+` v ON v.kind = l.kind AND v.value = l.value)
			AND a.id <> $2 AND a.state = 'joined' AND a.observed_at >= $3 AND i.status NOT IN `+ended+`
		ORDER BY a.observed_at DESC, a.id DESC LIMIT 100`, asJSON(rows), string(a.ID), ms(since))
}

const alertColumns = `SELECT a.body, a.sealed `

func (t *tx) scanAlert(r scanner) (a incidents.Alert, err error) {
	var body string
	var sealed []byte
	if err := r.Scan(&body, &sealed); err != nil {
		return a, err
	}
	if a, err = undoc[incidents.Alert](body); err != nil || sealed == nil {
		return a, err
	}
	raw, err := t.s.o.Box.Open("alert/"+string(a.ID), sealed)
	if err != nil {
		return a, fmt.Errorf("open alert %s: %w", a.ID, err)
	}
	a.Raw = raw
	return a, nil
}

func (t *tx) alertsInto(out *[]incidents.Alert) func(scanner) error {
	return func(r scanner) error {
		a, err := t.scanAlert(r)
		*out = append(*out, a)
		return err
	}
}

func (t *tx) alert(where string, params ...any) (a incidents.Alert, err error) {
	found, err := t.scanOne(alertColumns+`FROM alerts a WHERE `+where, params, func(r scanner) error {
		a, err = t.scanAlert(r)
		return err
	})
	if err == nil && !found {
		err = incidents.NotFound("there is no such alert")
	}
	return a, err
}

// AlertByKey finds the alert of a dedup key; test alerts have their own space.
func (t *tx) AlertByKey(dedupKey string, test bool) (incidents.Alert, error) {
	return t.alert(`a.dedup_key = $1 AND a.test = $2`, key(dedupKey), bit(test))
}

// Alert returns an alert by id.
func (t *tx) Alert(id incidents.AlertID) (incidents.Alert, error) {
	return t.alert(`a.id = $1`, clean(string(id)))
}

// Alerts lists alerts, newest first.
func (t *tx) Alerts(f incidents.AlertFilter) (out []incidents.Alert, err error) {
	w := alertFilter(f)
	where, params := w.sql("a.id DESC", limited(f.Limit))
	err = t.rows(alertColumns+`FROM alerts a`+where, params, t.alertsInto(&out))
	return out, err
}

// CountAlerts counts what Alerts would list on all pages.
func (t *tx) CountAlerts(f incidents.AlertFilter) (n int64, err error) {
	f.Before = ""
	w := alertFilter(f)
	where, params := w.sql("", 0)
	_, err = t.one(`SELECT COUNT(*) FROM alerts a`+where, params, &n)
	return n, err
}

func alertFilter(f incidents.AlertFilter) *filter {
	w := &filter{}
	for _, c := range []struct{ column, value string }{{"a.state", string(f.State)}, {"a.incident_id", string(f.Incident)}, {"a.source", f.Source}, {"a.severity", string(f.Severity)}} {
		if c.value != "" {
			w.and(c.column+` = ?`, clean(c.value))
		}
	}
	if text := clean(f.Text); text != "" {
		w.containsAny(text, "a.title")
	}
	if f.Before != "" {
		w.and(`a.id < ?`, clean(string(f.Before)))
	}
	return w
}

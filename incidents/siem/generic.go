package siem

import (
	"strings"

	"tocsin/incidents"
)

// standardWebhooks reads the payload of Standard Webhooks: type, timestamp and
// data. A body without an alert's fields is kept as an event nobody mapped.
func standardWebhooks(r *reader, doc object) error {
	data := doc.obj("data")
	if data.text("title") == "" && data.text("severity") == "" {
		r.outcome = "verified-but-unmapped"
		return nil
	}
	a := common(data)
	if a.ObservedAt.IsZero() {
		a.ObservedAt = orZero(doc.time("timestamp"))
	}
	if a.GroupKey == "" {
		a.GroupKey = doc.text("type")
	}
	if a.DedupKey == "" {
		a.DedupKey = r.header("webhook-id")
	}
	if a.DedupKey == "" {
		a.DedupKey = hash(r.req.Source, a.Title, doc.text("timestamp"))
	}
	r.add(a, doc)
	return nil
}

// generic reads any JSON object with the fields most senders have, and
// CloudEvents.
func generic(r *reader, doc object) error {
	if doc.text("specversion") != "" && doc.text("id") != "" && doc.text("source") != "" {
		return cloudevents(r, doc)
	}
	a := common(doc)
	if a.ExternalID == "" && a.Title == "" {
		return incidents.Invalid("the body has neither an id nor a title").WithHint("send at least {\"id\": \"…\", \"title\": \"…\", \"severity\": \"high\"}")
	}
	if a.DedupKey == "" {
		a.DedupKey = hash(r.req.Source, a.Title, doc.text("occurred_at", "timestamp", "@timestamp", "time"))
	}
	r.add(a, doc)
	return nil
}

// common reads the fields most senders have, under the names they use.
func common(doc object) incidents.Alert {
	a := incidents.Alert{
		ExternalID: doc.text("id", "uid", "uuid", "alert_id", "alertId", "event_id", "eventId"),
		Title:      doc.text("title", "name", "alert_name", "summary", "message", "description", "rule.name"),
		OccurredAt: doc.time("occurred_at", "start", "started_at", "start_time", "first_seen"),
		ObservedAt: orZero(doc.time("observed_at", "timestamp", "@timestamp", "time", "created_at", "detected_at")),
		Revision:   doc.text("revision", "updated_at", "modified_at"),
		GroupKey:   doc.text("group_key", "group", "rule.id", "rule", "type"),
		DedupKey:   doc.text("dedup_key", "fingerprint", "id", "uid", "uuid", "alert_id", "alertId", "event_id", "eventId"),
		URL:        doc.text("url", "link"),
		Count:      doc.count("count"),
		Assets:     doc.texts("asset", "assets", "host", "hosts", "hostname", "host.name", "resource"),
		Users:      doc.texts("user", "users", "username", "user.name", "account"),
		IPs:        doc.texts("ip", "ips", "source_ip", "src_ip", "source.ip"),
		DataHints:  doc.texts("data_hints", "data_categories"),
		Test:       doc.flag("test") || doc.flag("sample") || doc.flag("simulation"),
		Status:     status(doc.text("status", "state")),
	}
	for _, field := range []string{"severity", "level", "priority", "urgency"} {
		word(&a, field, doc.at(field), commonWords)
		word(&a, field, doc.at(field), priorities)
		scale(&a, field, doc.at(field), 0, hundred)
	}
	return a
}

// status reads the words senders use for how far an alert has got.
func status(s string) string {
	switch strings.ToLower(strings.ReplaceAll(s, " ", "")) {
	case "closed", "resolved", "recovered", "fixed", "ok", "done", "resolve":
		return "closed"
	case "acknowledged", "acknowledge", "active", "inprogress", "in_progress", "under_review", "notified":
		return "acknowledged"
	case "suppressed", "muted", "hidden":
		return "suppressed"
	}
	return "open"
}

package siem

import (
	"tocsin/incidents"
)

// standardWebhooks reads the payload of Standard Webhooks: type, timestamp and
// data. A body without an alert's fields is kept as an event nobody mapped.
func standardWebhooks(r *reader, doc object) ([]incidents.Alert, error) {
	data := doc.obj("data")
	if data.text("title") == "" && data.text("severity") == "" {
		r.outcome = "verified-but-unmapped"
		return nil, nil
	}
	if data.at("timestamp") == nil {
		data["timestamp"] = doc.at("timestamp")
	}
	out, err := generic(r, data)
	if err == nil && out[0].GroupKey == "" {
		out[0].GroupKey = doc.text("type")
	}
	return out, err
}

// generic reads any JSON object with fields most senders have.
func generic(r *reader, doc object) ([]incidents.Alert, error) {
	a := incidents.Alert{ExternalID: doc.text("id", "uid", "uuid", "alert_id", "event_id"), Title: doc.text("title", "name", "summary", "message", "description", "rule.name"),
		OccurredAt: doc.time("occurred_at", "start", "started_at", "first_seen"), ObservedAt: orZero(doc.time("observed_at", "timestamp", "@timestamp", "time", "created_at", "detected_at")),
		Revision: doc.text("revision", "updated_at", "modified_at"), GroupKey: doc.text("group", "group_key", "rule", "rule.id", "type"), URL: doc.text("url", "link"), Count: doc.count("count"),
		Assets: doc.texts("asset", "assets", "host", "hosts", "hostname", "host.name", "resource"), Users: doc.texts("user", "users", "username", "user.name", "account"),
		IPs: doc.texts("ip", "ips", "source_ip", "src_ip", "source.ip"), DataHints: set(doc.texts("data_hints", "data_categories")), Test: doc.flag("test") || doc.flag("sample") || doc.flag("simulation"),
		Status: map[string]string{"closed": "closed", "resolved": "closed", "acknowledged": "acknowledged"}[doc.text("status", "state")]}
	if a.ExternalID == "" && a.Title == "" {
		return nil, incidents.Invalid("the body has neither an id nor a title").WithHint("send at least {\"id\": \"…\", \"title\": \"…\", \"severity\": \"high\"}")
	}
	for _, field := range []string{"severity", "level", "priority", "urgency"} {
		if a.SeverityFrom != "" {
			break
		}
		if _, number := doc.number(field); number {
			scale(&a, doc, field, 0, []band{{19, incidents.SeverityInfo}, {39, incidents.SeverityLow}, {69, incidents.SeverityMedium}, {89, incidents.SeverityHigh}, {100, incidents.SeverityCritical}})
			continue
		}
		severity(&a, field, doc.at(field), commonWords)
	}
	a.DedupKey = doc.text("dedup_key", "fingerprint")
	if a.DedupKey == "" {
		a.DedupKey = a.ExternalID
	}
	if a.DedupKey == "" {
		a.DedupKey = hash(r.req.Source, a.Title, doc.text("timestamp", "time", "occurred_at"))
	}
	return []incidents.Alert{a}, nil
}

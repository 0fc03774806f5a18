package siem

import (
	"strings"

	"tocsin/incidents"
)

// pagerdutyEvent reads events in the shape of PagerDuty's Events API v2, which
// many tools can send. The routing key is a secret: keys hold its hash.
func pagerdutyEvent(r *reader, doc object) error {
	if doc.text("event_action") == "" {
		return incidents.Invalid("an event has no event_action")
	}
	p := doc.obj("payload")
	when := p.time("timestamp")
	id := doc.text("dedup_key")
	a := incidents.Alert{ExternalID: id, Title: p.text("summary"), OccurredAt: when, ObservedAt: orZero(when), Assets: p.texts("source"), URL: doc.text("client_url"),
		Status: status(doc.text("event_action"))}
	if id == "" {
		id = hash(p.text("summary"), p.text("source"), p.text("timestamp"))
	}
	a.DedupKey = routingKeyHash(doc.text("routing_key")) + "/" + id
	a.GroupKey = a.DedupKey
	word(&a, "payload.severity", p.at("severity"), words{"critical": critical, "error": high, "warning": medium, "info": info})
	r.add(a, doc)
	return nil
}

// routingKeyHash stands for a routing key of PagerDuty in the keys of an alert.
func routingKeyHash(routingKey string) string { return hash(routingKey)[:32] }

// pagerdutyWebhook reads a webhook (v3) of PagerDuty about an incident.
func pagerdutyWebhook(r *reader, doc object) error {
	e := doc.obj("event")
	if e == nil {
		return incidents.Invalid("a PagerDuty webhook has no event")
	}
	r.delivery = e.text("id")
	d := e.obj("data")
	if kind := e.text("event_type"); !strings.HasPrefix(kind, "incident.") || d.text("type") != "incident" {
		r.outcome = "not-about-an-incident"
		return nil
	}
	id, when := d.text("id"), e.time("occurred_at")
	if id == "" {
		return incidents.Invalid("a PagerDuty webhook has no event.data.id")
	}
	a := incidents.Alert{ExternalID: id, Title: d.text("title"), DedupKey: id, GroupKey: id, OccurredAt: when, ObservedAt: orZero(when), Revision: stamp(when),
		Assets: d.texts("service.summary"), URL: d.text("html_url"), Status: status(d.text("status"))}
	word(&a, "event.data.priority.summary", d.at("priority.summary"), priorities)
	word(&a, "event.data.urgency", d.at("urgency"), words{"high": high, "low": low})
	r.add(a, doc)
	return nil
}

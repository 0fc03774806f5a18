package siem

import (
	"strings"

	"tocsin/incidents"
)

// datadogSignal reads a security signal of Datadog. Its severity is the outer
// status; the inner ones are levels of log lines.
func datadogSignal(r *reader, doc object) error {
	id := doc.text("id")
	if id == "" || doc.obj("attributes") == nil {
		return incidents.Invalid("a Datadog signal has no id or no attributes")
	}
	outer, inner := doc.obj("attributes"), doc.obj("attributes.attributes")
	host := outer.text("host")
	a := incidents.Alert{ExternalID: id, Title: inner.text("title"), DedupKey: id, GroupKey: inner.text("workflow.rule.id") + "/" + host,
		OccurredAt: inner.time("workflow.first_seen"), ObservedAt: orZero(outer.time("timestamp")), Revision: stamp(inner.time("workflow.last_seen")),
		Assets: []string{host}, IPs: inner.texts("network.client.ip"), Count: inner.count("workflow.events_matched"),
		Status: datadogState(inner.text("workflow.triage.state"))}
	word(&a, "attributes.status", outer.at("status"), fiveWords)
	r.add(a, doc)
	return nil
}

func datadogState(s string) string {
	if s == "archived" {
		return "closed"
	}
	return status(s)
}

// datadogMonitor reads the webhook of a Datadog monitor, with the keys of the
// template in the operator's guide.
func datadogMonitor(r *reader, doc object) error {
	id := doc.text("id")
	if id == "" {
		return incidents.Invalid("an event of a Datadog monitor has no id")
	}
	a := incidents.Alert{ExternalID: id, Title: doc.text("title"), DedupKey: id, GroupKey: doc.text("monitor_id") + "/" + doc.text("scopes"),
		OccurredAt: doc.time("date"), ObservedAt: orZero(doc.time("last_updated")), URL: doc.text("url")}
	for scope := range strings.SplitSeq(doc.text("scopes"), ",") {
		if host, ok := strings.CutPrefix(strings.TrimSpace(scope), "host:"); ok {
			a.Assets = append(a.Assets, host)
		}
	}
	if strings.HasSuffix(strings.ToLower(doc.text("alert_transition")), "recovered") {
		a.Status = "closed"
	}
	word(&a, "severity", doc.at("severity"), priorities)
	r.add(a, doc)
	return nil
}

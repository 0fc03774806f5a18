package siem

import "tocsin/incidents"

// wazuh reads an alert as the integrator posts it. Levels 0-6 low, 7-11
// medium, 12-14 high, 15-16 critical: the bands of the Wazuh dashboard. An id
// is unique per manager only.
func wazuh(r *reader, doc object) error {
	if doc.obj("rule") == nil {
		return incidents.Invalid("a Wazuh alert has no rule")
	}
	when := doc.time("timestamp", "@timestamp")
	a := incidents.Alert{ExternalID: doc.text("id"), Title: doc.text("rule.description"), OccurredAt: when, ObservedAt: orZero(when),
		Assets: doc.texts("agent.name"), Users: doc.texts("data.dstuser", "data.srcuser"), IPs: doc.texts("data.srcip"), Count: doc.count("rule.firedtimes"),
		GroupKey: doc.text("rule.id") + "/" + doc.text("agent.id")}
	a.DedupKey = doc.text("manager.name") + "/" + a.ExternalID
	if a.ExternalID == "" {
		a.DedupKey = hash(doc.text("manager.name"), doc.text("agent.id"), doc.text("rule.id"), doc.text("@timestamp", "timestamp"))
	}
	scale(&a, "rule.level", doc.at("rule.level"), 0, []band{{6, low}, {11, medium}, {14, high}, {16, critical}})
	r.add(a, doc)
	return nil
}

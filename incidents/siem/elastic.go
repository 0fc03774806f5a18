package siem

import "tocsin/incidents"

// elastic reads a detection alert of Elastic Security, with or without its
// _source wrapper.
func elastic(r *reader, doc object) error {
	if src := doc.obj("_source"); src != nil {
		doc = src
	}
	id := doc.text("kibana.alert.uuid")
	if id == "" {
		return incidents.Invalid("an Elastic alert has no kibana.alert.uuid")
	}
	host := doc.text("host.name")
	a := incidents.Alert{ExternalID: id, Title: doc.text("kibana.alert.rule.name"), DedupKey: id, GroupKey: doc.text("kibana.alert.rule.uuid") + "/" + host,
		OccurredAt: doc.time("kibana.alert.original_time", "event.created"), ObservedAt: orZero(doc.time("@timestamp")),
		Assets: []string{host}, Users: doc.texts("user.name", "winlog.event_data.SubjectUserName"), IPs: doc.texts("source.ip"), URL: doc.text("kibana.alert.url"),
		Status: status(doc.text("kibana.alert.workflow_status"))}
	word(&a, "kibana.alert.severity", doc.at("kibana.alert.severity"), fiveWords)
	scale(&a, "kibana.alert.risk_score", doc.at("kibana.alert.risk_score"), 0, []band{{21, low}, {47, medium}, {73, high}, {100, critical}})
	r.add(a, doc)
	return nil
}

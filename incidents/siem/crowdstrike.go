package siem

import "tocsin/incidents"

// crowdstrike reads a detection summary of CrowdStrike's event streams. The
// number of a severity means something else in each of its versions, so only
// the name counts.
func crowdstrike(r *reader, doc object) error {
	prefix, e := "event.", doc.obj("event")
	if e == nil {
		prefix, e = "", doc
	}
	id := e.text("CompositeId", "DetectId")
	if id == "" {
		return incidents.Invalid("a CrowdStrike detection has no CompositeId")
	}
	if customer, offset := doc.text("metadata.customerIDString"), doc.text("metadata.offset"); customer != "" && offset != "" {
		r.delivery = customer + "/" + offset
	}
	a := incidents.Alert{ExternalID: id, Title: e.text("Name", "DetectName"), DedupKey: id, GroupKey: id, OccurredAt: e.time("ProcessStartTime"),
		ObservedAt: orZero(first(doc.time("metadata.eventCreationTime"), e.time("UTCTimestamp"))),
		Assets:     e.texts("Hostname", "ComputerName"), Users: e.texts("UserName"), IPs: e.texts("LocalIP"), URL: e.text("FalconHostLink")}
	word(&a, prefix+"SeverityName", e.at("SeverityName"), fiveWords)
	r.add(a, doc)
	return nil
}

// crowdsec reads an alert of CrowdSec: a scenario, an address, a time. It says
// nothing about severity.
func crowdsec(r *reader, doc object) error {
	scenario := doc.text("scenario")
	if scenario == "" {
		return incidents.Invalid("a CrowdSec alert has no scenario")
	}
	a := incidents.Alert{Title: scenario, DedupKey: hash(scenario, doc.text("source.value"), doc.text("start_at")), GroupKey: scenario,
		OccurredAt: doc.time("start_at"), ObservedAt: orZero(doc.time("stop_at")), IPs: doc.texts("source.value"), Count: doc.count("events_count"), Test: doc.flag("simulated")}
	for _, e := range doc.objs("events") {
		for _, m := range e.objs("meta") {
			if m.text("key") == "target_user" {
				a.Users = append(a.Users, m.text("value"))
			}
		}
	}
	r.add(a, doc)
	return nil
}

package siem

import "tocsin/incidents"

// graylog reads an event notification of Graylog. The event happened at its
// timestamp; it was found at timestamp_processing, which may be hours later.
func graylog(r *reader, doc object) error {
	e := doc.obj("event")
	id := e.text("id")
	if id == "" {
		return incidents.Invalid("a Graylog notification has no event.id")
	}
	a := incidents.Alert{ExternalID: id, Title: doc.text("event_definition_title", "event.message"), DedupKey: id, GroupKey: doc.text("event_definition_id"),
		OccurredAt: e.time("timestamp"), ObservedAt: orZero(first(e.time("timestamp_processing"), e.time("timestamp"))), Assets: e.texts("source")}
	word(&a, "event.priority", e.at("priority"), words{"1": low, "2": medium, "3": high, "4": critical})
	r.add(a, doc)
	return nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// qradar reads an offense of IBM QRadar. Of its three figures the magnitude
// ranks. What offense_source holds depends on offense_type.
func qradar(r *reader, doc object) error {
	id := doc.text("id")
	if id == "" {
		return incidents.Invalid("an offense has no id")
	}
	title, _, _ := strings.Cut(doc.text("description"), "\n")
	updated := doc.time("last_updated_time")
	a := incidents.Alert{ExternalID: id, Title: title, DedupKey: id, GroupKey: id, OccurredAt: doc.time("start_time"), ObservedAt: orZero(updated), Revision: stamp(updated),
		Count: doc.count("event_count"), URL: doc.text("LinkToOffense"), Status: status(doc.text("status"))}
	switch strings.ToLower(doc.text("offense_type")) {
	case "3", "username":
		a.Users = doc.texts("offense_source")
	case "0", "source ip":
		a.IPs = doc.texts("offense_source")
	}
	scale(&a, "magnitude", doc.at("magnitude"), 0, []band{{0, info}, {3, low}, {6, medium}, {8, high}, {10, critical}})
	r.add(a, doc)
	return nil
}

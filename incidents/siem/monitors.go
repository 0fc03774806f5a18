package siem

import (
	"strings"

	"tocsin/incidents"
)

// newrelic reads an incident of New Relic.
func newrelic(r *reader, doc object) error {
	id := doc.text("incident_id")
	if id == "" {
		return incidents.Invalid("an incident of New Relic has no incident_id")
	}
	id = doc.text("account_id") + "/" + id
	a := incidents.Alert{ExternalID: doc.text("incident_id"), Title: doc.text("condition_name"), DedupKey: id, GroupKey: id, OccurredAt: doc.time("timestamp"),
		URL: doc.text("incident_url"), Status: status(doc.text("current_state"))}
	word(&a, "severity", doc.at("severity"), words{"info": info, "warn": medium, "warning": medium, "critical": critical})
	r.add(a, doc)
	return nil
}

// signalfx reads a detector's event of Splunk Observability. The title may sit
// among the inputs.
func signalfx(r *reader, doc object) error {
	id := doc.text("incidentId")
	if id == "" {
		return incidents.Invalid("a detector's event has no incidentId")
	}
	state := doc.text("statusExtended", "status")
	a := incidents.Alert{ExternalID: id, Title: doc.text("messageTitle", "inputs.messageTitle", "detector"), DedupKey: id + "/" + state, GroupKey: id, URL: doc.text("detectorUrl"),
		OccurredAt: doc.time("timestamp"), Status: status(state)}
	if s := strings.ToLower(state); s == "stopped" || strings.HasPrefix(s, "manually resolved") {
		a.Status = "closed"
	}
	word(&a, "severity", doc.at("severity"), words{"critical": critical, "major": high, "minor": medium, "warning": low, "info": info})
	r.add(a, doc)
	return nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

var ocsfSeverity = words{"1": info, "2": low, "3": medium, "4": high, "5": critical, "6": critical}

// What OCSF's data_security says about whose data is concerned.
var ocsfData = map[string]string{"1": "personal", "2": "identity-document", "3": "bank-account", "6": "credentials"}

// ocsf reads a finding of the Open Cybersecurity Schema Framework. It is the
// one shape that says what data is concerned. Times come in milliseconds by the
// schema and in seconds in the wild.
func ocsf(r *reader, doc object) error {
	f := doc.obj("finding_info")
	if f == nil {
		f = doc.obj("finding")
	}
	id := f.text("uid")
	if id == "" {
		return incidents.Invalid("an OCSF finding has no finding_info.uid")
	}
	a := incidents.Alert{ExternalID: id, Title: f.text("title", "desc"), DedupKey: id, Count: doc.count("count"), URL: f.text("src_url"),
		OccurredAt: first(f.time("first_seen_time_dt", "first_seen_time"), doc.time("time_dt", "time")),
		ObservedAt: orZero(first(f.time("created_time_dt", "created_time"), doc.time("time_dt", "time")))}
	a.Revision = stamp(f.time("modified_time_dt", "modified_time"))
	if a.GroupKey = nonEmpty(f.texts("types")); a.GroupKey == "" {
		a.GroupKey = a.Title
	}
	word(&a, "severity_id", doc.at("severity_id"), ocsfSeverity)
	if doc.text("activity_id") == "3" {
		a.Status = "closed"
	}
	for _, res := range append(doc.objs("resources"), doc.obj("resource"), doc.obj("database"), doc.obj("table")) {
		a.Assets = append(a.Assets, res.text("uid"), res.text("name"))
	}
	a.Assets = append(a.Assets, doc.text("device.hostname"), doc.text("device.name"))
	a.Users = doc.texts("actor.user.name", "user.name")
	for _, e := range append(doc.objs("evidences"), doc) {
		a.IPs = append(a.IPs, e.text("src_endpoint.ip"), e.text("dst_endpoint.ip"))
	}
	for _, id := range append(doc.texts("data_security.category_id"), categories(doc)...) {
		if hint := ocsfData[id]; hint != "" {
			a.DataHints = append(a.DataHints, hint)
		}
	}
	pattern := strings.ToUpper(doc.text("data_security.detection_pattern"))
	for _, p := range []struct{ word, hint string }{{"RESIDENT_ID", "identity-document"}, {"PASSPORT", "identity-document"}, {"SSN", "identity-document"}, {"NATIONAL_ID", "identity-document"},
		{"BANK", "bank-account"}, {"IBAN", "bank-account"}, {"CREDIT_CARD", "bank-account"}, {"PASSWORD", "credentials"}, {"EMAIL", "email"}} {
		if strings.Contains(pattern, p.word) {
			a.DataHints = append(a.DataHints, p.hint)
		}
	}
	r.add(a, doc)
	return nil
}

func categories(doc object) (out []string) {
	for _, d := range append(doc.objs("data_security"), doc.objs("data_classifications")...) {
		out = append(out, d.text("category_id"))
	}
	return out
}

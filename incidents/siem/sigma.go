package siem

import "tocsin/incidents"

// sigma reads what the Sigma engine Zircolite found: one alert per rule. The
// same rule with the same matches is the same alert.
func sigma(r *reader, doc object) error {
	id := doc.text("id")
	if id == "" {
		id = doc.text("title")
	}
	if id == "" {
		return incidents.Invalid("a Sigma result has neither id nor title")
	}
	a := incidents.Alert{ExternalID: doc.text("id"), Title: doc.text("title"), GroupKey: id, Count: doc.count("count")}
	var parts []string
	for _, m := range doc.objs("matches") {
		a.Assets = append(a.Assets, m.text("Computer"))
		parts = append(parts, string(compact(m)))
	}
	a.DedupKey = id + "/" + hash(parts...)
	word(&a, "rule_level", doc.at("rule_level"), fiveWords)
	r.add(a, doc)
	return nil
}

package siem

import "tocsin/incidents"

var falcoWords = words{"emergency": critical, "alert": critical, "critical": critical, "error": high, "warning": medium, "notice": low, "informational": info, "debug": info}

// falco reads an event of Falco. It has no id; evt.time in its fields may
// disagree with its time and is not used.
func falco(r *reader, doc object) error {
	rule := doc.text("rule")
	if rule == "" {
		return incidents.Invalid("a Falco event has no rule")
	}
	when := doc.time("time")
	a := incidents.Alert{Title: rule, DedupKey: hash(rule, doc.text("hostname"), doc.text("time"), doc.text("output")), GroupKey: rule + "/" + doc.text("hostname"),
		OccurredAt: when, ObservedAt: orZero(when), Assets: doc.texts("hostname"), Users: doc.texts("output_fields.user.name"), Test: rule == "Test rule"}
	word(&a, "priority", doc.at("priority"), falcoWords)
	r.add(a, doc)
	return nil
}

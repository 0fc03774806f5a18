package siem

import (
	"bytes"
	"encoding/json"

	"tocsin/incidents"
)

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
		parts = append(parts, compact(m))
	}
	a.DedupKey = id + "/" + hash(parts...)
	word(&a, "rule_level", doc.at("rule_level"), fiveWords)
	r.add(a, doc)
	return nil
}

// compact is an object as JSON with sorted keys and no blanks.
func compact(o object) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(o) != nil { // only values the decoder made
		return ""
	}
	return string(bytes.TrimSpace(b.Bytes()))
}

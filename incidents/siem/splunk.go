package siem

import "tocsin/incidents"

// splunk reads the body of Splunk's built-in webhook action: the first result
// row of a search. A search without a name falls back to a fixed title.
func splunk(r *reader, doc object) error {
	sid := doc.text("sid")
	if sid == "" {
		return incidents.Invalid("a Splunk alert has no sid")
	}
	a := incidents.Alert{ExternalID: sid, Title: doc.text("search_name"), DedupKey: sid, URL: doc.text("results_link"), Count: doc.count("result.count"),
		OccurredAt: doc.time("result._time"), Assets: doc.texts("result.host", "result.dest"), Users: doc.texts("result.user"), IPs: doc.texts("result.src_ip", "result.dest_ip")}
	name := a.Title
	if name == "" {
		a.Title, name = "Splunk alert (unnamed search)", "-"
	}
	a.GroupKey = doc.text("app") + "/" + name
	for _, field := range []string{"result.severity", "result.urgency"} {
		word(&a, field, doc.at(field), fiveWords)
	}
	r.add(a, doc)
	return nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// cloudevents reads an event of CloudEvents 1.0 in structured mode; binary mode
// (ce-* headers) is put into that shape before. An id is unique per source only.
// severitynumber uses the numbers of OpenTelemetry.
func cloudevents(r *reader, doc object) ([]incidents.Alert, error) {
	id, source := doc.text("id"), doc.text("source")
	if id == "" || source == "" || doc.text("specversion") == "" {
		return nil, incidents.Invalid("a CloudEvent needs specversion, id and source")
	}
	r.delivery = source + "#" + id
	when := doc.time("time")
	data := doc.obj("data")
	a := incidents.Alert{ExternalID: id, Title: data.text("title", "message", "summary"), DedupKey: source + "#" + id, GroupKey: source + "/" + doc.text("type") + "/" + doc.text("subject"),
		OccurredAt: when, ObservedAt: orZero(when), Count: data.count("count"), URL: data.text("url"),
		Assets: append(data.texts("asset", "assets", "host", "hosts"), doc.text("subject")), Users: data.texts("user", "users"), IPs: data.texts("ip", "ips")}
	if a.Title == "" {
		a.Title = doc.text("type")
	}
	if doc.at("severitynumber") != nil {
		scale(&a, doc, "severitynumber", 1, []band{{12, incidents.SeverityInfo}, {16, incidents.SeverityMedium}, {20, incidents.SeverityHigh}, {24, incidents.SeverityCritical}})
	} else {
		severity(&a, "severitytext", doc.at("severitytext"), commonWords)
	}
	if a.SeverityFrom == "" {
		severity(&a, "data.severity", data.at("severity"), commonWords)
	}
	words := strings.FieldsFunc(strings.ToLower(doc.text("datacategory")+","+doc.text("dataclassification")), func(c rune) bool { return c == ',' || c == ';' || c == ' ' })
	for _, w := range words {
		if w == "personal" || w == "pii" || w == "sensitive" {
			a.DataHints = []string{"personal"}
		}
	}
	if doc.text("dataregulation") != "" { // a data protection law is named
		a.DataHints = []string{"personal"}
	}
	return []incidents.Alert{a}, nil
}

// binaryEvent puts an event of binary mode into structured shape.
func (r *reader) binaryEvent(doc object) object {
	if r.req.Format != "cloudevents" || r.header("ce-id") == "" {
		return nil
	}
	out := object{"data": map[string]any(doc)}
	for k, v := range r.req.Header {
		if name, ok := strings.CutPrefix(strings.ToLower(k), "ce-"); ok && len(v) > 0 {
			out[name] = v[0]
		}
	}
	return out
}

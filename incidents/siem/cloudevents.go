package siem

import (
	"bytes"
	"encoding/base64"
	"net/url"
	"strings"

	"tocsin/incidents"
)

// cloudevents reads an event of CloudEvents 1.0 in structured mode; binary mode
// (ce-* headers) is put into that shape before. An id is unique per source only.
// severitynumber uses the numbers of OpenTelemetry.
func cloudevents(r *reader, doc object) error {
	id, source := doc.text("id"), doc.text("source")
	if id == "" || source == "" || doc.text("specversion") == "" {
		return incidents.Invalid("a CloudEvent needs specversion, id and source")
	}
	r.delivery = source + "#" + id
	data := doc.obj("data")
	a := common(data)
	a.ExternalID, a.DedupKey, a.Title = id, source+"#"+id, data.text("title", "message", "summary", "name")
	a.GroupKey = source + "/" + doc.text("type") + "/" + doc.text("subject")
	when := doc.time("time")
	a.OccurredAt, a.ObservedAt = first(a.OccurredAt, when), orZero(when)
	a.Assets = append(a.Assets, doc.text("subject"))
	if a.Title == "" {
		a.Title = doc.text("type")
	}
	if doc.at("severitynumber") != nil || doc.at("severitytext") != nil {
		a.SeverityFrom, a.SeverityNative = "", nil
		scale(&a, "severitynumber", doc.at("severitynumber"), 1, []band{{12, info}, {16, medium}, {20, high}, {24, critical}})
		word(&a, "severitytext", doc.at("severitytext"), commonWords)
	} else if n := a.SeverityNative; n != nil {
		n.Field = "data." + n.Field
	}
	a.DataHints = append(a.DataHints, eventHints(doc)...)
	r.add(a, doc)
	return nil
}

// eventHints reads the data classification extension: a category of personal
// data, or a data protection law that applies.
func eventHints(doc object) []string {
	if doc.text("dataregulation") != "" {
		return []string{"personal"}
	}
	for w := range strings.FieldsFuncSeq(strings.ToLower(doc.text("datacategory")), func(c rune) bool { return c == ',' || c == ';' || c == ' ' }) {
		if w == "personal" || w == "pii" || w == "sensitive" {
			return []string{"personal"}
		}
	}
	return nil
}

// event puts an event of binary mode into structured shape, and reads data
// that was sent in base64.
func (r *reader) event(doc object) object {
	if r.req.Format != "cloudevents" && r.req.Format != "generic" {
		return doc
	}
	if r.header("ce-id") != "" && r.header("ce-specversion") != "" && r.documents == 1 {
		out := object{"data": map[string]any(doc)}
		for k, v := range r.req.Header {
			if name, ok := strings.CutPrefix(strings.ToLower(k), "ce-"); ok && len(v) > 0 && name != "data" {
				out[name] = attribute(v[0])
			}
		}
		return out
	}
	text, ok := doc["data_base64"].(string)
	if !ok || doc["data"] != nil {
		return doc
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return doc
	}
	if in, err := documents(bytes.TrimSpace(raw)); err == nil && len(in) == 1 {
		delete(doc, "data_base64")
		doc["data"] = map[string]any(in[0])
	}
	return doc
}

// attribute undoes the percent-encoding of a header.
func attribute(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

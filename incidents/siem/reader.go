package siem

import (
	"bytes"
	"strings"

	"tocsin/incidents"
)

// A reader is what an adapter fills while one body is read.
type reader struct {
	req       Request
	documents int
	delivery  string // the sender's id of this delivery
	outcome   string // why there is no alert
	missing   int
	alerts    []incidents.Alert
	redacted  []byte
	tooMany   bool
}

// maxAlerts is how many alerts one body may hold: one transaction takes them.
const maxAlerts = 10_000

// header is the first value of a header, whatever the case of its name. One
// that is too long to be an identifier is replaced by its hash.
func (r *reader) header(name string) string {
	for k, v := range r.req.Header {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return clean(v[0], maxKey)
		}
	}
	return ""
}

// readDocuments hands every JSON object of a body to an adapter.
func (r *reader) readDocuments(read func(*reader, object) error, body []byte) error {
	docs, err := documents(body)
	if err != nil {
		return err
	}
	r.documents = len(docs)
	for _, doc := range docs {
		doc = r.event(doc)
		if err := read(r, doc); err != nil {
			return err
		}
		r.redacted = append(append(r.redacted, redacted(doc)...), '\n')
	}
	return nil
}

// readLines hands every line of a body to an adapter.
func (r *reader) readLines(read func(*reader, string) error, body []byte) error {
	for part := range bytes.SplitSeq(body, []byte("\n")) {
		text := strings.ToValidUTF8(strings.Trim(string(part), "\r\n \x00"), "\uFFFD")
		if text == "" {
			continue
		}
		r.documents++
		if err := read(r, text); err != nil {
			return err
		}
		r.redacted = append(append(r.redacted, scrub(text)...), '\n')
	}
	if r.documents == 0 {
		return incidents.Invalid("the body is empty")
	}
	return nil
}

// add takes one alert that an adapter read from part of a document: an object,
// or a line of text.
func (r *reader) add(a incidents.Alert, part any) {
	if r.tooMany = r.tooMany || len(r.alerts) == maxAlerts; r.tooMany {
		return
	}
	a.Source, a.Format, a.ReceivedAt = r.req.Source, r.req.Format, r.req.Received.UTC()
	a.Title = line(scrub(a.Title))
	if a.Title == "" {
		a.Title = "Alert from " + r.req.Format
	}
	r.settle(&a)
	a.DedupKey = key(r.req.Format, a.DedupKey)
	if a.GroupKey != "" {
		a.GroupKey = key(r.req.Format, a.GroupKey)
	}
	a.ExternalID, a.Revision = clean(a.ExternalID, maxKey), clean(a.Revision, maxKey)
	a.Assets, a.Users, a.IPs, a.DataHints = set(a.Assets), set(a.Users), set(a.IPs), set(a.DataHints)
	a.URL = link(a.URL)
	a.Raw = redacted(part)
	r.alerts = append(r.alerts, a)
}

// settle fills what a sender did not say.
func (r *reader) settle(a *incidents.Alert) {
	if a.SeverityFrom == "" {
		a.Severity, a.SeverityFrom = r.req.DefaultSeverity, "default"
	}
	a.SeverityScore = a.Severity.Score()
	if a.Status == "" {
		a.Status = "open"
	}
	if a.ObservedAt.IsZero() {
		a.ObservedAt = r.req.Received.UTC()
	}
}

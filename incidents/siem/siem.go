package siem

import (
	"mime"
	"net/url"
	"time"
	"unicode/utf8"

	"tocsin/incidents"
)

// A Request is one body as it arrived, with what is known about its source.
type Request struct {
	Source          string
	Format          string // see Formats
	MediaType       string // Content-Type
	Header          map[string][]string
	Body            []byte
	Received        time.Time
	DefaultSeverity incidents.AlertSeverity // when the sender says none; medium if empty
}

// A Result is what a body says.
type Result struct {
	Alerts     []incidents.Alert
	DeliveryID string // idempotency key of this delivery
	Outcome    string // why a body that is fine holds no alert: "subscription-confirmation", "verified-but-unmapped", …
	Missing    int    // alerts the sender says it left out
	Redacted   []byte // the body without secrets, to be kept
}

// Parse reads one body. An error is of the invalid kind and says what is
// malformed; the caller keeps the body in quarantine.
func Parse(req Request) (Result, error) {
	f, ok := formats[req.Format]
	if !ok {
		return Result{}, incidents.Invalid("there is no adapter for the format %q", req.Format)
	}
	if !knownSeverity(req.DefaultSeverity) {
		req.DefaultSeverity = incidents.SeverityMedium
	}
	r := &reader{req: req}
	body, err := payload(req)
	if err != nil {
		return Result{}, err
	}
	if f.line != nil {
		err = r.readLines(f.line, body)
	} else {
		err = r.readDocuments(f.document, body)
	}
	if err == nil && r.tooMany {
		err = incidents.Invalid("the body holds more than %d alerts", maxAlerts).WithHint("send fewer alerts in one body")
	}
	if err != nil {
		return Result{}, err
	}
	return r.result(), nil
}

// result is what was read. A sender's own delivery id counts when it names
// the whole body; otherwise the same body has the same id.
func (r *reader) result() Result {
	id := clean(r.delivery, maxKey)
	if id == "" {
		id = r.header("webhook-id")
	}
	if id == "" || r.documents > 1 {
		id = "sha256:" + hash(r.req.Source, string(r.req.Body))
	}
	for i := range r.alerts {
		r.alerts[i].DeliveryID = id
	}
	out := Result{Alerts: r.alerts, DeliveryID: id, Missing: r.missing, Redacted: r.redacted}
	if len(r.alerts) == 0 {
		out.Outcome = r.outcome
	}
	return out
}

// payload is the text of a body: as it is, or the one field of a form.
func payload(req Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(req.MediaType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return req.Body, nil
	}
	if !utf8.Valid(req.Body) {
		return nil, incidents.Invalid("the form is not UTF-8")
	}
	form, err := url.ParseQuery(string(req.Body))
	if err != nil || len(form) != 1 {
		return nil, incidents.Invalid("a form must hold exactly one field with the payload")
	}
	for _, v := range form {
		if len(v) == 1 {
			return []byte(v[0]), nil
		}
	}
	return nil, incidents.Invalid("the form holds its payload field more than once")
}

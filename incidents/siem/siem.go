package siem

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"
	"time"

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
	Outcome    string // why there are no alerts though the body is fine: "subscription-confirmation", "verified-but-unmapped", …
	Missing    int    // alerts the sender says it left out
	Redacted   []byte // the body without secrets, to be kept
}

// An adapter reads one document of its format. It may return no alerts and an outcome.
type adapter func(r *reader, doc object) ([]incidents.Alert, error)

var adapters = map[string]adapter{
	"splunk-webhook": splunk, "elastic-detection": elastic, "wazuh-alert": wazuh, "sentinel-incident": sentinel,
	"alertmanager": alertmanager, "guardduty-eventbridge": guardduty, "sns-envelope": sns, "ocsf-finding": ocsf,
	"cloudevents": cloudevents, "standard-webhooks": standardWebhooks, "generic": generic,
}

// Formats lists the formats that can be read.
func Formats() []string {
	out := make([]string, 0, len(adapters))
	for f := range adapters {
		out = append(out, f)
	}
	slices.Sort(out)
	return out
}

// Parse reads one body. An error is of the invalid kind and says what is
// malformed; the caller keeps the body in quarantine.
func Parse(req Request) (Result, error) {
	read, ok := adapters[req.Format]
	if !ok {
		return Result{}, incidents.Invalid("there is no adapter for the format %q", req.Format)
	}
	if req.DefaultSeverity == "" {
		req.DefaultSeverity = incidents.SeverityMedium
	}
	body, err := payload(req)
	if err != nil {
		return Result{}, err
	}
	docs, err := documents(body)
	if err != nil {
		return Result{}, err
	}
	r := &reader{req: req}
	res := Result{DeliveryID: r.header("webhook-id")}
	for i, d := range docs {
		if binary := r.binaryEvent(d); binary != nil {
			d = binary
		}
		alerts, err := read(r, d)
		if err != nil {
			return Result{}, fmt.Errorf("document %d: %w", i+1, err)
		}
		redact(d)
		raw, err := json.Marshal(d)
		if err != nil {
			return Result{}, incidents.Invalid("the body cannot be kept: %v", err)
		}
		for _, a := range alerts {
			r.finish(&a, raw)
			res.Alerts = append(res.Alerts, a)
		}
		res.Redacted = append(append(res.Redacted, raw...), '\n')
	}
	res.Outcome, res.Missing = r.outcome, r.missing
	if r.delivery != "" {
		res.DeliveryID = r.delivery
	}
	if res.DeliveryID == "" {
		res.DeliveryID = "sha256:" + hash(req.Source, string(req.Body))
	}
	for i := range res.Alerts {
		res.Alerts[i].DeliveryID = res.DeliveryID
	}
	return res, nil
}

// payload is the JSON of a body: as it is, or the one field of a form.
func payload(req Request) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(req.MediaType)
	if err != nil || kind != "application/x-www-form-urlencoded" {
		return req.Body, nil
	}
	form, err := url.ParseQuery(string(req.Body))
	if err != nil || len(form) != 1 {
		return nil, incidents.Invalid("a form must hold exactly one field with the JSON payload")
	}
	for _, v := range form {
		return []byte(v[0]), nil
	}
	return nil, nil
}

// finish fills what every alert has.
func (r *reader) finish(a *incidents.Alert, raw []byte) {
	a.Source, a.Format, a.ReceivedAt = r.req.Source, r.req.Format, r.req.Received.UTC()
	a.Title = line(a.Title)
	if a.Title == "" {
		a.Title = "Alert from " + r.req.Format
	}
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
	a.DedupKey = r.req.Format + ":" + a.DedupKey
	if a.GroupKey != "" {
		a.GroupKey = r.req.Format + ":" + a.GroupKey
	}
	a.Assets, a.Users, a.IPs = set(a.Assets), set(a.Users), set(a.IPs)
	a.Raw = raw
}

func set(in []string) []string {
	var out []string
	for _, s := range in {
		if s = strings.TrimSpace(line(s)); s != "" && !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// line makes one line of at most 300 characters, without control characters.
func line(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || r == '\r':
			return ' '
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0) || r == 0x2028 || r == 0x2029 || (r >= 0x202a && r <= 0x202e) || (r >= 0x2066 && r <= 0x2069):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.TrimSpace(s)
	if rs := []rune(s); len(rs) > 300 {
		s = string(rs[:299]) + "…"
	}
	return s
}

// hash is lower-case hex SHA-256 over parts joined by one newline.
func hash(parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}

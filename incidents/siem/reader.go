package siem

import (
	"strings"

	"tocsin/incidents"
)

// A reader is what adapters share while one body is read.
type reader struct {
	req      Request
	delivery string
	outcome  string
	missing  int
}

func (r *reader) header(name string) string {
	for k, v := range r.req.Header {
		if strings.EqualFold(k, name) && len(v) > 0 {
			return v[0]
		}
	}
	return ""
}

// severity reads a native severity by a map of lower-case words.
func severity(a *incidents.Alert, field string, native any, words map[string]incidents.AlertSeverity) {
	s := str(native)
	if s == "" {
		return
	}
	a.SeverityNative = &incidents.NativeSeverity{Field: field, Value: native}
	if v, ok := words[strings.ToLower(s)]; ok {
		a.Severity, a.SeverityFrom = v, "field"
	}
}

// band is one step of a numeric scale: up to and including Max.
type band struct {
	max float64
	sev incidents.AlertSeverity
}

// scale reads a numeric severity; a value outside the scale is clamped.
func scale(a *incidents.Alert, doc object, path string, low float64, bands []band) {
	n, ok := doc.number(path)
	if !ok {
		return
	}
	a.SeverityNative = &incidents.NativeSeverity{Field: path, Value: doc.at(path)}
	a.SeverityFrom = "field"
	if n < low || n > bands[len(bands)-1].max {
		a.SeverityFrom = "field-clamped"
	}
	a.Severity = bands[len(bands)-1].sev
	for _, b := range bands {
		if n <= b.max {
			a.Severity = b.sev
			return
		}
	}
}

// The words most senders use.
var commonWords = map[string]incidents.AlertSeverity{
	"info": incidents.SeverityInfo, "informational": incidents.SeverityInfo, "information": incidents.SeverityInfo, "none": incidents.SeverityInfo, "notice": incidents.SeverityInfo, "debug": incidents.SeverityInfo,
	"low": incidents.SeverityLow, "minor": incidents.SeverityLow,
	"medium": incidents.SeverityMedium, "moderate": incidents.SeverityMedium, "warning": incidents.SeverityMedium, "warn": incidents.SeverityMedium,
	"high": incidents.SeverityHigh, "error": incidents.SeverityHigh, "major": incidents.SeverityHigh,
	"critical": incidents.SeverityCritical, "fatal": incidents.SeverityCritical, "emergency": incidents.SeverityCritical, "alert": incidents.SeverityCritical,
}

// redact removes what must not be kept: secrets that travel inside payloads.
func redact(v any) {
	switch x := v.(type) {
	case object:
		redact(map[string]any(x))
	case map[string]any:
		for k, sub := range x {
			if secretKey(k) {
				x[k] = "[redacted]"
				continue
			}
			redact(sub)
		}
	case []any:
		for _, sub := range x {
			redact(sub)
		}
	}
}

func secretKey(k string) bool {
	switch strings.ToLower(k) {
	case "secret", "routing_key", "pattern_match", "token", "subscribeurl", "authorization", "cookie", "set-cookie", "password", "api_key", "apikey", "access_token":
		return true
	}
	return false
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// The severities, short, for the tables of the adapters.
const (
	info     = incidents.SeverityInfo
	low      = incidents.SeverityLow
	medium   = incidents.SeverityMedium
	high     = incidents.SeverityHigh
	critical = incidents.SeverityCritical
)

type words map[string]incidents.AlertSeverity

// The words most senders use, in lower case.
var commonWords = words{
	"info": info, "informational": info, "information": info, "none": info, "notice": info, "debug": info, "trace": info,
	"low": low, "minor": low,
	"medium": medium, "moderate": medium, "warning": medium, "warn": medium,
	"high": high, "error": high, "major": high, "severe": high,
	"critical": critical, "fatal": critical, "emergency": critical, "alert": critical,
}

// The five words of our own scale.
var fiveWords = words{"informational": info, "info": info, "low": low, "medium": medium, "high": high, "critical": critical}

// The priorities of paging products.
var priorities = words{"p1": critical, "p2": high, "p3": medium, "p4": low, "p5": info}

func knownSeverity(s incidents.AlertSeverity) bool {
	switch s {
	case info, low, medium, high, critical:
		return true
	}
	return false
}

// word reads a native severity by a table. An unknown word is kept as native
// value and leaves the source's default to apply.
func word(a *incidents.Alert, field string, native any, table words) {
	s := str(native)
	if s == "" || a.SeverityFrom != "" {
		return
	}
	a.SeverityNative = &incidents.NativeSeverity{Field: field, Value: native}
	if text, ok := native.(string); ok {
		a.SeverityNative.Value = line(text)
	}
	if v, ok := table[strings.ToLower(s)]; ok {
		a.Severity, a.SeverityFrom = v, "field"
	}
}

// A band is one step of a numeric scale: up to and including max.
type band struct {
	max float64
	sev incidents.AlertSeverity
}

// Of 100, as our own scale is divided.
var hundred = []band{{19, info}, {39, low}, {69, medium}, {89, high}, {100, critical}}

// scale reads a numeric severity; a value outside the scale is clamped.
func scale(a *incidents.Alert, field string, native any, least float64, bands []band) {
	n, ok := number(native)
	if !ok || a.SeverityFrom != "" {
		return
	}
	a.SeverityNative = &incidents.NativeSeverity{Field: field, Value: native}
	last := bands[len(bands)-1]
	a.Severity, a.SeverityFrom = last.sev, "field"
	if n < least || n > last.max {
		a.SeverityFrom = "field-clamped"
	}
	for _, b := range bands {
		if n <= b.max {
			a.Severity = b.sev
			return
		}
	}
}

// fixed sets a severity the format itself decides.
func fixed(a *incidents.Alert, sev incidents.AlertSeverity, from string) {
	a.Severity, a.SeverityFrom = sev, from
}

package siem_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"tocsin/incidents"
	"tocsin/incidents/siem"
)

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*-[0-9].*")
	if err != nil || len(files) < 32 {
		f.Fatal(len(files), err)
	}
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i := range siem.Formats() {
			f.Add(i, b, "application/json")
		}
	}
	f.Add(0, []byte("payload=%7B%7D"), "application/x-www-form-urlencoded")
	f.Fuzz(func(t *testing.T, i int, body []byte, kind string) {
		formats := siem.Formats()
		format := formats[((i%len(formats))+len(formats))%len(formats)]
		res, err := siem.Parse(siem.Request{Source: "s", Format: format, MediaType: kind, Body: body, Received: received, DefaultSeverity: "purple"})
		if err != nil {
			if incidents.KindOf(err) != incidents.KindInvalid {
				t.Fatalf("kind %s: %v", incidents.KindOf(err), err)
			}
			if kept := siem.Redact(kind, body); json.Valid(body) && json.Valid(kept) {
				noSecrets(t, kept, format)
			}
			return
		}
		if res.DeliveryID == "" || (len(res.Alerts) == 0) != (res.Outcome != "") {
			t.Fatalf("delivery %q, %d alerts, outcome %q", res.DeliveryID, len(res.Alerts), res.Outcome)
		}
		for _, a := range res.Alerts {
			sound(t, format, a)
		}
		noSecrets(t, res.Redacted, format)
	})
}

var bands = map[incidents.AlertSeverity][2]int{
	incidents.SeverityInfo: {0, 19}, incidents.SeverityLow: {20, 39}, incidents.SeverityMedium: {40, 69}, incidents.SeverityHigh: {70, 89}, incidents.SeverityCritical: {90, 100},
}

// sound checks what holds for every alert, whoever sent it.
func sound(t *testing.T, format string, a incidents.Alert) {
	t.Helper()
	if a.Title == "" || strings.ContainsAny(a.Title, "\n\r\t\x00") || utf8.RuneCountInString(a.Title) > 300 {
		t.Fatalf("title %q", a.Title)
	}
	if !strings.HasPrefix(a.DedupKey, format+":") || a.Format != format {
		t.Fatalf("key %q", a.DedupKey)
	}
	band, ok := bands[a.Severity]
	if !ok || a.SeverityScore < band[0] || a.SeverityScore > band[1] {
		t.Fatalf("severity %q, score %d", a.Severity, a.SeverityScore)
	}
	if !slices.Contains([]string{"field", "field-clamped", "default", "format-default", "format-rule"}, a.SeverityFrom) || !slices.Contains([]string{"open", "acknowledged", "closed", "suppressed"}, a.Status) {
		t.Fatalf("severity from %q, status %q", a.SeverityFrom, a.Status)
	}
	if a.ObservedAt.IsZero() || !json.Valid(a.Raw) {
		t.Fatalf("observed %v, raw %s", a.ObservedAt, a.Raw)
	}
	if a.URL != "" && !strings.HasPrefix(strings.ToLower(a.URL), "http") {
		t.Fatalf("address %q", a.URL)
	}
	for _, s := range slices.Concat(a.Assets, a.Users, a.IPs, a.DataHints, []string{a.DedupKey, a.GroupKey, a.ExternalID, a.Revision, a.DeliveryID}) {
		if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
			t.Fatalf("%q cannot be stored", s)
		}
	}
	if _, err := json.Marshal(a); err != nil {
		t.Fatal(err)
	}
	noSecrets(t, a.Raw, format)
}

// noSecrets walks kept JSON: no listed key holds anything.
func noSecrets(t *testing.T, kept []byte, format string) {
	t.Helper()
	if format == "cef" || format == "leef" {
		return // text; what is kept of it is tested by example
	}
	dec := json.NewDecoder(bytes.NewReader(kept))
	for {
		var v any
		if err := dec.Decode(&v); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("what is kept is no JSON: %v", err)
		}
		walk(t, v)
	}
}

func walk(t *testing.T, v any) {
	switch x := v.(type) {
	case map[string]any:
		for k, sub := range x {
			if slices.Contains([]string{"secret", "routing_key", "pattern_match", "token", "subscribeurl", "authorization", "cookie", "password"}, strings.ToLower(k)) && sub != "[redacted]" {
				t.Fatalf("%s is kept", k)
			}
			walk(t, sub)
		}
	case []any:
		for _, sub := range x {
			walk(t, sub)
		}
	}
}

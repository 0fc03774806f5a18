package siem_test

import (
	"encoding/json"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/incidents/siem"
	"tocsin/internal/strict"
)

var received = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

type sample struct {
	File    string
	Format  string
	Type    string
	Headers map[string]string
	Expect  map[string]any
}

// samples reads the manifest. It holds more than a test needs, so it is read
// into plain maps.
func samples(t *testing.T) (out []sample) {
	b, err := os.ReadFile("testdata/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := strict.Unmarshal("manifest.yaml", b, &m); err != nil {
		t.Fatal(err)
	}
	for _, x := range m["samples"].([]any) {
		s := x.(map[string]any)
		headers := map[string]string{}
		if h, ok := s["headers"].(map[string]any); ok {
			for k, v := range h {
				headers[k] = v.(string)
			}
		}
		out = append(out, sample{s["file"].(string), s["format"].(string), s["content_type"].(string), headers, s["expect"].(map[string]any)})
	}
	return out
}

func parse(t *testing.T, s sample) (siem.Result, []byte) {
	body, err := os.ReadFile(filepath.Join("testdata", s.File))
	if err != nil {
		t.Fatal(err)
	}
	h := http.Header{}
	for k, v := range s.Headers {
		h.Set(k, v)
	}
	res, err := siem.Parse(siem.Request{Source: "test", Format: s.Format, MediaType: s.Type, Header: h, Body: body, Received: received})
	if err != nil {
		t.Fatal(err)
	}
	return res, body
}

func TestSamplesReadAsExpected(t *testing.T) {
	all := samples(t)
	if len(all) < 32 {
		t.Fatalf("only %d samples", len(all))
	}
	for _, s := range all {
		t.Run(s.File, func(t *testing.T) {
			res, _ := parse(t, s)
			if n := int(num(s.Expect["alerts"])); len(res.Alerts) != n {
				t.Fatalf("%d alerts, want %d", len(res.Alerts), n)
			}
			if want, ok := s.Expect["outcome"].(string); ok && res.Outcome != want {
				t.Errorf("outcome %q, want %q", res.Outcome, want)
			}
			if want, ok := s.Expect["truncated"]; ok && res.Missing != int(num(want)) {
				t.Errorf("%d alerts missing, want %v", res.Missing, want)
			}
			items, _ := s.Expect["items"].([]any)
			for i, item := range items {
				compare(t, res, res.Alerts[i], item.(map[string]any))
			}
		})
	}
}

func compare(t *testing.T, res siem.Result, a incidents.Alert, want map[string]any) {
	t.Helper()
	if res.DeliveryID == "" || a.DeliveryID != res.DeliveryID {
		t.Error("there is no delivery id")
	}
	for key, w := range want {
		switch key {
		case "external_id", "title", "severity", "severity_from", "status", "dedup_key", "group_key", "url", "delivery_id", "revision":
			got := map[string]string{"external_id": a.ExternalID, "title": a.Title, "severity": string(a.Severity), "severity_from": a.SeverityFrom, "status": a.Status,
				"dedup_key": a.DedupKey, "group_key": a.GroupKey, "url": a.URL, "delivery_id": res.DeliveryID, "revision": a.Revision}[key]
			if ws, _ := w.(string); got != ws {
				t.Errorf("%s is %q, want %q", key, got, ws)
			}
		case "severity_score":
			if a.SeverityScore != int(num(w)) {
				t.Errorf("severity_score is %d, want %v", a.SeverityScore, w)
			}
		case "test":
			if a.Test != w.(bool) {
				t.Errorf("test is %v", a.Test)
			}
		case "count":
			if a.Count == nil || *a.Count != int64(num(w)) {
				t.Errorf("count is %v, want %v", a.Count, w)
			}
		case "occurred_at", "observed_at":
			got := &a.ObservedAt
			if key == "occurred_at" {
				got = a.OccurredAt
			}
			compareTime(t, key, got, w)
		case "assets", "users", "ips", "data_hints":
			got := map[string][]string{"assets": a.Assets, "users": a.Users, "ips": a.IPs, "data_hints": a.DataHints}[key]
			for _, x := range w.([]any) {
				if !slices.Contains(got, x.(string)) {
					t.Errorf("%s %v lacks %q", key, got, x)
				}
			}
		case "severity_native":
			n := w.(map[string]any)
			if a.SeverityNative == nil || a.SeverityNative.Field != n["field"] {
				t.Errorf("severity_native is %+v, want %v", a.SeverityNative, n)
			}
		default:
			t.Errorf("the manifest expects %q, which is not compared", key)
		}
	}
}

func compareTime(t *testing.T, key string, got *time.Time, want any) {
	t.Helper()
	switch want {
	case nil:
		if got != nil {
			t.Errorf("%s is %v, want none", key, got)
		}
	case "receive-time":
		if !got.Equal(received) {
			t.Errorf("%s is %v, want the time of arrival", key, got)
		}
	default:
		w, err := time.Parse(time.RFC3339Nano, want.(string))
		if err != nil || got == nil || !got.Equal(w) {
			t.Errorf("%s is %v, want %v", key, got, want)
		}
	}
}

func num(v any) float64 {
	switch n := v.(type) {
	case uint64:
		return float64(n)
	case int64:
		return float64(n)
	case int:
		return float64(n)
	case float64:
		return n
	}
	return math.NaN()
}

func TestBadBodiesSayWhatIsWrong(t *testing.T) {
	for _, tc := range []struct{ name, format, body, says string }{
		{"cut off", "alertmanager", `{"alerts":[{"labels":`, "not JSON"},
		{"empty", "splunk-webhook", ``, "empty"},
		{"a bare number", "generic", `7`, "no object"},
		{"too deep", "generic", strings.Repeat("[", 50000), "deeper"},
		{"no sid", "splunk-webhook", `{}`, "sid"},
		{"no rule", "wazuh-alert", `{"id":"1"}`, "rule"},
		{"no alerts", "alertmanager", `{"alerts":[]}`, "no alerts"},
		{"nothing to name it by", "generic", `{"severity":"high"}`, "neither an id nor a title"},
		{"an unknown format", "carrier-pigeon", `{}`, "adapter"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := siem.Parse(siem.Request{Source: "s", Format: tc.format, Body: []byte(tc.body), Received: received})
			if incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), tc.says) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

func TestShapesOfBodies(t *testing.T) {
	one := `{"id":"1","title":"A","severity":"high"}`
	for _, tc := range []struct {
		name, kind, body string
		want             int
	}{
		{"one object", "application/json", one, 1},
		{"an array", "application/json", "[" + one + "," + one + "]", 2},
		{"several in a row", "application/json", one + one + "\n" + one, 3},
		{"text that is JSON", "text/plain", one, 1},
		{"a form with one field", "application/x-www-form-urlencoded", "payload=%7B%22id%22%3A%221%22%2C%22title%22%3A%22A%22%7D", 1},
	} {
		res, err := siem.Parse(siem.Request{Source: "s", Format: "generic", MediaType: tc.kind, Body: []byte(tc.body), Received: received})
		if err != nil || len(res.Alerts) != tc.want {
			t.Errorf("%s: %d alerts, %v", tc.name, len(res.Alerts), err)
		}
	}
}

func TestTheSameBodyHasTheSameDeliveryID(t *testing.T) {
	id := func(source, body string) string {
		res, err := siem.Parse(siem.Request{Source: source, Format: "generic", Body: []byte(body), Received: received})
		if err != nil {
			t.Fatal(err)
		}
		return res.DeliveryID
	}
	if id("a", `{"id":"1"}`) != id("a", `{"id":"1"}`) || id("a", `{"id":"1"}`) == id("b", `{"id":"1"}`) || id("a", `{"id":"1"}`) == id("a", `{"id":"2"}`) {
		t.Error("delivery ids do not follow source and body")
	}
}

func TestCloudEventsInBinaryMode(t *testing.T) {
	h := http.Header{}
	for k, v := range map[string]string{"ce-id": "42", "ce-source": "/siem", "ce-specversion": "1.0", "ce-type": "alert", "ce-time": "2026-01-02T03:04:05Z", "ce-severitynumber": "21"} {
		h.Set(k, v)
	}
	res, err := siem.Parse(siem.Request{Source: "s", Format: "cloudevents", Header: h, Body: []byte(`{"title":"A table was read"}`), Received: received})
	if err != nil || len(res.Alerts) != 1 {
		t.Fatal(err)
	}
	if a := res.Alerts[0]; a.DedupKey != "cloudevents:/siem#42" || a.Severity != incidents.SeverityCritical || a.Title != "A table was read" {
		t.Errorf("%+v", a)
	}
}

func TestNewerRevision(t *testing.T) {
	for _, tc := range []struct {
		a, b  string
		newer bool
	}{
		{"1", "2", true}, {"2", "1", false}, {"9", "10", true}, {"1", "1", false}, {"", "1", true}, {"1", "", true},
		{"2020-02-14T18:12:22.316Z#1", "2020-02-14T18:12:22.316Z#2", true}, {"2020-02-14T18:12:22.316Z#10", "2020-02-14T18:12:22.316Z#9", false},
		{"2020-02-14T18:12:22.316Z#2", "2020-02-14T18:27:00Z#1", true}, {"2024-01-01T00:00:00+02:00", "2023-12-31T22:00:00Z", false},
		{"a", "b", true}, {"b", "a", false},
	} {
		if got := siem.NewerRevision(tc.a, tc.b); got != tc.newer {
			t.Errorf("%q after %q: %v", tc.b, tc.a, got)
		}
	}
}

func TestSecretsAreNotKept(t *testing.T) {
	body := `{"id":"1","title":"A","routing_key":"R0UTE","nested":{"Authorization":"Bearer abc","list":[{"pattern_match":"4111 1111"}]}}`
	res, err := siem.Parse(siem.Request{Source: "s", Format: "generic", Body: []byte(body), Received: received})
	if err != nil {
		t.Fatal(err)
	}
	for _, kept := range []string{string(res.Redacted), string(res.Alerts[0].Raw)} {
		for _, secret := range []string{"R0UTE", "Bearer abc", "4111"} {
			if strings.Contains(kept, secret) {
				t.Errorf("%q is kept in %s", secret, kept)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.json")
	for _, name := range files {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		for i := range siem.Formats() {
			f.Add(i, b)
		}
	}
	f.Fuzz(func(t *testing.T, i int, body []byte) {
		formats := siem.Formats()
		format := formats[((i%len(formats))+len(formats))%len(formats)]
		res, err := siem.Parse(siem.Request{Source: "s", Format: format, Body: body, Received: received})
		if err != nil {
			if incidents.KindOf(err) != incidents.KindInvalid {
				t.Fatalf("kind %s: %v", incidents.KindOf(err), err)
			}
			return
		}
		if res.DeliveryID == "" {
			t.Fatal("no delivery id")
		}
		for _, a := range res.Alerts {
			if a.Title == "" || strings.ContainsAny(a.Title, "\n\r\x00") || len([]rune(a.Title)) > 300 {
				t.Fatalf("title %q", a.Title)
			}
			if !strings.HasPrefix(a.DedupKey, format+":") || a.Severity.Score() != a.SeverityScore || a.ObservedAt.IsZero() || !json.Valid(a.Raw) {
				t.Fatalf("%+v", a)
			}
		}
	})
}

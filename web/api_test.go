package web

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/web/patience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// form sends fields and, last, a receipt.
func (w *world) form(who, path string, fields map[string]string, receipt string) reply {
	w.t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	for k, v := range fields {
		must(w.t, f.WriteField(k, v))
	}
	p, err := f.CreateFormFile("receipt", "receipt.pdf")
	must(w.t, err)
	_, err = io.WriteString(p, receipt)
	must(w.t, err)
	must(w.t, f.Close())
	r := httptest.NewRequestWithContext(w.t.Context(), "POST", APIPrefix+path, &b)
	r.Header.Set("Content-Type", f.FormDataContentType())
	r.Header.Set("Authorization", "Bearer "+w.tokens[who])
	return w.send(w.inside, r)
}

func TestWhatIsRefused(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	at := APIPrefix + "/incidents"
	for name, c := range map[string]struct {
		method, path, kind, body, token string
		status                          int
		says                            string
	}{
		"no token":                  {"GET", at, "", "", "none", 401, "Bearer"},
		"a wrong token":             {"GET", at, "", "", "tcn_x_y", 401, "not valid"},
		"an auditor writes":         {"POST", at, "application/json", `{"title":"x","mode":"live"}`, "ada", 403, "auditor"},
		"no such address":           {"GET", APIPrefix + "/nothing", "", "", "rita", 404, "no such address"},
		"no such method":            {"DELETE", at, "", "", "rita", 405, "DELETE"},
		"no such incident":          {"GET", at + "/INC-2026-9999", "", "", "rita", 404, "not_found"},
		"an unknown field":          {"POST", at, "application/json", `{"title":"x","mode":"live","admin":true}`, "rita", 400, `"field":"admin"`},
		"two objects":               {"POST", at, "application/json", `{"title":"x","mode":"live"}{}`, "rita", 400, "more than one"},
		"no JSON":                   {"POST", at, "application/json", `{"title":`, "rita", 400, "no whole JSON"},
		"another type":              {"POST", at, "text/plain", `{"title":"x","mode":"live"}`, "rita", 415, "application/json"},
		"a field of another type":   {"POST", at, "application/json", `{"title":7,"mode":"live"}`, "rita", 400, `"field":"title"`},
		"a wrong mode":              {"POST", at, "application/json", `{"title":"x","mode":"test"}`, "rita", 400, `"field":"mode"`},
		"deep nesting":              {"POST", at, "application/json", strings.Repeat("[", 50_000), "rita", 400, "nested deeper"},
		"a large body":              {"POST", at, "application/json", `{"title":"` + strings.Repeat("x", maxJSON) + `"}`, "rita", 413, "larger"},
		"facts without a base":      {"PATCH", at + "/" + ref + "/facts", "application/json", `{"changes":{}}`, "rita", 400, `"field":"base"`},
		"facts that are not there":  {"PATCH", at + "/" + ref + "/facts", "application/json", `{"base":9,"changes":{"colour":{"value":1}}}`, "rita", 400, `"field":"colour"`},
		"a list of no known type":   {"POST", at + "/" + ref + "/persons", "application/pdf", "x", "rita", 415, "text/csv"},
		"a limit too high":          {"GET", at + "?limit=5000", "", "", "rita", 400, `"field":"limit"`},
		"a body where none goes":    {"POST", APIPrefix + "/notices/N-1/submit", "application/json", `{"force":true}`, "rita", 400, "no body"},
		"a person who is not there": {"POST", at + "/" + ref + "/persons/99/unmask", "application/json", `{"reason":"asked for"}`, "rita", 404, "not_found"},
		"a subject of no kind":      {"GET", APIPrefix + "/approvals/cake/1", "", "", "rita", 400, "cake"},
		"admin reads no person":     {"GET", at + "/" + ref + "/persons", "", "", "adam", 403, "persons"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, c.path, strings.NewReader(c.body))
			if c.kind != "" {
				r.Header.Set("Content-Type", c.kind)
			}
			if token, ok := w.tokens[c.token]; ok {
				c.token = token
			}
			if c.token != "none" {
				r.Header.Set("Authorization", "Bearer "+c.token)
			}
			got := w.send(w.inside, r)
			var p apiProblem
			got.into(&p)
			all := got.Body.String() + strings.Join(got.Header().Values("WWW-Authenticate"), "")
			if got.Code != c.status || p.Status != c.status || got.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(all, c.says) {
				t.Errorf("%d %s; want %d with %q", got.Code, all, c.status, c.says)
			}
			if c.status == 405 && got.Header().Get("Allow") == "" {
				t.Error("a 405 without Allow")
			}
		})
	}
}

// TestATokenIsGoodForItsScopes narrows a responder to reading.
func TestATokenIsGoodForItsScopes(t *testing.T) {
	w := newWorld(t)
	list, err := w.accounts.Accounts(t.Context(), incidents.System)
	must(t, err)
	for _, a := range list {
		if a.Name != "rita" {
			continue
		}
		w.tokens["narrow"], _, err = w.accounts.MintToken(t.Context(), incidents.System, a.ID, "reads only", []incidents.Act{incidents.ActRead}, 1e12)
		must(t, err)
	}
	w.as("narrow", "GET", "/incidents", nil).want(200)
	w.as("narrow", "POST", "/incidents", body{"title": "x", "mode": "live"}).want(http.StatusForbidden)
}

// TestEveryRouteAsksForItsAct calls every address with a token of each role and
// compares who is let in with the permission table.
func TestEveryRouteAsksForItsAct(t *testing.T) {
	w := newWorld(t)
	roles := map[string]incidents.Role{"rita": incidents.RoleResponder, "olga": incidents.RoleOfficer, "carla": incidents.RoleComms, "ada": incidents.RoleAuditor, "wes": incidents.RoleOwner, "adam": incidents.RoleAdmin}
	for _, route := range APIRoutes() {
		for who, role := range roles {
			if incidents.Allowed(role, route.Act) {
				continue
			}
			path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(route.Path, "x")
			if got := w.as(who, route.Method, path, nil); got.Code != http.StatusForbidden {
				t.Errorf("%s %s for %s: %d, want 403", route.Method, route.Path, role, got.Code)
			}
		}
		r := httptest.NewRequestWithContext(t.Context(), route.Method, APIPrefix+route.Path, nil)
		if got := w.send(w.inside, r); got.Code != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: %d, want 401", route.Method, route.Path, got.Code)
		}
	}
}

// TestTheDocumentListsEveryAddress compares docs/api.md with the tables.
func TestTheDocumentListsEveryAddress(t *testing.T) {
	b, err := os.ReadFile("../docs/api.md")
	must(t, err)
	var written, real []string
	for _, m := range regexp.MustCompile("(?m)^### `([A-Z]+) (\\S+)`$").FindAllStringSubmatch(string(b), -1) {
		written = append(written, m[1]+" "+m[2])
	}
	for _, r := range APIRoutes() {
		real = append(real, r.Method+" "+APIPrefix+r.Path)
	}
	for _, r := range PublicRoutes() {
		real = append(real, r.Method+" "+r.Path)
	}
	for _, r := range real {
		if !slices.Contains(written, r) {
			t.Errorf("docs/api.md does not have %s", r)
		}
	}
	for _, r := range written {
		if !slices.Contains(real, r) && !strings.Contains(r, "/hooks/") && !strings.HasSuffix(r, "z") {
			t.Errorf("docs/api.md has %s, the service does not", r)
		}
	}
}

func FuzzDecodeStrict(f *testing.F) {
	f.Add([]byte(`{"title":"x","langs":{"en":{"subject":"s"}},"plan":[{"channel":"email","wait":"24h"}]}`))
	f.Add([]byte(`{"plan":[{"wait":9223372036854775807}]} `))
	f.Add([]byte("{\"title\":\"\\ud800\"}"))
	f.Add([]byte(strings.Repeat("[", 40)))
	f.Fuzz(func(t *testing.T, b []byte) {
		var in noticeInput
		err := decodeStrict(b, &in)
		if err == nil {
			if !json.Valid(b) {
				t.Errorf("took what is no JSON: %q", b)
			}
			in.domain()
			return
		}
		if incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("%v is of kind %s", err, incidents.KindOf(err))
		}
	})
}

// TestAnAlertThroughTheWholeDoor posts to the hook of the inside listener and
// reads the alert over the API; a body that cannot be read is in quarantine.
func TestAnAlertThroughTheWholeDoor(t *testing.T) {
	w := newWorld(t)
	post := func(body string) reply {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/hooks/splunk", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer a-long-random-token")
		r.Header.Set("Sec-Fetch-Site", "cross-site") // sources are no browsers, whatever they say
		return w.send(w.inside, r)
	}
	post(`{"sid":"s1","search_name":"Mass export"}`).want(202)
	if again := post(`{"sid":"s1","search_name":"Mass export"}`).want(202).Body.String(); !strings.Contains(again, `"duplicate":true`) {
		t.Errorf("the same again: %s", again)
	}
	post(`{"sid":`).want(400)
	var alerts struct{ Items []incidents.Alert }
	w.as("rita", "GET", "/alerts", nil).want(200).into(&alerts)
	if len(alerts.Items) != 1 || alerts.Items[0].Title != "Mass export" {
		t.Fatalf("alerts: %+v", alerts)
	}
	var waiting struct{ Items []intakeView }
	w.as("ada", "GET", "/quarantine", nil).want(200).into(&waiting)
	if len(waiting.Items) != 1 || waiting.Items[0].Status != 400 {
		t.Fatalf("quarantine: %+v", waiting)
	}
	at := "/quarantine/" + string(waiting.Items[0].ID)
	if one := w.as("rita", "GET", at, nil).want(200).Body.String(); !strings.Contains(one, `"text":"{\"sid\":"`) {
		t.Errorf("the body: %s", one)
	}
	w.as("rita", "POST", at+"/retry", nil).want(400)
	w.as("rita", "POST", at+"/release", body{"reason": "looked at"}).want(204)
	w.as("rita", "GET", "/quarantine", nil).want(200).into(&waiting)
	if len(waiting.Items) != 0 {
		t.Errorf("still in quarantine: %+v", waiting)
	}
	id := string(alerts.Items[0].ID)
	var moved struct{ Incident string }
	w.as("rita", "POST", "/alerts/"+id+"/move", body{}).want(200).into(&moved)
	w.as("rita", "GET", "/incidents/"+moved.Incident, nil).want(200)
	w.as("rita", "POST", "/alerts/"+id+"/dismiss", body{"reason": "a test of ours"}).want(204)
}

// TestAHugeListIsRefused by the limit of the settings.
func TestAHugeListIsRefused(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	small := w.deps
	small.MaxImport = 1000
	s, err := New(small)
	must(t, err)
	w.inside = s.Inside()
	w.upload(ref, csvList(100)).want(http.StatusRequestEntityTooLarge)
}

// TestASlowClient hands over half a body and then nothing, over a real connection.
func TestASlowClient(t *testing.T) {
	read, write := io.Pipe()
	defer write.Close()
	done := make(chan error, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slow := patience.New(20e6, http.NewResponseController(w).SetReadDeadline)
		defer slow.End()
		_, err := readAll(w, r, maxJSON)
		done <- err
	}))
	defer srv.Close()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL, read)
	must(t, err)
	go func() { _, _ = write.Write([]byte(`{"title":`)) }()
	if res, err := srv.Client().Do(req); err == nil {
		res.Body.Close()
	}
	if err := <-done; incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("half a body: %v", err)
	}
	srv.Client().CloseIdleConnections()
}

package web

import (
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// TestTriageAtTheConsole moves an alert into an incident of its own, puts it back
// to another, dismisses it with a reason, and empties the quarantine.
func TestTriageAtTheConsole(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{"sid":"s1","search_name":"Mass export <b>now</b>"}`, `{"sid":"<script>alert(1)</script>`} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/hooks/splunk", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer a-long-random-token")
		w.send(w.inside, r)
	}
	rita := w.signIn("rita")
	find := func(page, pattern string) string {
		t.Helper()
		m := regexp.MustCompile(pattern).FindStringSubmatch(rita.get(page).want(200).Body.String())
		if m == nil {
			t.Fatalf("%s lacks %s", page, pattern)
		}
		return m[1]
	}
	alert := find("/alerts?state=new&text=Mass", `href="(/alerts/[^"?]+)"`)
	if s := rita.get("/alerts?text=nowhere").want(200).Body.String(); strings.Contains(s, alert) {
		t.Error("the filter shows what it was not asked for")
	}
	rita.post(alert+"/triage", "do", "split").want(303)
	ref := find(alert, `Belongs to <a class="lead-in" href="(/incidents/[^"]+)"`)
	rita.post("/incidents", "title", "Another incident", "mode", "live").want(303)
	other := find(alert, `<option value="([^"]+)">[^<]*Another incident`)
	rita.post(alert+"/triage", "do", "move", "incident", other).want(303)
	if now := find(alert, `Belongs to <a class="lead-in" href="(/incidents/[^"]+)"`); now == ref {
		t.Error("the alert did not move")
	}
	rita.post(alert+"/triage", "do", "dismiss", "reason", "").want(422)
	rita.post(alert+"/triage", "do", "whatever").want(422)
	rita.post(alert+"/triage", "do", "dismiss", "reason", "a test of the exporter").want(303)
	if page := rita.get(alert).want(200).Body.String(); !strings.Contains(page, "Dismissed.") || !strings.Contains(page, "Mass export &lt;b&gt;now") {
		t.Error("the page of the alert does not show that it is dismissed, or shows its title as markup")
	}
	bad := find("/quarantine", `href="(/quarantine/[^"]+)"`)
	if page := rita.get(bad).want(200).Body.String(); !strings.Contains(page, "&lt;script&gt;alert(1)") {
		t.Error("the body in quarantine is not shown as it came, escaped")
	}
	rita.post(bad, "do", "retry").want(422)
	rita.post(bad, "do", "release", "reason", "").want(422)
	rita.post(bad, "do", "release", "reason", "looked at, a probe").want(303)
	if page := rita.get("/quarantine").want(200).Body.String(); strings.Contains(page, bad) {
		t.Error("it is still in quarantine")
	}
}

// TestIncidentsAreSteered notes, sets a status, merges and ends.
func TestIncidentsAreSteered(t *testing.T) {
	w := newWorld(t)
	rita := w.signIn("rita")
	open := func(title string) string {
		return rita.post("/incidents", "title", title, "mode", "drill").want(303).Header().Get("Location")
	}
	one, two := open("The first"), open("The second")
	rita.post(one+"/act", "do", "status", "status", "containing").want(303)
	if page := rita.get(one).want(200).Body.String(); !strings.Contains(page, "Containing") || !strings.Contains(page, ">Drill<") {
		t.Error("the masthead does not show the status, or that it is a drill")
	}
	into := regexp.MustCompile(`<option value="([^"]+)">[^<]*The second`).FindStringSubmatch(rita.get(one).Body.String())
	if into == nil {
		t.Fatal("an incident offers none to merge into")
	}
	rita.post(one+"/act", "do", "merge", "into", into[1], "reason", "").want(422)
	rita.post(one+"/act", "do", "merge", "into", into[1], "reason", "the same key was used").want(303)
	if page := rita.get(one).want(200).Body.String(); !strings.Contains(page, "Merged") {
		t.Error("a merged incident does not say so")
	}
	rita.post(two+"/act", "do", "dismiss", "reason", "nobody was affected").want(303)
	rita.post(two+"/act", "do", "dismiss", "reason", "nobody at all").want(409)
	if list := rita.get("/incidents").want(200).Body.String(); strings.Contains(list, two+`"`) {
		t.Error("a dismissed incident is among the open ones")
	}
	if list := rita.get("/incidents?all=1").want(200).Body.String(); !strings.Contains(list, two+`"`) {
		t.Error("a dismissed incident cannot be found any more")
	}
	if to := rita.get("/search?q=" + strings.TrimPrefix(strings.ToLower(one), "/incidents/")).want(303).Header().Get("Location"); to != one {
		t.Errorf("a reference in the search leads to %s", to)
	}
	if found := rita.get("/search?q=second").want(200).Body.String(); !strings.Contains(found, two+`"`) {
		t.Error("the search does not find a title")
	}
}

// TestAWaiverIsAskedFor from the page of obligations, with a reason.
func TestAWaiverIsAskedFor(t *testing.T) {
	w := newWorld(t)
	at := "/incidents/" + w.incidentWithList(1)
	rita := w.signIn("rita")
	page := rita.get(at + "/obligations").want(200).Body.String()
	duty := regexp.MustCompile(`name="obligation" value="([^"]+)"`).FindStringSubmatch(page)
	if duty == nil {
		t.Fatal("no duty can be waived")
	}
	for _, want := range []string{"Why", "Checked ", "counsel decides", "The same as a table"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of obligations lacks %q", want)
		}
	}
	rita.post(at+"/waivers", "obligation", duty[1], "reason", "").want(422)
	rita.post(at+"/waivers", "obligation", duty[1], "reason", "the data was encrypted, and the key is safe").want(303)
	if page := rita.get(at + "/obligations").Body.String(); !strings.Contains(page, "the key is safe") {
		t.Error("the waiver asked for is not shown")
	}
}

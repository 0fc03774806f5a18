package web

import (
	"html"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"tocsin/incidents"
)

var team = map[string]incidents.Role{"rita": incidents.RoleResponder, "olga": incidents.RoleOfficer, "carla": incidents.RoleComms,
	"ada": incidents.RoleAuditor, "wes": incidents.RoleOwner, "adam": incidents.RoleAdmin}

var pathVar = regexp.MustCompile(`\{[^}]+\}`)

// somewhere fills the variables of an address with what is not there.
func somewhere(path string) string {
	return pathVar.ReplaceAllStringFunc(path, func(v string) string {
		switch {
		case strings.Contains(v, "[0-9]"):
			return "7"
		case strings.Contains(v, "html|"):
			return "html"
		}
		return "nothing"
	})
}

// TestEveryAddressAsksForItsAct goes over every address as nobody, and as every role.
func TestEveryAddressAsksForItsAct(t *testing.T) {
	w := newWorld(t)
	type key struct{ method, path string }
	seen := map[key]bool{}
	for _, x := range consoleRoutes() {
		if seen[key{x.method, x.path}] {
			t.Errorf("%s %s is in the table twice", x.method, x.path)
		}
		seen[key{x.method, x.path}] = true
		if !x.open && x.act == "" {
			t.Errorf("%s %s asks for nothing", x.method, x.path)
		}
		if x.open {
			continue
		}
		at := somewhere(x.path)
		out := w.visitor().ask(x.method, at).want(http.StatusSeeOther)
		if to := out.Header().Get("Location"); !strings.HasPrefix(to, "/sign-in") {
			t.Errorf("%s %s sends a stranger to %s", x.method, at, to)
		}
	}
	for who, role := range team {
		b := w.signIn(who)
		actor := incidents.Actor{ID: "x", Role: role}
		for _, x := range consoleRoutes() {
			if x.open || actor.May(x.act) == nil {
				continue
			}
			if out := b.ask(x.method, somewhere(x.path)); out.Code != http.StatusForbidden {
				t.Errorf("%s, who may not %s: %s %s answered %d", role, x.act, x.method, x.path, out.Code)
			}
		}
	}
}

func (b *browser) ask(method, path string) reply {
	if method == http.MethodPost {
		return b.post(path)
	}
	return b.get(path)
}

// TestEveryLinkLeadsSomewhere walks over every link every role is shown, with
// titles that try to break out of the pages.
func TestEveryLinkLeadsSomewhere(t *testing.T) {
	w := newWorld(t)
	w.full()
	for _, who := range []string{"rita", "olga", "carla", "ada", "wes", "adam"} {
		t.Run(who, func(t *testing.T) {
			b := w.signIn(who)
			todo, seen, places := []string{"/", "/no-such-page"}, map[string]bool{}, 0
			for len(todo) > 0 && len(seen) < 400 {
				at := todo[0]
				todo = todo[1:]
				if seen[at] || strings.HasPrefix(at, "/static/") {
					continue
				}
				seen[at] = true
				out := b.get(at)
				if at != "/no-such-page" && out.Code != http.StatusOK && out.Code != http.StatusSeeOther {
					t.Errorf("%s answers %d; the log: %.600s", at, out.Code, w.log)
					w.log.Reset()
				}
				if !strings.HasPrefix(out.Header().Get("Content-Type"), "text/html") {
					continue
				}
				page := out.Body.String()
				sound(t, at, page)
				if strings.Contains(page, "<script>alert") || strings.Contains(page, "<img src=x") {
					t.Errorf("%s: a title became markup", at)
				}
				for _, m := range hrefs.FindAllStringSubmatch(page, -1) {
					to, _, _ := strings.Cut(html.UnescapeString(m[1]), "#")
					if strings.HasPrefix(to, "/rules?place=") {
						if places++; places > 4 {
							continue // a hundred places have the same page
						}
					}
					todo = append(todo, to)
				}
			}
			if len(seen) < 15 {
				t.Errorf("only %d pages were found: %v", len(seen), seen)
			}
		})
	}
}

const hostile = `<script>alert(1)</script>"'><img src=x onerror=alert(1)>`

// full fills the house: alerts, a body in quarantine, an incident with people,
// facts, a notice and an announcement.
func (w *world) full() string {
	w.t.Helper()
	post := func(body string) {
		r := httptest.NewRequestWithContext(w.t.Context(), "POST", "/hooks/splunk", strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer a-long-random-token")
		w.send(w.inside, r)
	}
	post(`{"sid":"s1","search_name":"<script>alert(1)</script>\"'><img src=x onerror=alert(1)>"}`)
	post(`{"sid":"<script>alert(1)</script>`)
	ref := w.incidentWithList(3)
	rita := w.signIn("rita")
	rita.post("/incidents", "title", hostile, "mode", "drill").want(http.StatusSeeOther)
	rita.post("/incidents/"+ref+"/act", "do", "note", "text", hostile).want(http.StatusSeeOther)
	var n struct{ No int64 }
	w.as("carla", "POST", "/incidents/"+ref+"/notices", body{}).into(&n)
	return ref
}

// TestAFormKeepsWhatWasTyped shows the form again with the problem beside it.
func TestAFormKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	ref := w.full()
	rita := w.signIn("rita")
	rita.post("/incidents", "title", "Another", "mode", "live").want(http.StatusSeeOther) // to merge into
	all, err := w.desk.Alerts(t.Context(), incidents.System, incidents.AlertFilter{Limit: 1})
	must(t, err)
	bad, err := w.desk.Intakes(t.Context(), incidents.System, incidents.IntakeFilter{Quarantined: true})
	must(t, err)
	long := strings.Repeat("a very long note ", 400)
	for _, c := range []struct {
		name, at string
		form     []string
		status   int
		keeps    []string
	}{
		{"an incident without a title stays a drill", "/incidents", []string{"title", "", "mode", "drill"}, 422, []string{`value="drill"`, `role="alert"`}},
		{"a title that is too long", "/incidents", []string{"title", strings.Repeat("long ", 100), "mode", "live"}, 422, []string{strings.Repeat("long ", 99)}},
		{"a note that is too long", "/incidents/" + ref + "/act", []string{"do", "note", "text", long}, 422, []string{strings.TrimSpace(long)}},
		{"a dismissal without a reason", "/incidents/" + ref + "/act", []string{"do", "dismiss", "reason", ""}, 422, []string{`role="alert"`}},
		{"a count that is none", "/incidents/" + ref + "/facts", []string{"base", "2", "how", "I heard it", "f.persons_total", "many"}, 422, []string{`value="many"`, `value="I heard it"`}},
		{"facts that changed meanwhile", "/incidents/" + ref + "/facts", []string{"base", "1", "how", "I heard it", "f.persons_total", "12"}, 409, []string{`value="12"`, `value="I heard it"`}},
		{"an alert dismissed in a word", "/alerts/" + string(all[0].ID) + "/triage", []string{"do", "dismiss", "reason", "no"}, 422, []string{`name="reason" value="no"`, `role="alert"`}},
		{"a body released in a word", "/quarantine/" + string(bad[0].ID), []string{"do", "release", "reason", "no"}, 422, []string{`name="reason" value="no"`, `role="alert"`}},
		{"a merge without a target", "/incidents/" + ref + "/act", []string{"do", "merge", "into", "nothing", "reason", "the same thing"}, 404, []string{`id="mreason" name="reason" value="the same thing"`, `id="reason" name="reason">`}},
		{"nothing chosen", "/incidents/" + ref + "/act", []string{"do", "explode"}, 422, []string{`role="alert"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := rita.post(c.at, c.form...).want(c.status).Body.String()
			sound(t, c.at, out)
			for _, want := range c.keeps {
				if !strings.Contains(out, want) {
					t.Errorf("the page lacks %.80s", want)
				}
			}
		})
	}
}

// TestSessions is about who is let in and out.
func TestSessions(t *testing.T) {
	w := newWorld(t)
	b := w.visitor()
	page := b.get("/sign-in?to=/alerts").want(200).Body.String()
	sound(t, "/sign-in", page)
	if !strings.Contains(page, `value="/alerts"`) {
		t.Error("the sign-in forgets where one wanted to go")
	}
	bad := b.post("/sign-in", "name", "rita", "password", "not-the-password", "code", w.code("rita"), "to", "/alerts").want(401).Body.String()
	if !strings.Contains(bad, `value="rita"`) || strings.Contains(bad, "not-the-password") {
		t.Error("a refused sign-in keeps the name, and never the password")
	}
	out := b.post("/sign-in", "name", "rita", "password", testPassword, "code", w.code("rita"), "to", "/alerts").want(303)
	if to := out.Header().Get("Location"); to != "/alerts" {
		t.Errorf("after signing in: %s", to)
	}
	for _, c := range out.Result().Cookies() {
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode && c.SameSite != http.SameSiteStrictMode {
			t.Errorf("the cookie %s can be read by scripts or sent from elsewhere", c.Name)
		}
	}
	b.get("/").want(200)
	if to := b.get("/sign-in").want(303).Header().Get("Location"); to != "/" {
		t.Errorf("signed in already, sent to %s", to)
	}
	if to := b.get("/sign-in?to=%2Falerts").want(303).Header().Get("Location"); to != "/alerts" {
		t.Errorf("signed in already, sent to %s instead of back", to)
	}
	if to := b.get("/notices/1/submit", "Accept", "text/html").want(303).Header().Get("Location"); to != "/notices/1" {
		t.Errorf("the address of a form leads to %s", to)
	}
	b.post("/sign-out").want(303)
	b.get("/").want(303)
	if h := b.get("/rail", "HX-Request", "true").want(204).Header(); h.Get("HX-Trigger") != "signed-out" || h.Get("Location") != "" {
		t.Error("an open page whose session ended shows the sign-in page in a part of itself")
	}
	for _, evil := range []string{"//evil.example", "/\\evil.example", "https://evil.example/", "/a\r\nb"} {
		if got := localPath(evil); got != "/" {
			t.Errorf("after signing in one could be sent to %q", got)
		}
	}
}

// TestOtherSitesChangeNothing posts as a page of another site would.
func TestOtherSitesChangeNothing(t *testing.T) {
	w := newWorld(t)
	b := w.signIn("rita")
	for _, h := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://evil.example"}} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/incidents", strings.NewReader("title=Forged&mode=live"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		b.do(r, h...).want(http.StatusForbidden)
	}
	if strings.Contains(b.get("/incidents").want(200).Body.String(), "Forged") {
		t.Error("another site opened an incident")
	}
}

// TestHeadersOfEveryPage are there whatever is answered.
func TestHeadersOfEveryPage(t *testing.T) {
	w := newWorld(t)
	b := w.signIn("ada")
	for _, at := range []string{"/", "/sign-in", "/no-such-page", "/static/console.css", "/livez", "/alerts/nothing"} {
		h := b.get(at).Header()
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'self'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if !strings.HasPrefix(h.Get(name), want) {
				t.Errorf("%s: %s is %q", at, name, h.Get(name))
			}
		}
	}
	if cc := b.get("/").Header().Get("Cache-Control"); cc != "no-store" {
		t.Errorf("a page may be kept: %q", cc)
	}
	for at, allow := range map[string]string{"/alerts": "GET, HEAD", "/incidents": "GET, HEAD, POST", "/sign-out": "POST", "/static/console.css": "GET, HEAD"} {
		r := httptest.NewRequestWithContext(t.Context(), "DELETE", at, nil)
		if out := b.do(r).want(http.StatusMethodNotAllowed); out.Header().Get("Allow") != allow {
			t.Errorf("%s allows %q, want %q", at, out.Header().Get("Allow"), allow)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), "HEAD", "/alerts", nil)
	b.do(r).want(200)
}

// TestTwoPeopleSaveFacts keeps what the second one typed, and does not undo what
// the first one saved.
func TestTwoPeopleSaveFacts(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	at := "/incidents/" + ref + "/facts"
	rita, olga := w.signIn("rita"), w.signIn("olga")
	base := regexp.MustCompile(`name="base" value="(\d+)"`)
	rev := base.FindStringSubmatch(rita.get(at).Body.String())[1]
	shown := []string{"base", rev, "was.records_total", "", "was.encrypted", "", "was.aware_at", "2026-11-24T09:00:00", "f.aware_at", "2026-11-24T09:00"}
	olga.post(at, append(shown, "f.records_total", "12", "how", "counted")...).want(303)

	out := rita.post(at, append(shown, "f.records_total", "", "f.encrypted", "true", "how", "asked the team")...).want(409).Body.String()
	now := base.FindStringSubmatch(out)[1]
	if now == rev || !strings.Contains(out, `name="f.encrypted" value="true" checked`) || !strings.Contains(out, `name="f.records_total" value="12"`) {
		t.Error("the page after a conflict lost what was typed, or shows what is not stored any more")
	}
	out = rita.post(at, append(shown, "f.records_total", "15", "how", "counted again")...).want(409).Body.String()
	if !strings.Contains(out, `value="15"`) || !strings.Contains(out, "Changed meanwhile by Olga: 12") {
		t.Error("the page does not say what the other one wrote")
	}
	rita.post(at, "base", now, "was.records_total", "12", "f.records_total", "12", "was.encrypted", "", "f.encrypted", "true", "how", "asked the team").want(303)
	if out := rita.get(at).Body.String(); !strings.Contains(out, `name="f.records_total" value="12"`) || !strings.Contains(out, `name="f.encrypted" value="true" checked`) {
		t.Error("one of the two facts was lost")
	}
}

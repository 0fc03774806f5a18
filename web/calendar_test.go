package web

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	ics "github.com/arran4/golang-ical"

	"tocsin/incidents"
	"tocsin/internal/account"
)

var calendarAddress = regexp.MustCompile(`https://console\.example\.org(/calendar/cal_[A-Za-z0-9_-]+\.ics)`)

// newCalendar makes an address for somebody, and returns its path.
func (b *browser) newCalendar() string {
	b.w.t.Helper()
	m := calendarAddress.FindStringSubmatch(b.post("/calendar").want(http.StatusOK).Body.String())
	if m == nil {
		b.w.t.Fatal("no address is shown")
	}
	return m[1]
}

func withConsole(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.deps.InsideURL = "https://console.example.org/"
	w.deps.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := New(w.deps)
	must(t, err)
	w.inside = s.Inside()
	return w
}

// breach opens an incident of which the GDPR asks a report, and returns its
// reference and the revision of its facts.
func (w *world) breach() (ref string, rev int) {
	w.t.Helper()
	ref = w.incidentWithList(3)
	var f struct{ Rev int }
	w.as("rita", "GET", "/incidents/"+ref+"/facts", nil).into(&f)
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": f.Rev, "changes": body{"role": body{"value": "controller"}, "encrypted": body{"value": false},
		"data_categories": body{"value": []string{"health"}}, "identifiability": body{"value": "maximum"}, "confidentiality_effect": body{"value": "unknown_recipients"}, "malicious": body{"value": true}}}).want(http.StatusOK)
	return ref, f.Rev + 1
}

// read reads a calendar as a program does: without cookies.
func (w *world) read(path string, header ...string) reply {
	w.t.Helper()
	return w.visitor().get(path, header...)
}

// events parses a calendar back with a library, and lists its duties by law.
func (w *world) events(path string) map[string]*ics.VEvent {
	w.t.Helper()
	body := w.read(path).want(http.StatusOK).Body.Bytes()
	strictCalendar(w.t, body)
	cal, err := ics.ParseCalendar(bytes.NewReader(body))
	must(w.t, err)
	out := map[string]*ics.VEvent{}
	for _, e := range cal.Events() {
		if url := e.GetProperty(ics.ComponentPropertyUrl).Value; !strings.HasSuffix(url, "/calendar") {
			out[textOf(e, ics.ComponentPropertySummary)] = e
		}
	}
	return out
}

func textOf(e *ics.VEvent, p ics.ComponentProperty) string {
	if x := e.GetProperty(p); x != nil {
		return x.Value
	}
	return ""
}

var contentLine = regexp.MustCompile(`^[A-Z-]+(;[A-Z-]+=[^:;,"]+)*:`)

// strictCalendar holds a calendar against RFC 5545: lines, folding, escaping,
// nesting and what each component must and must not have.
func strictCalendar(t *testing.T, b []byte) {
	t.Helper()
	text := string(b)
	if !utf8.ValidString(text) || !strings.HasSuffix(text, "\r\n") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\n") || strings.Contains(strings.ReplaceAll(text, "\r\n", ""), "\r") {
		t.Error("a line does not end with CRLF, or is not UTF-8")
	}
	for l := range strings.SplitSeq(strings.TrimSuffix(text, "\r\n"), "\r\n") {
		if len(l) > 75 || l == "" || !utf8.ValidString(l) {
			t.Errorf("a line of %d octets: %q", len(l), l)
		}
	}
	type part struct {
		name string
		has  map[string]int
	}
	var open []part
	uids := map[string]bool{}
	for l := range strings.SplitSeq(strings.TrimSuffix(strings.ReplaceAll(text, "\r\n ", ""), "\r\n"), "\r\n") {
		if !contentLine.MatchString(l) {
			t.Errorf("no content line: %q", l)
			continue
		}
		name, value, _ := strings.Cut(l, ":")
		name, _, _ = strings.Cut(name, ";")
		switch name {
		case "BEGIN":
			open = append(open, part{value, map[string]int{}})
			continue
		case "END":
			p := open[len(open)-1]
			if open = open[:len(open)-1]; p.name != value {
				t.Errorf("END:%s closes %s", value, p.name)
			}
			for _, must := range map[string][]string{"VCALENDAR": {"PRODID", "VERSION"}, "VEVENT": {"UID", "DTSTAMP", "DTSTART", "SUMMARY", "URL"}, "VALARM": {"ACTION", "TRIGGER", "DESCRIPTION"}}[p.name] {
				if p.has[must] != 1 {
					t.Errorf("%s has %d %s", p.name, p.has[must], must)
				}
			}
			continue
		}
		p := open[len(open)-1]
		p.has[name]++
		if p.has[name] > 1 && name != "CATEGORIES" {
			t.Errorf("%s has %s twice", p.name, name)
		}
		if name == "UID" {
			if uids[value] {
				t.Errorf("two events are %s", value)
			}
			uids[value] = true
		}
		if name == "SUMMARY" || name == "DESCRIPTION" || name == "CATEGORIES" {
			plain := strings.NewReplacer(`\\`, "", `\;`, "", `\,`, "", `\n`, "").Replace(value)
			if strings.ContainsAny(plain, `\;,`) {
				t.Errorf("not escaped: %s:%s", name, value)
			}
		}
	}
	if len(open) > 0 || !strings.HasPrefix(text, "BEGIN:VCALENDAR\r\n") {
		t.Errorf("open at the end: %v", open)
	}
}

// duty finds the event of a law.
func duty(t *testing.T, all map[string]*ics.VEvent, law string) *ics.VEvent {
	t.Helper()
	for title, e := range all {
		if strings.Contains(title, "("+law+")") {
			return e
		}
	}
	titles := []string{}
	for title := range all {
		titles = append(titles, title)
	}
	t.Fatalf("no event of %s: %v", law, titles)
	return nil
}

func TestACalendarOfDeadlines(t *testing.T) {
	w := withConsole(t)
	ref, _ := w.breach()
	rita := w.signIn("rita")
	if page := rita.get("/calendar").Body.String(); !strings.Contains(page, "You have none yet.") {
		t.Error("the page does not say that there is none")
	}
	path := rita.newCalendar()
	all := w.events(path)
	e := duty(t, all, "GDPR Art. 33")
	start, err := e.GetStartAt()
	if err != nil || !start.Equal(time.Date(2026, 11, 27, 9, 0, 0, 0, time.UTC)) {
		t.Errorf("due %v %v, aware at 24 Nov 09:00 + 72 h", start, err)
	}
	title, about := textOf(e, ics.ComponentPropertySummary), textOf(e, ics.ComponentPropertyDescription)
	if title != "LIVE "+ref+": Report the breach to the lead supervisory authority (GDPR Art. 33)" {
		t.Errorf("the title is %q", title)
	}
	for _, want := range []string{"Law: GDPR Art. 33\n", "Citation: Regulation (EU) 2016/679 Art. 33(1), (3), (4)\n", "72 h", "without undue delay", "Tocsin informs; counsel decides."} {
		if !strings.Contains(about, want) {
			t.Errorf("it does not say %q:\n%s", want, about)
		}
	}
	if got := textOf(e, ics.ComponentPropertyUrl); got != "https://console.example.org/incidents/"+ref+"/obligations" {
		t.Error(got)
	}
	if textOf(e, ics.ComponentPropertyStatus) != "CONFIRMED" || len(e.Alarms()) != 2 {
		t.Errorf("status %s, %d alarms", textOf(e, ics.ComponentPropertyStatus), len(e.Alarms()))
	}
	for i, want := range []string{"-P1D", "-PT2H"} {
		if got := e.Alarms()[i].GetProperty(ics.ComponentPropertyTrigger).Value; got != want {
			t.Errorf("alarm at %s, want %s", got, want)
		}
	}
	soft := 0
	for title, e := range all {
		if mark := strings.HasSuffix(title, ", our target"); mark != strings.Contains(textOf(e, ics.ComponentPropertyDescription), "our target") {
			t.Errorf("%s says two things of its time", title)
		} else if mark {
			soft++
		}
	}
	if soft == 0 {
		t.Error("no duty has a time of our own")
	}
	text := w.read(path).Body.String()
	for _, secret := range []string{"Backup of parcel", "Person Number", "example.net", "Rita"} {
		if strings.Contains(text, secret) {
			t.Errorf("the calendar says %q", secret)
		}
	}
	if !strings.Contains(rita.get("/calendar").Body.String(), "Last read</dt><dd><time") {
		t.Error("the page does not say when it was read")
	}
	if strings.Contains(rita.get("/calendar").Body.String(), "cal_") {
		t.Error("the address is shown twice")
	}
}

// TestAMovedDeadlineIsAnotherRevision moves a deadline, meets one, and takes the
// ground from under one.
func TestAMovedDeadlineIsAnotherRevision(t *testing.T) {
	w := withConsole(t)
	ref, rev := w.breach()
	path := w.signIn("rita").newCalendar()
	before := duty(t, w.events(path), "GDPR Art. 33")
	w.pass(10 * time.Minute)
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": rev, "changes": body{"aware_at": body{"value": "2026-11-24T07:30:00Z"}}}).want(http.StatusOK)
	after := duty(t, w.events(path), "GDPR Art. 33")
	was, is := before.GetProperty, after.GetProperty
	if was(ics.ComponentPropertyUniqueId).Value != is(ics.ComponentPropertyUniqueId).Value {
		t.Error("it is another event")
	}
	for _, p := range []ics.ComponentProperty{ics.ComponentPropertySequence, ics.ComponentPropertyDtstamp, ics.ComponentPropertyLastModified, ics.ComponentPropertyDtStart} {
		if was(p).Value == is(p).Value {
			t.Errorf("%s is still %s", p, is(p).Value)
		}
	}
	// Waived by an officer.
	var waiver struct{ ID, Hash string }
	w.as("rita", "POST", "/incidents/"+ref+"/waivers", body{"obligation": "eu-gdpr-33", "reason": "reported by the parent company"}).into(&waiver)
	w.as("olga", "POST", "/approvals/waiver/"+waiver.ID, body{"version": 1, "hash": waiver.Hash, "decision": "approve"}, codeHeader, w.code("olga")).want(http.StatusOK)
	gone := duty(t, w.events(path), "GDPR Art. 33")
	if textOf(gone, ics.ComponentPropertyStatus) != "CANCELLED" || !strings.HasPrefix(textOf(gone, ics.ComponentPropertySummary), "Waived: LIVE ") || len(gone.Alarms()) != 0 || textOf(gone, ics.ComponentPropertySequence) <= textOf(after, ics.ComponentPropertySequence) {
		t.Errorf("a waived duty: %v", gone.Properties)
	}
	// No longer asked, and then the incident is dismissed.
	open := 0
	for _, e := range w.events(path) {
		if textOf(e, ics.ComponentPropertyStatus) == "CONFIRMED" {
			open++
		}
	}
	w.as("rita", "POST", "/incidents/"+ref+"/dismiss", body{"reason": "it was a test of the backup"}).want(http.StatusNoContent)
	all := w.events(path)
	for title, e := range all {
		if textOf(e, ics.ComponentPropertyStatus) != "CANCELLED" {
			t.Errorf("%s is still asked", title)
		}
	}
	if open == 0 || len(all) <= open {
		t.Errorf("%d events, of which %d were open", len(all), open)
	}
	w.pass(31 * 24 * time.Hour)
	if all := w.events(path); len(all) != 0 {
		t.Errorf("%d events are told for ever", len(all))
	}
}

func TestADrillIsMarkedInTheCalendar(t *testing.T) {
	w := withConsole(t)
	var in struct{ Ref string }
	w.as("rita", "POST", "/incidents", body{"title": "Exercise", "mode": "drill"}).into(&in)
	w.as("rita", "PATCH", "/incidents/"+in.Ref+"/facts", body{"base": 1, "changes": body{"confidentiality": body{"value": true}, "aware_at": body{"value": "2026-11-24T09:00:00Z"}, "establishments": body{"value": []string{"EEA"}},
		"role": body{"value": "controller"}, "encrypted": body{"value": false}}}).want(http.StatusOK)
	e := duty(t, w.events(w.signIn("ada").newCalendar()), "GDPR Art. 33")
	if !strings.HasPrefix(textOf(e, ics.ComponentPropertySummary), "DRILL "+in.Ref) || textOf(e, ics.ComponentPropertyCategories) != "DRILL" || !strings.Contains(textOf(e, ics.ComponentPropertyDescription), "nothing here is real") {
		t.Errorf("%v", e.Properties)
	}
}

func TestACalendarIsAskedForAgain(t *testing.T) {
	w := withConsole(t)
	ref, rev := w.breach()
	path := w.signIn("rita").newCalendar()
	first := w.read(path).want(http.StatusOK)
	h := first.Header()
	if h.Get("Content-Type") != "text/calendar; charset=utf-8" || h.Get("Cache-Control") != "private, no-cache" || !strings.HasPrefix(h.Get("ETag"), `"`) || len(first.Result().Cookies()) > 0 {
		t.Errorf("%v", h)
	}
	w.pass(10 * time.Minute)
	if out := w.read(path, "If-None-Match", h.Get("ETag")).want(http.StatusNotModified); out.Body.Len() > 0 {
		t.Error("what did not change was sent again")
	}
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": rev, "changes": body{"aware_at": body{"value": "2026-11-24T08:00:00Z"}}}).want(http.StatusOK)
	if got := w.read(path, "If-None-Match", h.Get("ETag")).want(http.StatusOK).Header().Get("ETag"); got == h.Get("ETag") {
		t.Error("other events, the same tag")
	}
	head := w.send(w.inside, httptest.NewRequestWithContext(t.Context(), "HEAD", path, nil)).want(http.StatusOK)
	if head.Body.Len() > 0 {
		t.Error("HEAD has a body")
	}
}

func TestWhoMayReadACalendar(t *testing.T) {
	w := withConsole(t)
	rita := w.signIn("rita")
	path := rita.newCalendar()
	secret := strings.TrimSuffix(strings.TrimPrefix(path, "/calendar/"), ".ics")
	w.read(path).want(http.StatusOK)
	for _, wrong := range []string{"/calendar/cal_wrong.ics", "/calendar/x.ics", strings.Replace(path, "cal_", "tcn_", 1), "/calendar/" + w.tokens["rita"] + ".ics", path[:len(path)-6] + "-_.ics"} {
		out := w.read(wrong).want(http.StatusNotFound)
		if !strings.HasPrefix(out.Header().Get("Content-Type"), "text/plain") || !strings.Contains(out.Body.String(), "make a new one at the console") {
			t.Errorf("%s: %s", wrong, out.Body)
		}
	}
	// It opens neither the API nor the console, and is not on the public listener.
	r := httptest.NewRequestWithContext(t.Context(), "GET", APIPrefix+"/burning", nil)
	r.Header.Set("Authorization", "Bearer "+secret)
	w.send(w.inside, r).want(http.StatusUnauthorized)
	w.send(w.public, httptest.NewRequestWithContext(t.Context(), "GET", path, nil)).want(http.StatusNotFound)
	var me struct{ ID string }
	w.as("rita", "GET", "/me", nil).into(&me)
	w.as("adam", "POST", "/accounts/"+me.ID+"/disable", nil).want(http.StatusNoContent)
	w.read(path).want(http.StatusNotFound)
	// Withdrawn by its owner.
	olga := w.signIn("olga")
	path = olga.newCalendar()
	olga.post("/calendar/withdraw").want(http.StatusSeeOther)
	w.read(path).want(http.StatusNotFound)
	if log := w.log.String(); strings.Contains(log, secret) || strings.Contains(log, "cal_") || !strings.Contains(log, "route=/calendar/{secret}.ics") {
		t.Errorf("the log tells addresses, or no route:\n%.2000s", log)
	}
	var entries struct{ Items []incidents.AuditEntry }
	w.as("ada", "GET", "/audit?event=account.calendar", nil).into(&entries)
	if len(entries.Items) != 3 {
		t.Errorf("%d entries in the audit log", len(entries.Items))
	}
}

// TestHostileWordsInACalendar folds and escapes whatever a rule may say.
func TestHostileWordsInACalendar(t *testing.T) {
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	words := "a;b,c\\n\\d:\"e\"\r\nEND:VEVENT\r\nBEGIN:VEVENT\x00\x07\xff " + strings.Repeat("个人信息😀", 40) + strings.Repeat("x", 200)
	d := incidents.CalendarDuty{Incident: incidents.Incident{ID: "i", Ref: "INC-1", Mode: incidents.Live}, Entry: incidents.CalendarEntry{Open: true, Due: at, At: at, Seq: 1}}
	d.Duty.ID, d.Duty.Title, d.Duty.Law, d.Duty.Citation, d.Duty.Arithmetic, d.Duty.Soft = "x", words, words, words, words, true
	b, err := writeCalendar([]incidents.CalendarDuty{d}, account.Token{ID: "t", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}, "https://console.example.org")
	must(t, err)
	strictCalendar(t, b)
	cal, err := ics.ParseCalendar(bytes.NewReader(b))
	must(t, err)
	if len(cal.Events()) != 2 {
		t.Fatalf("%d events", len(cal.Events()))
	}
	if got, want := textOf(cal.Events()[1], ics.ComponentPropertySummary), "LIVE INC-1: "+line(words)+" ("+line(words)+"), our target"; got != want {
		t.Errorf("read back as\n%q, want\n%q", got, want)
	}
	if again, _ := writeCalendar([]incidents.CalendarDuty{d}, account.Token{ID: "t", CreatedAt: at, ExpiresAt: at.Add(time.Hour)}, "https://console.example.org"); !bytes.Equal(b, again) {
		t.Error("the same duties are other bytes")
	}
	if empty, _ := writeCalendar(nil, account.Token{ID: "t"}, ""); bytes.Count(empty, []byte("BEGIN:VEVENT")) != 1 {
		t.Error("a calendar has at least one component")
	}
}

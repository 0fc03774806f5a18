package e2e

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/store/storetest"
)

// An officer decides in a browser what the GDPR asks, the facts change and the
// page says so; the evidence has both. The officer's calendar has the deadline.
func TestADecisionAndACalendarInTheBrowser(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	b := openBrowser(t, h)
	ctx := context.Background()
	in := h.incident(time.Now().UTC())

	b.signIn("olga")
	at := "/incidents/" + in.Ref + "/obligations"
	b.open(at)
	b.must("Internal decision, GDPR", "Notify the authority and tell the people", "Not decided")
	b.look("decision-proposed")
	b.fill(`[name="course"]`, "notify_authority")
	b.fill(`[name="code"]`, h.freshCode("olga"))
	if status := b.press(`form[action$="/decisions"] button.main`); status != http.StatusUnprocessableEntity {
		t.Errorf("without a reason: %d", status)
	}
	b.must("Say why, in a few words")
	b.look("decision-refused")
	b.fill(`textarea[name="reason"]`, "Only our own staff could read it.")
	b.fill(`[name="code"]`, h.freshCode("olga"))
	b.press(`form[action$="/decisions"] button.main`)
	b.must("Decided: notify the authority", "proposed was “notify the authority and tell the people”", "Only our own staff could read it.")
	b.look("decision-made")
	if _, err := h.app.Desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"misuse_likely": false}), "test"); err != nil {
		t.Fatal(err)
	}
	b.open(at)
	b.must("Look again", "Tocsin now proposes “document only”")
	b.look("decision-stale")
	h.decided(in)

	if _, err := h.app.Desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"misuse_likely": true}), "test"); err != nil {
		t.Fatal(err)
	}
	b.open("/")
	b.press(`a[href="/calendar"]`)
	b.must("Your calendar", "You have none yet")
	b.look("calendar-none")
	b.press(`form[action="/calendar"] button`)
	b.must("Shown once", "/calendar/cal_")
	b.look("calendar-address")
	address := js[string](b, `document.querySelector("pre.raw").innerText`)
	feed := fetchCalendar(t, "http://"+h.at.Inside+address[strings.Index(address, "/calendar/"):], http.StatusOK)
	for _, want := range []string{"BEGIN:VCALENDAR\r\n", "SUMMARY:LIVE " + in.Ref + ": ", "STATUS:CONFIRMED\r\n", "TRIGGER:-PT2H\r\n"} {
		if !strings.Contains(strings.ReplaceAll(feed, "\r\n ", ""), want) {
			t.Errorf("the calendar lacks %q:\n%s", want, feed)
		}
	}
	b.open("/calendar")
	b.must("Can be read")
	b.look("calendar-read")
	b.press(`form[action="/calendar/withdraw"] button`)
	b.must("Withdrawn", "You have none yet")
	fetchCalendar(t, "http://"+h.at.Inside+address[strings.Index(address, "/calendar/"):], http.StatusNotFound)
}

func fetchCalendar(t *testing.T, address string, status int) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != status {
		t.Fatalf("%d %v: %s", resp.StatusCode, err, body)
	}
	return string(body)
}

// decided takes the evidence, verifies it, and reads the decision out of it.
func (h *house) decided(in incidents.Incident) {
	h.t.Helper()
	var b bytes.Buffer
	if err := h.app.Bundle(context.Background(), h.as("ada"), in.ID, &b); err != nil {
		h.t.Fatal(err)
	}
	if _, err := ledger.VerifyBundle(bytes.NewReader(b.Bytes()), int64(b.Len()), ledger.VerifyOptions{VerifierKey: h.app.Verifier()}); err != nil {
		h.t.Error(err)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		h.t.Fatal(err)
	}
	var all []incidents.Decision
	f, err := z.Open("decisions.json")
	if err != nil {
		h.t.Fatal(err)
	}
	defer f.Close()
	if err := json.NewDecoder(f).Decode(&all); err != nil || len(all) != 1 || all[0].Course != incidents.CourseAuthority || all[0].Proposal.Course != incidents.CoursePeople || all[0].Stale == "" {
		h.t.Errorf("%+v %v", all, err)
	}
}

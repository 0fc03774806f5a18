package web

import (
	"io/fs"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tocsin/incidents"
	"tocsin/regulators"
)

// newLaw is the shipped pack with a rule more, a rule less, and a shorter clock.
func newLaw(t *testing.T, version string) (*regulators.Pack, *regulators.Reports) {
	t.Helper()
	eu, err := fs.ReadFile(regulators.Shipped(), "rules/eu.yaml")
	must(t, err)
	text := strings.Replace(string(eu), "length: PT72H", "length: PT48H", 1) // of the first rule, eu-gdpr-33
	from := strings.Index(text, "  - id: eu-gdpr-33-5\n")
	to := from + 1 + strings.Index(text[from+1:], "  - id: ")
	if from < 0 || to <= from {
		t.Fatal("there is no eu-gdpr-33-5 to take out")
	}
	text = text[:from] + text[to:]
	return lawOf(t, fstest.MapFS{"rules/eu.yaml": {Data: []byte(text)}, "rules/xx.yaml": {Data: []byte(anotherRule)},
		"vocabulary/pack.yaml": {Data: []byte("version: \"" + version + "\"\n")}})
}

func lawOf(t *testing.T, own fs.FS) (*regulators.Pack, *regulators.Reports) {
	t.Helper()
	pack, err := regulators.Open(own, regulators.Options{IndividualsTarget: 72 * time.Hour, RegulatorTarget: 24 * time.Hour})
	must(t, err)
	reports, err := regulators.NewReports(regulators.ReportOptions{Pack: pack})
	must(t, err)
	return pack, reports
}

const anotherRule = `jurisdiction: XX
name: Somewhere
zone: Europe/Berlin
rules:
  - id: xx-1
    title: Tell the office of locks
    title-zh: 告知
    law: Locks Act s. 7
    citation: Locks Act s. 7
    authority: Office of Locks
    audience: regulator
    status: in_force
    effective: "2020-01-01"
    confidence: verified
    sources: ["https://example.org/law"]
    checked: "2026-11-23"
    binding: statute
    content: [nature]
    place: DE
    applies:
      - when: '"EEA" in establishments'
        because: We are there.
        not: We are not there.
    clock: {start: awareness, facts: [aware_at], length: PT10H, unit: hours}
`

// atStake is an incident that Art. 33 surely applies to.
func (w *world) atStake() string {
	w.t.Helper()
	ref := w.incidentWithList(3)
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": 3, "how": "tests", "changes": body{"role": body{"value": "controller"}, "encrypted": body{"value": false},
		"misuse_likely": body{"value": true}, "lead_authority": body{"value": "DE"}, "suspected_only": body{"value": false}}}).want(http.StatusOK)
	return ref
}

// escaped is a version as a page shows it.
func escaped(version string) string { return strings.ReplaceAll(version, "+", "&#43;") }

// A new pack says on the timeline and on the obligations which duties began,
// ended and moved by it; the judgement before it stays readable.
func TestANewPackSaysWhatItChanged(t *testing.T) {
	w := newWorld(t)
	ref := w.atStake()
	before := w.rules.Version()
	w.rules.Swap(newLaw(t, "2099.1"))
	must(t, w.desk.RejudgeAll(t.Context()))
	after := w.rules.Version()

	d, err := w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	line := d.Timeline[0]
	for _, want := range []string{"by rule pack " + after + " instead of " + before + ".", "Began: “Tell the office of locks” (Locks Act s. 7), due 2026-11-24 19:00 UTC", "No longer applies: “", "(GDPR Art. 33(5))",
		"Moved: “Report the breach to the lead supervisory authority” (GDPR Art. 33), due 2026-11-26 09:00 UTC, was due 2026-11-27 09:00 UTC"} {
		if line.Kind != "rules.changed" || !strings.Contains(line.Text, want) {
			t.Errorf("the timeline does not say %q: %s %s", want, line.Kind, line.Text)
		}
	}
	must(t, w.desk.RejudgeAll(t.Context()))
	if again, err := w.desk.Dossier(t.Context(), incidents.System, ref); err != nil || len(again.Timeline) != len(d.Timeline) {
		t.Errorf("judged again by the same pack: %v %v", again.Timeline[0], err)
	}

	ada := w.signIn("ada")
	page := ada.get("/incidents/" + ref + "/obligations").want(http.StatusOK).Body.String()
	for _, want := range []string{"The rules changed on", "Began with rule pack 2099.1", "Ended with rule pack 2099.1", "Moved with rule pack 2099.1, was due 2026-11-27 09:00 UTC"} {
		if !strings.Contains(page, want) {
			t.Errorf("the obligations do not say %q", want)
		}
	}
	var list struct{ Items []incidents.Judgement }
	w.as("ada", "GET", "/incidents/"+ref+"/judgements", nil).want(http.StatusOK).into(&list)
	if len(list.Items) < 3 || list.Items[0].Pack != after || list.Items[1].Pack != before || list.Items[0].Apply == 0 {
		t.Fatalf("%+v", list.Items)
	}
	at := "/incidents/" + ref + "/judgements"
	if page := ada.get(at).want(http.StatusOK).Body.String(); !strings.Contains(page, escaped(before)) || !strings.Contains(page, escaped(after)) {
		t.Error("the list of judgements does not name both packs")
	}
	old := ada.get(at + "/" + itoa(int(list.Items[1].No))).want(http.StatusOK).Body.String()
	if !strings.Contains(old, "by rule pack "+escaped(before)) || !strings.Contains(old, "Today rule pack "+escaped(after)+" holds") || strings.Contains(old, "office of locks") || !strings.Contains(old, "27 Nov") {
		t.Errorf("the old judgement does not read as it was made")
	}
	var a incidents.Assessment
	w.as("ada", "GET", "/incidents/"+ref+"/judgements/"+itoa(int(list.Items[1].No)), nil).want(http.StatusOK).into(&a)
	if a.Pack != before || len(a.Obligations) == 0 {
		t.Errorf("%s", a.Pack)
	}
	w.as("ada", "GET", "/incidents/"+ref+"/judgements/999999", nil).want(http.StatusNotFound)
	w.as("ada", "GET", "/incidents/"+ref+"/judgements/x", nil).want(http.StatusNotFound)
	ada.get(at + "/999999").want(http.StatusNotFound)
}

// An older pack is taken, and said to be older.
func TestAnOlderPackIsSaidToBe(t *testing.T) {
	w := newWorld(t)
	ref := w.atStake()
	w.rules.Swap(newLaw(t, "2020.1"))
	must(t, w.desk.RejudgeAll(t.Context()))
	d, err := w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	if !strings.Contains(d.Timeline[0].Text, ", which is newer.") {
		t.Error(d.Timeline[0].Text)
	}
}

// What was approved stays approved when the new pack asks the same of the
// incident, and does not when it asks for something else.
func TestANewPackAndWhatWasApproved(t *testing.T) {
	for _, c := range []struct {
		name  string
		law   func(*testing.T) (*regulators.Pack, *regulators.Reports)
		stale bool
	}{
		{"law of another place", func(t *testing.T) (*regulators.Pack, *regulators.Reports) {
			return lawOf(t, fstest.MapFS{"rules/xx.yaml": {Data: []byte(strings.ReplaceAll(anotherRule, `"EEA" in establishments`, `"JP" in establishments`))}})
		}, false},
		{"law of this place", func(t *testing.T) (*regulators.Pack, *regulators.Reports) { return newLaw(t, "2099.1") }, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			ref := w.atStake()
			var n incidents.Notice
			w.as("rita", "POST", "/incidents/"+ref+"/notices", body{"answers": []string{}, "plan": []body{{"channel": "email", "wait": "24h"}}}).want(http.StatusCreated).into(&n)
			w.as("rita", "POST", "/notices/"+string(n.ID)+"/submit", nil).want(http.StatusOK)
			w.rules.Swap(c.law(t))
			must(t, w.desk.RejudgeAll(t.Context()))
			w.as("rita", "GET", "/notices/"+string(n.ID), nil).want(http.StatusOK).into(&struct{ Notice *incidents.Notice }{&n})
			if (n.Status == incidents.NoticeDraft) != c.stale || strings.Contains(n.Stale, "the rules changed (pack") != c.stale {
				t.Errorf("the notice is %s, stale: %q", n.Status, n.Stale)
			}
		})
	}
}

func TestTheRulesPageSaysWhatChanged(t *testing.T) {
	w := newWorld(t)
	ada := w.signIn("ada")
	page := ada.get("/rules").want(http.StatusOK).Body.String()
	if !strings.Contains(page, "What changed") || !strings.Contains(page, w.rules.Pack().Number()) || strings.Contains(page, "was refused") {
		t.Error("the page does not show the changelog")
	}
	w.rules.Refuse("<b>signed by nobody we trust</b>")
	if page := ada.get("/rules").want(http.StatusOK).Body.String(); !strings.Contains(page, "A new pack file was refused") || !strings.Contains(page, "&lt;b&gt;signed by nobody") {
		t.Error("the page does not say that a pack was refused")
	}
	w.rules.Refuse("")
	if page := ada.get("/rules").want(http.StatusOK).Body.String(); strings.Contains(page, "was refused") {
		t.Error("the page still says so")
	}
}

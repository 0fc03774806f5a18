package web

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tocsin/incidents"
)

// TestTheChainOverTheAPI goes from an alert to people told, an announcement and
// a report, with nothing but requests.
func TestTheChainOverTheAPI(t *testing.T) {
	w := newWorld(t)
	taken, err := w.desk.Accept(t.Context(), incidents.Intake{Source: "splunk", DeliveryID: "d1", Via: "hook", ReceivedAt: w.now(), Body: []byte("{}"), Status: 202,
		Alerts: []incidents.Alert{{Source: "splunk", Format: "generic", Title: "Mass export of accounts", DedupKey: "generic:1", Severity: incidents.SeverityHigh, ObservedAt: w.now(), Status: "open"}}})
	must(t, err)
	must(t, w.desk.Correlate(t.Context(), taken.Alerts[0]))

	var alerts struct{ Items []incidents.Alert }
	w.as("rita", "GET", "/alerts?state=joined", nil).want(200).into(&alerts)
	if len(alerts.Items) != 1 {
		t.Fatalf("%d alerts, want 1", len(alerts.Items))
	}
	in := "/incidents/" + string(alerts.Items[0].IncidentID)

	var facts incidents.Facts
	w.as("rita", "GET", in+"/facts", nil).want(200).into(&facts)
	change := body{"base": facts.Rev, "how": "log of the key service", "changes": body{
		"confidentiality": body{"value": true}, "aware_at": body{"value": "2026-11-24T09:00:00Z"}, "data_categories": body{"value": []string{"basic"}}}}
	w.as("rita", "PATCH", in+"/facts", change).want(200)
	w.as("rita", "PATCH", in+"/facts", change).want(http.StatusConflict) // made from what is old now

	var im incidents.Import
	w.upload(string(alerts.Items[0].IncidentID), csvList(3)+"broken\n").want(http.StatusCreated).into(&im)
	if im.Imported != 3 || im.Rejected != 1 {
		t.Fatalf("imported %d, rejected %d", im.Imported, im.Rejected)
	}
	rejects := w.as("rita", "GET", "/files/"+string(im.Rejects), nil).want(200)
	if !strings.Contains(rejects.Body.String(), "broken") || rejects.Header().Get("Content-Disposition") == "" {
		t.Errorf("the reject file: %q", rejects.Body)
	}
	w.as("ada", "GET", "/files/"+string(im.Rejects), nil).want(http.StatusForbidden) // rejected rows are personal data

	persons := w.as("rita", "GET", in+"/persons", nil).want(200).Body.String()
	if strings.Contains(persons, "person1@example.net") || !strings.Contains(persons, `"seq":1`) {
		t.Errorf("the list is not masked: %s", persons)
	}
	w.as("rita", "POST", in+"/persons/find", body{"ref": "P-0002"}).want(200)
	w.as("rita", "POST", in+"/persons/1/unmask", body{"reason": ""}).want(http.StatusBadRequest)
	open := w.as("rita", "POST", in+"/persons/1/unmask", body{"reason": "asked by telephone"}).want(200).Body.String()
	if !strings.Contains(open, "person1@example.net") {
		t.Errorf("unmasked: %s", open)
	}
	w.as("adam", "POST", in+"/persons/1/unmask", body{"reason": "curious"}).want(http.StatusForbidden)

	n := w.notice(t, in)
	if !slices.Equal(n.Content.Data, []string{"basic"}) { // whom the list names no kinds of data for is told those of the facts
		t.Errorf("the content names the kinds of data %q", n.Content.Data)
	}
	announcement := w.announcement(t, in)
	page := w.browse("/announcements/"+announcement.Slug, "en")
	if page.Code != 200 || !strings.Contains(page.Body.String(), "<h1>") {
		t.Errorf("the announcement: %d", page.Code)
	}

	status := w.as("rita", "GET", "/notices/N-1/status.jsonl", nil).want(200).Body.String()
	if !strings.Contains(status, `{"ref":"P-0001","channel":"email","status":"planned"}`) {
		t.Errorf("claimed status: %s", status)
	}
	var p struct{ Sum, Unaccounted int64 }
	w.as("ada", "GET", "/notices/"+string(n.ID)+"/progress", nil).want(200).into(&p)
	if p.Sum != 3 || p.Unaccounted != 0 {
		t.Errorf("sum %d, unaccounted %d", p.Sum, p.Unaccounted)
	}
	if b := w.as("ada", "GET", in+"/evidence", nil).want(200).Body.String(); !strings.HasPrefix(b, "bundle of ") {
		t.Errorf("evidence: %s", b)
	}
	audit := w.as("ada", "GET", "/audit?event=notice.&limit=50", nil).want(200).Body.String()
	if !strings.Contains(audit, `"notice.released"`) || strings.Contains(audit, "example.net") {
		t.Errorf("audit: %s", audit)
	}
	for _, secret := range []string{"example.net", "tcn_", "Number1"} {
		if strings.Contains(w.log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// notice drafts, submits, approves and releases a notice.
func (w *world) notice(t *testing.T, in string) incidents.Notice {
	t.Helper()
	var n incidents.Notice
	w.as("rita", "POST", in+"/notices", body{"answers": []string{}, "plan": []body{{"channel": "email", "wait": "24h"}}}).want(http.StatusCreated).into(&n)
	at := "/notices/" + string(n.ID)
	var lint struct{ Items []incidents.Finding }
	w.as("rita", "GET", at+"/lint", nil).want(200).into(&lint)
	for _, f := range lint.Items {
		if f.Level == "error" {
			t.Fatalf("the proposed notice has an error: %+v", f)
		}
	}
	w.as("rita", "GET", at+"/preview?channel=email&lang=zh-Hans", nil).want(200)
	w.as("rita", "POST", at+"/submit", nil).want(200).into(&n)
	decision := body{"version": n.Version, "hash": n.Hash, "decision": "approve"}
	w.as("rita", "POST", "/approvals/notice/"+string(n.ID), decision).want(http.StatusForbidden) // no right
	w.as("olga", "POST", "/approvals/notice/"+string(n.ID), decision).want(http.StatusForbidden) // no fresh code
	w.as("olga", "POST", "/approvals/notice/"+string(n.ID), decision, codeHeader, "000000").want(http.StatusUnauthorized)
	code := w.code("olga")
	other := body{"version": n.Version, "hash": strings.Repeat("0", 64), "decision": "approve"}
	w.as("olga", "POST", "/approvals/notice/"+string(n.ID), other, codeHeader, code).want(http.StatusConflict)
	w.as("olga", "POST", "/approvals/notice/"+string(n.ID), decision, codeHeader, code).want(http.StatusUnauthorized) // good for once
	w.as("olga", "POST", "/approvals/notice/"+string(n.ID), decision, codeHeader, w.code("olga")).want(200)
	var d struct{ Incident incidents.Incident }
	w.as("rita", "GET", in, nil).want(200).into(&d)
	w.as("rita", "POST", at+"/release", body{"ref": d.Incident.Ref, "persons": 2}).want(http.StatusBadRequest)
	w.as("rita", "POST", at+"/release", body{"ref": d.Incident.Ref, "persons": n.Content.Persons}).want(http.StatusNoContent)
	return n
}

// announcement drafts, submits, approves twice and publishes an announcement.
func (w *world) announcement(t *testing.T, in string) incidents.Announcement {
	t.Helper()
	var n incidents.Announcement
	w.as("carla", "POST", in+"/announcements", body{}).want(http.StatusCreated).into(&n)
	w.publish(t, n)
	return n
}

func (w *world) publish(t *testing.T, n incidents.Announcement) {
	t.Helper()
	at := "/announcements/" + string(n.ID)
	w.as("carla", "POST", at+"/submit", nil).want(200)
	for _, officer := range []string{"olga", "oscar"} {
		w.as(officer, "POST", "/approvals/announcement/"+string(n.ID), body{"version": n.Version, "hash": n.Hash, "decision": "approve"}, codeHeader, w.code(officer)).want(200)
	}
	w.as("rita", "POST", at+"/publish", nil).want(200)
}

func TestAReportOverTheAPI(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	var duties struct{ Items []incidents.ObligationState }
	w.as("rita", "GET", "/incidents/"+ref+"/obligations", nil).want(200).into(&duties)
	obligation := ""
	for _, o := range duties.Items {
		if o.Report == "gdpr33" {
			obligation = o.ID
		}
	}
	var r incidents.Report
	w.as("rita", "POST", "/incidents/"+ref+"/reports", body{"obligation": obligation, "phase": "initial"}).want(http.StatusCreated).into(&r)
	at := "/reports/" + string(r.ID)
	w.as("rita", "POST", at+"/submit", nil).want(200).into(&r)
	w.as("olga", "POST", "/approvals/report/"+string(r.ID), body{"version": r.Version, "hash": r.Hash, "decision": "approve"}, codeHeader, w.code("olga")).want(200)
	for format, begins := range map[string]string{"pdf": "%PDF", "json": "{", "html": "<!"} {
		if got := w.as("ada", "GET", at+"/render?format="+format, nil).want(200).Body.String(); !strings.HasPrefix(strings.ToLower(got), strings.ToLower(begins)) {
			t.Errorf("%s begins with %.10q", format, got)
		}
	}
	filed := w.form("rita", at+"/file", map[string]string{"channel": "portal", "reference": "DE-2026-0001"}, "a receipt of the authority")
	filed.want(200).into(&r)
	if r.Status != incidents.ReportFiled || r.Filed.ReceiptName != "receipt.pdf" {
		t.Fatalf("the report: %+v", r)
	}
	if got := w.as("ada", "GET", "/files/"+string(r.Filed.Receipt), nil).want(200).Body.String(); got != "a receipt of the authority" {
		t.Errorf("the receipt: %q", got)
	}
}

func TestATerminationOverTheAPI(t *testing.T) {
	w := newWorld(t)
	var tm incidents.Termination
	w.as("wes", "POST", "/terminations", body{"service": "Parcel app", "end_date": "2026-12-01", "zone": "Europe/Berlin", "mode": "live"}).want(http.StatusBadRequest)
	w.as("wes", "POST", "/terminations", body{"service": "Parcel app", "end_date": "2027-02-01", "zone": "Europe/Berlin", "mode": "live"}).want(http.StatusCreated).into(&tm)
	w.as("wes", "POST", "/terminations/"+string(tm.ID)+"/move", body{"end_date": "2027-03-01"}).want(200).into(&tm)
	if tm.EndDate != "2027-03-01" {
		t.Errorf("the last day is %s", tm.EndDate)
	}
	w.as("wes", "POST", "/terminations/"+string(tm.ID)+"/erase", body{"ref": "TRM-2026-0001"}).want(http.StatusConflict) // people have to be told first
}

package web

import (
	"archive/zip"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"tocsin/incidents"
)

// gdprDuty is the first duty of an incident with the form of Art. 33.
func (w *world) gdprDuty(ref string) string {
	w.t.Helper()
	d, err := w.desk.Dossier(w.t.Context(), incidents.System, ref)
	must(w.t, err)
	for _, o := range d.Obligations {
		if o.Report == "gdpr33" && o.Applies != incidents.AppliesNo {
			return o.ID
		}
	}
	w.t.Fatal("no duty has the form gdpr33")
	return ""
}

// editReport types over fields of a report, or fills it in again.
func (w *world) editReport(r incidents.Report, values map[string]string, refill bool) (out incidents.Report) {
	w.t.Helper()
	w.as("rita", "PUT", "/reports/"+string(r.ID), body{"base": r.Version, "values": values, "refill": refill}).want(http.StatusOK).into(&out)
	return out
}

// fileReport files a report through the desk: drafted, submitted, approved, handed in.
func (w *world) fileReport(r incidents.Report, reason, reference string) {
	w.t.Helper()
	w.as("rita", "POST", "/reports/"+string(r.ID)+"/submit", body{"reason": reason}).want(http.StatusOK).into(&r)
	w.as("olga", "POST", "/approvals/report/"+string(r.ID), body{"version": r.Version, "hash": r.Hash, "decision": "approve"}, codeHeader, w.code("olga")).want(200)
	w.as("rita", "POST", "/reports/"+string(r.ID)+"/file", body{"channel": "portal", "reference": reference}).want(http.StatusOK)
}

// TestAReportThatContradictsWhatPeopleAreTold shows it before submission and to
// the officer, and is submitted only with a reason that stays on record.
func TestAReportThatContradictsWhatPeopleAreTold(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": w.rev(ref), "how": "counted", "changes": body{"persons_total": body{"value": 2}}}).want(200)
	rita, n := w.draft("rita", ref)
	report := rita.post("/incidents/"+ref+"/reports", "obligation", w.gdprDuty(ref), "phase", "initial").want(http.StatusSeeOther).Header().Get("Location")
	id := incidents.ReportID(strings.TrimPrefix(report, "/reports/"))
	if page := rita.page(report); strings.Contains(page, "It contradicts what people are told") || !strings.Contains(page, "Questions still open") || !strings.Contains(page, "/incidents/"+ref+"/facts#") {
		t.Error("a report without contradictions shows some, or the open questions do not lead to the facts")
	}
	form := w.noticeForm(n)
	for i := range form {
		if form[i] == "en.happened" {
			form[i+1] += " We write to 900 people."
		}
	}
	rita.after(rita.post("/notices/1", form...), "Saved.")
	page := rita.page(report)
	if !strings.Contains(page, "It says 900 people, the report says 2") || !strings.Contains(page, "N-1, en") {
		t.Error("the contradiction is not shown before submission")
	}
	var found struct{ Items []incidents.Finding }
	w.as("rita", "GET", "/reports/"+string(id)+"/lint", nil).want(200).into(&found)
	if len(found.Items) != 1 || found.Items[0].Rule != "report-persons" || found.Items[0].Level == "error" {
		t.Errorf("the API finds %+v", found.Items)
	}
	rita.refused(rita.post(report+"/submit"), http.StatusUnprocessableEntity, "Why is it right all the same?")
	rita.refused(rita.post(report+"/submit", "reason", "  "), http.StatusUnprocessableEntity)
	w.as("rita", "POST", "/reports/"+string(id)+"/submit", nil).want(http.StatusBadRequest)
	rita.after(rita.post(report+"/submit", "reason", "900 is the number of another country "+hostile), "Handed to the privacy officers.")
	r, _, err := w.desk.Report(t.Context(), incidents.System, id)
	must(t, err)
	if len(r.Findings) != 1 || !strings.HasPrefix(r.Accepted, "900 is") || r.AcceptedName == "" {
		t.Errorf("kept: %+v, %q by %q", r.Findings, r.Accepted, r.AcceptedName)
	}
	officer := w.signIn("olga").page("/approvals/report/" + string(id))
	if !strings.Contains(officer, "It says 900 people") || !strings.Contains(officer, "900 is the number of another country") || strings.Contains(officer, "<img src=x") {
		t.Error("the officer does not read the contradiction and its reason")
	}
	audit, err := w.desk.AuditLog(t.Context(), incidents.System, incidents.AuditFilter{Event: "report.submitted", Limit: 5})
	must(t, err)
	if len(audit) != 1 || audit[0].Data["findings"] != "1" || audit[0].Data["quote_sha256"] == "" {
		t.Errorf("the audit log has %+v", audit)
	}
	d, err := w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	if line := d.Timeline[0].Text; !strings.Contains(line, "with one contradiction accepted") || !strings.Contains(line, "900 is the number") {
		t.Errorf("the timeline says %q", line)
	}
	// Any edit asks again.
	if r = w.editReport(r, nil, true); r.Accepted != "" || len(r.Findings) != 0 {
		t.Error("an edited report keeps the reason it was submitted with")
	}
}

// TestAWithdrawalIsApprovedAndFiled takes back what proved unfounded.
func TestAWithdrawalIsApprovedAndFiled(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	duty, at := w.gdprDuty(ref), "/incidents/"+ref+"/reports"
	rita := w.signIn("rita")
	draft := func(phase, reason string) reply {
		return w.as("rita", "POST", "/incidents/"+ref+"/reports", body{"obligation": duty, "phase": phase, "reason": reason})
	}
	draft("withdrawal", "too early").want(http.StatusConflict)
	draft("initial", "a reason nobody asked for").want(http.StatusBadRequest)
	var r incidents.Report
	draft("initial", "").want(http.StatusCreated).into(&r)
	if strings.Contains(rita.page(at), "Draft the withdrawal") {
		t.Error("what was never filed can be withdrawn")
	}
	w.fileReport(r, "", "DE-7")
	if page := rita.page(at); !strings.Contains(page, "Withdraw DE-7") {
		t.Error("the withdrawal is not offered")
	}
	draft("withdrawal", "").want(http.StatusBadRequest)
	rita.refused(rita.post(at, "obligation", duty, "phase", "withdrawal", "reason", " "), http.StatusUnprocessableEntity)
	where := rita.post(at, "obligation", duty, "phase", "withdrawal", "reason", "The alarm came from a test.").want(http.StatusSeeOther).Header().Get("Location")
	back, _, err := w.desk.Report(t.Context(), incidents.System, incidents.ReportID(strings.TrimPrefix(where, "/reports/")))
	must(t, err)
	d, err := w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	for key, want := range map[string]string{incidents.FieldWithdrawn: "DE-7", incidents.FieldWithdrawalReason: "The alarm came from a test.", incidents.FieldWithdrawnBy: d.Timeline[0].ActorName} {
		if f, ok := back.Content.Field(key); !ok || f.Value != want || f.Missing {
			t.Errorf("%s is %+v, want %q", key, f, want)
		}
	}
	if len(back.Content.Missing()) > 0 || back.Content.Follows != "DE-7" {
		t.Errorf("open: %+v, follows %q", back.Content.Missing(), back.Content.Follows)
	}
	// Reading the facts again keeps the reason; emptying it stops the submission.
	back = w.editReport(back, nil, true)
	if f, _ := back.Content.Field(incidents.FieldWithdrawalReason); f.Value == "" {
		t.Error("filling it in again loses the reason")
	}
	back = w.editReport(back, map[string]string{incidents.FieldWithdrawalReason: ""}, false)
	w.as("rita", "POST", "/reports/"+string(back.ID)+"/submit", nil).want(http.StatusBadRequest)
	back = w.editReport(back, map[string]string{incidents.FieldWithdrawalReason: "A test."}, false)
	w.fileReport(back, "", "DE-7/W")
	if !strings.Contains(rita.page(where), "Filed") {
		t.Error("the withdrawal is not filed")
	}
	d, err = w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	if !strings.HasPrefix(d.Timeline[0].Text, "Filed withdrawal R-2") {
		t.Errorf("the timeline says %q", d.Timeline[0].Text)
	}
	draft("update", "").want(http.StatusConflict)
	draft("withdrawal", "again").want(http.StatusConflict)
	draft("initial", "").want(http.StatusCreated).into(&r)
	if r.Content.Follows != "" || len(r.Content.Changes()) > 0 {
		t.Errorf("a new report follows what was withdrawn: %q", r.Content.Follows)
	}
}

// TestTheCopySheetAndTheDocuments show every answer in the form's order.
func TestTheCopySheetAndTheDocuments(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	rita := w.signIn("rita")
	report := rita.post("/incidents/"+ref+"/reports", "obligation", w.gdprDuty(ref), "phase", "initial").want(http.StatusSeeOther).Header().Get("Location")
	r, _, err := w.desk.Report(t.Context(), incidents.System, incidents.ReportID(strings.TrimPrefix(report, "/reports/")))
	must(t, err)
	w.editReport(r, map[string]string{"circumstances": "数据 & " + hostile}, false)
	page := rita.page(report + "/copy")
	sound(t, report+"/copy", page)
	at := 0
	for _, f := range r.Content.Fields {
		i := strings.Index(page[at:], `id="c-`+f.Key+`"`)
		if i < 0 {
			t.Fatalf("%s is missing or out of order", f.Key)
		}
		at += i
	}
	if strings.Contains(page, "<img src=x") || !strings.Contains(page, "No officer has approved this version") || !strings.Contains(page, itoa(len([]rune("数据 & "+hostile)))+" characters") {
		t.Error("the sheet has markup, does not warn, or miscounts")
	}
	if text := rita.get(report + "/render.txt").want(200).Body.String(); !strings.Contains(text, "数据 & "+hostile) {
		t.Error("the text file lacks an answer")
	}
	for _, x := range []reply{rita.get(report + "/render.docx"), w.as("rita", "GET", report+"/render?format=docx", nil)} {
		b := x.want(200).Body.Bytes()
		z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
		must(t, err)
		f, err := z.Open("word/document.xml")
		must(t, err)
		doc, err := io.ReadAll(f)
		must(t, err)
		if !strings.HasSuffix(x.Header().Get("Content-Type"), "wordprocessingml.document") || !bytes.Contains(doc, []byte("数据 &amp; ")) {
			t.Errorf("the document is %s, or lacks an answer", x.Header().Get("Content-Type"))
		}
	}
	w.as("rita", "GET", report+"/render?format=odt", nil).want(http.StatusBadRequest)
}

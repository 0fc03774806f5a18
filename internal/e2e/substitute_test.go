package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

const hipaaTask = "us-hipaa-individuals/substitute"

// hipaa opens an incident of a hospital with n patients, the first of whom
// cannot be reached, and tells them by e-mail.
func (h *house) hipaa(n, unreachable int) incidents.Incident {
	h.t.Helper()
	lost := map[string]bool{}
	var b strings.Builder
	b.WriteString("subject_id,name,email,country,locale,data_categories\n")
	for i := 1; i <= n; i++ {
		to := fmt.Sprintf("patient.%05d@example.com", i)
		lost[to] = i <= unreachable
		fmt.Fprintf(&b, "P-%05d,Patient Number%05d,%s,US,en,health\n", i, i, to)
	}
	h.mail.Refuse = func(to string) error {
		if lost[to] {
			return standin.Reply(550, 5, 1, 1)
		}
		return nil
	}
	in := h.incident(time.Now().UTC())
	if _, err := h.app.Desk.SetFacts(context.Background(), h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{
		"hipaa_role": "covered_entity", "unsecured_phi": true, "establishments": []string{"US"}, "determined_at": time.Now().UTC().Truncate(time.Second)}), "test"); err != nil {
		h.t.Fatal(err)
	}
	h.list(in, b.String())
	notice := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if p := h.released(in, notice); p.Reconciliation.Unreachable != int64(unreachable) {
		h.t.Fatalf("the reconciliation says %+v", p.Reconciliation)
	}
	return in
}

// duty returns an obligation of an incident, or nothing.
func (h *house) duty(in incidents.Incident, id string) (o incidents.ObligationState) {
	h.t.Helper()
	d, err := h.app.Desk.Dossier(context.Background(), h.as("rita"), string(in.ID))
	if err != nil {
		h.t.Fatal(err)
	}
	for _, x := range d.Obligations {
		if x.ID == id {
			o = x
		}
	}
	return o
}

func (h *house) events(in incidents.Incident, name string) (n int) {
	h.t.Helper()
	list, err := h.app.Desk.AuditLog(context.Background(), h.as("ada"), incidents.AuditFilter{Incident: in.ID, Event: name, Limit: 100})
	if err != nil {
		h.t.Fatal(err)
	}
	return len(list)
}

// Twelve of forty patients cannot be reached: a task opens with its citation
// and the team is told; an announcement meets it and has to stay for 90 days;
// taken down before, the task is open again and the team is told again.
func TestTwelvePatientsCannotBeReached(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Escalation.Email = []string{"team@example.com"}
		s.Dispatch.FirstWave = 0 // so many refusals would stop it
	})
	ctx, desk := context.Background(), h.app.Desk
	in := h.hipaa(40, 12)
	h.eventually("the task, and word of it", func() bool { return h.duty(in, hipaaTask).Told >= 1 })
	task, of := h.duty(in, hipaaTask), h.duty(in, "us-hipaa-individuals")
	if task.Status != incidents.DutyOpen || task.Task.Unreached != 12 || task.Citation != "45 CFR 164.404(d)(2)" || task.Task.Days != 90 || task.Confidence != "verified" ||
		task.Due == nil || of.Due == nil || !task.Due.Equal(*of.Due) || !slices.Equal(task.Content, []string{"helpline_phone"}) || !strings.HasPrefix(task.Reasons[0], "12 of its people cannot be reached") {
		t.Fatalf("the task is %+v, the duty is due %v", task, of.Due)
	}
	told := func() (k int) {
		for _, l := range h.mail.Letters() {
			if l.To == "team@example.com" && strings.Contains(l.Header("Subject"), "Substitute notice by") {
				k++
			}
		}
		return k
	}
	if told() != 1 {
		t.Errorf("the team was told %d times", told())
	}
	if err := desk.JudgeSubstitutes(ctx, map[incidents.IncidentID]string{}); err != nil { // another process looks too
		t.Fatal(err)
	}
	if got := h.events(in, "substitute.opened"); got != 1 {
		t.Errorf("it was opened %d times", got)
	}
	h.listed(in, 12)
	var raw any
	h.call("rita", http.MethodGet, "/incidents/"+in.Ref+"/obligations", nil, &raw)
	if !strings.Contains(fmt.Sprint(raw), hipaaTask) {
		t.Error("the API does not show the task")
	}

	publish(t, h, in)
	task = h.duty(in, hipaaTask)
	if task.Status != incidents.DutyMet || task.Task.KeepUntil == nil || len(task.Task.Done) != 1 || !task.Task.KeepUntil.Equal(task.Task.Done[0].At.AddDate(0, 0, 90)) {
		t.Fatalf("after the announcement: %+v %+v", task.Status, task.Task)
	}
	list, err := desk.PublicAnnouncements(ctx, 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d public, %v", len(list), err)
	}
	if err := desk.Withdraw(ctx, h.as("rita"), list[0].ID, "it named the wrong service"); err != nil {
		t.Fatal(err)
	}
	if task = h.duty(in, hipaaTask); task.Status != incidents.DutyOpen || task.Task.KeepUntil != nil || !strings.Contains(task.Note, "withdrawn before") {
		t.Fatalf("after the withdrawal: %s %q %+v", task.Status, task.Note, task.Task)
	}
	h.eventually("word that it is open again", func() bool { return h.duty(in, hipaaTask).Told >= 1 && told() == 2 })
	if h.events(in, "substitute.opened") != 1 || h.events(in, "substitute.reopened") != 1 {
		t.Error("the log does not say what happened, once each")
	}

	h.inTheNewspaper(in)
	publish(t, h, in)
	h.ahead.Store(int64(91 * 24 * time.Hour))
	list, err = desk.PublicAnnouncements(ctx, 10)
	if err != nil || len(list) == 0 {
		t.Fatalf("%d public, %v", len(list), err)
	}
	for _, a := range list {
		if a.Status == incidents.AnnouncementWithdrawn {
			continue
		}
		if err := desk.Withdraw(ctx, h.as("rita"), a.ID, "its 90 days are over"); err != nil {
			t.Fatal(err)
		}
	}
	if task = h.duty(in, hipaaTask); task.Status != incidents.DutyMet {
		t.Errorf("it stayed as long as it had to, and is %s: %s", task.Status, task.Note)
	}
}

// inTheNewspaper records a notice in a newspaper, over the API: without the
// receipt it is refused, with it the task is met.
func (h *house) inTheNewspaper(in incidents.Incident) {
	h.t.Helper()
	at := "/incidents/" + in.Ref + "/substitutes"
	if status := h.call("rita", http.MethodPost, at, map[string]string{"obligation": hipaaTask, "means": "media", "reference": "The Daily Example, page 4"}, nil); status != http.StatusBadRequest {
		h.t.Errorf("without a receipt it is %d", status)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range [][2]string{{"obligation", hipaaTask}, {"means", "media"}, {"reference", "The Daily Example, page 4"}} {
		_ = form.WriteField(f[0], f[1])
	}
	part, err := form.CreateFormFile("receipt", "page4.pdf")
	if err == nil {
		_, err = part.Write([]byte("as printed"))
	}
	if err = errors.Join(err, form.Close()); err != nil {
		h.t.Fatal(err)
	}
	req, err := http.NewRequest(http.MethodPost, "http://"+h.at.Inside+"/api/v1"+at, &body)
	if err != nil {
		h.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+h.team["rita"].token)
	req.Header.Set("Content-Type", form.FormDataContentType())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	if task := h.duty(in, hipaaTask); resp.StatusCode != http.StatusOK || task.Status != incidents.DutyMet || task.Task.KeepUntil == nil || task.Task.Done[0].ReceiptSHA256 == "" {
		h.t.Errorf("in the newspaper: %d, %s, %+v", resp.StatusCode, task.Status, task.Task)
	}
}

// listed asks the API who is not reached: masked, and nobody else.
func (h *house) listed(in incidents.Incident, want int) {
	h.t.Helper()
	var page struct {
		Items []map[string]any `json:"items"`
	}
	h.call("rita", http.MethodGet, "/incidents/"+in.Ref+"/persons?unreached="+hipaaTask, nil, &page)
	if len(page.Items) != want {
		h.t.Errorf("%d persons are listed as not reached, want %d", len(page.Items), want)
	}
	if text := fmt.Sprint(page.Items); strings.Contains(text, "patient.0") || strings.Contains(text, "Patient Number") {
		h.t.Error("they are not masked")
	}
}

// Fewer than ten are told in another way, person by person; what is recorded
// says where it can be found.
func TestFewPatientsAreToldInAnotherWay(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.hipaa(5, 3)
	h.eventually("the task", func() bool { return h.duty(in, hipaaTask).Task != nil })
	if task := h.duty(in, hipaaTask); task.Task.Unreached != 3 || !task.Task.Each() || task.Task.Days != 0 {
		t.Fatalf("the task is %+v", task.Task)
	}
	if err := desk.ExcludePerson(ctx, h.as("rita"), incidents.NewPersonID(in.ID, 1), incidents.ExcludedTold, "at the desk"); err != nil {
		t.Fatal(err)
	}
	h.listed(in, 2)
	record := func(m incidents.MeansInput) error {
		m.Obligation = hipaaTask
		_, err := desk.RecordSubstitute(ctx, h.as("rita"), in.ID, m, nil)
		return err
	}
	for what, m := range map[string]incidents.MeansInput{"another means": {Means: incidents.MeansMedia, Reference: "a newspaper"}, "no reference": {Means: incidents.MeansTelephone}, "ahead": {Means: incidents.MeansTelephone, Reference: "call sheet 7", At: h.now().Add(time.Hour)}} {
		if err := record(m); incidents.KindOf(err) != incidents.KindInvalid {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := record(incidents.MeansInput{Means: incidents.MeansTelephone, Reference: "call sheet 7"}); err != nil {
		t.Fatal(err)
	}
	if task := h.duty(in, hipaaTask); task.Status != incidents.DutyMet || task.Task.Done[0].Persons != 2 || h.events(in, "substitute.done") != 1 {
		t.Errorf("it is %s, %+v", task.Status, task.Task)
	}
	if err := desk.IncludePerson(ctx, h.as("rita"), incidents.NewPersonID(in.ID, 1), "it was somebody else at the desk"); err != nil {
		t.Fatal(err)
	}
	if task := h.duty(in, hipaaTask); task.Status != incidents.DutyOpen || task.Task.Unreached != 3 {
		t.Errorf("one more is not reached, and it is %s, %+v", task.Status, task.Task)
	}
	var out incidents.ObligationState
	h.call("rita", http.MethodPost, "/incidents/"+in.Ref+"/substitutes", map[string]string{"obligation": hipaaTask, "means": "written", "reference": "handed over"}, &out)
	if out.Status != incidents.DutyMet {
		t.Errorf("after the letters it is %s", out.Status)
	}
}

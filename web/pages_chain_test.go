package web

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// upload sends a form with fields and, last, a file.
func (b *browser) upload(path, field, name, content string, form ...string) reply {
	b.w.t.Helper()
	var body bytes.Buffer
	m := multipart.NewWriter(&body)
	for i := 0; i+1 < len(form); i += 2 {
		must(b.w.t, m.WriteField(form[i], form[i+1]))
	}
	if field != "" {
		part, err := m.CreateFormFile(field, name)
		must(b.w.t, err)
		_, err = io.WriteString(part, content)
		must(b.w.t, err)
	}
	must(b.w.t, m.Close())
	r := httptest.NewRequestWithContext(b.w.t.Context(), http.MethodPost, path, &body)
	r.Header.Set("Content-Type", m.FormDataContentType())
	return b.do(r, "Sec-Fetch-Site", "same-origin")
}

// page gets a page that must be there and sound.
func (b *browser) page(path string) string {
	b.w.t.Helper()
	out := b.get(path).want(http.StatusOK).Body.String()
	sound(b.w.t, path, out)
	return out
}

// after follows a change that must have worked, and checks what is said next.
func (b *browser) after(r reply, said string) string {
	b.w.t.Helper()
	r.want(http.StatusSeeOther)
	out := b.page(r.Header().Get("Location"))
	if !strings.Contains(out, said) {
		b.w.t.Errorf("after %s: the page does not say %q", r.Header().Get("Location"), said)
	}
	return out
}

// refused checks that a form came back with its problem and what was typed.
func (b *browser) refused(r reply, status int, keeps ...string) string {
	b.w.t.Helper()
	out := r.want(status).Body.String()
	sound(b.w.t, "a refused form", out)
	for _, k := range append(keeps, `role="alert"`) {
		if !strings.Contains(out, k) {
			b.w.t.Errorf("the form that came back lacks %q", k)
		}
	}
	return out
}

// wellFormed reads every chart of a page as XML.
func wellFormed(t testing.TB, page string) (charts int) {
	t.Helper()
	for _, rest := range strings.Split(page, "<svg ")[1:] {
		svg, _, _ := strings.Cut(rest, "</svg>")
		if !strings.Contains(svg, `role="img"`) {
			continue
		}
		charts++
		d := xml.NewDecoder(strings.NewReader("<svg " + svg + "</svg>"))
		for {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Errorf("a chart is no XML: %v\n%.200s", err, svg)
				break
			}
		}
		for _, bad := range []string{"NaN", "Inf", "style=", `width="-`} {
			if strings.Contains(svg, bad) {
				t.Errorf("a chart holds %s", bad)
			}
		}
	}
	return charts
}

// draft puts a notice without findings into the hands of the officers' form:
// written through the console by who, kept at draft.
func (w *world) draft(who, ref string) (b *browser, n incidents.Notice) {
	w.t.Helper()
	b = w.signIn(who)
	out := b.post("/incidents/"+ref+"/notices", "title", "Notice to customers").want(http.StatusSeeOther)
	b.page(out.Header().Get("Location"))
	n = w.present()
	b.after(b.post("/notices/1", w.noticeForm(n)...), "Saved.")
	return b, w.present()
}

// present is the first notice as it stands.
func (w *world) present() incidents.Notice {
	w.t.Helper()
	n, err := w.desk.NoticeByNo(w.t.Context(), incidents.System, 1)
	must(w.t, err)
	return n
}

// noticeForm is what the draft form of a notice sends when it goes by email alone
// and answers no duty.
func (w *world) noticeForm(n incidents.Notice) []string {
	form := []string{"base", itoa(n.Version), "title", n.Title, "default", string(n.Content.Default), "order.email", "1", "wait.email", "0"}
	for l, x := range n.Content.Langs {
		p := string(l) + "."
		form = append(form, "lang", string(l), p+"subject", x.Subject, p+"happened", x.Happened, p+"measures", x.Measures, p+"advice", x.Advice,
			p+"remedies", x.Remedies, p+"contact", x.Contact, p+"sms", x.SMS, p+"push_title", x.PushTitle, p+"push_body", x.PushBody, p+"voice", x.Voice)
	}
	return form
}

func itoa(n int) string { return num(n) }

// TestANoticeThroughTheConsole is written, checked, approved, released, held,
// resumed and stopped with nothing but forms.
func TestANoticeThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(3)
	rita, n := w.draft("rita", ref)
	if c := n.Content; len(c.Plan) != 1 || c.Plan[0].Channel != incidents.Email || len(c.Answers) != 0 || len(c.Langs) != 2 {
		t.Fatalf("the form wrote %+v", c)
	}

	stale := append(w.noticeForm(n), "en.happened", "typed before somebody else saved")
	stale[1], stale[3] = "1", "Typed title"
	for i := range stale {
		if stale[i] == "en.happened" {
			stale[i+1] = "typed before somebody else saved"
		}
	}
	rita.refused(rita.post("/notices/1", stale...), http.StatusConflict, "typed before somebody else saved", "Typed title")
	bad := append(w.noticeForm(n), "places", "nowhere")
	rita.refused(rita.post("/notices/1", bad...), http.StatusUnprocessableEntity, "NOWHERE")
	rita.refused(rita.post("/notices/1", append(w.noticeForm(n), "plans", "rich: email")...), http.StatusUnprocessableEntity, "rich: email")
	rita.refused(rita.post("/notices/1", append(w.noticeForm(n), "quiet_override", "now")...), http.StatusUnprocessableEntity, `value="now"`)
	rita.after(rita.post("/notices/1", append(w.noticeForm(n), "plans", "sensitive: sms 24, email", "quiet_override", "accounts are emptied tonight")...), "Saved.")
	n = w.present()
	if c := n.Content; len(c.Plans) != 1 || c.Plans[0].When != incidents.WhenSensitive || c.Plans[0].Plan[0].Wait != 24*time.Hour || c.QuietOverride == "" {
		t.Fatalf("the form wrote %+v", c.Plans)
	}
	if diff := rita.page("/notices/1?was=1"); !strings.Contains(diff, "What changed since version 1") || !strings.Contains(diff, "Channels") {
		t.Error("the versions are not compared")
	}

	mail := rita.get("/notices/1/preview/en").want(200)
	if csp := mail.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sandbox") {
		t.Errorf("the mail may do too much: %s", csp)
	}
	rita.refused(rita.post("/notices/1/release", "ref", ref, "persons", "3"), http.StatusConflict, ref)
	rita.after(rita.post("/notices/1/submit"), "Handed to the privacy officers.")
	n = w.present()

	olga := w.signIn("olga")
	at := "/approvals/notice/" + string(n.ID)
	if list := olga.page("/approvals"); !strings.Contains(list, at) {
		t.Error("nothing waits for the officer")
	}
	page := olga.page(at)
	for _, want := range []string{"Sends 1 notice to 3 people", n.Hash[:4], "Rita", "real addresses", `name="code"`, "DE", "People whose sensitive data is touched", "accounts are emptied tonight", "Told themselves",
		"<dt>SMS</dt><dd>2 · 2<small>segments at most"} {
		if !strings.Contains(page, want) {
			t.Errorf("the officer's page lacks %q", want)
		}
	}
	olga.after(olga.post(at, "version", itoa(n.Version), "hash", n.Hash, "decision", "approve", "code", w.code("olga")), "Approved.")

	if page = rita.page("/notices/1/delivery"); !strings.Contains(page, "of 3 people, if it were released now") || !strings.Contains(page, "As it would be planned now") {
		t.Error("before the release the delivery page counts nobody")
	}

	rita.refused(rita.post("/notices/1/release", "ref", ref, "persons", "2"), http.StatusUnprocessableEntity, `value="2"`)
	rita.refused(rita.post("/notices/1/release", "ref", "INC-1", "persons", "3"), http.StatusUnprocessableEntity, `value="INC-1"`)
	page = rita.after(rita.post("/notices/1/release", "ref", ref, "persons", "3"), "Released.")
	if !strings.Contains(page, "Sum holds") || wellFormed(t, page) == 0 {
		t.Error("the delivery page shows no sum or no chart")
	}
	rita.refused(rita.post("/notices/1/steer", "do", "hold", "reason", ""), http.StatusUnprocessableEntity)
	page = rita.after(rita.post("/notices/1/steer", "do", "hold", "reason", "the police asked"), "On hold.")
	for _, want := range []string{"Resume or stop…", "Resume to the 3 people left", "As if it were resumed now"} {
		if !strings.Contains(page, want) || strings.Contains(page, "Hold or stop…") {
			t.Errorf("the page of a held notice lacks %q, or offers to hold it", want)
		}
	}
	rita.after(rita.post("/notices/1/steer", "do", "resume", "reason", "they called back"), "Resumed.")
	rita.refused(rita.post("/notices/1/steer", "do", "stop", "reason", "the wrong text", "ref", "N-2"), http.StatusUnprocessableEntity, `value="the wrong text"`, `value="N-2"`)
	page = rita.after(rita.post("/notices/1/steer", "do", "stop", "reason", "the wrong text", "ref", "N-1"), "3 deliveries will not leave.")
	if !strings.Contains(page, "Sum holds") {
		t.Error("the sum does not hold after the stop")
	}
	for _, path := range []string{"/deliveries", "/notices/1/progress", "/incidents/" + ref + "/notices"} {
		if out := rita.get(path).want(200).Body.String(); !strings.Contains(out, "N-1") && !strings.Contains(out, "Sum holds") {
			t.Errorf("%s shows no notice", path)
		}
	}
	if line := rita.get("/notices/1/status.jsonl").want(200).Body.String(); !strings.Contains(line, `"P-0001"`) {
		t.Errorf("the status of everybody: %s", line)
	}
}

// TestNobodyGetsRoundTheApproval tries every way through the forms.
func TestNobodyGetsRoundTheApproval(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(3)
	rita, _ := w.draft("rita", ref)
	olga := w.signIn("olga")
	edited := append(w.noticeForm(w.present()), "places", "DE")
	olga.after(olga.post("/notices/1", edited...), "Saved.") // olga wrote a part of it now
	rita.post("/notices/1/submit").want(http.StatusSeeOther)
	n := w.present()
	at := "/approvals/notice/" + string(n.ID)
	oscar := w.signIn("oscar")
	decision := func(more ...string) []string {
		return append([]string{"version", itoa(n.Version), "hash", n.Hash, "decision", "approve"}, more...)
	}
	for _, c := range []struct {
		name   string
		who    *browser
		form   func() []string
		status int
	}{
		{"a responder, the author", rita, func() []string { return decision("code", w.code("rita")) }, http.StatusForbidden},
		{"communications", w.signIn("carla"), func() []string { return decision("code", w.code("carla")) }, http.StatusForbidden},
		{"the administrator", w.signIn("adam"), func() []string { return decision("code", w.code("adam")) }, http.StatusForbidden},
		{"an officer who edited it", olga, func() []string { return decision("code", w.code("olga")) }, http.StatusForbidden},
		{"without a code", oscar, func() []string { return decision() }, http.StatusUnauthorized},
		{"with a wrong code", oscar, func() []string { return decision("code", "000000") }, http.StatusUnauthorized},
		{"another content", oscar, func() []string {
			return []string{"version", itoa(n.Version), "hash", strings.Repeat("0", 64), "decision", "approve", "code", w.code("oscar")}
		}, http.StatusConflict},
		{"another version", oscar, func() []string {
			return []string{"version", "1", "hash", n.Hash, "decision", "approve", "code", w.code("oscar")}
		}, http.StatusConflict},
		{"neither yes nor no", oscar, func() []string {
			return []string{"version", itoa(n.Version), "hash", n.Hash, "decision", "perhaps", "code", w.code("oscar")}
		}, http.StatusUnprocessableEntity},
		{"returned without a word", oscar, func() []string {
			return []string{"version", itoa(n.Version), "hash", n.Hash, "decision", "return", "code", w.code("oscar")}
		}, http.StatusUnprocessableEntity},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := c.who.post(at, c.form()...)
			if out.Code != c.status {
				t.Errorf("status %d, want %d", out.Code, c.status)
			}
			sound(t, c.name, out.Body.String())
			if now := w.present(); now.Status != incidents.NoticeSubmitted {
				t.Errorf("the notice is %s now", now.Status)
			}
			if got := rita.post("/notices/1/release", "ref", ref, "persons", "3"); got.Code != http.StatusConflict {
				t.Errorf("released without an approval: %d", got.Code)
			}
		})
	}
	own := olga.page(at)
	if !strings.Contains(own, "You wrote or edited this") || strings.Contains(own, `name="code"`) {
		t.Error("an officer is offered to approve what she edited")
	}
	oscar.after(oscar.post(at, decision("code", w.code("oscar"))...), "Approved.")
	rita.after(rita.post("/notices/1", w.noticeForm(w.present())...), "Saved.") // an edit after the approval
	rita.refused(rita.post("/notices/1/release", "ref", ref, "persons", "3"), http.StatusConflict)
}

// TestAListThroughTheConsole is taken in, shown masked and opened with a reason.
func TestAListThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	rita, ada := w.signIn("rita"), w.signIn("ada")
	people := "/incidents/" + ref + "/people"
	rita.refused(rita.upload(people, "", "", "", "encoding", "gbk"), http.StatusUnprocessableEntity, `value="gbk" selected`)
	rita.refused(rita.upload(people, "list", "list.csv", "not,a,list\n1,2,3\n", "encoding", "utf-8"), http.StatusUnprocessableEntity, `value="utf-8" selected`)
	page := rita.after(rita.upload(people, "list", hostile+".csv", csvList(4)+"broken\n", "encoding", ""), "3 people added out of 5 rows.")
	if !strings.Contains(page, "1 were on the list already") || strings.Contains(page, "<img src=x") {
		t.Error("the outcome is not said, or a name became markup")
	}
	file := between(page, `href="/files/`, `"`)
	if got := rita.get("/files/" + file).want(200); !strings.Contains(got.Body.String(), "broken") || !strings.Contains(got.Header().Get("Content-Disposition"), "rejected-rows.csv") {
		t.Errorf("the rejected rows: %s", got.Body)
	}
	ada.get("/files/" + file).want(http.StatusForbidden)
	if strings.Contains(ada.page(people), "/files/") {
		t.Error("the auditor is offered rejected rows")
	}

	list := rita.page("/incidents/" + ref + "/persons")
	if strings.Contains(list, "person1@example.net") || !strings.Contains(list, "p•••@e•••.net") {
		t.Error("the list is not masked")
	}
	ada.get("/incidents/" + ref + "/persons").want(http.StatusForbidden)
	rita.refused(rita.post("/incidents/"+ref+"/persons", "ref", "P-9999"), http.StatusNotFound, `value="P-9999"`)
	found := rita.post("/incidents/"+ref+"/persons", "ref", "P-0002").want(http.StatusSeeOther).Header().Get("Location")
	if strings.Contains(found, "P-0002") {
		t.Errorf("the id of a person is in an address: %s", found)
	}
	if p := rita.page(found); strings.Contains(p, "person2@example.net") {
		t.Error("the person is not masked")
	}
	rita.refused(rita.post(found+"/unmask", "reason", ""), http.StatusUnprocessableEntity)
	if p := rita.post(found+"/unmask", "reason", "asked by telephone").want(200).Body.String(); !strings.Contains(p, "person2@example.net") {
		t.Error("the person is not shown")
	}
	w.signIn("adam").post(found+"/unmask", "reason", "curious").want(http.StatusForbidden)
	audit, err := w.desk.AuditLog(t.Context(), incidents.System, incidents.AuditFilter{Event: "person.unmasked", Limit: 10})
	must(t, err)
	if len(audit) != 1 {
		t.Errorf("%d lines in the audit log about one look", len(audit))
	}
	rita.refused(rita.post(found+"/exclude", "reason", ""), http.StatusUnprocessableEntity)
	rita.refused(rita.post(found+"/exclude", "reason", "because"), http.StatusUnprocessableEntity)
	rita.refused(rita.post(found+"/exclude", "reason", "other"), http.StatusUnprocessableEntity)
	if p := rita.after(rita.post(found+"/exclude", "reason", "told", "note", "at the counter"), "Taken out of sending."); !strings.Contains(p, "Told in another way") || !strings.Contains(p, "at the counter") {
		t.Error("the reason of the exclusion is not shown")
	}
	rita.refused(rita.post(found+"/exclude", "do", "back"), http.StatusUnprocessableEntity)
	rita.after(rita.post(found+"/exclude", "do", "back", "note", "it was somebody else"), "Taken back into sending.")
	if strings.Contains(w.log.String(), "example.net") {
		t.Error("the log holds an address of a person")
	}
	if got := rita.get("/incidents/" + ref + "/evidence").want(200); !strings.HasPrefix(got.Body.String(), "bundle of ") {
		t.Errorf("evidence: %s", got.Body)
	}
}

func between(s, from, to string) string {
	_, s, _ = strings.Cut(s, from)
	s, _, _ = strings.Cut(s, to)
	return s
}

// TestAnAnnouncementThroughTheConsole is written, approved twice, published,
// changed and withdrawn.
func TestAnAnnouncementThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	carla, rita := w.signIn("carla"), w.signIn("rita")
	at := carla.post("/incidents/" + ref + "/announcements").want(http.StatusSeeOther).Header().Get("Location")
	carla.after(carla.post(at+"/submit"), "Handed to the privacy officers")
	id := incidents.AnnouncementID(strings.TrimPrefix(at, "/announcements/"))
	a, _, err := w.desk.Announcement(t.Context(), incidents.System, id)
	must(t, err)
	for _, who := range []string{"olga", "oscar"} {
		rita.refused(rita.post(at+"/publish", "ref", ref), http.StatusConflict)
		b := w.signIn(who)
		b.page("/approvals/announcement/" + string(id))
		b.after(b.post("/approvals/announcement/"+string(id), "version", itoa(a.Version), "hash", a.Hash, "decision", "approve", "code", w.code(who)), "Approved.")
	}
	rita.refused(rita.post(at+"/publish", "ref", "INC-9"), http.StatusUnprocessableEntity, `value="INC-9"`)
	rita.after(rita.post(at+"/publish", "ref", ref), "Published.")

	x := a.Text.Langs["en"]
	form := []string{"base", itoa(a.Version), "default", "en", "lang", "en", "en.title", hostile, "en.short", x.Short, "en.happened", x.Happened + " We found one more copy.", "en.measures", x.Measures, "en.advice", x.Advice, "en.remedies", x.Remedies, "en.contact", x.Contact}
	page := carla.after(carla.post(at, form...), "Saved.")
	if !strings.Contains(page, "<ins>") || strings.Contains(page, "<img src=x") {
		t.Error("the change is not marked, or a title became markup")
	}
	carla.refused(carla.post(at, form...), http.StatusConflict, "We found one more copy.")
	form[1], form[3] = "2", "ja"
	carla.refused(carla.post(at, form...), http.StatusUnprocessableEntity, "We found one more copy.")
	rita.refused(rita.post(at+"/withdraw", "reason", ""), http.StatusUnprocessableEntity)
	rita.after(rita.post(at+"/withdraw", "reason", "a wrong date"), "Withdrawn.")
	if !strings.Contains(carla.page("/announcements"), "Withdrawn") {
		t.Error("the list does not say that it was withdrawn")
	}
	carla.page("/incidents/" + ref + "/announcements")
}

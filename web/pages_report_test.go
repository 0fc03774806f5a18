package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// TestAReportThroughTheConsole is filled in, typed over, approved, filed with a
// receipt, and followed by an update.
func TestAReportThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	rita := w.signIn("rita")
	at := "/incidents/" + ref + "/reports"
	d, err := w.desk.Dossier(t.Context(), incidents.System, ref)
	must(t, err)
	duty := ""
	for _, o := range d.Obligations {
		if o.Report == "gdpr33" && o.Applies != incidents.AppliesNo && duty == "" {
			duty = o.ID
		}
	}
	if page := rita.page(at); !strings.Contains(page, `value="`+duty+`"`) {
		t.Fatalf("the duty %q is not offered", duty)
	}
	rita.refused(rita.post(at, "obligation", duty, "phase", "final"), http.StatusConflict)
	rita.refused(rita.post(at, "obligation", duty, "phase", "sometime"), http.StatusUnprocessableEntity)
	report := rita.post(at, "obligation", duty, "phase", "initial").want(http.StatusSeeOther).Header().Get("Location")
	id := incidents.ReportID(strings.TrimPrefix(report, "/reports/"))
	r, _, err := w.desk.Report(t.Context(), incidents.System, id)
	must(t, err)
	page := rita.page(report)
	last := -1
	for _, f := range r.Content.Fields { // in the form's own order
		i := strings.Index(page, `id="f-`+f.Key+`"`)
		if i < last {
			t.Errorf("the field %s is out of order", f.Key)
		}
		last = i
	}
	if len(r.Content.Missing()) > 0 && !strings.Contains(page, "still open") {
		t.Error("the open fields are not asked for")
	}
	key := r.Content.Fields[len(r.Content.Fields)-1].Key
	page = rita.after(rita.post(report, "base", "1", "do", "save", "f."+key, hostile), "Saved.")
	if strings.Contains(page, "<img src=x") || !strings.Contains(page, "Typed") {
		t.Error("a typed field became markup, or is not marked")
	}
	rita.refused(rita.post(report, "base", "1", "do", "save", "f."+key, "typed too late"), http.StatusConflict, "typed too late")
	rita.after(rita.post(report, "base", "2", "do", "refill"), "Filled in again")
	rita.refused(rita.upload(report+"/file", "", "", "", "channel", "email", "reference", "DE-1", "at", ""), http.StatusConflict)
	rita.after(rita.post(report+"/submit"), "Handed to the privacy officers.")
	r, _, err = w.desk.Report(t.Context(), incidents.System, id)
	must(t, err)
	olga := w.signIn("olga")
	olga.page("/approvals/report/" + string(id))
	olga.after(olga.post("/approvals/report/"+string(id), "version", itoa(r.Version), "hash", r.Hash, "decision", "approve", "code", w.code("olga")), "Approved.")

	doc := rita.get(report + "/render.html").want(200)
	if csp := doc.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "sha256-") {
		t.Errorf("the document may do too much: %s", csp)
	}
	for format, begins := range map[string]string{"pdf": "%PDF", "json": "{"} {
		if got := rita.get(report + "/render." + format).want(200).Body.String(); !strings.HasPrefix(got, begins) {
			t.Errorf("%s begins with %.10q", format, got)
		}
	}
	rita.get(report + "/render.exe").want(http.StatusNotFound)
	rita.refused(rita.upload(report+"/file", "receipt", "receipt.pdf", "x", "channel", "email", "reference", "", "at", "2026-11-24T10:00"), http.StatusUnprocessableEntity, `value="email" selected`, "2026-11-24T10:00")
	rita.refused(rita.upload(report+"/file", "receipt", "receipt.pdf", "x", "channel", "portal", "reference", "DE-1", "at", "yesterday"), http.StatusUnprocessableEntity, `value="DE-1"`)
	page = rita.after(rita.upload(report+"/file", "receipt", "receipt.pdf", "a receipt of the authority", "channel", "portal", "reference", "DE-2026-0001", "at", "2026-11-24T10:00"), "The duty is met.")
	file := between(page, `href="/files/`, `"`)
	if got := w.signIn("ada").get("/files/" + file).want(200).Body.String(); got != "a receipt of the authority" {
		t.Errorf("the receipt: %q", got)
	}

	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": w.rev(ref), "how": "counted again", "changes": body{"records_total": body{"value": 4711}}}).want(200)
	update := rita.post(at, "obligation", duty, "phase", "update").want(http.StatusSeeOther).Header().Get("Location")
	if page := rita.page(update); !strings.Contains(page, "Changed since filed") || !strings.Contains(page, "follows DE-2026-0001") {
		t.Error("the update does not mark what changed, or what it follows")
	}
}

func (w *world) rev(ref string) int {
	d, err := w.desk.Dossier(w.t.Context(), incidents.System, ref)
	must(w.t, err)
	return d.Facts.Rev
}

// TestATerminationThroughTheConsole keeps the thirty days and shows them.
func TestATerminationThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	wes := w.signIn("wes")
	page := wes.page("/terminations")
	earliest := w.now().Add(incidents.MinimumNotice).UTC().Format(time.DateOnly)
	if !strings.Contains(page, `min="`+earliest+`"`) {
		t.Errorf("the earliest last day, %s, is not shown", earliest)
	}
	early := w.now().Add(incidents.MinimumNotice - 48*time.Hour).UTC().Format(time.DateOnly)
	wes.refused(wes.post("/terminations", "service", "Parcel app", "end_date", early, "zone", "Asia/Shanghai", "mode", "drill"), http.StatusUnprocessableEntity, "Parcel app", early, "Asia/Shanghai", `value="drill" checked`)
	wes.refused(wes.post("/terminations", "service", "Parcel app", "end_date", "2027-03-01", "zone", "Mars/Base", "mode", "live"), http.StatusUnprocessableEntity, "Mars/Base")
	at := wes.post("/terminations", "service", "Parcel "+hostile, "end_date", "2027-03-01", "zone", "Europe/Berlin", "mode", "live").want(http.StatusSeeOther).Header().Get("Location")
	page = wes.page(at)
	if wellFormed(t, page) == 0 || strings.Contains(page, "<img src=x") {
		t.Error("there is no picture of the thirty days, or a name became markup")
	}
	if !strings.Contains(page, "People are to be told") || strings.Contains(page, "/erase") {
		t.Error("erasing is offered before anybody was told")
	}
	wes.refused(wes.post(at+"/move", "end_date", early), http.StatusUnprocessableEntity, early)
	wes.after(wes.post(at+"/move", "end_date", "2027-04-01"), "Moved.")
	wes.refused(wes.post(at+"/erase", "ref", "TRM-2026-0001"), http.StatusConflict)
	w.signIn("rita").post(at+"/erase", "ref", "TRM-2026-0001").want(http.StatusForbidden)
}

// TestTheBarOfThirtyDays says in words what it draws.
func TestTheBarOfThirtyDays(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	term := incidents.Termination{EndDate: "2027-01-31", Zone: "UTC", CreatedAt: now}
	at := func(days int) *time.Time { x := now.AddDate(0, 0, days); return &x }
	for _, c := range []struct {
		name   string
		notice *incidents.Notice
		now    time.Time
		late   bool
		says   string
	}{
		{"nobody was told yet", nil, now, false, "are left"},
		{"being told", &incidents.Notice{ReleasedAt: at(1)}, *at(2), false, "are left"},
		{"everybody was told", &incidents.Notice{ReleasedAt: at(1), DoneAt: at(3)}, *at(10), false, "before the latest instant"},
		{"told too late", &incidents.Notice{ReleasedAt: at(37), DoneAt: at(40)}, *at(41), true, "that is past"},
		{"nobody was told in time", nil, *at(60), true, "that is past"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, err := noticeBarOf(term, c.notice, c.now)
			must(t, err)
			if b.Late != c.late || !strings.Contains(b.Desc, c.says) {
				t.Errorf("late %t: %s", b.Late, b.Desc)
			}
			if got := b.EndsX - b.LatestX; got <= 0 || b.TellW < 0 || b.SpareW < 0 {
				t.Errorf("a width is none: %+v", b)
			}
		})
	}
}

// TestWordsThatDiffer marks what was taken out and put in, and nothing else.
func TestWordsThatDiffer(t *testing.T) {
	for _, c := range []struct{ name, was, is, old, now string }{
		{"a word", "Your password is safe.", "Your password is lost.", "Your password is -safe-.", "Your password is +lost+."},
		{"more", "Set a password.", "Set a new password.", "Set a password.", "Set a +new +password."},
		{"less", "Not affected. Thanks", "Thanks", "-Not affected. -Thanks", "Thanks"},
		{"Chinese by signs", "密码安全", "密码泄露", "密码-安全-", "密码+泄露+"},
		{"from nothing", "", "All new", "", "+All new+"},
		{"the same", "as it was", "as it was", "as it was", "as it was"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wordChange{Was: c.was, Is: c.is}
			if old, now := spell(w.Old(), "-"), spell(w.New(), "+"); old != c.old || now != c.now {
				t.Errorf("%q and %q, want %q and %q", old, now, c.old, c.now)
			}
		})
	}
	long := strings.Repeat("many words ", 4000)
	if old, now := wordDiff("a "+long+" b", "c "+long+"different "+long+" d"); len(old) == 0 || len(now) == 0 {
		t.Error("a long text is lost")
	}
}

func spell(pieces []diffPiece, mark string) (out string) {
	for _, p := range pieces {
		if p.Cut {
			out += mark + p.Text + mark
		} else {
			out += p.Text
		}
	}
	return out
}

// TestTheOutboxOpensWithAReason shows a captured mail without letting it do anything.
func TestTheOutboxOpensWithAReason(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	rita, _ := w.draft("rita", ref)
	if page := rita.page("/outbox"); !strings.Contains(page, "Nothing was captured") {
		t.Error("an empty outbox says nothing")
	}
	mail := strings.ReplaceAll("From: Quill <n@example.org>\nTo: P <person1@example.net>\nSubject: =?utf-8?q?Caf=C3=A9?=\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nDear P=2C hello\n--b\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0PjxoMT5IZWxsbzwvaDE+\n--b--\n", "\n", "\r\n")
	for i, ch := range []incidents.Channel{incidents.Email, incidents.SMS} {
		id := incidents.DeliveryID{Notice: 1, Seq: int64(i + 1), Channel: ch}
		content := mail
		if ch == incidents.SMS {
			content = hostile
		}
		must(t, w.db.Capture(t.Context(), incidents.Capture{ID: id.String(), Delivery: id, Channel: ch, Mode: incidents.Live, Lang: "en", At: w.now(), To: "person1@example.net", Subject: hostile, Body: []byte(content)}))
	}
	page := rita.page("/outbox?notice=N-1")
	if strings.Contains(page, "example.net") || !strings.Contains(page, "/outbox/1-1-e") {
		t.Error("the outbox names people, or lists nothing")
	}
	rita.get("/outbox/1-1-e/html").want(http.StatusForbidden)
	rita.refused(rita.post("/outbox/1-1-e", "reason", ""), http.StatusUnprocessableEntity)
	page = rita.post("/outbox/1-1-e", "reason", "checking the layout").want(200).Body.String()
	sound(t, "/outbox/1-1-e", page)
	if !strings.Contains(page, "Dear P, hello") || !strings.Contains(page, "Café") || strings.Contains(page, "<script>alert") {
		t.Error("the mail is not read, or its markup leaks into the page")
	}
	frame := rita.get("/outbox/1-1-e/html").want(200)
	if csp := frame.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "default-src 'none'") || !strings.Contains(frame.Body.String(), "<h1>Hello</h1>") {
		t.Errorf("the frame: %s %s", csp, frame.Body)
	}
	rita.get("/outbox/1-1-e/html").want(http.StatusForbidden) // once
	page = rita.post("/outbox/1-2-s", "reason", "checking the layout").want(200).Body.String()
	sound(t, "/outbox/1-2-s", page)
	if strings.Contains(page, "<img src=x") {
		t.Error("a captured text became markup")
	}
	w.signIn("ada").post("/outbox/1-1-e", "reason", "curious").want(http.StatusForbidden)
	audit, err := w.desk.AuditLog(t.Context(), incidents.System, incidents.AuditFilter{Event: "capture.opened", Limit: 10})
	must(t, err)
	if len(audit) != 2 {
		t.Errorf("%d lines in the audit log about two looks", len(audit))
	}
	rita.get("/outbox/what").want(http.StatusNotFound)
}

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/http"
	"net/mail"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// An alert arrives at t0, two people are told with their own data and nobody
// else's, the report is due at t0 + 72 h, the evidence verifies, and one
// flipped byte is found.
func TestFromAlertToProof(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		h := openHouse(t, engine)
		ctx := context.Background()
		t0 := time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Second)
		in := h.incident(t0)

		im := h.list(in, "subject_id,name,email,country,locale,data_categories\n"+
			"C-1,Ada Example,ada@example.com,DE,en,basic;property\n"+
			"C-2,何霞,xia@example.com,DE,zh-CN,basic\n"+
			"C-2,何霞,xia@example.com,DE,zh-CN,basic\n"+
			"broken,row\n")
		if im.Imported != 2 || im.Duplicates != 1 || im.Rejected != 1 {
			t.Fatalf("the import counted %+v", im)
		}

		n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
		p := h.released(in, n)
		if r := p.Reconciliation; r.List != 2 || r.Sent != 2 {
			t.Fatalf("the reconciliation says %+v", r)
		}
		ownDataOnly(t, h.mail.Letters())

		report := due(t, h, in, "gdpr33")
		if !report.Due.Equal(t0.Add(72 * time.Hour)) {
			t.Errorf("the report is due %v, want %v", report.Due, t0.Add(72*time.Hour))
		}
		fileReport(t, h, in, report)
		publish(t, h, in)
		checkBundle(ctx, t, h, in)
	})
}

// ownDataOnly checks that each person's mail holds the person's own name and
// code, and nobody else's.
func ownDataOnly(t *testing.T, letters []standin.Letter) {
	t.Helper()
	if len(letters) != 2 {
		t.Fatalf("%d letters", len(letters))
	}
	who := map[string]string{"ada@example.com": "Ada Example", "xia@example.com": "何霞"}
	for _, l := range letters {
		text := textOf(t, l.Data)
		for to, name := range who {
			has := strings.Contains(text, name)
			if (to == l.To) != has {
				t.Errorf("the mail to %s: holds %q is %v", l.To, name, has)
			}
		}
		if l.Header("X-Notice-Id") == "" || !strings.Contains(l.Header("To"), l.To) {
			t.Error("the mail lacks its notice id, or is addressed to somebody else")
		}
	}
	if a, b := textOf(t, letters[0].Data), textOf(t, letters[1].Data); a == b {
		t.Error("both letters are the same")
	}
}

// textOf joins the text and HTML parts of a mail.
func textOf(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	_, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
}

func due(t *testing.T, h *house, in incidents.Incident, form string) incidents.ObligationState {
	t.Helper()
	d, err := h.app.Desk.Dossier(context.Background(), h.as("rita"), string(in.ID))
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range d.Obligations {
		if o.Report == form && o.Applies == incidents.AppliesYes && o.Due != nil {
			return o
		}
	}
	t.Fatalf("no obligation with the form %s and a due time applies", form)
	return incidents.ObligationState{}
}

// fileReport drafts, is approved and files; a report nobody approved is refused.
func fileReport(t *testing.T, h *house, in incidents.Incident, o incidents.ObligationState) {
	t.Helper()
	ctx, desk := context.Background(), h.app.Desk
	r, err := desk.DraftReport(ctx, h.as("rita"), in.ID, o.ID, incidents.PhaseInitial)
	if err != nil {
		t.Fatal(err)
	}
	if r, err = desk.SubmitReport(ctx, h.as("rita"), r.ID, ""); err != nil {
		t.Fatal(err)
	}
	filing := incidents.Filing{Channel: "portal", Reference: "REF-77", ReceiptName: "receipt.txt"}
	if _, err := desk.FileReport(ctx, h.as("rita"), r.ID, filing, strings.NewReader("received")); incidents.KindOf(err) != incidents.KindConflict {
		t.Fatalf("a report without approval was filed: %v", err)
	}
	s := incidents.Subject{Kind: incidents.SubjectReport, ID: string(r.ID), Version: r.Version, Hash: r.Hash}
	if err := desk.Decide(ctx, h.as("olga"), s, "approve", ""); err != nil {
		t.Fatal(err)
	}
	if r, err = desk.FileReport(ctx, h.as("rita"), r.ID, filing, strings.NewReader("received")); err != nil {
		t.Fatal(err)
	}
	for format, start := range map[string]string{"pdf": "%PDF-", "html": "<!", "json": "{", "docx": "PK", "txt": r.Content.Title} {
		b, _, err := desk.RenderReport(ctx, h.as("rita"), r.ID, format)
		if err != nil || !strings.HasPrefix(strings.ToLower(string(b)), strings.ToLower(start)) {
			t.Errorf("the report as %s: %v", format, err)
		}
	}
	if o := due(t, h, in, "gdpr33"); o.Status != incidents.DutyMet || o.Evidence != string(r.ID) {
		t.Errorf("the duty is %s by %s", o.Status, o.Evidence)
	}
}

// publish has the announcement approved by two and reads it as the public does.
func publish(t *testing.T, h *house, in incidents.Incident) {
	t.Helper()
	ctx, desk := context.Background(), h.app.Desk
	a, err := desk.DraftAnnouncement(ctx, h.as("carla"), in.ID, incidents.AnnouncementText{})
	if err != nil {
		t.Fatal(err)
	}
	if status := get(t, "http://"+h.at.Public+"/announcements/"+a.Slug); status != http.StatusNotFound {
		t.Errorf("a draft answers the public with %d", status)
	}
	if a, err = desk.SubmitAnnouncement(ctx, h.as("carla"), a.ID); err != nil {
		t.Fatal(err)
	}
	s := incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(a.ID), Version: a.Version, Hash: a.Hash}
	for _, officer := range []string{"olga", "oscar"} {
		if _, err := desk.Publish(ctx, h.as("rita"), a.ID); err == nil {
			t.Fatal("it was published before both officers approved")
		}
		if err := desk.Decide(ctx, h.as(officer), s, "approve", ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk.Publish(ctx, h.as("rita"), a.ID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/announcements/" + a.Slug, "/feed.atom", "/feed.json", "/"} {
		if status := get(t, "http://"+h.at.Public+path); status != http.StatusOK {
			t.Errorf("%s answers %d", path, status)
		}
	}
}

func get(t *testing.T, url string) int {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

// checkBundle takes the evidence as the auditor, verifies it, and finds one
// flipped byte wherever it is.
func checkBundle(ctx context.Context, t *testing.T, h *house, in incidents.Incident) {
	t.Helper()
	var b bytes.Buffer
	if err := h.app.Bundle(ctx, h.as("ada"), in.ID, &b); err != nil {
		t.Fatal(err)
	}
	verify := func(data []byte) ledger.Findings {
		found, err := ledger.VerifyBundle(bytes.NewReader(data), int64(len(data)), ledger.VerifyOptions{VerifierKey: h.app.Verifier()})
		if err != nil {
			return ledger.Findings{Problems: []string{err.Error()}}
		}
		return found
	}
	found := verify(b.Bytes())
	if !found.OK() || found.Entries == 0 || found.Bound == 0 {
		t.Fatalf("the bundle does not verify: %+v", found)
	}
	for _, secret := range []string{"ada@example.com", "Ada Example", "何霞", "xia@"} {
		if bytes.Contains(b.Bytes(), []byte(secret)) {
			t.Errorf("the bundle names %q", secret)
		}
	}
	for i := 7; i < b.Len(); i += b.Len()/97 + 1 {
		bad := bytes.Clone(b.Bytes())
		bad[i] ^= 1
		if verify(bad).OK() {
			t.Errorf("a flipped bit at byte %d of %d is not found", i, b.Len())
		}
	}
}

// A person without e-mail is told by the next channel, one whose app is dead or says
// nothing by the one after it, and receipts turn sent into reached.
func TestFallbackReachesEverybody(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	h.fcm.Gone = func(token string) bool { return strings.HasPrefix(token, "gone-") }
	h.mail.Refuse = func(to string) error {
		if strings.HasPrefix(to, "nobody") {
			return standin.Reply(550, 5, 1, 1)
		}
		return nil
	}
	in := h.incident(time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,push_token,country,locale,data_categories\n"+
		"1,Push Person,push@example.com,,token-1,DE,en,basic\n"+
		"2,Gone Person,gone@example.com,,gone-2,DE,en,basic\n"+
		"3,Bounce Person,nobody@example.com,+14155550103,,DE,en,basic\n"+
		"4,Sms Person,,+14155550104,,DE,en,basic\n"+
		"5,Lost Person,nobody5@example.com,,,DE,en,basic\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Push, Wait: time.Second}, {Channel: incidents.Email}, {Channel: incidents.SMS, Wait: 24 * time.Hour}}})
	h.released(in, n)
	ctx := context.Background()
	var r incidents.Reconciliation
	h.eventually("the receipts", func() bool {
		p, err := h.app.Desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		r = p.Reconciliation
		return r.ReachedDirect+r.ReachedLater == 2
	})
	if r.List != 5 || r.Unreachable != 1 || r.Sent != 2 || r.Unaccounted() != 0 {
		t.Errorf("the reconciliation says %+v", r)
	}
	if len(h.twilio.Texts()) != 2 || len(h.fcm.Pushes()) != 1 {
		t.Errorf("%d texts, %d pushes", len(h.twilio.Texts()), len(h.fcm.Pushes()))
	}
	var lines []string
	if err := h.app.ClaimedStatus(ctx, h.as("rita"), n.No, func(ref string, c incidents.Channel, s incidents.DeliveryState) error {
		lines = append(lines, fmt.Sprintf("%s %s %s", ref, c, s))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(lines, "\n")
	for _, want := range []string{"1 push escalated", "1 email accepted", "2 push escalated", "2 email accepted", "3 email escalated", "3 sms delivered", "4 sms delivered", "5 email rejected"} {
		if !strings.Contains(all, want) {
			t.Errorf("the claimed status lacks %q:\n%s", want, all)
		}
	}
}

// The whole of a drill ends in the sandbox, whatever is on its list.
func TestDrillReachesNobody(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in, err := desk.OpenIncident(ctx, h.as("rita"), "Tabletop exercise", incidents.Drill)
	if err != nil {
		t.Fatal(err)
	}
	h.facts(in, time.Now().UTC())
	h.list(in, "subject_id,name,email,phone,push_token,country,locale,data_categories\n1,Real Person,real@example.com,+14155550101,token-1,DE,en,basic\n2,Real Other,other@example.com,,,DE,en,basic\n")
	n := h.approved(in, incidents.NoticeInput{})
	if p := h.released(in, n); p.Reconciliation.Sent != 2 {
		t.Errorf("the drill says %+v", p.Reconciliation)
	}
	if h.mail.Count() != 0 || len(h.twilio.Texts()) != 0 || len(h.fcm.Pushes()) != 0 {
		t.Error("a drill reached a provider")
	}
	a, err := desk.DraftAnnouncement(ctx, h.as("carla"), in.ID, incidents.AnnouncementText{})
	if err != nil {
		t.Fatal(err)
	}
	if a, err = desk.SubmitAnnouncement(ctx, h.as("carla"), a.ID); err != nil {
		t.Fatal(err)
	}
	s := incidents.Subject{Kind: incidents.SubjectAnnouncement, ID: string(a.ID), Version: a.Version, Hash: a.Hash}
	for _, o := range []string{"olga", "oscar"} {
		if err := desk.Decide(ctx, h.as(o), s, "approve", ""); err != nil {
			t.Fatal(err)
		}
	}
	if a, err = desk.Publish(ctx, h.as("rita"), a.ID); err != nil {
		t.Fatal(err)
	}
	if status := get(t, "http://"+h.at.Public+"/announcements/"+a.Slug); status != http.StatusNotFound {
		t.Errorf("a drill's announcement answers the public with %d", status)
	}
}

// Hold, resume and stop: what has not left does not leave.
func TestStopButton(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC())
	h.list(in, csvOf(3000))
	gate := make(chan struct{})
	h.mail.Answer = func(string) error { <-gate; return nil }
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	_ = n
	t.Cleanup(func() { close(gate) })
	release := func() error {
		return desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons})
	}
	// Above 1,000 persons one approval is not enough.
	if err := release(); err == nil {
		t.Fatal("3,000 persons were told on one approval")
	}
	if err := desk.Decide(ctx, h.as("oscar"), subjectOf(n), "approve", ""); err != nil {
		t.Fatal(err)
	}
	if err := release(); err != nil {
		t.Fatal(err)
	}
	h.eventually("the first attempts", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), n.ID)
		return err == nil && p.Reconciliation.Trying > 0
	})
	cancelled, err := desk.StopNotice(ctx, h.as("rita"), n.ID, "wrong list")
	if err != nil || cancelled == 0 {
		t.Fatalf("stopped %d: %v", cancelled, err)
	}
	for range 400 {
		select {
		case gate <- struct{}{}:
		case <-time.After(20 * time.Millisecond):
		}
	}
	h.eventually("what was in flight", func() bool {
		p, err := desk.Progress(ctx, h.as("rita"), n.ID)
		if err != nil {
			t.Fatal(err)
		}
		return p.Reconciliation.Trying == 0
	})
	p, err := desk.Progress(ctx, h.as("rita"), n.ID)
	if err != nil {
		t.Fatal(err)
	}
	if r := p.Reconciliation; r.Unaccounted() != 0 || r.Cancelled < 2000 || h.mail.Count() > 400 {
		t.Errorf("after the stop: %+v, %d mails left", r, h.mail.Count())
	}
}

// A service may not end less than 30 full days after the last person is told,
// and afterwards the data is destroyed with a certificate.
func TestTermination(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	wes := h.as("wes")
	soon := time.Now().UTC().AddDate(0, 0, 20).Format(time.DateOnly)
	if _, err := desk.StartTermination(ctx, wes, "Parcel Pin", soon, "UTC", incidents.Live); incidents.KindOf(err) != incidents.KindInvalid {
		t.Fatalf("an end in 20 days was taken: %v", err)
	}
	term, err := desk.StartTermination(ctx, wes, "Parcel Pin", time.Now().UTC().AddDate(0, 0, 40).Format(time.DateOnly), "UTC", incidents.Live)
	if err != nil {
		t.Fatal(err)
	}
	in, err := desk.Find(ctx, wes, string(term.IncidentID))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := desk.ImportList(ctx, wes, in.ID, incidents.ListUpload{Name: "users.csv", Body: strings.NewReader(csvOf(3))}); err != nil {
		t.Fatal(err)
	}
	n, err := desk.DraftNotice(ctx, wes, in.ID, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err != nil {
		t.Fatal(err)
	}
	if n.Content.Kind != incidents.NoticeTermination || n.Content.EndDate != term.EndDate {
		t.Errorf("the notice is %s and ends %s", n.Content.Kind, n.Content.EndDate)
	}
	if n, err = desk.SubmitNotice(ctx, wes, n.ID); err != nil {
		t.Fatal(err)
	}
	if err := desk.Decide(ctx, h.as("olga"), subjectOf(n), "approve", ""); err != nil {
		t.Fatal(err)
	}
	if err := desk.ReleaseNotice(ctx, wes, n.ID, incidents.Release{Ref: in.Ref, Persons: 3}); err != nil {
		t.Fatal(err)
	}
	h.eventually("everybody told", func() bool {
		term, err = desk.Termination(ctx, wes, term.ID)
		return err == nil && term.Status == incidents.TerminationWaiting
	})
	if _, err := desk.Erase(ctx, wes, term.ID, in.Ref); incidents.KindOf(err) != incidents.KindConflict {
		t.Fatalf("the data was erased while the service runs: %v", err)
	}
	h.ahead.Store(int64(41 * 24 * time.Hour))
	if _, err := desk.Erase(ctx, wes, term.ID, "TRM-0000-0000"); incidents.KindOf(err) != incidents.KindInvalid {
		t.Fatalf("the data was erased without the reference typed: %v", err)
	}
	cert, err := desk.Erase(ctx, wes, term.ID, in.Ref)
	if err != nil || cert.Persons != 3 || cert.Blocks == 0 {
		t.Fatalf("the certificate says %+v: %v", cert, err)
	}
	people, err := desk.Persons(ctx, wes, in.ID, incidents.PersonPage{Limit: 10})
	if err != nil || len(people) != 3 {
		t.Fatalf("%d of the three erased persons are listed: %v", len(people), err)
	}
	for _, p := range people {
		if p.Masked != (incidents.Masked{}) {
			t.Errorf("an erased person still shows %+v", p.Masked)
		}
	}
}

// Bad input gets a clear error and nothing is lost.
func TestBadInput(t *testing.T) {
	h := openHouse(t, storetest.SQLite)
	ctx, desk := context.Background(), h.app.Desk
	if status, answer := h.post(`{"title": "cut off`); status != http.StatusBadRequest || !strings.Contains(answer, "hint") {
		t.Errorf("a malformed alert was answered %d %s", status, answer)
	}
	held, err := desk.Intakes(ctx, h.as("rita"), incidents.IntakeFilter{Quarantined: true})
	if err != nil || len(held) != 1 || held[0].Reason == "" {
		t.Fatalf("the quarantine holds %v: %v", held, err)
	}
	in := h.incident(time.Now().UTC())
	if _, err := desk.ImportList(ctx, h.as("rita"), in.ID, incidents.ListUpload{Name: "x.csv", Body: strings.NewReader("colour,size\nred,3\n")}); incidents.KindOf(err) != incidents.KindInvalid {
		t.Errorf("a list without the columns: %v", err)
	}
	h.list(in, csvOf(2))
	n, err := desk.DraftNotice(ctx, h.as("rita"), in.ID, incidents.NoticeInput{})
	if err != nil {
		t.Fatal(err)
	}
	words := map[incidents.Lang]incidents.Words{}
	for l, w := range n.Content.Langs {
		w.Happened += " {{favourite_colour}}"
		words[l] = w
	}
	if n, err = desk.EditNotice(ctx, h.as("rita"), n.ID, n.Version, incidents.NoticeInput{Title: "x", Kind: n.Content.Kind, Langs: words, Default: n.Content.Default, Plan: n.Content.Plan}); err != nil {
		t.Fatal(err)
	}
	_, err = desk.SubmitNotice(ctx, h.as("rita"), n.ID)
	if incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "favourite_colour") {
		t.Errorf("a placeholder that does not resolve: %v", err)
	}
}

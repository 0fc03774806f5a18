package e2e

import (
	"context"
	"io"
	"net/http"
	"net/mail"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// An incident with health data reaches each person in their own way: an SMS
// waits for the morning where the person lives, a child's notice goes to the
// guardian, the dead are told through their representative or not at all, who
// is in danger is left out, what others may see gives nothing away, and the
// sums hold at every moment.
func TestEachPersonIsToldInTheirOwnWay(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) {
		s.Channels.Quiet = settings.Default().Channels.Quiet
		s.Persons.Deceased = settings.DeceasedRepresentative
	})
	ctx, desk := context.Background(), h.app.Desk
	in := h.incident(time.Now().UTC().Add(-time.Hour))
	if _, err := desk.SetFacts(ctx, h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"data_categories": []string{"basic", "health"}, "data_items": []string{"name", "medical"}}), "test"); err != nil {
		t.Fatal(err)
	}
	im := h.list(in, "subject_id,name,email,phone,country,locale,date_of_birth,guardian_name,guardian_contact,deceased,zone,data_categories\n"+
		"T-1,Tama Tokyo,,+81 90 1234 5678,JP,en,,,,,Asia/Tokyo,basic\n"+
		"T-2,Bert Berlin,,+49 1512 5550101,DE,en,,,,,Europe/Berlin,basic\n"+
		"T-3,Nina Newyork,,+1 212 555 0123,US,en,,,,,America/New_York,basic\n"+
		"T-4,Mia Minor,mia@example.com,,DE,en,"+h.now().AddDate(-10, 0, 0).Format(time.DateOnly)+",Gus Guard,gus@example.com,,,basic\n"+
		"T-5,Cleo Child,cleo@example.com,,DE,en,"+h.now().AddDate(-9, 0, 0).Format(time.DateOnly)+",,,,,basic\n"+
		"T-6,Yuri Young,yuri@example.com,,DE,en,"+h.now().AddDate(-16, 0, 0).Format(time.DateOnly)+",,,,,basic\n"+
		"T-7,Dan Dead,dan@example.com,,DE,en,,,,yes,,basic\n"+
		"T-8,Dora Dead,dora@example.com,,DE,en,,Rhea Rep,rhea@example.com,yes,,basic\n"+
		"T-9,Hal Health,hal@example.com,+49 1512 5550109,DE,en,,,,,Europe/Berlin,basic;health\n"+
		"T-10,Sue Shelter,sue@example.com,,DE,en,,,,,,basic\n")
	if im.Imported != 10 || im.Rejected != 0 {
		t.Fatalf("the import counted %+v", im)
	}
	h.excluded(in, "T-10")

	input := incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS}},
		Plans: []incidents.GroupPlan{{When: incidents.WhenSensitive, Plan: []incidents.Step{{Channel: incidents.SMS}, {Channel: incidents.Email}}}}}
	h.tooPlain(in, input)
	n := h.approved(in, input)

	// Eleven in the evening of Tokyo is an afternoon in Berlin and a morning in New York, in every season.
	day := time.Now().UTC().Truncate(24 * time.Hour).Add(24 * time.Hour)
	h.ahead.Store(int64(time.Until(day.Add(14 * time.Hour))))
	if err := desk.ReleaseNotice(ctx, h.as("rita"), n.ID, incidents.Release{Ref: in.Ref, Persons: n.Content.Persons}); err != nil {
		t.Fatal(err)
	}
	var p incidents.Progress
	h.eventually("everybody who is awake", func() bool {
		p = h.progress(n)
		r := p.Reconciliation
		return r.ToSend == 1 && r.Trying == 0 && told(r) == 6
	})
	if r := p.Reconciliation; r.List != 10 || r.Excluded != 3 || r.Unreachable != 0 || p.Notice.Status != incidents.NoticeSending {
		t.Errorf("the reconciliation says %+v", r)
	}
	if got := reasonsOf(p.Exclusions); got != "deceased no guardian is known safety" {
		t.Errorf("excluded for %q", got)
	}
	tokyo := h.texts("+819012345678")
	if len(tokyo) != 0 || len(h.texts("+4915125550101")) != 1 || len(h.texts("+12125550123")) != 1 || len(h.texts("+4915125550109")) != 1 {
		t.Fatalf("SMS to Tokyo %v, of all %d", tokyo, len(h.twilio.Texts()))
	}
	held, err := desk.PersonDeliveries(ctx, h.as("rita"), n.No, 1)
	if err != nil || len(held) != 1 || held[0].State != incidents.Held || held[0].NextAt == nil || !held[0].NextAt.Equal(day.Add(23*time.Hour)) {
		t.Fatalf("the person in Tokyo: %+v, %v", held, err)
	}
	h.discreet()

	h.ahead.Store(int64(time.Until(day.Add(23*time.Hour + time.Minute)))) // a minute past eight in Tokyo
	h.eventually("the end", func() bool { return h.progress(n).Notice.Status == incidents.NoticeDone })
	if len(h.texts("+819012345678")) != 1 || len(h.twilio.Texts()) != 4 {
		t.Errorf("%d SMS to Tokyo, %d in all", len(h.texts("+819012345678")), len(h.twilio.Texts()))
	}
	if r := h.progress(n).Reconciliation; told(r) != 7 || r.Excluded != 3 || r.ToSend != 0 {
		t.Errorf("in the end the reconciliation says %+v", r)
	}
}

// told counts whom a message reached, as far as anybody knows.
func told(r incidents.Reconciliation) int64 { return r.Sent + r.ReachedDirect + r.ReachedLater }

func reasonsOf(xs []incidents.Exclusion) string {
	var out []string
	for _, x := range xs {
		out = append(out, x.Reason)
	}
	return strings.Join(out, " ")
}

// excluded takes a person out as a responder would, over the API.
func (h *house) excluded(in incidents.Incident, ref string) {
	h.t.Helper()
	var p struct {
		Seq int64 `json:"seq"`
	}
	h.call("rita", http.MethodPost, "/incidents/"+in.Ref+"/persons/find", map[string]string{"ref": ref}, &p)
	path := "/incidents/" + in.Ref + "/persons/" + strconv.FormatInt(p.Seq, 10) + "/exclude"
	if got := h.call("rita", http.MethodPost, path, map[string]string{"reason": "because"}, nil); got != http.StatusUnprocessableEntity && got != http.StatusBadRequest {
		h.t.Errorf("a reason that is none was answered with %d", got)
	}
	if got := h.call("rita", http.MethodPost, path, map[string]string{"reason": "safety", "note": "lives in a shelter"}, nil); got != http.StatusNoContent {
		h.t.Fatalf("the exclusion was answered with %d", got)
	}
}

// tooPlain tries to submit a notice whose subject says what the data is.
func (h *house) tooPlain(in incidents.Incident, input incidents.NoticeInput) {
	h.t.Helper()
	ctx := context.Background()
	n, err := h.app.Desk.DraftNotice(ctx, h.as("rita"), in.ID, input)
	if err != nil {
		h.t.Fatal(err)
	}
	words := n.Content.Langs["en"]
	words.Subject = "Your health records were read"
	langs := map[incidents.Lang]incidents.Words{"en": words}
	edited := input
	edited.Title, edited.Kind, edited.Langs, edited.Default, edited.Answers = n.Title, n.Content.Kind, langs, "en", n.Content.Answers
	if n, err = h.app.Desk.EditNotice(ctx, h.as("rita"), n.ID, n.Version, edited); err != nil {
		h.t.Fatal(err)
	}
	if _, err = h.app.Desk.SubmitNotice(ctx, h.as("rita"), n.ID); incidents.KindOf(err) != incidents.KindInvalid || !strings.Contains(err.Error(), "sensitive-words") {
		h.t.Errorf("a subject that names health data was submitted: %v", err)
	}
}

// progress reads where a notice stands; nobody may be in no row.
func (h *house) progress(n incidents.Notice) incidents.Progress {
	h.t.Helper()
	p, err := h.app.Desk.Progress(context.Background(), h.as("rita"), n.ID)
	if err != nil {
		h.t.Fatal(err)
	}
	if p.Reconciliation.Unaccounted() != 0 {
		h.t.Fatalf("somebody is in no row: %+v", p.Reconciliation)
	}
	return p
}

// texts are the SMS to a number.
func (h *house) texts(to string) (out []standin.Text) {
	for _, x := range h.twilio.Texts() {
		if x.To == to {
			out = append(out, x)
		}
	}
	return out
}

// discreet checks who got mail, how they are addressed, and what a subject tells.
func (h *house) discreet() {
	h.t.Helper()
	says := map[string]string{"gus@example.com": "To the parent or guardian of Mia Minor:", "yuri@example.com": "show this message to a parent", "rhea@example.com": "To the representative of Dora Dead:"}
	letters := h.mail.Letters()
	if len(letters) != len(says) {
		h.t.Errorf("%d mails", len(letters))
	}
	for _, l := range letters {
		want, ok := says[l.To]
		if !ok {
			h.t.Errorf("a mail went to somebody who is not to be told")
			continue
		}
		if text := strings.Join(strings.Fields(textOf(h.t, l.Data)), " "); !strings.Contains(text, want) {
			h.t.Errorf("the mail to %s does not say %q", l.To, want)
		}
		m, err := mail.ReadMessage(strings.NewReader(string(l.Data)))
		if err != nil {
			h.t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, m.Body)
		subject := m.Header.Get("Subject")
		if strings.Contains(strings.ToLower(subject), "health") || strings.Contains(strings.ToLower(subject), "medical") {
			h.t.Errorf("the subject %q gives the matter away", subject)
		}
		if l.To == "gus@example.com" && !strings.HasPrefix(subject, "For the parent or guardian:") {
			h.t.Errorf("the guardian's subject is %q", subject)
		}
	}
	for _, x := range h.twilio.Texts() {
		if strings.Contains(strings.ToLower(x.Body), "health") {
			h.t.Error("an SMS gives the matter away")
		}
	}
}

// With the content behind the verification page, a mail about health data holds
// the code and where to read on; the page shows the notice to who has the code.
func TestASensitiveNoticeIsReadOnThePage(t *testing.T) {
	h := openHouse(t, storetest.SQLite, func(s *settings.Settings) { s.Persons.CoverSensitive = true })
	in := h.incident(time.Now().UTC().Add(-time.Hour))
	if _, err := h.app.Desk.SetFacts(context.Background(), h.as("rita"), in.ID, -1, incidents.FactValues(map[string]any{"data_categories": []string{"basic", "health"}, "data_items": []string{"name", "medical"}}), "test"); err != nil {
		t.Fatal(err)
	}
	h.list(in, "subject_id,name,email,country,locale,data_categories\nC-1,Hal Health,hal@example.com,DE,en,basic;health\n")
	n := h.approved(in, incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}})
	h.released(in, n)
	letters := h.mail.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d mails", len(letters))
	}
	const tells = "learn about your health"
	text := strings.Join(strings.Fields(textOf(t, letters[0].Data)), " ")
	if strings.Contains(text, tells) || !strings.Contains(text, "Where to read it") {
		t.Error("the mail says what the page is for")
	}
	code := regexp.MustCompile(`verify\?code=([0-9A-Z-]+)`).FindStringSubmatch(text)[1]
	page := h.public("/verify?code=" + code)
	if !strings.Contains(page, tells) || !strings.Contains(page, "This message is from us") || strings.Contains(page, "Hal") || strings.Contains(page, "{{") {
		t.Errorf("the page of code %q:\n%s", code, page)
	}
	if strings.Contains(h.public("/verify?code=AAAA-AAAA-AAAA"), tells) {
		t.Error("anybody may read the notice")
	}
}

// public reads a page of the public site.
func (h *house) public(path string) string {
	h.t.Helper()
	r, err := http.Get("http://" + h.at.Public + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

package web

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/incidents"
)

// TestALetterThroughTheConsole plans a letter, looks at it as text and as
// printed, also as the officer, and takes a list of returned ones.
func TestALetterThroughTheConsole(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(2)
	rita, n := w.draft("rita", ref)
	form := append(w.noticeForm(n), "order.letter", "2", "wait.letter", "0")
	page := rita.after(rita.post("/notices/1", form...), "Saved.")
	if !strings.Contains(page, "/notices/1/preview/en/letter.pdf") || !strings.Contains(page, `name="order.letter"`) {
		t.Error("the letter is not shown")
	}
	pdf := rita.get("/notices/1/preview/en/letter.pdf").want(200)
	if kind := pdf.Header().Get("Content-Type"); kind != "application/pdf" || !strings.Contains(pdf.Body.String(), "Alex Example") || !strings.HasPrefix(pdf.Body.String(), "%PDF-en") {
		t.Errorf("%s %.40s", kind, pdf.Body)
	}
	rita.get("/notices/9/preview/en/letter.pdf").want(http.StatusNotFound)
	rita.after(rita.post("/notices/1/submit"), "Handed")
	n = w.present()
	olga := w.signIn("olga")
	at := "/approvals/notice/" + string(n.ID)
	if page := olga.page(at); !strings.Contains(page, "/notices/1/preview/en/letter.pdf") {
		t.Error("the officer does not see the letter")
	}
	olga.get("/notices/1/preview/zh-Hans/letter.pdf").want(200)
	olga.after(olga.post(at, "version", itoa(n.Version), "hash", n.Hash, "decision", "approve", "code", w.code("olga")), "Approved.")
	rita.after(rita.post("/notices/1/release", "ref", ref, "persons", "2"), "Released.")

	delivery := rita.page("/notices/1/delivery")
	if !strings.Contains(delivery, `action="/notices/1/returned"`) {
		t.Fatal("returned letters cannot be recorded")
	}
	if !strings.Contains(delivery, "has not answered 3 batches") {
		t.Error("nobody sees that the printer is silent")
	}
	out := rita.upload("/notices/1/returned", "returned", "back.csv", w.codes.Code(1, 1)+",moved\nnot a code\n")
	rita.after(out, "0 letters recorded as returned. 2 lines were left out, the first on line 2")
	rita.refused(rita.upload("/notices/1/returned", "returned", "empty.csv", "\n"), http.StatusUnprocessableEntity, "The list is empty")
	rita.refused(rita.upload("/notices/1/returned", "other", "empty.csv", "x\n"), http.StatusUnprocessableEntity, "Choose a file")
	w.signIn("ada").upload("/notices/1/returned", "returned", "back.csv", "x\n").want(http.StatusForbidden)
}

// TestACapturedLetter is read with a reason, as text and, once, as printed.
func TestACapturedLetter(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	rita, n := w.draft("rita", ref)
	r, err := w.deps.Book.Preview(n.Content, incidents.Letter, "en")
	must(t, err)
	body, err := json.Marshal(r.Letter)
	must(t, err)
	id := incidents.DeliveryID{Notice: 1, Seq: 1, Channel: incidents.Letter}
	must(t, w.db.Capture(t.Context(), incidents.Capture{ID: id.String(), Delivery: id, Channel: incidents.Letter, Mode: incidents.Drill, Lang: "en", At: w.now(), To: "Ada Post\nA Street 1", Subject: r.Letter.Subject, Body: body}))
	rita.get("/outbox/1-1-l/letter.pdf").want(http.StatusForbidden)
	page := rita.post("/outbox/1-1-l", "reason", "checking the layout").want(200).Body.String()
	sound(t, "/outbox/1-1-l", page)
	if !strings.Contains(page, "Dear Alex Example") || !strings.Contains(page, "/outbox/1-1-l/letter.pdf") || strings.Contains(page, `"greeting"`) {
		t.Error("the letter does not read as a letter")
	}
	if pdf := rita.get("/outbox/1-1-l/letter.pdf").want(200).Body.String(); !strings.Contains(pdf, "Ada Post") {
		t.Errorf("%.60s", pdf)
	}
	rita.get("/outbox/1-1-l/letter.pdf").want(http.StatusForbidden) // once
}

func TestReturnedLettersOverTheAPI(t *testing.T) {
	w := newWorld(t)
	w.incidentWithList(1)
	for path, want := range map[string]int{"/letters/returned": 200, "/letters/returned?commit=true": 200, "/letters/returned?commit=yes": 400} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, APIPrefix+path, strings.NewReader("1-1-l\n"))
		r.Header.Set("Content-Type", "text/csv")
		r.Header.Set("Authorization", "Bearer "+w.tokens["rita"])
		out := w.send(w.inside, r).want(want)
		if want == 200 && !strings.Contains(out.Body.String(), `"line":1,"reason":"no such letter has left"`) {
			t.Errorf("%s: %s", path, out.Body)
		}
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, APIPrefix+"/letters/returned", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+w.tokens["rita"])
	w.send(w.inside, r).want(http.StatusUnsupportedMediaType)
}

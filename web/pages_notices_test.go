package web

import (
	"net/http"
	"strings"
	"testing"

	"tocsin/incidents"
)

// TestADraftThatIsRefusedKeepsItsTitle drafts with a title that is too long.
func TestADraftThatIsRefusedKeepsItsTitle(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	title := strings.TrimSpace(strings.Repeat("long ", 100))
	page := w.signIn("carla").post("/incidents/"+ref+"/notices", "title", title).want(http.StatusUnprocessableEntity).Body.String()
	sound(t, "/incidents/"+ref+"/notices", page)
	if !strings.Contains(page, `value="`+title+`"`) || !strings.Contains(page, `role="alert"`) {
		t.Error("the title is lost, or nothing says what is wrong with it")
	}
}

// TestAnEditNeverWidensANotice saves the form of a notice that was limited to
// readers of one language by the API: it stays limited, and the officer reads it.
func TestAnEditNeverWidensANotice(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(3)
	_, n := w.draft("carla", ref)
	c := &console{Deps: w.deps}
	n.Content.Filter.Langs = []incidents.Lang{"en"}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader("title=x&places=DE"))
	must(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	must(t, r.ParseForm())
	input, err := c.noticeInput(&page{r: r}, n)
	must(t, err)
	if len(input.Filter.Langs) != 1 || len(input.Filter.Places) != 1 {
		t.Errorf("the filter after an edit: %+v", input.Filter)
	}
	if s := goesOf(n, incidents.Ahead{}); !strings.Contains(s, "who read English") {
		t.Errorf("the officer reads %q", s)
	}
}

// TestTheWordsOfACallAreWrittenAndRead edits the spoken text on the form, plans
// calls, and reads it on the page of the notice, before a key and after.
func TestTheWordsOfACallAreWrittenAndRead(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	b, n := w.draft("carla", ref)
	form := append(w.noticeForm(n), "order.phone", "2", "wait.phone", "0")
	for i, v := range form {
		if v == "en.voice" {
			form[i+1] = "Something happened & you should know. {{code}}"
		}
	}
	b.after(b.post("/notices/1", form...), "Saved.")
	if n = w.present(); n.Content.Langs["en"].Voice != "Something happened & you should know. {{code}}" || len(n.Content.Plan) != 2 || n.Content.Plan[1].Channel != incidents.Phone {
		t.Fatalf("saved %+v %+v", n.Content.Langs["en"].Voice, n.Content.Plan)
	}
	page := b.page("/notices/1")
	for _, want := range []string{"To hear the notice, press 1.", "Only after the person has pressed 1", "Something happened &amp; you should know. QF7K-2M9D-XH4P", `name="en.voice"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page of the notice lacks %q", want)
		}
	}
	var shown struct{ Voice string }
	w.as("rita", "GET", "/notices/1/preview?channel=phone&lang=en", nil).want(200).into(&shown)
	if !strings.Contains(shown.Voice, "press 1") || !strings.Contains(shown.Voice, "QF7K-2M9D-XH4P") {
		t.Errorf("the API shows %q", shown.Voice)
	}
}

// Some of those a notice chooses are told nothing: officer and releaser read
// both numbers, and why.
func TestWhoIsToldNothingIsSaid(t *testing.T) {
	n := incidents.Notice{Content: incidents.Content{Persons: 5476, Plan: []incidents.Step{{Channel: incidents.Email}}}}
	for _, c := range []struct {
		ahead incidents.Ahead
		want  string
	}{
		{incidents.Ahead{Told: 5400, Unreachable: 75, Barred: 1}, "Sends 1 notice to 5,400 of 5,476 people everywhere on the list by Email, in , to real addresses. 76 people are told nothing: 75 have no usable address on its channels and 1 is excluded or must not be told."},
		{incidents.Ahead{Told: 5475, Unreachable: 1}, "1 person is told nothing: 1 has no usable address on its channels."},
		{incidents.Ahead{Told: 5476}, "Sends 1 notice to 5,476 people everywhere on the list by Email, in , to real addresses."},
	} {
		if got := goesOf(n, c.ahead); !strings.HasSuffix(got, c.want) {
			t.Errorf("%+v: %q", c.ahead, got)
		}
	}
}

func TestWhatWasUsedOfACap(t *testing.T) {
	s := spendRow{Spend: incidents.Spend{Cap: incidents.SpendCap{Messages: 6000}, Currency: "EUR"}}
	if got := s.Said() + " of " + s.Limit(); got != "0 messages used of 6,000 messages" {
		t.Error(got)
	}
	s.Cap.Money, s.Messages, s.Money = 1_000_000, 1234, 123_405
	if got := s.Said() + " of " + s.Limit(); got != "1,234 messages and 1,234.05 EUR used of 6,000 messages and 10,000.00 EUR" {
		t.Error(got)
	}
}

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
	if s := goesOf(n); !strings.Contains(s, "who read English") {
		t.Errorf("the officer reads %q", s)
	}
}

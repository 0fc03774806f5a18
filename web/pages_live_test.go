package web

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/mux"

	"tocsin/incidents"
)

// TestNewsReachesAnOpenPage reads the stream over a connection: an event arrives
// while the answer is still open, and it names nobody and no incident.
func TestNewsReachesAnOpenPage(t *testing.T) {
	w := newWorld(t)
	ref, b := w.incidentWithList(1), w.signIn("rita")
	found, err := w.desk.Find(t.Context(), incidents.System, ref)
	must(t, err)
	in := string(found.ID)
	srv := httptest.NewServer(w.inside)
	defer srv.Close()
	for at, told := range map[string]string{"/events": "facts.revised", "/events/" + ref: incidents.ListProgress, "/events/" + in: incidents.WorkRelease.Progress()} {
		ctx, end := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, srv.URL+at, nil)
		must(t, err)
		for name, value := range b.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		out, err := srv.Client().Do(r)
		must(t, err)
		if ct := out.Header.Get("Content-Type"); out.StatusCode != http.StatusOK || ct != "text/event-stream" {
			t.Fatalf("%s: %d %s", at, out.StatusCode, ct)
		}
		w.news <- incidents.News{Event: told, Incident: "an-id"}
		lines := bufio.NewScanner(out.Body)
		var got []string
		for lines.Scan() && lines.Text() != "" {
			got = append(got, lines.Text())
		}
		kind := map[string]string{"facts.revised": "news", incidents.ListProgress: "list", "release.progress": "release"}[told] // only who shows them heeds the others
		if s := strings.Join(got, "|"); s != "event: "+kind+"|data: "+told {
			t.Errorf("%s told %q", at, s)
		}
		end()
		_ = out.Body.Close()
	}
	b.get("/events/INC-1999-0001").want(http.StatusNotFound)
}

// TestAFragmentLeavesWhatIsToBeSaid asks for the rail between a change and the
// next page: the sentence still waits for the page.
func TestAFragmentLeavesWhatIsToBeSaid(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	b := w.signIn("rita")
	b.post("/incidents/"+ref+"/act", "do", "note", "text", "Called the storage team").want(303)
	if rail := b.get("/rail?at=incidents", "HX-Request", "true").want(200).Body.String(); !strings.Contains(rail, `aria-current="page"`) || strings.Contains(rail, "<html") {
		t.Error("the rail is not the list alone, with its place marked")
	}
	if room := b.get("/incidents/" + ref).want(200).Body.String(); !strings.Contains(room, "Noted.") || !strings.Contains(room, "Called the storage team") {
		t.Error("the page does not say what happened")
	}
	if again := b.get("/incidents/" + ref).want(200).Body.String(); strings.Contains(again, "Noted.") {
		t.Error("it is said twice")
	}
}

// TestTheNextQuestionTellsWhatAnswersDo shows every answer, and its effects once.
func TestTheNextQuestionTellsWhatAnswersDo(t *testing.T) {
	w := newWorld(t)
	room := w.signIn("rita").get("/incidents/" + w.incidentWithList(1)).want(200).Body.String()
	if !strings.Contains(room, "Next best question") || !strings.Contains(room, "If you save “") || !strings.Contains(room, "Not known yet") {
		t.Error("the room asks nothing")
	}
	v := askView{}
	v.choose(incidents.Option{Value: "true", Label: "Yes"}, []effect{{"Nothing", "changes"}})
	v.choose(incidents.Option{Value: "false", Label: "No"}, []effect{{"Nothing", "changes"}})
	if len(v.Options) != 2 || len(v.If) != 1 || strings.Join(v.If[0].Labels, "/") != "Yes/No" {
		t.Errorf("answers that do the same are not told together: %+v", v)
	}
}

// TestAFragmentCountsNothing asks for a part of a page: its rail is not shown, so
// nothing is counted for it, and no next question is worked out.
func TestAFragmentCountsNothing(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	w.full()
	b := w.signIn("rita")
	count := `class="count">`
	whole := b.get("/incidents/" + ref).want(200).Body.String()
	if !strings.Contains(railOf(whole), count) || !strings.Contains(whole, "Next best question") {
		t.Error("the page counts nothing, or asks nothing")
	}
	part := b.get("/incidents/"+ref, "HX-Request", "true").want(200).Body.String()
	if strings.Contains(railOf(part), count) || strings.Contains(part, "Next best question") {
		t.Error("a fragment is counted for, or asks")
	}
	if rail := b.get("/rail?at=incidents", "HX-Request", "true").want(200).Body.String(); !strings.Contains(rail, count) {
		t.Error("the rail alone has no counts")
	}
}

func railOf(page string) string {
	_, rail, _ := strings.Cut(page, `id="rail"`)
	rail, _, _ = strings.Cut(rail, "</nav>")
	return rail
}

// TestAStreamEndsWithItsSession leaves a page open while its reader signs out, is
// disabled, or does nothing for too long: the stream ends, and keeps nobody in.
func TestAStreamEndsWithItsSession(t *testing.T) {
	for name, end := range map[string]func(w *world, b *browser){
		"signed out": func(_ *world, b *browser) { b.post("/sign-out").want(http.StatusSeeOther) },
		"disabled": func(w *world, _ *browser) {
			a, err := w.accounts.ByName(t.Context(), incidents.System, "rita")
			must(t, err)
			must(t, w.accounts.Disable(t.Context(), incidents.System, a.ID))
		},
		"idle": func(w *world, _ *browser) { w.pass(8 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			pages, err := parsePages()
			must(t, err)
			r := mux.NewRouter()
			(&console{Deps: w.deps, pages: pages, beat: 5 * time.Millisecond}).route(r)
			srv := httptest.NewServer(r)
			defer srv.Close()
			b := w.signIn("rita")
			q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, srv.URL+"/events", nil)
			must(t, err)
			for name, value := range b.cookies {
				q.AddCookie(&http.Cookie{Name: name, Value: value})
			}
			out, err := srv.Client().Do(q)
			must(t, err)
			defer out.Body.Close()
			lines := bufio.NewScanner(out.Body)
			if !lines.Scan() || lines.Text() != ": beat" {
				t.Fatalf("the stream of who is signed in says %q", lines.Text())
			}
			for range 8 { // looking is no use of the session
				w.pass(time.Minute)
				lines.Scan()
			}
			end(w, b)
			for lines.Scan() {
			}
			must(t, lines.Err())
		})
	}
}

// TestWhatIsUpdatedHasNoField reads the live part of a delivery page: an update
// replaces it, and what was typed in it would be gone.
func TestWhatIsUpdatedHasNoField(t *testing.T) {
	pages, err := parsePages()
	must(t, err)
	live := pages["delivery"].Lookup("progress").Tree.Root.String()
	if !strings.Contains(live, "h-fun") || strings.Contains(live, "<form") || strings.Contains(live, "<input") {
		t.Error("the live part of a delivery page has a field")
	}
	if main := pages["delivery"].Lookup("main").Tree.Root.String(); !strings.Contains(main, "/doubt") {
		t.Error("nobody can decide on a delivery in doubt")
	}
}

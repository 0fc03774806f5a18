package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// Everybody in doubt is listed, a page at a time, with what happens next; several
// are decided at once, and whoever cannot be decided on any more is named.
func TestEverybodyInDoubtIsListed(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(60)
	n := w.notice(t, "/incidents/"+ref)
	c, ok, err := w.db.TakeChunk(t.Context(), 1, 1, "one that dies", 30*time.Second)
	if must(t, err); !ok {
		t.Fatal("the chunk is nobody's to take")
	}
	an, err := w.db.Admitted(t.Context(), 1)
	must(t, err)
	got, err := w.db.Turn(t.Context(), incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: 60, Now: w.now(), Lease: 30 * time.Second})
	if must(t, err); len(got.Next) != 60 {
		t.Fatalf("%d were claimed", len(got.Next))
	}
	w.pass(time.Minute)
	swept, err := w.db.Sweep(t.Context(), incidents.SweepPolicy{Now: w.now(), DoubtWait: map[incidents.Channel]time.Duration{incidents.Email: time.Hour}})
	if must(t, err); swept.InDoubt != 60 {
		t.Fatalf("swept %+v", swept)
	}

	seen := map[string]bool{}
	for path, pages := "/notices/"+string(n.ID)+"/in-doubt?limit=25", 0; path != ""; pages++ {
		var got struct {
			Items []incidents.Delivery
			Next  string
		}
		w.as("rita", "GET", path, nil).want(http.StatusOK).into(&got)
		for _, d := range got.Items {
			seen[d.ID.String()] = true
		}
		if path = ""; got.Next != "" && pages < 5 {
			path = "/notices/" + string(n.ID) + "/in-doubt?limit=25&after=" + got.Next
		}
	}
	if len(seen) != 60 {
		t.Errorf("the interface lists %d of 60", len(seen))
	}

	b := w.signIn("rita")
	page := func(query string, words ...string) string {
		t.Helper()
		out := b.page("/notices/1/delivery" + query)
		for _, s := range words {
			if !strings.Contains(out, s) {
				t.Errorf("%s: no %q", query, s)
			}
		}
		return out
	}
	first := page("", "1 to 50 of 60", "goes out again by itself at", `rel="next"`)
	page("?doubts=51", "51 to 60 of 60", `rel="prev"`)
	page("?doubts=9999", "51 to 60 of 60")
	form := []string{"doubts", "1", "all", "yes"}
	for id := range seen {
		if strings.Contains(first, `value="`+id+`"`) {
			form = append(form, "shown", id)
		}
	}
	if len(form) != 4+2*50 {
		t.Fatalf("%d are chosen from", (len(form)-4)/2)
	}
	if out := b.post("/notices/1/doubt", append(form, "state", "accepted")...); !strings.Contains(out.Body.String(), "reason") {
		t.Errorf("without a reason: %d", out.Code)
	}
	b.after(b.post("/notices/1/doubt", append(form, "state", "accepted", "reason", "the relay's log has them")...), "50 decided")
	page("", "1 to 10 of 10")
	b.after(b.post("/notices/1/doubt", "doubts", "1", "delivery", form[5], "delivery", notIn(seen, form), "state", "ready", "reason", "once more"), "1 decided, and written down. Not "+form[5])
	must(t, w.db.Read(t.Context(), func(tx incidents.Tx) error {
		r, err := tx.Reconcile(1)
		if r.InDoubt != 9 || r.Sent != 50 || r.Unaccounted() != 0 {
			err = fmt.Errorf("reconciled to %+v", r)
		}
		return err
	}))
}

// notIn is one that a form does not name.
func notIn(all map[string]bool, form []string) string {
	rest := map[string]bool{}
	for id := range all {
		rest[id] = true
	}
	for _, x := range form {
		delete(rest, x)
	}
	for id := range rest {
		return id
	}
	return ""
}

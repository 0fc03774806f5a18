package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// onBoard lets a test say what long work is going on; who works waits at each of
// its steps as long as hold is open.
type onBoard struct {
	w    *world
	hold chan struct{}
}

func (b *onBoard) Moved(work incidents.Work) {
	b.w.mu.Lock()
	b.w.works = nil
	if work.State != incidents.WorkDone {
		b.w.works = []incidents.Work{work}
	}
	b.w.mu.Unlock()
	if work.State == incidents.WorkRunning {
		<-b.hold
	}
}

// approvedNotice has a notice to three people approved.
func (w *world) approvedNotice() (rita *browser, ref string) {
	w.t.Helper()
	ref = w.incidentWithList(3)
	rita, n := w.draft("rita", ref)
	rita.after(rita.post("/notices/1/submit"), "Handed to the privacy officers.")
	n = w.present()
	olga := w.signIn("olga")
	olga.after(olga.post("/approvals/notice/"+string(n.ID), "version", itoa(n.Version), "hash", n.Hash, "decision", "approve", "code", w.code("olga")), "Approved.")
	return rita, ref
}

// work is what the API says is going on.
func (w *world) work(ref string) []workItem {
	w.t.Helper()
	var all struct{ Items []workItem }
	w.as("ada", "GET", "/incidents/"+ref+"/work", nil).want(200).into(&all)
	return all.Items
}

// TestALongReleaseIsAnsweredAtOnce presses the button on a release that takes a
// while: what was typed wrong is still said beside the form, and then the answer
// is the page that shows how far it is, without scripts and to everybody.
func TestALongReleaseIsAnsweredAtOnce(t *testing.T) {
	w := newWorld(t)
	rita, ref := w.approvedNotice()
	olga := w.signIn("olga")
	board := &onBoard{w, make(chan struct{})}
	w.desk.Watch = board

	rita.refused(rita.post("/notices/1/release", "ref", ref, "persons", "2"), http.StatusUnprocessableEntity, `value="2"`)
	if len(w.work(ref)) != 0 {
		t.Error("what was refused shows a bar")
	}
	out := rita.post("/notices/1/release", "ref", ref, "persons", "3").want(http.StatusSeeOther)
	if to := out.Header().Get("Location"); to != "/notices/1" {
		t.Fatalf("it leads to %s", to)
	}
	w.pass(2 * time.Minute) // sessions are noted to be in use again, and the writer is busy
	for _, who := range []*browser{rita, olga} {
		page := who.page("/notices/1")
		for _, want := range []string{"Being prepared", `role="progressbar" aria-label="Prepared of the list"`, `aria-valuenow="0"`, "0 of 3 people", "Rita", "nothing was released",
			`<noscript><meta http-equiv="refresh" content="3"></noscript>`, "Approved"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page lacks %q", want)
			}
		}
		for _, not := range []string{`action="/notices/1/release"`, `name="base"`, "/notices/1/correction"} {
			if strings.Contains(page, not) {
				t.Errorf("the page has %q", not)
			}
		}
		top := who.get("/notices/1/top", "HX-Request", "true").want(200).Body.String()
		if !strings.HasPrefix(top, `<div class="stack" id="notice-top">`) || !strings.Contains(top, "Being prepared") || strings.Contains(top, "<html") {
			t.Errorf("the live part is %q", top)
		}
	}
	if got := w.work(ref); len(got) != 1 || got[0].Kind != incidents.WorkRelease || got[0].Total != 3 || got[0].State != incidents.WorkRunning {
		t.Errorf("the API says %+v", got)
	}

	close(board.hold)
	for range 500 {
		if w.present().ReleasedAt != nil {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	w.web.Wait()
	page := rita.page("/notices/1")
	if strings.Contains(page, "Being prepared") || strings.Contains(page, "http-equiv") || !strings.Contains(page, `href="/notices/1/delivery"`) {
		t.Error("the page does not lead on to the delivery")
	}
	if strings.Contains(w.log.String(), "broke off") {
		t.Errorf("the log says %s", w.log)
	}
}

// TestAReleaseThatBreaksOffIsToldOf ends a release after its page was answered.
func TestAReleaseThatBreaksOffIsToldOf(t *testing.T) {
	w := newWorld(t)
	rita, ref := w.approvedNotice()
	board := &onBoard{w, make(chan struct{})}
	w.desk.Watch = board
	rita.post("/notices/1/release", "ref", ref, "persons", "3").want(http.StatusSeeOther)
	w.mu.Lock()
	w.works[0].State, w.works[0].Why = incidents.WorkFailed, "the disk is full"
	w.mu.Unlock()
	page := rita.page("/notices/1")
	for _, want := range []string{"nothing was released, and nothing has left", "The disk is full.", "can be released again", `action="/notices/1/release"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "http-equiv") || strings.Contains(page, "Being prepared") {
		t.Error("the page still waits")
	}
	close(board.hold)
	w.web.Wait()
	n := w.present()
	w.works = []incidents.Work{{Kind: incidents.WorkRelease, Subject: string(n.ID), Incident: n.IncidentID, State: incidents.WorkFailed, Why: "an old story"}}
	if page := rita.page("/notices/1"); strings.Contains(page, "an old story") {
		t.Error("what is released is said to have failed")
	}
}

// TestABundleOnItsWayIsSeen shows how far bundles are to who may take one.
func TestABundleOnItsWayIsSeen(t *testing.T) {
	w := newWorld(t)
	ref := w.incidentWithList(1)
	in, err := w.desk.Find(t.Context(), incidents.System, ref)
	must(t, err)
	job := w.desk.Begin(incidents.Actor{ID: incidents.System.ID}, incidents.WorkEvidence, in.ID, string(in.ID))
	began := w.now()
	job.Work.State, job.Done, job.Total, job.BeganAt, job.At = incidents.WorkRunning, 250, 1000, began, began.Add(10*time.Second)
	failed := job.Work
	failed.State, failed.Why = incidents.WorkFailed, "whoever asked for it left before it was done"
	w.works = []incidents.Work{job.Work, failed}
	for who, sees := range map[string]bool{"ada": true, "carla": false} {
		page := w.signIn(who).page("/incidents/" + ref)
		for _, want := range []string{"Being built", `aria-valuenow="25"`, "30 s left", "was not finished", "Whoever asked for it left"} {
			if strings.Contains(page, want) != sees {
				t.Errorf("%s sees %q: %v", who, want, !sees)
			}
		}
	}
	if got := w.work(ref); len(got) != 2 || got[0].PerSecond != 25 || got[0].SecondsLeft == nil || *got[0].SecondsLeft != 30 || got[1].SecondsLeft != nil || got[1].Why == "" {
		t.Errorf("the API says %+v", got)
	}
}

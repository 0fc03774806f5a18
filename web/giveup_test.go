package web

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// Giving up on messages in doubt takes two people. Who asked cannot confirm; what
// was answered meanwhile stays as it is; who is given up on counts as cancelled.
func TestGivingUpTakesTwoPeople(t *testing.T) {
	w := newWorld(t)
	n := w.notice(t, "/incidents/"+w.incidentWithList(5))
	c, _, err := w.db.TakeChunk(t.Context(), 1, 1, "one that dies", 30*time.Second)
	must(t, err)
	an, err := w.db.Admitted(t.Context(), 1)
	must(t, err)
	_, err = w.db.Turn(t.Context(), incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: 5, Now: w.now(), Lease: 30 * time.Second})
	must(t, err)
	w.pass(time.Minute)
	_, err = w.db.Sweep(t.Context(), incidents.SweepPolicy{Now: w.now(), DoubtWait: map[incidents.Channel]time.Duration{incidents.Email: time.Hour}})
	must(t, err)

	at := "/notices/" + string(n.ID) + "/in-doubt"
	var got struct {
		Done     int
		Left     []struct{ Delivery, Why string }
		GivingUp string `json:"giving_up"`
	}
	ask := func(state string, ids ...string) {
		t.Helper()
		got.Left, got.GivingUp = nil, ""
		w.as("olga", "POST", at, map[string]any{"deliveries": ids, "state": state, "reason": "the relay is gone for good"}).want(http.StatusOK).into(&got)
	}
	sums := func(doubt, cancelled, sent int64) {
		t.Helper()
		must(t, w.db.Read(t.Context(), func(tx incidents.Tx) error {
			r, err := tx.Reconcile(1)
			if r.InDoubt != doubt || r.Cancelled != cancelled || r.Sent != sent || r.Unaccounted() != 0 {
				err = fmt.Errorf("reconciled to %+v", r)
			}
			return err
		}))
	}
	w.as("olga", "POST", at, map[string]any{"deliveries": []string{"1-1-e"}, "state": "cancelled"}).want(http.StatusBadRequest)
	ask("cancelled", "1-1-e", "1-2-e", "1-3-e", "1-3-e")
	first := got.GivingUp
	if got.Done != 3 || first == "" {
		t.Fatalf("asked: %+v", got)
	}
	if ask("cancelled", "1-1-e", "1-4-e"); got.Done != 1 || len(got.Left) != 1 || got.Left[0].Delivery != "1-1-e" {
		t.Errorf("asked twice: %+v", got)
	}
	second := got.GivingUp
	sums(5, 0, 0)
	if ask("accepted", "1-2-e", "1-4-e"); got.Done != 2 || got.GivingUp != "" {
		t.Errorf("decided: %+v", got)
	}
	if page := w.signIn("olga").page("/approvals/giving-up/" + first); !strings.Contains(page, "Take it back") || strings.Contains(page, "Approve version") {
		t.Error("who asked is offered to confirm")
	}
	w.as("rita", "GET", "/approvals/giving-up/"+second, nil).want(http.StatusConflict) // it lapsed: 1-4-e is answered

	var p struct{ Subject incidents.Subject }
	w.as("oscar", "GET", "/approvals/giving-up/"+first, nil).want(http.StatusOK).into(&p)
	confirm := func(who string) reply {
		t.Helper()
		return w.as(who, "POST", "/approvals/giving-up/"+first, map[string]any{"version": 1, "hash": p.Subject.Hash, "decision": "approve"}, codeHeader, w.code(who))
	}
	confirm("olga").want(http.StatusForbidden)
	sums(3, 0, 2)
	confirm("oscar").want(http.StatusOK)
	sums(1, 2, 2)
	var audit struct {
		Items []incidents.AuditEntry
	}
	w.as("ada", "GET", "/audit?limit=50", nil).want(http.StatusOK).into(&audit)
	said := false
	var g incidents.GivingUp
	must(t, w.db.Read(t.Context(), func(tx incidents.Tx) (err error) { g, err = tx.GivingUp(first); return err }))
	for _, e := range audit.Items {
		if e.Event == "deliveries.given_up" {
			said = e.Data["asked_by"] == string(g.By) && e.Data["confirmed_by"] == string(e.Actor) && e.Actor != g.By && e.Data["deliveries"] == "1-1-e 1-3-e"
		}
	}
	if !said {
		t.Error("the audit log does not say who asked and who confirmed")
	}

	ask("cancelled", "1-5-e")
	w.as("oscar", "POST", "/giving-up/"+got.GivingUp+"/withdraw", nil).want(http.StatusForbidden)
	w.as("olga", "POST", "/giving-up/"+got.GivingUp+"/withdraw", nil).want(http.StatusNoContent)
	w.as("ada", "GET", "/approvals/giving-up/"+got.GivingUp, nil).want(http.StatusConflict)
	sums(1, 2, 2)

	ask("cancelled", "1-5-e") // an officer returns it: the message stays in doubt
	w.as("oscar", "GET", "/approvals/giving-up/"+got.GivingUp, nil).want(http.StatusOK).into(&p)
	w.as("oscar", "POST", "/approvals/giving-up/"+got.GivingUp, map[string]any{"version": 1, "hash": p.Subject.Hash, "decision": "return", "comment": "look at the relay's log first"}, codeHeader, w.code("oscar")).want(http.StatusOK)
	w.as("oscar", "GET", "/approvals/giving-up/"+got.GivingUp, nil).want(http.StatusConflict)
	sums(1, 2, 2)

	b := w.signIn("olga") // the same at the console
	b.after(b.post("/notices/1/doubt", "doubts", "1", "shown", "1-5-e", "all", "yes", "state", "cancelled", "reason", "the relay is gone for good"), "Somebody else confirms it")
	var open string
	must(t, w.db.Read(t.Context(), func(tx incidents.Tx) error {
		asked, err := tx.GivingUpsAsked(1)
		for _, g := range asked {
			if g.Deliveries[0].ID.String() == "1-5-e" {
				open = g.ID
			}
		}
		return err
	}))
	b.after(b.post("/giving-up/"+open+"/withdraw"), "Taken back.")
	w.as("ada", "GET", "/approvals/giving-up/"+open, nil).want(http.StatusConflict)
	sums(1, 2, 2)
}

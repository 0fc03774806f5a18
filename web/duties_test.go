package web

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// rows are the duties of an incident that have a row.
func (w *world) rows(id incidents.IncidentID) map[string]incidents.ObligationState {
	w.t.Helper()
	out := map[string]incidents.ObligationState{}
	must(w.t, w.db.Read(w.t.Context(), func(tx incidents.Tx) error {
		all, err := tx.Obligations(id)
		for _, o := range all {
			out[o.ID] = o
		}
		return err
	}))
	return out
}

func (w *world) duties(ref string) map[string]incidents.ObligationState {
	w.t.Helper()
	var list struct{ Items []incidents.ObligationState }
	w.as("ada", "GET", "/incidents/"+ref+"/obligations", nil).want(http.StatusOK).into(&list)
	out := map[string]incidents.ObligationState{}
	for _, o := range list.Items {
		if _, twice := out[o.ID]; twice {
			w.t.Errorf("%s stands twice in the list", o.ID)
		}
		out[o.ID] = o
	}
	return out
}

func (w *world) set(ref string, base int, key string, value any) {
	w.t.Helper()
	w.as("rita", "PATCH", "/incidents/"+ref+"/facts", body{"base": base, "changes": body{key: body{"value": value}}}).want(http.StatusOK)
}

// Most duties of a fresh incident hang on what nobody knows yet. They are shown
// and can be acted on like any other, and fill no rows until they are.
func TestDutiesThatMayApplyHaveNoRowsUntilSomethingIsDone(t *testing.T) {
	w := newWorld(t)
	var in struct {
		ID  incidents.IncidentID
		Ref string
	}
	w.as("rita", "POST", "/incidents", body{"title": "A laptop is gone", "mode": "live"}).want(http.StatusCreated).into(&in)
	shown, may := w.duties(in.Ref), ""
	open := 0
	for id, o := range shown {
		if o.Applies == incidents.AppliesDepends && o.Status == incidents.DutyOpen {
			open++
		}
		if o.ID == "eu-gdpr-33" {
			may = id
		}
	}
	if may == "" || open < 100 || len(w.rows(in.ID)) > open/10 {
		t.Fatalf("%d duties may apply, %d have rows, GDPR Art. 33 among them: %v", open, len(w.rows(in.ID)), may != "")
	}
	if o := shown[may]; o.Applies != incidents.AppliesDepends || o.IncidentID != in.ID || o.FactsRev != 1 {
		t.Fatalf("%+v", o)
	}
	if r := w.as("rita", "POST", "/incidents/"+in.Ref+"/close", body{"reason": "nothing came of it"}).want(http.StatusConflict); !strings.Contains(r.Body.String(), "is still open") {
		t.Errorf("it could be closed, or not for its open duties: %s", r.Body)
	}

	w.as("rita", "POST", "/incidents/"+in.Ref+"/waivers", body{"obligation": "no-such", "reason": "does not matter"}).want(http.StatusNotFound)
	var waiver struct{ ID, Hash string }
	w.as("rita", "POST", "/incidents/"+in.Ref+"/waivers", body{"obligation": may, "reason": "reported by the parent company"}).into(&waiver)
	if o, has := w.rows(in.ID)[may]; !has || o.Status != incidents.DutyOpen {
		t.Errorf("after somebody asked to waive it: %v %+v", has, o)
	}
	var other string
	for id, o := range shown {
		if o.Audience == incidents.AudienceRegulator && o.Applies == incidents.AppliesDepends && id != may {
			other = id
			break
		}
	}
	w.as("rita", "POST", "/incidents/"+in.Ref+"/reports", body{"obligation": other, "phase": "initial"}).want(http.StatusCreated)
	if _, has := w.rows(in.ID)[other]; !has {
		t.Error("a duty a report is drafted for has no row")
	}

	w.set(in.Ref, 1, "confidentiality", true)
	w.as("olga", "POST", "/approvals/waiver/"+waiver.ID, body{"version": 1, "hash": waiver.Hash, "decision": "approve"}, codeHeader, w.code("olga")).want(http.StatusOK)
	if o := w.duties(in.Ref)[may]; o.Status != incidents.DutyWaived || o.Evidence != waiver.ID {
		t.Errorf("the waived duty is %+v", o)
	}
	if o := w.rows(in.ID)[other]; o.FactsRev != 2 {
		t.Errorf("the row of a duty acted on was not judged again: %+v", o)
	}
}

// Earlier versions wrote a row for each duty that may apply. Theirs win over
// the assessment, and nothing of them is lost.
func TestRowsOfAnEarlierVersionGoOn(t *testing.T) {
	w := newWorld(t)
	var in struct {
		ID  incidents.IncidentID
		Ref string
	}
	w.as("rita", "POST", "/incidents", body{"title": "A laptop is gone", "mode": "live"}).want(http.StatusCreated).into(&in)
	old := w.duties(in.Ref)
	must(t, w.db.Write(t.Context(), func(tx incidents.Tx) error {
		for _, o := range old {
			if o.Applies == incidents.AppliesNo {
				continue
			}
			if o.ID == "eu-gdpr-33" {
				o.Status, o.Note = incidents.DutyMet, "told by telephone"
			}
			if err := tx.PutObligation(o); err != nil {
				return err
			}
		}
		return nil
	}))
	if now := w.duties(in.Ref); len(now) != len(old) || now["eu-gdpr-33"].Note != "told by telephone" {
		t.Fatalf("%d duties, %d before: %+v", len(now), len(old), now["eu-gdpr-33"])
	}
	had := len(w.rows(in.ID))
	w.set(in.Ref, 1, "establishments", []string{"EEA"})
	if o := w.duties(in.Ref)["eu-gdpr-33"]; o.Status != incidents.DutyMet || o.Note != "told by telephone" || o.FactsRev != 2 {
		t.Errorf("after another judgement: %+v", o)
	}
	if n := len(w.rows(in.ID)); n < had {
		t.Errorf("%d rows of %d are left", n, had)
	}
}

// A turn is a store whose writer is watched.
type turn struct {
	incidents.Store
	writing bool
	before  func() // done when a turn was asked for and has not come
}

func (s *turn) Write(ctx context.Context, fn func(incidents.Tx) error) error {
	if do := s.before; do != nil {
		s.before = nil
		do()
	}
	return s.Store.Write(ctx, func(tx incidents.Tx) error {
		s.writing = true
		defer func() { s.writing = false }()
		return fn(tx)
	})
}

// watchedRules counts judgements, and those for which the writer was kept.
type watchedRules struct {
	incidents.Rules
	turn      *turn
	all, kept int
}

func (r *watchedRules) Assess(f incidents.Facts, at time.Time) (incidents.Assessment, error) {
	r.all++
	if r.turn.writing {
		r.kept++
	}
	return r.Rules.Assess(f, at)
}

// Nobody waits for the rules: facts are judged before the turn of the one
// writer, and again in it only when they changed meanwhile.
func TestFactsAreJudgedBeforeTheWritersTurn(t *testing.T) {
	w := newWorld(t)
	ctx, rita := t.Context(), incidents.Actor{ID: "r", Name: "Rita", Role: incidents.RoleResponder, Via: "test"}
	deps := w.desk.Deps
	s := &turn{Store: w.db}
	rules := &watchedRules{Rules: w.rules, turn: s}
	deps.Store, deps.Rules = s, rules
	desk := incidents.NewDesk(deps)
	want := func(what string, all, kept int) {
		t.Helper()
		if rules.all != all || rules.kept != kept {
			t.Errorf("%s: judged %d times, %d of them while the writer was kept; want %d and %d", what, rules.all, rules.kept, all, kept)
		}
		rules.all, rules.kept = 0, 0
	}
	in, err := desk.OpenIncident(ctx, rita, "A laptop is gone", incidents.Live)
	must(t, err)
	want("opened by hand", 1, 0)

	set := func(key string, value any) incidents.Change {
		t.Helper()
		c, err := desk.SetFacts(ctx, rita, in.ID, -1, incidents.FactValues(map[string]any{key: value}), "")
		must(t, err)
		return c
	}
	set("confidentiality", true)
	want("an answer", 1, 0)

	s.before = func() { set("establishments", []string{"EEA"}) }
	c := set("aware_at", "2026-11-24T09:00:00Z")
	want("two answers at once", 3, 1)
	if places, _ := c.Facts.List("establishments"); len(places) != 1 || c.Facts.Rev != 4 || c.Assessment.FactsRev != 4 {
		t.Errorf("what was judged in between is lost: %+v", c.Facts)
	}
	if d, err := desk.Dossier(ctx, rita, in.Ref); err != nil || d.Assessment.FactsRev != 4 {
		t.Errorf("the assessment on file is of revision %d, %v", d.Assessment.FactsRev, err)
	}

	s.before = func() { w.pass(time.Hour) }
	set("encrypted", false)
	want("a turn that came late", 2, 1)

	alert := func(key string, users ...string) {
		t.Helper()
		taken, err := desk.Accept(ctx, incidents.Intake{Source: "splunk", DeliveryID: key, ReceivedAt: w.now(),
			Alerts: []incidents.Alert{{DedupKey: key, Title: "A login from nowhere", Severity: incidents.SeverityHigh, State: incidents.AlertNew, ObservedAt: w.now(), Users: users}}})
		must(t, err)
		must(t, desk.Correlate(ctx, taken.Alerts[0]))
		must(t, desk.Correlate(ctx, taken.Alerts[0])) // a second time changes nothing
	}
	alert("first", "alice")
	want("an alert that opens an incident", 1, 0)
	alert("second", "alice")
	want("an alert that joins it", 0, 0)
	s.before = func() { s.before = nil; alert("third", "bob") }
	alert("fourth", "bob")
	want("two alerts at once, the later joins", 2, 0)
	all, err := desk.Incidents(ctx, rita, incidents.IncidentFilter{})
	must(t, err)
	if len(all) != 3 {
		t.Errorf("%d incidents", len(all))
	}
	must(t, desk.RejudgeAll(ctx))
	want("by the same pack", 0, 0)
}

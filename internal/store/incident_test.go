package store

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestIncidentsAreListedByFilterAndPage(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i, in := range []incidents.Incident{
				{Kind: incidents.KindBreach, Mode: incidents.Live, Status: incidents.IncidentOpen, Title: "Lost laptop"},
				{Kind: incidents.KindBreach, Mode: incidents.Drill, Status: incidents.IncidentNotifying, Title: "Exercise"},
				{Kind: incidents.KindTermination, Mode: incidents.Live, Status: incidents.IncidentClosed, Title: "Old forum ends"},
				{Kind: incidents.KindBreach, Mode: incidents.Live, Status: incidents.IncidentDismissed, Title: "A laptop again"},
				{Kind: incidents.KindBreach, Mode: incidents.Live, Status: incidents.IncidentMerged, Title: "密钥泄露"},
			} {
				in.ID, in.Ref = incidents.IncidentID(fmt.Sprint(i)), fmt.Sprintf("INC-2026-%04d", i)
				if err := tx.PutIncident(in); err != nil {
					return err
				}
			}
			return nil
		}))
		for _, c := range []struct {
			f    incidents.IncidentFilter
			want string
		}{
			{incidents.IncidentFilter{}, "4 3 2 1 0"},
			{incidents.IncidentFilter{Open: true}, "1 0"},
			{incidents.IncidentFilter{Kind: incidents.KindTermination}, "2"},
			{incidents.IncidentFilter{Mode: incidents.Drill}, "1"},
			{incidents.IncidentFilter{Text: "LAPTOP"}, "3 0"},
			{incidents.IncidentFilter{Text: "2026-0004"}, "4"},
			{incidents.IncidentFilter{Text: "密钥"}, "4"},
			{incidents.IncidentFilter{Before: "3", Limit: 2}, "2 1"},
		} {
			ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
				list, err := tx.Incidents(c.f)
				var got []string
				for _, in := range list {
					got = append(got, string(in.ID))
				}
				if strings.Join(got, " ") != c.want {
					t.Errorf("%+v: %v, want %s", c.f, got, c.want)
				}
				return err
			}))
		}
	})
}

func TestAnIncidentKeepsItsModeAndItsReference(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		drill := incidents.Incident{ID: "d", Ref: "INC-1", Mode: incidents.Drill, Status: incidents.IncidentOpen}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutIncident(drill) }))
		live := drill
		live.Mode = incidents.Live
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutIncident(live) }))
		other := incidents.Incident{ID: "e", Ref: "INC-1", Mode: incidents.Live}
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutIncident(other) }))
		drill.Status, drill.Persons = incidents.IncidentClosed, 7
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutIncident(drill) }))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.Incident("d")
			same(t, got, drill)
			_, missing := tx.IncidentByRef("INC-2")
			refused(t, incidents.KindNotFound, missing)
			return err
		}))
	})
}

func TestFactsAreRevisionsThatStay(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		one := incidents.Facts{Rev: 1, Known: map[string]incidents.Fact{"detected_at": {Value: noon, SetBy: "ann", SetName: "Ann", SetAt: noon, How: "log"}}}
		two := one.With(map[string]incidents.Fact{"occurred_at": {Unknown: true, SetBy: "bob", SetName: "Bob", SetAt: noon}})
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			_, err := tx.Facts("i")
			refused(t, incidents.KindNotFound, err)
			ok(t, tx.PutFacts("i", one))
			ok(t, tx.PutFacts("other", one))
			return tx.PutFacts("i", two)
		}))
		refused(t, incidents.KindConflict, s.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutFacts("i", one.With(nil)) }))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			newest, err := tx.Facts("i")
			ok(t, err)
			same(t, newest, two)
			old, err := tx.FactsAt("i", 1)
			ok(t, err)
			same(t, old, one)
			_, err = tx.FactsAt("i", 3)
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
	})
}

func TestTheNewestAssessmentCounts(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		a := incidents.Assessment{FactsRev: 1, Pack: "p1", At: noon, Severity: incidents.Severity{Level: "high", Score: 3.5}}
		b := a
		b.Pack, b.Obligations = "p2", []incidents.Obligation{{ID: "eu", Law: "GDPR Art. 33", Due: &noon}} // the same revision, a newer pack
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			_, err := tx.Assessment("i")
			refused(t, incidents.KindNotFound, err)
			_, err = tx.LastJudgement("i")
			refused(t, incidents.KindNotFound, err)
			ok(t, tx.PutAssessment("i", a.Verdict()))
			ok(t, tx.PutAssessment("i", b.Verdict()))
			got, err := tx.Assessment("i")
			ok(t, err)
			same(t, got, b)
			last, err := tx.LastJudgement("i")
			same(t, last, incidents.Judgement{No: last.No, FactsRev: 1, Pack: "p2", At: noon})
			return err
		}))
	})
}

func TestObligationsBurnInOrderOfDueTime(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		due := func(h int) *time.Time { at := noon.Add(time.Duration(h) * time.Hour); return &at }
		duty := func(id string, at *time.Time) incidents.ObligationState {
			return incidents.ObligationState{Obligation: incidents.Obligation{ID: id, Applies: incidents.AppliesYes, Due: at}, Status: incidents.DutyOpen}
		}
		moot, depends := duty("moot", due(1)), duty("depends", due(1))
		moot.Status, depends.Applies = incidents.DutyMoot, incidents.AppliesDepends
		names := func(list []incidents.ObligationState, err error) string {
			t.Helper()
			ok(t, err)
			var out []string
			for _, x := range list {
				out = append(out, string(x.IncidentID)+"/"+x.ID)
			}
			return strings.Join(out, " ")
		}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for id, st := range map[string]incidents.IncidentStatus{"a": incidents.IncidentOpen, "b": incidents.IncidentContaining, "closed": incidents.IncidentClosed} {
				ok(t, tx.PutIncident(incidents.Incident{ID: incidents.IncidentID(id), Ref: id, Mode: incidents.Live, Status: st}))
			}
			ok(t, tx.PutObligations("a", []incidents.ObligationState{duty("gone", due(9))}))
			ok(t, tx.PutObligations("a", []incidents.ObligationState{duty("soft", nil), duty("late", due(72)), duty("b", due(24)), duty("a", due(24)), moot, depends}))
			ok(t, tx.PutObligations("b", []incidents.ObligationState{duty("first", due(4))}))
			return tx.PutObligations("closed", []incidents.ObligationState{duty("over", due(2))})
		}))
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			same(t, names(tx.Obligations("a")), "a/depends a/moot a/a a/b a/late a/soft")
			same(t, names(tx.OpenObligations(0)), "b/first a/a a/b a/late a/soft")
			same(t, names(tx.OpenObligations(2)), "b/first a/a")
			met := duty("a", due(24))
			met.IncidentID, met.Status, met.Evidence, met.ClosedAt = "a", incidents.DutyMet, "n1", &noon
			ok(t, tx.PutObligation(met))
			same(t, names(tx.OpenObligations(2)), "b/first a/b")
			list, err := tx.Obligations("a")
			same(t, list[2], met)
			return err
		}))
	})
}

func TestTheTimelineAndWaivers(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		line := func(text string, at time.Time) incidents.TimelineEntry {
			return incidents.TimelineEntry{IncidentID: "i", At: at, Actor: "ann", ActorName: "Ann", Kind: "incident.opened", Text: text, Ref: "r"}
		}
		w := incidents.Waiver{ID: "w1", IncidentID: "i", Obligation: "eu", Reason: "encrypted", By: "ann", ByName: "Ann", At: noon, Status: "asked"}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, e := range []incidents.TimelineEntry{line("1", noon), line("2", noon), line("0", noon.Add(-time.Hour))} {
				ok(t, tx.AddTimeline(e))
			}
			ok(t, tx.PutWaiver(w))
			w2 := w
			w2.ID = "w2"
			ok(t, tx.PutWaiver(w2))
			w.Status = "approved"
			return tx.PutWaiver(w)
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			lines, err := tx.Timeline("i", 2)
			ok(t, err)
			same(t, lines, []incidents.TimelineEntry{line("2", noon), line("1", noon)})
			all, err := tx.Timeline("i", 0)
			ok(t, err)
			same(t, len(all), 3)
			got, err := tx.Waiver("w1")
			ok(t, err)
			same(t, got, w)
			list, err := tx.Waivers("i")
			ok(t, err)
			same(t, fmt.Sprint(list[0].ID, list[1].ID, len(list)), "w2w12")
			_, err = tx.Waiver("w3")
			refused(t, incidents.KindNotFound, err)
			return nil
		}))
	})
}

package store

import (
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestDutiesThatLeftCalendars(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		duty := func(id string, open bool, at time.Time) incidents.ObligationState {
			return incidents.ObligationState{Obligation: incidents.Obligation{ID: id, Applies: incidents.AppliesYes, Due: &noon}, Status: incidents.DutyMet,
				Calendar: &incidents.CalendarEntry{Due: noon, Open: open, Seq: 2, At: at, Words: "w"}}
		}
		never := duty("never", false, noon)
		never.Calendar = nil
		left := func(tx incidents.Tx, since time.Time, limit int) string {
			list, err := tx.LeftCalendars(since, limit)
			ok(t, err)
			var out []string
			for _, x := range list {
				out = append(out, x.ID)
			}
			return strings.Join(out, " ")
		}
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			ok(t, tx.PutIncident(incidents.Incident{ID: "a", Ref: "a", Mode: incidents.Live, Status: incidents.IncidentClosed}))
			return tx.PutObligations("a", []incidents.ObligationState{duty("old", false, noon.Add(-time.Hour)), duty("first", false, noon), duty("second", false, noon.Add(time.Minute)), duty("open", true, noon), never})
		}))
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			same(t, left(tx, noon, 10), "second first")
			same(t, left(tx, noon, 1), "second")
			again := duty("first", true, noon.Add(time.Hour))
			again.IncidentID = "a"
			ok(t, tx.PutObligation(again))
			same(t, left(tx, noon, 10), "second")
			return nil
		}))
	})
}

func TestDecisionsAreKeptNewestFirst(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		first := incidents.Decision{ID: "1", IncidentID: "a", Course: incidents.CourseDocument, Reason: "数据已加密", By: "olga", ByName: "Olga", Role: incidents.RoleOfficer, At: noon, SecondFactorAt: noon,
			Proposal: incidents.Proposal{Course: incidents.CourseAuthority, Reasons: []string{"Art. 33: readable."}, FactsRev: 3, Pack: "2026.11+x", Hash: "h"}}
		second, other := first, first
		second.ID, second.Course, other.ID, other.IncidentID = "2", incidents.CoursePeople, "3", "b"
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, d := range []incidents.Decision{first, second, other} {
				ok(t, tx.PutDecision(d))
			}
			second.Stale = "made on facts revision 3"
			return tx.PutDecision(second)
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			list, err := tx.Decisions("a")
			same(t, list, []incidents.Decision{second, first})
			return err
		}))
	})
}

func TestRiskDecisionsAreKeptNewestFirst(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		first := incidents.RiskDecision{ID: "1", IncidentID: "a", Level: "high", Reason: "地址保密", Raised: true, By: "olga", ByName: "Olga", Role: incidents.RoleOfficer, At: noon, SecondFactorAt: noon,
			Proposal: incidents.RiskGroup{Key: "children", Persons: 3, Data: []incidents.RiskData{{Category: "health", Persons: 2}}, Level: "medium", Hash: "h"}, FactsRev: 3, Pack: "2026.11+x"}
		second, other := first, first
		second.ID, second.Level, other.ID, other.IncidentID = "2", "low", "3", "b"
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for _, d := range []incidents.RiskDecision{first, second, other} {
				ok(t, tx.PutRiskDecision(d))
			}
			second.Stale = "made on facts revision 3"
			return tx.PutRiskDecision(second)
		}))
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			list, err := tx.RiskDecisions("a")
			same(t, list, []incidents.RiskDecision{second, first})
			return err
		}))
	})
}

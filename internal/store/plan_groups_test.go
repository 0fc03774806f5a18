package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// Each person goes by the plan of their group, at the release and when a
// channel fails; who must not be told is suppressed with the reason.
func TestPlanPerPerson(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		people := candidates(10)
		people[1].Flags = incidents.FlagSensitive
		people[2].Place = "US-CA"
		people[3].Flags = incidents.FlagChild | incidents.FlagMinor | incidents.FlagGuardian
		people[4].Flags = incidents.FlagChild | incidents.FlagMinor
		people[5].Flags = incidents.FlagMinor
		people[6].Flags = incidents.FlagDeceased
		people[7].Flags = incidents.FlagDeceased | incidents.FlagGuardian
		people[8].Channels, people[8].Flags = []incidents.Channel{incidents.Push}, incidents.FlagSensitive // not in the plan of the group
		w.list("im1", people, 1000)
		w.write(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 10), "safety", "a shelter") })
		w.draft(1, []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.Push}, {Channel: incidents.SMS}})
		c := &w.n.Content
		c.Plans = []incidents.GroupPlan{{When: incidents.WhenPlace, Places: []incidents.Place{"US"}, Plan: []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Email}}},
			{When: incidents.WhenSensitive, Plan: []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Email}}}}
		c.Routes = &incidents.Routes{Minors: incidents.MinorsTold, Representatives: true}
		w.n.Version++
		w.n.Hash = c.Hash()
		w.put()
		w.approve("otto")
		w.ok(w.release())
		w.reload()
		w.counted()
		for _, x := range []struct {
			seq   int64
			ch    incidents.Channel
			state incidents.DeliveryState
			why   string
		}{{1, incidents.Email, incidents.Planned, ""}, {2, incidents.SMS, incidents.Planned, ""}, {3, incidents.SMS, incidents.Planned, ""}, {4, incidents.Email, incidents.Planned, ""},
			{5, incidents.Email, incidents.Suppressed, incidents.BarredNoGuardian}, {6, incidents.Email, incidents.Planned, ""}, {7, incidents.Email, incidents.Suppressed, incidents.BarredDeceased},
			{8, incidents.Email, incidents.Planned, ""}, {9, "", incidents.Rejected, "no channel of the plan reaches this person"}, {10, incidents.Email, incidents.Suppressed, "safety"}} {
			d := w.deliveries(incidents.DeliveryFilter{Seq: x.seq})
			if len(d) != 1 || d[0].ID.Channel != x.ch || d[0].State != x.state || d[0].Reason != x.why || d[0].Step != 0 {
				t.Errorf("person %d: %+v, want %s by %q (%s)", x.seq, d, x.state, x.ch, x.why)
			}
		}
		w.ok(w.s.read(always, func(q *tx) error {
			xs, err := q.Exclusions(1)
			if err != nil || len(xs) != 3 || xs[0].N+xs[1].N+xs[2].N != 3 || xs[0].Label == "" {
				t.Errorf("exclusions %+v, %v", xs, err)
			}
			flags, err := q.CountFlags(w.in.ID, incidents.PersonFilter{})
			if err != nil || flags[incidents.FlagSensitive] != 2 || flags[0] != 2 {
				t.Errorf("flags %v, %v", flags, err)
			}
			return nil
		}))
		work := w.mustTake(1)
		got := w.mustTurn(work, incidents.SMS, 10)
		done := w.outcomes(got.Next, incidents.OutcomeAccepted)
		done[1].Receipt.Outcome = incidents.OutcomeGone
		if claims := w.mustTurn(work, incidents.SMS, 0, done...); !claims.Fallback || w.state(3, incidents.Email) != incidents.Planned {
			t.Errorf("person 3 did not go on by the plan of the group: %s", w.state(3, incidents.Email))
		}
		w.ok(w.s.LeaveChunk(always, work))
		w.pass(2 * time.Hour)
		if s := w.sweep(); s.Fallback != 1 || w.state(2, incidents.Email) != incidents.Planned { // the wait of the group's plan ran out
			t.Errorf("swept %+v, person 2 is %s", s, w.state(2, incidents.Email))
		}
		if r := w.reconcile(); r.List != 10 || r.Excluded != 3 || r.Unreachable != 1 || r.ToSend != 6 || r.Unaccounted() != 0 {
			t.Errorf("%+v", r)
		}
	})
}

// A list that was read before there were zones hashes as it did.
func TestAZoneChangesTheHashOfItsRowAlone(t *testing.T) {
	row := personRow{seq: 1, lang: "en", place: "DE", bits: 3, sealed: []byte("sealed")}
	before := row.hash()
	row.zone = "Asia/Tokyo"
	if before == row.hash() {
		t.Error("the zone decides when a person is told, and is not in the hash")
	}
}

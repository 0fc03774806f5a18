package store

import (
	"maps"
	"testing"
	"time"

	"tocsin/incidents"
)

// What is counted before the release is what the release plans.
func TestWhatWouldBePlanned(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		people := candidates(10)
		people[1].Flags = incidents.FlagSensitive
		people[2].Place = "US-CA"
		people[3].Flags = incidents.FlagChild | incidents.FlagMinor
		people[4].Flags = incidents.FlagDeceased
		people[5].Channels = []incidents.Channel{incidents.Push}
		people[6].Channels = []incidents.Channel{incidents.Letter} // not of the plan
		w.list("im1", people, 1000)
		w.write(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 10), "safety", "a shelter") })
		w.draft(1, []incidents.Step{{Channel: incidents.Email}, {Channel: incidents.Push}, {Channel: incidents.SMS}})
		c := &w.n.Content
		c.Plans = []incidents.GroupPlan{{When: incidents.WhenPlace, Places: []incidents.Place{"US"}, Plan: []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}}},
			{When: incidents.WhenSensitive, Plan: []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}}}}
		c.Routes = &incidents.Routes{Minors: incidents.MinorsTold, Representatives: true}
		w.n.Version++
		w.n.Hash = c.Hash()
		w.put()
		var ahead []incidents.Tally
		count := func(q *tx) (err error) { ahead, err = q.PlanAhead(w.n); return err }
		w.ok(w.s.read(always, count))
		clear(ahead) // it is the asker's own
		w.ok(w.s.read(always, count))
		w.approve("otto")
		w.ok(w.release())
		w.reload()
		var planned []incidents.Tally
		var r incidents.Reconciliation
		w.ok(w.s.read(always, func(q *tx) (err error) {
			if planned, err = q.Tallies(1); err == nil {
				r, err = q.Reconcile(1)
			}
			return err
		}))
		none := ahead[len(ahead)-1]
		if none.Channel != "" || none.States[incidents.Rejected] != 1 || r.Unreachable != 1 {
			t.Errorf("nobody can reach one: %+v, %+v", none, r)
		}
		if ahead = ahead[:len(ahead)-1]; len(ahead) != len(planned) || len(ahead) != 3 {
			t.Fatalf("%+v became %+v", ahead, planned)
		}
		for i := range ahead {
			if ahead[i].Channel != planned[i].Channel || !maps.Equal(ahead[i].States, planned[i].States) {
				t.Errorf("%+v became %+v", ahead[i], planned[i])
			}
		}
	})
}

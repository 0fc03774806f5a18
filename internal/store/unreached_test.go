package store

import (
	"testing"

	"tocsin/incidents"
)

// Who cannot be reached is counted by place, over all notices that were meant
// for them, without those who are excluded or may still be reached.
func TestWhoCannotBeReached(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		people := candidates(8)
		for i := range people {
			people[i].Place = "US-CA"
		}
		people[0].Channels = nil    // no way at all
		people[4].Place = "DE"      // lives elsewhere
		people[5].Channels = nil    // excluded below
		w.list("im1", people, 1000) // the others go by e-mail, then by SMS
		w.write(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 6), "told", "") })
		w.send([]incidents.Step{{Channel: incidents.Email}})
		counts := func(notices []int64, places ...incidents.Place) (n int64) {
			t.Helper()
			w.ok(w.s.read(always, func(q *tx) (err error) {
				n, err = q.CountUnreached(w.in.ID, incidents.Unreached{Notices: notices, Places: places})
				return err
			}))
			return n
		}
		work := w.mustTake(1)
		got := w.mustTurn(work, incidents.Email, 10)
		if n := counts([]int64{1}); n != 1 {
			t.Errorf("while it is on its way %d are not reached", n)
		}
		done := w.outcomes(got.Next, incidents.OutcomeAccepted)
		for i, r := range done {
			if r.ID.Seq == 2 || r.ID.Seq == 3 || r.ID.Seq == 5 {
				done[i].Receipt.Outcome = incidents.OutcomeGone
			}
		}
		w.mustTurn(work, incidents.Email, 0, done...)
		for _, x := range []struct {
			places []incidents.Place
			want   int64
		}{{nil, 4}, {[]incidents.Place{"US"}, 3}, {[]incidents.Place{"US-CA"}, 3}, {[]incidents.Place{"DE"}, 1}, {[]incidents.Place{"US", "DE"}, 4}, {[]incidents.Place{"FR"}, 0}} {
			if n := counts([]int64{1}, x.places...); n != x.want {
				t.Errorf("in %v %d are not reached, want %d", x.places, n, x.want)
			}
		}
		if n := counts(nil); n != 0 {
			t.Errorf("without a notice %d are not reached", n)
		}
		w.ok(w.s.read(always, func(q *tx) error {
			var seqs []int64
			list, err := q.Persons(w.in.ID, incidents.PersonPage{Unreached: &incidents.Unreached{Notices: []int64{1}, Places: []incidents.Place{"US"}}, After: 1})
			for _, p := range list {
				seqs = append(seqs, p.Seq)
			}
			if err != nil || len(seqs) != 2 || seqs[0] != 2 || seqs[1] != 3 {
				t.Errorf("after the first: %v, %v", seqs, err)
			}
			return nil
		}))
		w.ok(w.s.LeaveChunk(always, work))
		w.draft(2, []incidents.Step{{Channel: incidents.SMS}}) // a second try, by another channel
		w.approve("otto")
		w.ok(w.release())
		w.reload()
		if n := counts([]int64{1, 2}); n != 1 {
			t.Errorf("while the second notice is on its way %d are not reached", n)
		}
	})
}

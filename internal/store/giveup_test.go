package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// Doubts that are given up on end as cancelled, all of them or none; the sums
// hold, the notice ends, and a later receipt does not bring them back.
func TestDoubtsAreGivenUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(4, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 4).Next
		out := w.outcomes(got[:3], incidents.OutcomeDoubt)
		w.mustTurn(c, incidents.Email, 0, append(out, w.outcomes(got[3:], incidents.OutcomeAccepted)...)...)
		w.ok(w.s.LeaveChunk(always, c))
		var ids []incidents.DeliveryID
		for _, x := range got {
			ids = append(ids, x.Delivery.ID)
		}
		w.write(func(t *tx) error {
			still, err := t.StillInDoubt(w.n.No, ids)
			if len(still) != 3 || still[0] != (incidents.GivenUp{ID: ids[0], Attempts: 1}) {
				w.t.Errorf("in doubt: %+v", still)
			}
			return err
		})
		cancel := func(of ...incidents.DeliveryID) error {
			return w.s.Write(always, func(tx incidents.Tx) error { return tx.CancelDoubts(w.n.No, of, "given up: no log", w.now()) })
		}
		w.refused(incidents.KindConflict, cancel(ids...))
		w.ok(cancel(ids[:3]...))
		w.counted()
		d := w.deliveries(incidents.DeliveryFilter{Notice: w.n.No, States: []incidents.DeliveryState{incidents.Cancelled}})
		if len(d) != 3 || d[0].Reason != "given up: no log" || !d[0].MaybeTwice { // a correction follows it
			t.Errorf("cancelled: %+v", d)
		}
		w.receipt("late", ids[0], "SM1", "delivered")
		w.fold()
		if s := w.state(1, incidents.Email); s != incidents.Cancelled {
			t.Errorf("a late receipt makes it %s", s)
		}
		w.pass(30 * 24 * time.Hour)
		w.sweep()
		if r := w.reconcile(); r.Cancelled != 3 || r.Sent != 1 || r.Unaccounted() != 0 {
			t.Errorf("reconciled to %+v", r)
		}
		if n := w.noticeNow(); n.Status != incidents.NoticeDone {
			t.Errorf("the notice is %s", n.Status)
		}
	})
}

// What is asked is kept, and listed until somebody has decided.
func TestGivingUpIsAsked(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		g := incidents.GivingUp{ID: "g1", Notice: 7, Reason: "no log", Status: "asked"}
		asked := func(notice int64, want int) {
			t.Helper()
			w.write(func(t *tx) error {
				all, err := t.GivingUpsAsked(notice)
				if len(all) != want {
					w.t.Errorf("asked of %d: %+v", notice, all)
				}
				return err
			})
		}
		w.write(func(t *tx) error { return t.PutGivingUp(g) })
		asked(7, 1)
		asked(0, 1)
		asked(8, 0)
		g.Status = "withdrawn"
		w.write(func(t *tx) error { return t.PutGivingUp(g) })
		asked(7, 0)
	})
}

func (w *world) noticeNow() (n incidents.Notice) {
	w.t.Helper()
	w.write(func(t *tx) (err error) { n, err = t.NoticeByNo(w.n.No); return err })
	return n
}

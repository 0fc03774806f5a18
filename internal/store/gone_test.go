package store

import (
	"testing"

	"tocsin/incidents"
)

// next drafts, approves and releases one more notice to the same list.
func (w *world) next(no int64, plan []incidents.Step) {
	w.t.Helper()
	w.draft(no, plan)
	w.approve("otto")
	w.ok(w.release())
	w.reload()
	w.counted()
}

// An address that a provider called gone, at once or later, is not asked again: the
// next notice begins with the next step, or reaches nobody and says why. Erasure
// takes the memory along.
func TestAnAddressThatIsGoneIsNotAskedAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		both := []incidents.Channel{incidents.Push, incidents.Email}
		w.list("im1", []incidents.Candidate{candidate(1, both...), candidate(2, both...), candidate(3, incidents.Push), candidate(4, incidents.Email, incidents.SMS), candidate(5, both...)}, 10)
		plan := []incidents.Step{{Channel: incidents.Push}, {Channel: incidents.Email}, {Channel: incidents.SMS}}
		w.send(plan)
		c := w.mustTake(1)
		push := w.mustTurn(c, incidents.Push, 10).Next
		done := w.outcomes(push, incidents.OutcomeGone)
		done[1].Receipt.Outcome = incidents.OutcomeRefused // says nothing of the address
		w.mustTurn(c, incidents.Push, 0, done...)
		mail := w.mustTurn(c, incidents.Email, 10).Next
		w.mustTurn(c, incidents.Email, 0, w.outcomes(mail, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		id := incidents.DeliveryID{Notice: 1, Seq: 4, Channel: incidents.Email}
		w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: "dsn", Delivery: id, Channel: incidents.Email, Status: "bounced", Code: "550 5.1.1", At: w.now()}))
		w.fold()
		if w.state(1, incidents.Email) != incidents.Accepted || w.state(3, incidents.Push) != incidents.Rejected || w.state(4, incidents.SMS) != incidents.Planned {
			t.Fatalf("%+v", w.deliveries(incidents.DeliveryFilter{}))
		}
		w.ok(w.s.ErasePerson(always, incidents.NewPersonID(w.in.ID, 5)))
		remembered := func(seq int64) (n int64) {
			w.ok(w.s.read(always, func(t *tx) error {
				_, err := t.one(`SELECT COUNT(*) FROM persons WHERE seq = $1 AND gone <> 0`, args{seq}, &n)
				return err
			}))
			return n
		}
		if remembered(1) != 1 || remembered(5) != 0 {
			t.Error("who was erased is remembered, or who was not is forgotten")
		}
		w.next(2, plan)
		for _, x := range []struct {
			seq   int64
			ch    incidents.Channel
			state incidents.DeliveryState
			why   string
		}{{1, incidents.Email, incidents.Planned, goneBefore}, {2, incidents.Push, incidents.Planned, ""}, {3, "", incidents.Rejected, goneBefore},
			{4, incidents.SMS, incidents.Planned, goneBefore}, {5, incidents.Push, incidents.Suppressed, "erased"}} {
			d := w.deliveries(incidents.DeliveryFilter{Seq: x.seq})
			if len(d) != 1 || d[0].ID.Channel != x.ch || d[0].State != x.state || d[0].Reason != x.why {
				t.Errorf("person %d: %+v", x.seq, d)
			}
		}
		w.next(3, []incidents.Step{{Channel: incidents.SMS}, {Channel: incidents.Email}})
		c = w.mustTake(1)
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(w.mustTurn(c, incidents.SMS, 10).Next, incidents.OutcomeRefused)...)
		if s := w.state(4, incidents.SMS); s != incidents.Rejected {
			t.Errorf("after the SMS a gone address is asked: %s", s)
		}
	})
}

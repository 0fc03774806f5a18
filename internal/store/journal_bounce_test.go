package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// Where bounces come to us, a notice is not done while one may still come; no
// bounce in time leaves the e-mail accepted and sends nobody to the next channel.
func TestAnEmailWaitsForItsBounce(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		o.Bounces = true
		w := newWorld(t, o)
		w.sending(3, []incidents.Step{{Channel: incidents.Email, Wait: time.Hour}, {Channel: incidents.SMS}})
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if s := w.sweep(); s.Done != 0 {
			t.Fatal("it was done while bounces may come")
		}
		w.receipt("dsn", got.Next[0].Delivery.ID, "", "bounced")
		w.receipt("late", got.Next[1].Delivery.ID, "", "delayed")
		if n := w.fold(); n != 2 {
			t.Fatalf("%d folded", n)
		}
		if w.state(1, incidents.Email) != incidents.Escalated || w.state(1, incidents.SMS) != incidents.Planned || w.state(2, incidents.Email) != incidents.Accepted {
			t.Fatalf("states %v", w.deliveries(incidents.DeliveryFilter{}))
		}
		c = w.mustTake(1)
		sms := w.mustTurn(c, incidents.SMS, 10)
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(sms.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if len(sms.Next) != 1 {
			t.Fatalf("%d go on", len(sms.Next))
		}
		w.pass(2 * time.Hour)
		if s := w.sweep(); s.Fallback != 0 || s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
		if r := w.reconcile(); r.Sent != 3 || r.ReachedDirect != 0 {
			t.Fatalf("silence counts as reached: %+v", r)
		}
	})
}

// Where no bounce can come, nothing is waited for.
func TestWithoutBouncesNothingIsWaitedFor(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(1, []incidents.Step{{Channel: incidents.Email, Wait: time.Hour}, {Channel: incidents.SMS}})
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if s := w.sweep(); s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
	})
}

package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// left has everybody's message of a channel leave with one answer.
func (w *world) left(ch incidents.Channel, o incidents.Outcome) []incidents.Claimed {
	w.t.Helper()
	c := w.mustTake(1)
	got := w.mustTurn(c, ch, 10).Next
	w.mustTurn(c, ch, 0, w.outcomes(got, o)...)
	w.ok(w.s.LeaveChunk(always, c))
	return got
}

// foundAccepted are the ways in which a delivery turns out accepted.
var foundAccepted = map[string]func(w *world, ch incidents.Channel){
	"at once": func(w *world, ch incidents.Channel) { w.left(ch, incidents.OutcomeAccepted) },
	"by a lookup": func(w *world, ch incidents.Channel) {
		w.t.Helper()
		w.left(ch, incidents.OutcomeDoubt)
		w.pass(3 * time.Minute)
		ds, err := w.s.Doubts(always, 10)
		w.ok(err)
		for _, d := range ds {
			w.ok(w.s.ResolveDoubt(always, d.Delivery.ID, incidents.Resolution{State: incidents.Accepted, ProviderID: "SM1", Now: w.now()}))
		}
	},
	"by a receipt": func(w *world, ch incidents.Channel) {
		w.t.Helper()
		for _, c := range w.left(ch, incidents.OutcomeDoubt) {
			w.receipt("sent"+c.Delivery.ID.String(), c.Delivery.ID, "SM1", "sent")
		}
		w.fold()
	},
	"by a person": func(w *world, ch incidents.Channel) {
		w.t.Helper()
		for _, c := range w.left(ch, incidents.OutcomeDoubt) {
			w.write(func(t *tx) error { return t.SettleDoubt(c.Delivery.ID, incidents.Accepted, "seen", w.now()) })
		}
	},
}

// However it was found out that a message was accepted, its receipt is waited for
// as the person's own plan says; then the next channel is due, and a correction
// follows both.
func TestAnAcceptedMessageWaitsForItsReceipt(t *testing.T) {
	for how, accept := range foundAccepted {
		for _, ch := range []incidents.Channel{incidents.SMS, incidents.Push} {
			t.Run(string(ch)+" "+how, func(t *testing.T) {
				eachEngine(t, func(t *testing.T, w *world) {
					w.incident("i1", incidents.Live)
					people := []incidents.Candidate{candidate(1, ch, incidents.Email), candidate(2, ch, incidents.Email)}
					people[1].Flags = incidents.FlagSensitive
					w.list("im1", people, 10)
					w.draft(1, []incidents.Step{{Channel: ch, Wait: time.Hour}, {Channel: incidents.Email}})
					c := &w.n.Content
					c.Plans = []incidents.GroupPlan{{When: incidents.WhenSensitive, Plan: []incidents.Step{{Channel: ch, Wait: 3 * time.Hour}, {Channel: incidents.Email}}}}
					w.n.Version++
					w.n.Hash = c.Hash()
					w.put()
					w.approve("otto")
					w.ok(w.release())
					accept(w, ch)
					for seq, wait := range map[int64]time.Duration{1: time.Hour, 2: 3 * time.Hour} {
						d := w.deliveries(incidents.DeliveryFilter{Seq: seq})[0]
						if d.State != incidents.Accepted || d.NextAt == nil || !d.NextAt.Equal(w.now().Add(wait)) {
							t.Fatalf("person %d is %s and waits until %v", seq, d.State, d.NextAt)
						}
					}
					w.pass(2 * time.Hour)
					if s := w.sweep(); s.Fallback != 1 || s.Done != 0 || w.state(1, ch) != incidents.Escalated || w.state(1, incidents.Email) != incidents.Planned || w.state(2, ch) != incidents.Accepted {
						t.Fatalf("swept %+v: %+v", s, w.deliveries(incidents.DeliveryFilter{}))
					}
					w.left(incidents.Email, incidents.OutcomeAccepted)
					w.pass(2 * time.Hour)
					if s := w.sweep(); s.Fallback != 1 || w.state(2, incidents.Email) != incidents.Planned {
						t.Fatalf("swept %+v", s)
					}
					w.left(incidents.Email, incidents.OutcomeAccepted)
					if s := w.sweep(); s.Done != 1 {
						t.Fatalf("swept %+v", s)
					}
					w.reload()
					w.ok(w.correction())
					if got := w.deliveries(incidents.DeliveryFilter{}); len(got) != 4 {
						t.Fatalf("the correction follows %+v", got)
					}
				})
			})
		}
	}
}

// A push message that somebody reported as shown needs no other channel; one that
// has no channel after it was taken, and nobody is told by that.
func TestPushEndsByReceiptOrAsSent(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", []incidents.Candidate{candidate(1, incidents.Push, incidents.Email), candidate(2, incidents.Push)}, 10)
		w.send([]incidents.Step{{Channel: incidents.Push, Wait: time.Hour}, {Channel: incidents.Email}})
		got := w.left(incidents.Push, incidents.OutcomeAccepted)
		w.receipt("shown", got[0].Delivery.ID, "", "delivered")
		w.fold()
		if s := w.sweep(); s.Done != 0 {
			t.Fatalf("done while a receipt is waited for: %+v", s)
		}
		w.pass(2 * time.Hour)
		if s := w.sweep(); s.Fallback != 0 || s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
		if r := w.reconcile(); r.ReachedDirect != 1 || r.PushOnly != 1 || r.Told() != 1 || r.Unaccounted() != 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// Nothing follows from silence about a notice that was stopped.
func TestAStoppedNoticeWaitsForNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(1, []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Email}})
		w.left(incidents.SMS, incidents.OutcomeDoubt)
		w.n.Status = incidents.NoticeStopped
		w.put()
		w.receipt("sent", incidents.DeliveryID{Notice: 1, Seq: 1, Channel: incidents.SMS}, "SM1", "sent")
		w.fold()
		if d := w.deliveries(incidents.DeliveryFilter{})[0]; d.State != incidents.Accepted || d.NextAt != nil {
			t.Fatalf("%+v", d)
		}
	})
}

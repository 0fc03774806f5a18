package store

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
)

func TestFoldIsAFunctionOfTheSet(t *testing.T) {
	statuses := []string{"queued", "accepted", "sent", "delivered", "undelivered", "failed", "bounced", "delayed", "complaint", "unheard of"}
	rapid.Check(t, func(r *rapid.T) {
		start := rapid.SampledFrom(stateList).Draw(r, "state")
		n := rapid.IntRange(0, 6).Draw(r, "receipts")
		var all []incidents.StatusReceipt
		for i := range n {
			all = append(all, incidents.StatusReceipt{ID: fmt.Sprint(i), Status: rapid.SampledFrom(statuses).Draw(r, "status"),
				At: noon.Add(time.Duration(rapid.IntRange(0, 3).Draw(r, "at")) * time.Second)})
		}
		want := fold(start, 1, all)
		shuffled := rapid.Permutation(all).Draw(r, "order")
		if got := fold(start, 1, shuffled); got != want {
			r.Fatalf("another order gives %+v, not %+v", got, want)
		}
		if got := fold(want.State, 1, append(shuffled, all...)); got.State != want.State || got.Conflict != want.Conflict {
			r.Fatalf("folded again gives %+v, not %+v", got, want)
		}
		state := start
		for i := range shuffled { // one by one, all known ones each time, as they arrive
			next := fold(state, 1, shuffled[:i+1]).State
			if rankOf(next) < rankOf(state) {
				r.Fatalf("%s was lowered to %s", state, next)
			}
			state = next
		}
		if state != want.State {
			r.Fatalf("one by one gives %s, at once %s", state, want.State)
		}
	})
}

// rankOf orders states by what is known about a message.
func rankOf(s incidents.DeliveryState) int {
	switch s {
	case incidents.Delivered, incidents.Undelivered:
		return 2
	case incidents.Accepted:
		return 1
	}
	return 0
}

func TestFold(t *testing.T) {
	at := func(status string, sec int) incidents.StatusReceipt {
		return incidents.StatusReceipt{ID: status, Status: status, At: noon.Add(time.Duration(sec) * time.Second)}
	}
	for _, c := range []struct {
		name     string
		from     incidents.DeliveryState
		attempts int
		receipts []incidents.StatusReceipt
		want     incidents.DeliveryState
		conflict bool
	}{
		{"sent proves a doubt", incidents.InDoubt, 1, []incidents.StatusReceipt{at("sent", 1)}, incidents.Accepted, false},
		{"delivered proves a doubt", incidents.Manual, 1, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Delivered, false},
		{"sent after delivered does not lower", incidents.Delivered, 1, []incidents.StatusReceipt{at("delivered", 1), at("sent", 9)}, incidents.Delivered, false},
		{"the first end stands", incidents.Accepted, 1, []incidents.StatusReceipt{at("undelivered", 5), at("delivered", 2)}, incidents.Delivered, true},
		{"a late bounce is seen", incidents.Accepted, 1, []incidents.StatusReceipt{at("bounced", 86400)}, incidents.Undelivered, false},
		{"a delay is no bounce", incidents.Accepted, 1, []incidents.StatusReceipt{at("delayed", 1)}, incidents.Accepted, false},
		{"a bounce after a delay", incidents.Accepted, 1, []incidents.StatusReceipt{at("delayed", 1), at("bounced", 2)}, incidents.Undelivered, false},
		{"a delay proves a doubt", incidents.InDoubt, 1, []incidents.StatusReceipt{at("delayed", 1)}, incidents.Accepted, false},
		{"a bounce proves a doubt", incidents.InDoubt, 1, []incidents.StatusReceipt{at("bounced", 1)}, incidents.Undelivered, false},
		{"a complaint is no bounce", incidents.Accepted, 1, []incidents.StatusReceipt{at("complaint", 1)}, incidents.Accepted, false},
		{"who complains has what bounced", incidents.Undelivered, 1, []incidents.StatusReceipt{at("complaint", 2), at("bounced", 1)}, incidents.Undelivered, true},
		{"or what went on to the next channel", incidents.Escalated, 1, []incidents.StatusReceipt{at("complaint", 2), at("bounced", 1)}, incidents.Escalated, true},
		{"a bounce of what went on is no news", incidents.Escalated, 1, []incidents.StatusReceipt{at("bounced", 1)}, incidents.Escalated, false},
		{"nothing was sent yet", incidents.Planned, 0, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Planned, false},
		{"an attempt is under way", incidents.Attempting, 1, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Attempting, false},
		{"a resend is not needed", incidents.Ready, 1, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Delivered, false},
		{"nor when it failed there", incidents.Ready, 1, []incidents.StatusReceipt{at("failed", 1)}, incidents.Undelivered, false},
		{"gone on to the next channel", incidents.Escalated, 1, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Escalated, true},
		{"refused, then delivered", incidents.Rejected, 1, []incidents.StatusReceipt{at("delivered", 1)}, incidents.Rejected, true},
		{"an unknown word", incidents.Accepted, 1, []incidents.StatusReceipt{at("hello", 1)}, incidents.Accepted, false},
	} {
		if got := fold(c.from, c.attempts, c.receipts); got.State != c.want || got.Conflict != c.conflict {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

func (w *world) fold() int {
	w.t.Helper()
	n, err := w.s.FoldReceipts(always, 100)
	w.ok(err)
	w.counted()
	return n
}

func (w *world) receipt(id string, d incidents.DeliveryID, provider, status string) {
	w.t.Helper()
	w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: id, Delivery: d, Channel: d.Channel, ProviderID: provider, Status: status, At: w.now()}))
}

func TestReceiptsMoveDeliveriesOn(t *testing.T) {
	plan := []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Email}}
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(4, plan)
		id := func(seq int64) incidents.DeliveryID {
			return incidents.DeliveryID{Notice: 1, Seq: seq, Channel: incidents.SMS}
		}
		w.receipt("early", id(1), "", "sent")
		w.receipt("stranger", incidents.DeliveryID{}, "p-1-2-s", "delivered") // only the provider's name for it
		if n := w.fold(); n != 0 {
			t.Fatal("a receipt was folded before anything was sent")
		}
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.SMS, 10)
		w.receipt("delivered-1", id(1), "", "delivered")
		w.receipt("delivered-1", id(1), "", "undelivered") // the same id: the first stands
		if n := w.fold(); n != 0 || w.state(1, incidents.SMS) != incidents.Attempting {
			t.Fatal("a receipt overtook the outcome")
		}
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		w.receipt("bad-3", id(3), "", "undelivered")
		w.pass(2 * time.Minute)
		if n := w.fold(); n != 4 {
			t.Fatalf("%d folded", n)
		}
		if w.state(1, incidents.SMS) != incidents.Delivered || w.state(2, incidents.SMS) != incidents.Delivered || w.state(3, incidents.SMS) != incidents.Escalated || w.state(3, incidents.Email) != incidents.Planned {
			t.Fatalf("states %v", w.deliveries(incidents.DeliveryFilter{}))
		}
		if r := w.reconcile(); r.ReachedDirect != 2 || r.Sent != 1 || r.ToSend != 1 {
			t.Fatalf("reconciliation %+v", r)
		}
		if n := w.fold(); n != 0 {
			t.Fatal("folded twice")
		}
	})
}

func TestALateBounceOpensTheNextChannel(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(2, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if s := w.sweep(); s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
		w.pass(24 * time.Hour)
		w.receipt("dsn", got.Next[1].Delivery.ID, "", "bounced")
		if n := w.fold(); n != 1 {
			t.Fatalf("%d folded", n)
		}
		w.reload()
		if w.n.Status != incidents.NoticeSending {
			t.Fatalf("the notice is %s", w.n.Status)
		}
		c = w.mustTake(1)
		sms := w.mustTurn(c, incidents.SMS, 10)
		if len(sms.Next) != 1 {
			t.Fatal("nothing to send by SMS")
		}
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(sms.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		w.pass(2 * time.Hour)
		if s := w.sweep(); s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
	})
}

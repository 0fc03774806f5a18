package store

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
)

var threeTries = CallPolicy{Tries: 3, Gap: 2 * time.Hour}

// called is a receipt of one attempt's call, some seconds after noon.
func called(attempt int, status, code string, sec int) incidents.StatusReceipt {
	return incidents.StatusReceipt{ID: fmt.Sprint(attempt, status, code, sec), Attempt: attempt, ProviderID: fmt.Sprint("CA", attempt), Status: status, Code: code,
		Reason: "reason of " + code, At: noon.Add(time.Duration(sec) * time.Second)}
}

func TestFoldCallsIsAFunctionOfTheSet(t *testing.T) {
	statuses := []string{"accepted", "sent", "delivered", "ended", "undelivered", "failed", "unheard of"}
	rapid.Check(t, func(r *rapid.T) {
		start := rapid.SampledFrom(stateList).Draw(r, "state")
		attempts := rapid.IntRange(1, 4).Draw(r, "attempts")
		policy := CallPolicy{Tries: rapid.IntRange(1, 4).Draw(r, "tries"), Gap: time.Hour}
		var all []incidents.StatusReceipt
		for i := range rapid.IntRange(0, 8).Draw(r, "receipts") {
			x := called(rapid.IntRange(0, attempts).Draw(r, "attempt"), rapid.SampledFrom(statuses).Draw(r, "status"), rapid.SampledFrom([]string{"", "busy", "machine_start"}).Draw(r, "code"), rapid.IntRange(0, 3).Draw(r, "at"))
			x.ID = fmt.Sprint(i)
			all = append(all, x)
		}
		want := foldCalls(start, attempts, all, policy)
		shuffled := rapid.Permutation(all).Draw(r, "order")
		if got := foldCalls(start, attempts, shuffled, policy); got != want {
			r.Fatalf("another order gives %+v, not %+v", got, want)
		}
		if got := foldCalls(want.State, attempts, append(shuffled, all...), policy); got.State != want.State || got.Conflict != want.Conflict || !got.Next.Equal(want.Next) {
			r.Fatalf("folded again gives %+v, not %+v", got, want)
		}
		state, next := start, time.Time{}
		for i := range shuffled { // one by one, all known ones each time, as they arrive
			got := foldCalls(state, attempts, shuffled[:i+1], policy)
			if state == incidents.Delivered && got.State != incidents.Delivered {
				r.Fatalf("who was reached is %s", got.State)
			}
			state, next = got.State, got.Next
		}
		if state != want.State || !next.Equal(want.Next) {
			r.Fatalf("one by one gives %s %v, at once %s %v", state, next, want.State, want.Next)
		}
		if want.State == incidents.RetryWait && start != incidents.RetryWait && want.Next.IsZero() {
			r.Fatal("there is another call at no time")
		}
	})
}

func TestFoldCalls(t *testing.T) {
	type rs = []incidents.StatusReceipt
	for _, c := range []struct {
		name     string
		from     incidents.DeliveryState
		attempts int
		receipts rs
		want     incidents.DeliveryState
		code     string
		next     int // seconds after noon; 0: none
		conflict bool
	}{
		{"it rings", incidents.Accepted, 1, rs{called(1, "accepted", "", 1)}, incidents.Accepted, "", 0, false},
		{"the key was pressed", incidents.Accepted, 1, rs{called(1, "sent", "", 1), called(1, "delivered", "key", 9)}, incidents.Delivered, "key", 0, false},
		{"the call ended after the key", incidents.Accepted, 1, rs{called(1, "delivered", "key", 9), called(1, "ended", "completed", 60)}, incidents.Delivered, "key", 0, false},
		{"answered, and no key", incidents.Accepted, 1, rs{called(1, "sent", "human", 3), called(1, "ended", "no-key", 30)}, incidents.RetryWait, "no-key", 7230, false},
		{"a machine", incidents.Accepted, 1, rs{called(1, "ended", "no-key", 30), called(1, "sent", "machine_start", 5)}, incidents.RetryWait, "machine_start", 7230, false},
		{"taken for a machine, and the key was pressed", incidents.Accepted, 1, rs{called(1, "sent", "machine_start", 5), called(1, "delivered", "key", 8)}, incidents.Delivered, "key", 0, false},
		{"busy", incidents.Accepted, 1, rs{called(1, "undelivered", "busy", 4)}, incidents.RetryWait, "busy", 7204, false},
		{"the second in vain", incidents.Accepted, 2, rs{called(1, "undelivered", "busy", 4), called(2, "undelivered", "no-answer", 9000)}, incidents.RetryWait, "no-answer", 16200, false},
		{"the third in vain is the last", incidents.Accepted, 3, rs{called(1, "undelivered", "busy", 4), called(2, "ended", "no-key", 9000), called(3, "undelivered", "busy", 18000)}, incidents.Undelivered, "busy", 0, false},
		{"attempts that never left do not count", incidents.Accepted, 5, rs{called(1, "undelivered", "busy", 4), called(5, "undelivered", "busy", 18000)}, incidents.RetryWait, "busy", 25200, false},
		{"no such number", incidents.Accepted, 1, rs{called(1, "failed", "failed", 4)}, incidents.Undelivered, "failed", 0, false},
		{"what is late says nothing about the call under way", incidents.Accepted, 2, rs{called(1, "undelivered", "busy", 4)}, incidents.Accepted, "", 0, false},
		{"nor about its doubt", incidents.InDoubt, 2, rs{called(1, "undelivered", "busy", 4)}, incidents.InDoubt, "", 0, false},
		{"the call itself proves a doubt", incidents.InDoubt, 2, rs{called(1, "undelivered", "busy", 4), called(2, "accepted", "", 9000)}, incidents.Accepted, "", 0, false},
		{"and may end it", incidents.Manual, 1, rs{called(1, "undelivered", "busy", 4)}, incidents.RetryWait, "busy", 7204, false},
		{"reached by the first, when it is known late", incidents.RetryWait, 2, rs{called(1, "delivered", "key", 4)}, incidents.Delivered, "key", 0, false},
		{"gone on to the next channel", incidents.Escalated, 3, rs{called(3, "delivered", "key", 4)}, incidents.Escalated, "", 0, true},
		{"busy, and yet a key", incidents.Accepted, 1, rs{called(1, "delivered", "key", 4), called(1, "undelivered", "busy", 5)}, incidents.Delivered, "key", 0, true},
		{"nothing was sent yet", incidents.Planned, 0, rs{called(1, "delivered", "key", 1)}, incidents.Planned, "", 0, false},
		{"an attempt is under way", incidents.Attempting, 1, rs{called(1, "delivered", "key", 1)}, incidents.Attempting, "", 0, false},
		{"an unknown word", incidents.Accepted, 1, rs{called(1, "hello", "", 1)}, incidents.Accepted, "", 0, false},
	} {
		got := foldCalls(c.from, c.attempts, c.receipts, threeTries)
		var next time.Time
		if c.next != 0 {
			next = noon.Add(time.Duration(c.next) * time.Second)
		}
		if got.State != c.want || got.Conflict != c.conflict || got.Code != c.code || !got.Next.Equal(next) {
			t.Errorf("%s: %+v", c.name, got)
		}
	}
}

var phoneThenMail = []incidents.Step{{Channel: incidents.Phone}, {Channel: incidents.Email}}

func callable(n int64) (out []incidents.Candidate) {
	for i := int64(1); i <= n; i++ {
		out = append(out, candidate(i, incidents.Phone, incidents.Email))
	}
	return out
}

// ringing sends a notice by telephone to n people, with the first call accepted.
func (w *world) ringing(n int64, plan []incidents.Step) {
	w.t.Helper()
	w.incident("1", incidents.Live)
	w.list("import-1", callable(n), 100)
	w.send(plan)
	w.callAll()
}

// callAll calls everybody who is due and has the provider accept it.
func (w *world) callAll() (called int) {
	w.t.Helper()
	c := w.mustTake(1)
	got := w.mustTurn(c, incidents.Phone, 10)
	w.mustTurn(c, incidents.Phone, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
	w.ok(w.s.LeaveChunk(always, c))
	return len(got.Next)
}

func (w *world) callEnds(seq int64, attempt int, status string) {
	w.t.Helper()
	id := incidents.DeliveryID{Notice: 1, Seq: seq, Channel: incidents.Phone}
	w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: fmt.Sprint(id, attempt, status), Delivery: id, Attempt: attempt, Channel: incidents.Phone,
		ProviderID: fmt.Sprint("CA", seq, attempt), Status: status, Code: status, At: w.now()}))
}

func TestWhoIsNotReachedIsCalledAgainAndThenWrittenTo(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.ringing(2, phoneThenMail)
		for try := 1; try <= 3; try++ {
			if try > 1 {
				w.pass(3 * time.Hour)
				if s := w.sweep(); s.Requeued != 1 {
					t.Fatalf("before call %d the sweep did %+v", try, s)
				}
				if n := w.callAll(); n != 1 {
					t.Fatalf("%d people were called the %d. time", n, try)
				}
			}
			w.pass(time.Minute)
			w.callEnds(1, try, "undelivered")
			if try == 1 {
				w.callEnds(2, 1, "delivered")
				w.callEnds(2, 1, "ended")
			}
			w.fold()
			want := incidents.RetryWait
			if try == 3 {
				want = incidents.Escalated
			}
			if got := w.state(1, incidents.Phone); got != want {
				t.Fatalf("after call %d: %s", try, got)
			}
		}
		if w.state(1, incidents.Email) != incidents.Planned || w.state(2, incidents.Phone) != incidents.Delivered || w.state(2, incidents.Email) != "" {
			t.Fatalf("states %v", w.deliveries(incidents.DeliveryFilter{}))
		}
		if r := w.reconcile(); r.ReachedDirect != 1 || r.ToSend != 1 {
			t.Errorf("reconciliation %+v", r)
		}
	})
}

func TestCallsOfTheLastStep(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.ringing(2, phoneThenMail[:1])
		if s := w.sweep(); s.Done != 0 {
			t.Fatal("the notice is done while people are being called")
		}
		w.pass(2 * time.Hour) // no report came: the waiting ends
		w.sweep()
		if w.reload(); w.n.Status != incidents.NoticeDone || w.state(1, incidents.Phone) != incidents.Accepted {
			t.Fatalf("the notice is %s", w.n.Status)
		}
		w.callEnds(1, 1, "undelivered") // after all
		w.fold()
		if w.reload(); w.n.Status != incidents.NoticeSending || w.state(1, incidents.Phone) != incidents.RetryWait {
			t.Fatalf("the notice is %s, the call %s", w.n.Status, w.state(1, incidents.Phone))
		}
	})
}

func TestAStoppedNoticeCallsNobodyAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.ringing(1, phoneThenMail)
		w.stop()
		id := incidents.DeliveryID{Notice: 1, Seq: 1, Channel: incidents.Phone}
		if _, _, err := w.s.Calling(always, id, 1); incidents.KindOf(err) != incidents.KindForbidden {
			t.Errorf("a call of a stopped notice may speak: %v", err)
		}
		w.callEnds(1, 1, "undelivered")
		w.fold()
		if got := w.state(1, incidents.Phone); got != incidents.Cancelled {
			t.Errorf("the call is %s", got)
		}
	})
}

func TestWhatAnAnsweredCallMaySay(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.ringing(2, phoneThenMail)
		id := incidents.DeliveryID{Notice: 1, Seq: 2, Channel: incidents.Phone}
		c, an, err := w.s.Calling(always, id, 1)
		if err != nil || !an.Valid() || c.Person.Seq != 2 || c.Delivery.ID != id {
			t.Fatalf("%+v %v", c, err)
		}
		for _, bad := range []struct {
			id      incidents.DeliveryID
			attempt int
		}{{id, 2}, {id, 0}, {incidents.DeliveryID{Notice: 1, Seq: 9, Channel: incidents.Phone}, 1}, {incidents.DeliveryID{Notice: 2, Seq: 1, Channel: incidents.Phone}, 1}, {incidents.DeliveryID{Notice: 1, Seq: 2, Channel: incidents.Email}, 1}} {
			if _, _, err := w.s.Calling(always, bad.id, bad.attempt); err == nil {
				t.Errorf("%s attempt %d may speak", bad.id, bad.attempt)
			}
		}
		for by, want := range map[int64]bool{1: false, 2: true} {
			sid := w.deliveries(incidents.DeliveryFilter{Seq: 1})[0].ProviderID
			if got, err := w.s.CallTaken(always, sid, incidents.DeliveryID{Notice: 1, Seq: by, Channel: incidents.Phone}); err != nil || got != want {
				t.Errorf("the call of person 1 is another's than of person %d: %v %v", by, got, err)
			}
		}
	})
}

// A call that waits for the morning has not been tried.
func TestACallBeforeItsHourWaits(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("1", incidents.Live)
		w.list("import-1", callable(1), 100)
		w.send(phoneThenMail)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Phone, 10)
		done := incidents.Recorded{ID: got.Next[0].Delivery.ID, At: w.now(), Receipt: incidents.Receipt{Outcome: incidents.OutcomeKept, RetryAfter: 9 * time.Hour, Reason: "early"}}
		if next := w.mustTurn(c, incidents.Phone, 10, done); len(next.Next) != 0 {
			t.Fatal("it is claimed again at once")
		}
		w.ok(w.s.LeaveChunk(always, c))
		d := w.deliveries(incidents.DeliveryFilter{})[0]
		if d.State != incidents.RetryWait || d.NextAt == nil || !d.NextAt.Equal(fromMS(ms(w.now().Add(9*time.Hour)))) {
			t.Fatalf("%+v", d)
		}
		w.pass(9 * time.Hour)
		if n := w.callAll(); n != 1 {
			t.Errorf("%d people were called in the morning", n)
		}
	})
}

package store

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

func TestTheSweeperEndsANotice(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(4, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		if s := w.sweep(); s != (incidents.Swept{}) {
			t.Fatalf("swept %+v while the worker lives", s)
		}
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if s := w.sweep(); s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
		w.reload()
		if w.n.Status != incidents.NoticeDone || w.n.DoneAt == nil {
			t.Fatalf("notice is %s", w.n.Status)
		}
		var tree ledger.Tree
		w.ok(w.s.DeliveryLines(always, 1, func(d incidents.Delivery) error {
			b, err := json.Marshal(d)
			tree.Add(b)
			return err
		}))
		root := tree.Root()
		w.ok(w.s.read(always, func(q *tx) error {
			log, err := q.AuditOf(w.in.ID)
			i := slices.IndexFunc(log, func(e incidents.AuditEntry) bool { return e.Event == "notice.done" })
			if err != nil || i < 0 || log[i].Data["sent"] != "4" || log[i].Data["deliveries_root"] != hex.EncodeToString(root[:]) {
				t.Fatalf("log %+v, %v", log, err)
			}
			if i := slices.IndexFunc(log, func(e incidents.AuditEntry) bool { return e.Event == "dispatch.window" }); i < 0 || log[i].Data["accepted"] != "4" {
				t.Fatal("the window is not in the audit log")
			}
			return nil
		}))
		if s := w.sweep(); s.Done != 0 {
			t.Fatal("it was done twice")
		}
	})
}

func TestTheSweeperFindsLostWorkAndSilentReceipts(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(4, []incidents.Step{{Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Email}})
		c := w.mustTake(1)
		w.mustTurn(c, incidents.SMS, 1)
		w.pass(lease + time.Second)
		s := w.sweep()
		if s.InDoubt != 1 || s.Requeued != 1 {
			t.Fatalf("swept %+v", s)
		}
		if s := w.sweep(); s.Requeued != 0 {
			t.Fatal("the chunk was announced twice in one sweep interval")
		}
		_, err := w.turn(c, incidents.SMS, 0)
		w.refused(incidents.KindConflict, err) // it only seemed lost
		c = w.mustTake(1)
		got := w.mustTurn(c, incidents.SMS, 10)
		done := w.outcomes(got.Next, incidents.OutcomeAccepted)
		done[0].Receipt.Outcome = incidents.OutcomeRetry
		done[0].Receipt.RetryAfter = 5 * time.Hour
		w.mustTurn(c, incidents.SMS, 0, done...)
		w.ok(w.s.LeaveChunk(always, c))
		w.pass(30 * time.Minute)
		if s := w.sweep(); s.Fallback != 0 {
			t.Fatal("the wait was cut short")
		}
		w.pass(time.Hour)
		if s := w.sweep(); s.Fallback != 2 {
			t.Fatalf("swept %+v", s)
		}
		w.pass(5 * time.Hour)
		if s := w.sweep(); s.Expired != 1 {
			t.Fatalf("swept %+v", s)
		}
		if w.state(2, incidents.SMS) != incidents.Escalated || w.state(2, incidents.Email) != incidents.Planned {
			t.Fatal("the expired one did not go on")
		}
	})
}

// The sweeper reads which leases are over; while it is at one chunk, the
// worker of the next one renews its own.
func TestALeaseRenewedBeforeTheSweeperCameStays(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(1001, twoSteps)
		for chunk := int64(1); chunk <= 2; chunk++ {
			w.mustTurn(w.mustTake(chunk), incidents.Email, 1)
		}
		w.pass(lease + time.Second)
		w.write(func(q *tx) error {
			q.seen = func(query string, _ args) {
				if strings.Contains(query, "SELECT fence, flights") {
					_, err := q.run(`UPDATE chunks SET until = $1 WHERE no = 2`, ms(w.now().Add(lease)))
					w.ok(err)
				}
			}
			var out incidents.Swept
			err := q.sweepLost(1, w.policy(), &out)
			if out.InDoubt != 1 || out.Requeued != 1 {
				t.Errorf("swept %+v", out)
			}
			return err
		})
		w.counted()
		if s := w.state(1001, incidents.Email); s != incidents.Attempting {
			t.Errorf("what a living worker attempts is %s", s)
		}
	})
}

func TestDoubtsAreResolved(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(6, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeDoubt)...)
		w.ok(w.s.LeaveChunk(always, c))
		none, err := w.s.Doubts(always, 10)
		w.ok(err)
		if len(none) != 0 {
			t.Fatal("a doubt was looked at before its time")
		}
		w.pass(16 * time.Minute)
		doubts, err := w.s.Doubts(always, 10)
		w.ok(err)
		if len(doubts) != 6 || !doubts[0].Notice.Valid() || doubts[0].Since != noon || doubts[0].Person.Sealed == nil {
			t.Fatalf("doubts %+v", doubts)
		}
		if again, err := w.s.Doubts(always, 10); err != nil || len(again) != 0 {
			t.Fatalf("claimed twice: %v %v", again, err)
		}
		id := func(i int) incidents.DeliveryID { return doubts[i].Delivery.ID }
		for i, r := range []incidents.Resolution{{State: incidents.Accepted, ProviderID: "x"}, {State: incidents.Ready, MaybeTwice: true}, {State: incidents.Manual},
			{State: incidents.InDoubt, Again: w.now().Add(8 * time.Minute)}, {State: incidents.Rejected}} {
			r.Now = w.now()
			w.ok(w.s.ResolveDoubt(always, id(i), r))
		}
		w.counted()
		w.refused(incidents.KindConflict, w.s.ResolveDoubt(always, id(0), incidents.Resolution{State: incidents.Ready, Now: w.now()}))
		want := []incidents.DeliveryState{incidents.Accepted, incidents.Ready, incidents.Manual, incidents.InDoubt, incidents.Escalated, incidents.InDoubt}
		for i, s := range want {
			if got := w.state(id(i).Seq, incidents.Email); got != s {
				t.Errorf("doubt %d is %s, want %s", i, got, s)
			}
		}
		if in := w.deliveries(incidents.DeliveryFilter{States: []incidents.DeliveryState{incidents.InDoubt, incidents.Manual}}); len(in) != 3 {
			t.Fatalf("%d listed", len(in))
		}
		w.write(func(q *tx) error { return q.SettleDoubt(id(2), incidents.Ready, "decided by a person", w.now()) })
		w.write(func(q *tx) error { return q.SettleDoubt(id(3), incidents.Accepted, "decided by a person", w.now()) })
		w.counted()
		c = w.mustTake(1)
		next := w.mustTurn(c, incidents.Email, 10)
		if len(next.Next) != 2 || !next.Next[0].Delivery.MaybeTwice {
			t.Fatalf("to be sent again: %+v", next.Next)
		}
	})
}

func TestAStoppedNoticeSendsNoDoubtAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(2, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeDoubt)...)
		w.pass(16 * time.Minute)
		w.n.Status = incidents.NoticeHeld
		w.put()
		if held, err := w.s.Doubts(always, 10); err != nil || len(held) != 0 {
			t.Fatalf("doubts of a held notice: %v %v", held, err)
		}
		w.n.Status = incidents.NoticeStopped
		w.put()
		doubts, err := w.s.Doubts(always, 10)
		w.ok(err)
		if len(doubts) != 2 || !doubts[0].Over {
			t.Fatalf("doubts %+v", doubts)
		}
		w.ok(w.s.ResolveDoubt(always, doubts[0].Delivery.ID, incidents.Resolution{State: incidents.Ready, MaybeTwice: true, Now: w.now()}))
		if w.state(1, incidents.Email) != incidents.Cancelled {
			t.Fatal("a stopped notice would be sent again")
		}
		w.counted()
	})
}

// Who was written down and halted before leaving was not tried: a long hold
// takes no time from them.
func TestAHoldTakesNoTimeFromWhoHadNotLeft(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(2, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		done := w.outcomes(got.Next, incidents.OutcomeKept)
		done[1].Receipt.Outcome = incidents.OutcomeRetry
		w.n.Status = incidents.NoticeHeld
		w.put()
		w.mustTurn(c, incidents.Email, 0, done...)
		w.ok(w.s.LeaveChunk(always, c))
		w.pass(w.policy().RetryFor[incidents.Email] + time.Hour)
		w.n.Status = incidents.NoticeSending
		w.put()
		if s := w.sweep(); s.Expired != 1 || s.Requeued != 1 || w.state(1, incidents.Email) != incidents.RetryWait {
			t.Fatalf("swept %+v, the first is %s", s, w.state(1, incidents.Email))
		}
		c = w.mustTake(1)
		got = w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeRetry)...)
		w.pass(2 * time.Hour)
		if s := w.sweep(); s.Expired != 0 {
			t.Fatalf("its time began with what never left: %+v", s)
		}
	})
}

// A retry ends when its channel was tried for as long as it may be, however long
// the provider wants to be left alone; what may be tried longer waits on.
func TestARetryNeverWaitsBeyondItsTime(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", []incidents.Candidate{candidate(1), candidate(2, incidents.Email)}, 10)
		w.send([]incidents.Step{{Channel: incidents.SMS}, {Channel: incidents.Email}})
		c := w.mustTake(1)
		for _, ch := range []incidents.Channel{incidents.SMS, incidents.Email} {
			done := w.outcomes(w.mustTurn(c, ch, 10).Next, incidents.OutcomeRetry)
			done[0].Receipt.RetryAfter = 72 * time.Hour
			w.mustTurn(c, ch, 0, done...)
		}
		w.ok(w.s.LeaveChunk(always, c))
		w.pass(3 * time.Hour)
		if s := w.sweep(); s.Expired != 0 {
			t.Fatalf("swept %+v", s)
		}
		w.pass(time.Hour)
		if s := w.sweep(); s.Expired != 1 || w.state(1, incidents.SMS) != incidents.Escalated || w.state(1, incidents.Email) != incidents.Planned || w.state(2, incidents.Email) != incidents.RetryWait {
			t.Fatalf("swept %+v: %+v", s, w.deliveries(incidents.DeliveryFilter{}))
		}
		w.pass(44 * time.Hour)
		if s := w.sweep(); s.Expired != 1 || w.state(2, incidents.Email) != incidents.Expired {
			t.Fatalf("swept %+v", s)
		}
	})
}

// A row that cannot be read fails the sweep of its notice alone: what a lost
// worker left of the one behind is in doubt, and its first wave is judged.
func TestANoticeThatCannotBeSweptKeepsNoOther(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(60, mailOnly)
		one := w.n
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 12)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next[:7], incidents.OutcomeAccepted)...)
		w.draft(2, mailOnly)
		w.approve("otto")
		w.ok(w.release())
		w.mustTurn(w.mustTake(1), incidents.Email, 3)
		spoiled := func(flights string) {
			w.write(func(t *tx) error {
				_, err := t.run(`UPDATE chunks SET flights = ` + flights + ` WHERE notice_no = 2`)
				return err
			})
		}
		var good string
		w.ok(w.s.read(always, func(t *tx) error {
			_, err := t.one(`SELECT flights FROM chunks WHERE notice_no = 2`, nil, &good)
			return err
		}))
		spoiled(`'spoiled'`)
		w.pass(2 * lease)
		swept, err := w.s.Sweep(always, w.policy())
		var failed *Unswept
		if !errors.As(err, &failed) || failed.Notice != 2 {
			t.Fatalf("the sweep failed with %v", err)
		}
		w.n = one
		w.reload()
		if v := w.firstWave(); swept.InDoubt != 5 || v.State != incidents.WaveStopped || w.n.Status != incidents.NoticeHeld {
			t.Errorf("swept %+v; the wave is %s, the notice %s", swept, v.State, w.n.Status)
		}
		spoiled(`'` + good + `'`)
		if s := w.sweep(); s.InDoubt != 3 {
			t.Errorf("once mended: %+v", s)
		}
	})
}

// The database that is away is away for every notice: the others do not wait for it too.
func TestASweepGivesUpWhenTheDatabaseIsAway(t *testing.T) {
	for _, c := range []struct {
		name string
		err  error
		want int
	}{{"a notice fails", incidents.Conflict("it is spoiled"), 3}, {"the database is away", incidents.Unavailable("no connection"), 1}} {
		t.Run(c.name, func(t *testing.T) {
			tried := 0
			err := eachNotice(always, []int64{1, 2, 3}, func(int64) error { tried++; return c.err })
			if tried != c.want || !errors.Is(err, c.err) {
				t.Errorf("%d tried, %v", tried, err)
			}
		})
	}
}

// What a notice came to is read beside the writers. What changes meanwhile is in
// it all the same, and mail that keeps coming back does not keep it from its end.
func TestWhatANoticeCameToIsTrueWhenItEnds(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(5, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 5).Next
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		back := func(i int) {
			w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: fmt.Sprint(i), Delivery: got[i].Delivery.ID, Channel: incidents.Email, Status: "delivered", At: w.now()}))
			w.fold()
		}
		var e closing
		for i, done := range []int64{0, 0, 1} {
			one, err := w.s.sweepOnce(always, w.n.No, w.policy(), &e)
			if w.ok(err); int64(one.Done) != done || e.wanted != (done == 0) {
				t.Fatalf("after %d: %+v, wanted %v", i, one, e.wanted)
			}
			if done == 0 {
				w.ok(w.s.read(always, func(q *tx) error { return q.foresee(w.n.No, &e) }))
				back(i)
			}
		}
		var kept, now string
		w.ok(w.s.read(always, func(q *tx) error {
			if _, err := q.one(`SELECT root FROM releases WHERE notice_no = $1`, args{w.n.No}, &kept); err != nil {
				return err
			}
			var err error
			now, err = q.deliveryRoot(w.n.No)
			return err
		}))
		if kept == "" || kept != now || kept == e.root {
			t.Errorf("%s was kept, %s is true, %s was read first", kept, now, e.root)
		}
	})
}

package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestReleaseWritesOneDeliveryPerPerson(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		people := candidates(1500)
		people[0].Channels = []incidents.Channel{incidents.SMS}
		people[1].Channels = nil
		people[2].Channels = []incidents.Channel{incidents.Letter} // not in the plan
		people[3].Flags = incidents.FlagDeceased
		w.list("im1", people, 1000)
		w.write(func(q *tx) error {
			return q.SetExcluded(incidents.NewPersonID(w.in.ID, 5), "asked not to be written to", "")
		})
		w.send(twoSteps)
		w.counted()
		if r := w.reconcile(); r.List != 1500 || r.ToSend != 1496 || r.Unreachable != 2 || r.Excluded != 2 {
			t.Fatalf("reconciliation %+v", r)
		}
		if w.state(1, incidents.SMS) != incidents.Planned || w.state(2, "") != incidents.Rejected || w.state(4, incidents.Email) != incidents.Suppressed {
			t.Fatal("a person is on the wrong channel")
		}
		w.ok(w.s.read(always, func(q *tx) error {
			tallies, err := q.Tallies(1)
			if err != nil || len(tallies) != 2 || tallies[0].States[incidents.Planned] != 1495 || tallies[1].Sum() != 1 {
				t.Fatalf("tallies %v %v", tallies, err)
			}
			return nil
		}))
		w.refused(incidents.KindConflict, w.release())
		msgs, err := w.s.TakeOutbox(always, 100)
		w.ok(err)
		var ids []string
		for _, m := range msgs {
			ids = append(ids, m.ID+" "+m.Subject+" "+string(m.Data))
		}
		want := `[dispatch-1-1-1 dispatch.1.1 {"notice":1,"chunk":1} dispatch-1-2-1 dispatch.1.2 {"notice":1,"chunk":2}]`
		if fmt.Sprint(ids) != want {
			t.Fatalf("messages %v", ids)
		}
		if w.n.Status != incidents.NoticeSending || w.n.ReleasedAt == nil {
			t.Fatalf("notice %+v", w.n)
		}
	})
}

// Each way round the approval leaves everything planned and nothing claimed.
func TestNothingLeavesWithoutAValidApproval(t *testing.T) {
	ways := []struct {
		name string
		do   func(w *world)
	}{
		{"nobody approved", func(w *world) { w.n.Status = incidents.NoticeApproved; w.put() }},
		{"the author approves", func(w *world) { w.approve("ana") }},
		{"an editor approves", func(w *world) { w.n.Editors = append(w.n.Editors, "otto"); w.put(); w.approve("otto") }},
		{"a responder approves", func(w *world) { w.forged(func(a *incidents.Approval) { a.Role = incidents.RoleResponder }) }},
		{"the service itself approves", func(w *world) { w.forged(func(a *incidents.Approval) { a.Role = incidents.RoleSystem }) }},
		{"without a second factor", func(w *world) { w.forged(func(a *incidents.Approval) { a.SecondFactorAt = time.Time{} }) }},
		{"with a stale second factor", func(w *world) { w.forged(func(a *incidents.Approval) { a.SecondFactorAt = a.At.Add(-time.Hour) }) }},
		{"approved another version", func(w *world) { w.forged(func(a *incidents.Approval) { a.Subject.Version = 7 }) }},
		{"approved other words", func(w *world) { w.forged(func(a *incidents.Approval) { a.Subject.Hash = "00" }) }},
		{"approved another notice", func(w *world) { w.forged(func(a *incidents.Approval) { a.Subject.ID = "notice-2" }) }},
		{"the approval is void", func(w *world) { w.forged(func(a *incidents.Approval) { a.Void = "edited" }) }},
		{"an officer returned it", func(w *world) {
			w.approve("otto")
			w.forged(func(a *incidents.Approval) { a.By, a.ID, a.Decision = "olga", "x", "return" })
		}},
		{"words swapped under the hash", func(w *world) {
			w.approve("otto")
			w.n.Content.Langs = map[incidents.Lang]incidents.Words{"en": {Subject: "Send us your password"}}
			w.tamper()
		}},
		{"words and hash swapped", func(w *world) {
			w.approve("otto")
			w.n.Content.Default = "fr"
			w.n.Hash = w.n.Content.Hash()
			w.tamper()
		}},
		{"a drill notice in a live incident", func(w *world) {
			w.n.Content.Mode = incidents.Drill
			w.n.Hash = w.n.Content.Hash()
			w.forged(func(*incidents.Approval) {})
		}},
		{"a drill list under a live notice", func(w *world) { w.approve("otto"); w.listMode(incidents.Drill) }},
		{"the list changed after approval", func(w *world) {
			w.approve("otto")
			w.in.ListHash = "11"
			w.write(func(q *tx) error { return q.PutIncident(w.in) })
		}},
		{"the approval is too old", func(w *world) { w.approve("otto"); w.pass(incidents.ApprovalMaxAge + time.Hour) }},
		{"one approval where two are needed", func(w *world) { w.s.o.Gate = incidents.Gate{TwoAbove: 2}; w.approve("otto") }},
	}
	engines(t, func(t *testing.T, o Options) {
		w := newWorld(t, o)
		w.incident("i1", incidents.Live)
		w.list("im1", candidates(3), 10)
		fresh := w.in
		for i, way := range ways {
			w.s.o.Gate, w.in = incidents.Gate{}, fresh
			w.write(func(q *tx) error { return q.PutIncident(fresh) })
			w.listMode(incidents.Live)
			w.draft(int64(100+i), twoSteps)
			way.do(w)
			if err := w.release(); err == nil {
				t.Errorf("%s: it was released", way.name)
			} else if k := incidents.KindOf(err); k != incidents.KindForbidden {
				t.Errorf("%s: %v", way.name, err)
			}
			if _, err := w.s.Admitted(always, w.n.No); err == nil && way.name != "the approval is too old" {
				t.Errorf("%s: it is admitted", way.name)
			}
			if got := w.deliveries(incidents.DeliveryFilter{}); len(got) != 0 {
				t.Errorf("%s: %d deliveries were planned", way.name, len(got))
			}
		}
	})
}

func (w *world) listMode(m incidents.Mode) {
	w.t.Helper()
	w.write(func(t *tx) error {
		_, err := t.run(`UPDATE lists SET mode = $1`, string(m))
		return err
	})
}

func (w *world) forged(change func(*incidents.Approval)) {
	a := w.approval("otto")
	change(&a)
	w.write(func(t *tx) error { return t.PutApproval(a) })
	w.n.Status = incidents.NoticeApproved
	w.tamper()
}

// tamper writes the notice behind the back of the store, which keeps the
// content of a version.
func (w *world) tamper() {
	w.t.Helper()
	w.write(func(t *tx) error {
		_, err := t.run(`UPDATE notices SET status = $1, body = $2 WHERE id = $3`, string(w.n.Status), doc(w.n), string(w.n.ID))
		return err
	})
}

// What was released is checked again in the transaction that claims.
func TestEachWindowChecksTheApprovalAgain(t *testing.T) {
	ways := map[string]func(w *world){
		"held":    func(w *world) { w.n.Status = incidents.NoticeHeld; w.put() },
		"stopped": func(w *world) { w.n.Status = incidents.NoticeStopped; w.put() },
		"unapproved": func(w *world) {
			w.write(func(q *tx) error {
				_, err := q.VoidApprovals(incidents.SubjectNotice, string(w.n.ID), "doubts")
				return err
			})
		},
	}
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", candidates(8), 10)
		no := int64(0)
		for halt, do := range ways {
			no++
			w.draft(no, twoSteps)
			w.approve("otto")
			w.ok(w.release())
			w.reload()
			c := w.mustTake(1)
			first := w.mustTurn(c, incidents.Email, 2)
			an, err := w.s.Admitted(always, no)
			w.ok(err)
			do(w)
			got, err := w.s.Turn(always, incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: 2, Now: w.now(), Lease: lease,
				Done: w.outcomes(first.Next, incidents.OutcomeAccepted)})
			w.ok(err)
			if got.Halt != halt || len(got.Next) != 0 {
				t.Errorf("%s: halt %q, %d claimed", halt, got.Halt, len(got.Next))
			}
			w.counted()
			if r := w.reconcile(); r.Sent != 2 || r.Trying != 0 {
				t.Errorf("%s: what was sent is not written down: %+v", halt, r)
			}
		}
	})
}

func TestOutcomesAndFallback(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(6, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		if len(got.Next) != 6 || got.Next[0].Delivery.State != incidents.Attempting || got.Next[0].Delivery.Attempts != 1 || got.Next[0].Person.Sealed == nil {
			t.Fatalf("claimed %+v", got.Next)
		}
		if d := w.deliveries(incidents.DeliveryFilter{Seq: 1})[0]; d.State != incidents.Attempting || d.Fence != c.Fence {
			t.Fatalf("written down %+v", d)
		}
		done := w.outcomes(got.Next, incidents.OutcomeAccepted)
		for i, o := range []incidents.Outcome{incidents.OutcomeAccepted, incidents.OutcomeRetry, incidents.OutcomeRefused, incidents.OutcomeGone, incidents.OutcomeDoubt} {
			done[i].Receipt.Outcome = o
		}
		done[1].Receipt.RetryAfter = 10 * time.Minute
		got = w.mustTurn(c, incidents.Email, 10, done...)
		if len(got.Next) != 0 || !got.Fallback || got.Halt != "" {
			t.Fatalf("turn %+v", got)
		}
		for seq, want := range map[int64]incidents.DeliveryState{1: incidents.Accepted, 2: incidents.RetryWait, 3: incidents.Escalated, 4: incidents.Escalated, 5: incidents.InDoubt, 6: incidents.Accepted} {
			if s := w.state(seq, incidents.Email); s != want {
				t.Errorf("e-mail of person %d is %s, want %s", seq, s, want)
			}
		}
		sms := w.mustTurn(c, incidents.SMS, 10)
		if len(sms.Next) != 2 || sms.Next[0].Person.Seq != 3 || sms.Next[0].Delivery.Step != 1 {
			t.Fatalf("on the next channel: %+v", sms.Next)
		}
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(sms.Next, incidents.OutcomeRefused)...)
		if r := w.reconcile(); r.Unreachable != 2 || r.Sent != 2 || r.Trying != 1 || r.InDoubt != 1 {
			t.Fatalf("reconciliation %+v", r)
		}
		if got := w.mustTurn(c, incidents.Email, 10); len(got.Next) != 0 {
			t.Fatal("a retry was claimed before its time")
		}
		w.pass(11 * time.Minute)
		c2, ok := w.take(1)
		if !ok {
			t.Fatal("the due retry does not open the chunk")
		}
		got = w.mustTurn(c2, incidents.Email, 10)
		if len(got.Next) != 1 || got.Next[0].Delivery.Attempts != 2 {
			t.Fatalf("retry %+v", got.Next)
		}
		var history []string
		w.ok(w.s.Attempts(always, 1, 3, func(a Attempt) error { history = append(history, a.Delivery.String()+" "+a.Outcome); return nil }))
		if fmt.Sprint(history) != "[1-3-e refused 1-3-s refused]" {
			t.Fatalf("history %v", history)
		}
	})
}

func TestALateWriterIsRefused(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(10, twoSteps)
		old := w.mustTake(1)
		got := w.mustTurn(old, incidents.Email, 4)
		if _, ok := w.take(1); ok {
			t.Fatal("a held chunk was taken")
		}
		w.pass(lease + time.Second)
		c := w.mustTake(1)
		if c.Fence <= old.Fence {
			t.Fatal("the fence did not rise")
		}
		w.counted()
		if r := w.reconcile(); r.InDoubt != 4 {
			t.Fatalf("what the lost worker attempted is not in doubt: %+v", r)
		}
		_, err := w.turn(old, incidents.Email, 4, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.refused(incidents.KindConflict, err)
		w.ok(w.s.LeaveChunk(always, old)) // changes nothing
		if _, ok := w.take(1); ok {
			t.Fatal("an old holder gave the lease away")
		}
		next := w.mustTurn(c, incidents.Email, 10)
		if len(next.Next) != 6 {
			t.Fatalf("%d claimed", len(next.Next))
		}
		_, err = w.turn(c, incidents.Email, 0, w.outcomes(got.Next[:1], incidents.OutcomeAccepted)...)
		w.refused(incidents.KindConflict, err) // not this worker's
	})
}

func TestTwentyWorkersShareTheChunks(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3000, twoSteps)
		var mu sync.Mutex
		sent := map[int64]int{}
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				for chunk := int64(1); chunk <= 3; chunk++ {
					c, ok, err := w.s.TakeChunk(always, 1, chunk, fmt.Sprint("worker ", i), lease)
					if err != nil {
						t.Error(err)
					}
					if !ok {
						continue
					}
					var done []incidents.Recorded
					for {
						got, err := w.turn(c, incidents.Email, 200, done...)
						if err != nil {
							t.Error(err)
							return
						}
						if len(got.Next) == 0 {
							break
						}
						mu.Lock()
						for _, x := range got.Next {
							sent[x.Person.Seq]++
						}
						mu.Unlock()
						done = w.outcomes(got.Next, incidents.OutcomeAccepted)
					}
					if err := w.s.LeaveChunk(always, c); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		w.counted()
		if len(sent) != 3000 || w.reconcile().Sent != 3000 {
			t.Fatalf("%d persons sent to, %+v", len(sent), w.reconcile())
		}
		for seq, n := range sent {
			if n != 1 {
				t.Fatalf("person %d was claimed %d times", seq, n)
			}
		}
	})
}

func TestTheStopButton(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(10, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 3)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next[:1], incidents.OutcomeRetry)...)
		n := w.stop()
		if r := w.reconcile(); n != 8 || r.Cancelled != 8 || r.Trying != 2 {
			t.Fatalf("%d cancelled, %+v", n, r)
		}
		if beat := w.mustTurn(c, incidents.Email, 0); beat.Halt != "stopped" {
			t.Fatalf("a heartbeat after the stop: %+v", beat)
		}
		last := append(w.outcomes(got.Next[1:2], incidents.OutcomeRefused), w.outcomes(got.Next[2:], incidents.OutcomeRetry)...)
		end := w.mustTurn(c, incidents.Email, 5, last...)
		if end.Halt != "stopped" || end.Fallback {
			t.Fatalf("after the stop: %+v", end)
		}
		if r := w.reconcile(); r.Unreachable != 1 || r.Cancelled != 9 || r.Trying != 0 || r.ToSend != 0 {
			t.Fatalf("after the stop: %+v", r)
		}
	})
}

func TestWhoIsExcludedDuringSendingGetsNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(5, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 2)
		w.write(func(q *tx) error {
			for _, seq := range []int64{1, 4} {
				if err := q.SetExcluded(incidents.NewPersonID(w.in.ID, seq), "deceased", ""); err != nil {
					return err
				}
			}
			return nil
		})
		w.counted()
		next := w.mustTurn(c, incidents.Email, 10, w.outcomes(got.Next, incidents.OutcomeRefused)...)
		if len(next.Next) != 2 || w.state(1, incidents.SMS) != "" || w.state(2, incidents.SMS) != incidents.Planned {
			t.Fatalf("claimed %d", len(next.Next))
		}
	})
}

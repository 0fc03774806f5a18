package store

import (
	"slices"
	"testing"
	"time"

	"tocsin/incidents"
)

// A stop is heard with its first commit. What was left undone of it when its
// process died, the sweeper does, once; everybody is somewhere meanwhile.
func TestAStopIsHeardAtOnceAndFinishedByTheSweeper(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		const persons = cancelChunks*chunkSize + 20
		w.sending(persons, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 3).Next
		w.mustTurn(c, incidents.Email, 0, append(w.outcomes(got[:1], incidents.OutcomeRetry), w.outcomes(got[1:2], incidents.OutcomeAccepted)...)...)
		w.ok(w.halt(incidents.NoticeStopped))
		if beat := w.mustTurn(c, incidents.Email, 5); beat.Halt != "stopped" || len(beat.Next) > 0 {
			t.Fatalf("after the stop: %+v", beat)
		}
		if _, ok := w.take(2); ok {
			t.Error("a chunk of a stopped notice was taken")
		}
		var last int64
		w.write(func(q *tx) (err error) { last, err = q.cancel(w.n.No, 1); return err }) // and here its process dies
		w.counted()
		if r := w.reconcile(); r.Cancelled != cancelChunks*chunkSize-2 || r.ToSend != 20 || last != cancelChunks+1 {
			t.Fatalf("after one stretch of %d chunks: %+v", last, r)
		}
		for range 2 {
			w.sweep()
		}
		if r := w.reconcile(); r.Cancelled != persons-2 || r.ToSend != 0 || r.Sent != 1 || r.Trying != 1 {
			t.Fatalf("after the sweep: %+v", r)
		}
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got[2:], incidents.OutcomeKept)...)
		w.sweep()
		if r := w.reconcile(); r.Cancelled != persons-1 || r.Trying != 0 {
			t.Errorf("after the last answer: %+v", r)
		}
		var said []string
		w.ok(w.s.read(always, func(q *tx) error {
			lines, err := q.Timeline(w.in.ID, 100)
			for _, l := range lines {
				if l.Kind == "notice.cancelled" {
					said = append(said, l.Text)
				}
			}
			return err
		}))
		if !slices.Equal(said, []string{"8018 deliveries of notice N-1 will not leave."}) {
			t.Errorf("the timeline says %q", said)
		}
	})
}

// Only what was stopped is cancelled.
func TestASendingNoticeIsNotCancelled(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, mailOnly)
		_, err := w.s.CancelDeliveries(always, w.n.No)
		w.refused(incidents.KindConflict, err)
		if r := w.reconcile(); r.ToSend != 3 {
			t.Errorf("%+v", r)
		}
	})
}

// On PostgreSQL a stop and a hold do not wait for whoever else writes, and who had
// read the notice before does not undo them.
func TestAHaltPassesWhoWrites(t *testing.T) {
	for _, to := range []incidents.NoticeStatus{incidents.NoticeHeld, incidents.NoticeStopped} {
		t.Run(string(to), func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				if !w.s.pg {
					t.Skip("SQLite has one writer, and a turn needs it as well")
				}
				w.sending(3, mailOnly)
				var read []incidents.NoticeStatus
				w.write(func(q *tx) error {
					n, err := q.Notice(w.n.ID)
					if err != nil {
						return err
					}
					if read = append(read, n.Status); len(read) == 1 {
						w.ok(w.halt(to))
					}
					n.Title = "Another title"
					return q.PutNotice(n)
				})
				w.reload()
				if !slices.Equal(read, []incidents.NoticeStatus{incidents.NoticeSending, to}) || w.n.Status != to || w.n.Title != "Another title" {
					t.Errorf("read %v, the notice is %s and called %q", read, w.n.Status, w.n.Title)
				}
			})
		})
	}
}

// A turn that came while a stop was being written waits for it, and claims nothing.
func TestATurnThatWaitsForAStopClaimsNothing(t *testing.T) {
	for name, turns := range map[string]int{"its first": 0, "one that expects what the last left": 2} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				if !w.s.pg {
					t.Skip("SQLite has one writer")
				}
				w.sending(20, mailOnly)
				c := w.mustTake(1)
				for range turns {
					w.mustTurn(c, incidents.Email, 1)
				}
				claims := make(chan incidents.Claims, 1)
				w.ok(w.s.Halt(always, w.n.ID, func(q incidents.Tx) error {
					n := w.n
					n.Status = incidents.NoticeStopped
					err := q.PutNotice(n)
					w.meanwhile(func() {
						got, err := w.turn(c, incidents.Email, 5)
						if err != nil {
							t.Error(err)
						}
						claims <- got
					})
					return err
				}))
				if got := <-claims; len(got.Next) > 0 || got.Halt != "stopped" {
					t.Errorf("after the stop it claimed %v, halt %q", seqsClaimed(got), got.Halt)
				}
			})
		})
	}
}

// A worker is lost, and another takes its chunk while somebody goes over the whole
// notice: what that one saw in flight stays there until it is done.
func TestATakeoverWaitsForWhoChangesTheWholeNotice(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		if !w.s.pg {
			t.Skip("SQLite has one writer")
		}
		w.sending(100, mailOnly)
		w.mustTurn(w.mustTake(1), incidents.Email, 10)
		w.pass(2 * lease)
		took := make(chan error, 1)
		var before, after air
		w.write(func(q *tx) (err error) {
			if err := q.lockRelease(w.n.No); err != nil {
				return err
			}
			if before, err = q.aloft(w.n.No, 0); err != nil {
				return err
			}
			w.meanwhile(func() {
				_, _, err := w.s.TakeChunk(always, w.n.No, 1, "another", lease)
				took <- err
			})
			after, err = q.aloft(w.n.No, 0)
			return err
		})
		w.ok(<-took)
		w.counted()
		if r := w.reconcile(); len(before) != 10 || len(after) != 10 || r.InDoubt != 10 {
			t.Errorf("%d and then %d were in flight, at last %+v", len(before), len(after), r)
		}
	})
}

// meanwhile does something beside the transaction that is open, until it is done
// or waits for what that holds.
func (w *world) meanwhile(do func()) {
	w.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); do() }()
	for {
		var waiting int
		w.ok(w.s.read(always, func(q *tx) error {
			_, err := q.one(`SELECT COUNT(*) FROM pg_locks l JOIN pg_database d ON d.datname = current_database() WHERE NOT l.granted AND (l.database IS NULL OR l.database = d.oid)`, nil, &waiting)
			return err
		}))
		select {
		case <-done:
			return
		case <-time.After(10 * time.Millisecond):
		}
		if waiting > 0 {
			return
		}
	}
}

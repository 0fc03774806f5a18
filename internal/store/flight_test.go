package store

import (
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

// airborne is a notice to six persons of whom the first is in flight again
// after a retry, the second has accepted, the third is in flight for the first
// time, and the others are planned.
func airborne(w *world) incidents.Chunk {
	w.t.Helper()
	w.sending(6, twoSteps)
	c := w.mustTake(1)
	got := w.mustTurn(c, incidents.Email, 3)
	done := w.outcomes(got.Next[:2], incidents.OutcomeAccepted)
	done[0].Receipt.Outcome = incidents.OutcomeRetry
	w.mustTurn(c, incidents.Email, 0, done...)
	w.pass(2 * time.Minute)
	if got := w.mustTurn(c, incidents.Email, 1); len(got.Next) != 1 || got.Next[0].Delivery.ID.Seq != 1 || got.Next[0].Delivery.Attempts != 2 {
		w.t.Fatalf("claimed %+v", got.Next)
	}
	return c
}

func (w *world) done(seq int64, o incidents.Outcome) incidents.Recorded {
	return incidents.Recorded{ID: incidents.DeliveryID{Notice: w.n.No, Seq: seq, Channel: incidents.Email}, At: w.now(), Receipt: incidents.Receipt{Outcome: o, ProviderID: "p"}}
}

func TestAFlightIsSeenWhereverADeliveryIsRead(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		airborne(w)
		want := []incidents.DeliveryState{incidents.Attempting, incidents.Accepted, incidents.Attempting, incidents.Planned, incidents.Planned, incidents.Planned}
		attempts := []int{2, 1, 1, 0, 0, 0}
		check := func(where string, got []incidents.Delivery) {
			t.Helper()
			if len(got) != len(want) {
				t.Fatalf("%s: %d deliveries", where, len(got))
			}
			for i, d := range got {
				if d.ID.Seq != int64(i+1) || d.State != want[i] || d.Attempts != attempts[i] || d.State == incidents.Attempting && d.NextAt != nil {
					t.Errorf("%s: %+v", where, d)
				}
			}
		}
		check("all", w.deliveries(incidents.DeliveryFilter{}))
		var lines, single []incidents.Delivery
		w.ok(w.s.DeliveryLines(always, w.n.No, func(d incidents.Delivery) error { lines = append(lines, d); return nil }))
		check("lines", lines)
		var claimed []incidents.DeliveryState
		w.ok(w.s.ClaimedStatus(always, w.n.No, func(ref string, ch incidents.Channel, s incidents.DeliveryState) error {
			if ref != fmt.Sprintf("REF-%d", len(claimed)+1) {
				t.Errorf("the status of %s is at place %d", ref, len(claimed))
			}
			claimed = append(claimed, s)
			return nil
		}))
		if !slices.Equal(claimed, want) {
			t.Errorf("claimed %v", claimed)
		}
		w.ok(w.s.read(always, func(q *tx) error {
			for seq := int64(1); seq <= 6; seq++ {
				d, err := q.delivery(incidents.DeliveryID{Notice: w.n.No, Seq: seq, Channel: incidents.Email})
				if err != nil {
					return err
				}
				single = append(single, d.domain())
			}
			return nil
		}))
		check("one by one", single)
		for _, states := range [][]incidents.DeliveryState{nil, {incidents.Attempting}, {incidents.RetryWait}, {incidents.Planned}, {incidents.Accepted}, {incidents.Attempting, incidents.Planned},
			{incidents.RetryWait, incidents.Attempting, incidents.Accepted}, {incidents.InDoubt}, {incidents.InDoubt, incidents.Planned}} {
			var expect, paged []int64
			for i, s := range want {
				if states == nil || slices.Contains(states, s) {
					expect = append(expect, int64(i+1))
				}
			}
			for limit := 1; limit <= 3; limit++ {
				paged = nil
				var after incidents.DeliveryID
				for {
					page := w.deliveries(incidents.DeliveryFilter{States: states, Limit: limit, After: after})
					for _, d := range page {
						paged = append(paged, d.ID.Seq)
						if d.State != want[d.ID.Seq-1] {
							t.Errorf("%v in pages of %d: %+v", states, limit, d)
						}
					}
					if len(page) < limit {
						break
					}
					after = page[len(page)-1].ID
				}
				if !slices.Equal(paged, expect) {
					t.Errorf("%v in pages of %d: %v, want %v", states, limit, paged, expect)
				}
			}
			for seq := int64(1); seq <= 6; seq++ {
				if got := w.deliveries(incidents.DeliveryFilter{States: states, Seq: seq}); (len(got) == 1) != slices.Contains(expect, seq) {
					t.Errorf("%v of person %d: %v", states, seq, got)
				}
			}
		}
	})
}

func TestWhatIsInFlightIsPassedOver(t *testing.T) {
	t.Run("by the stop button", func(t *testing.T) {
		eachEngine(t, func(t *testing.T, w *world) {
			c := airborne(w)
			if n := w.stop(); n != 3 {
				t.Errorf("%d were cancelled", n)
			}
			if w.state(1, incidents.Email) != incidents.Attempting || w.state(3, incidents.Email) != incidents.Attempting || w.state(4, incidents.Email) != incidents.Cancelled {
				t.Fatal("it did not pass over what is in flight, or over nothing")
			}
			if got := w.mustTurn(c, incidents.Email, 10, w.done(1, incidents.OutcomeAccepted), w.done(3, incidents.OutcomeRetry)); got.Halt != "stopped" || len(got.Next) != 0 {
				t.Fatalf("claims %+v", got)
			}
			if w.state(1, incidents.Email) != incidents.Accepted || w.state(3, incidents.Email) != incidents.Cancelled {
				t.Fatalf("%s and %s", w.state(1, incidents.Email), w.state(3, incidents.Email))
			}
		})
	})
	t.Run("by an exclusion", func(t *testing.T) {
		eachEngine(t, func(t *testing.T, w *world) {
			c := airborne(w)
			for _, seq := range []int64{1, 3, 4} {
				w.write(func(q *tx) error {
					return q.SetExcluded(incidents.NewPersonID(w.in.ID, seq), "asked not to be written to", "")
				})
			}
			w.counted()
			if w.state(1, incidents.Email) != incidents.Attempting || w.state(3, incidents.Email) != incidents.Attempting || w.state(4, incidents.Email) != incidents.Suppressed {
				t.Fatal("it did not pass over what is in flight, or over nothing")
			}
			w.mustTurn(c, incidents.Email, 0, w.done(1, incidents.OutcomeAccepted), w.done(3, incidents.OutcomeKept))
			if got := w.mustTurn(c, incidents.Email, 10); len(got.Next) != 2 {
				t.Fatalf("%d claimed", len(got.Next))
			}
			if w.state(1, incidents.Email) != incidents.Accepted || w.state(3, incidents.Email) != incidents.Suppressed {
				t.Fatalf("%s and %s", w.state(1, incidents.Email), w.state(3, incidents.Email))
			}
		})
	})
	t.Run("by the end of its time", func(t *testing.T) {
		eachEngine(t, func(t *testing.T, w *world) {
			c := airborne(w)
			w.mustTurn(c, incidents.Email, 0, w.done(3, incidents.OutcomeRetry))
			w.pass(49 * time.Hour)
			w.mustTurn(c, incidents.Email, 0) // its worker lives
			if s := w.sweep(); s.Expired != 1 || s.InDoubt != 0 {
				t.Fatalf("swept %+v", s)
			}
			if w.state(1, incidents.Email) != incidents.Attempting || w.state(3, incidents.Email) != incidents.Escalated {
				t.Fatalf("%s and %s", w.state(1, incidents.Email), w.state(3, incidents.Email))
			}
			w.mustTurn(c, incidents.Email, 0, w.done(1, incidents.OutcomeAccepted))
		})
	})
}

// What a program of before migration 4 wrote down as attempting stands in the
// rows themselves; after the upgrade nobody holds it, and it is in doubt.
func TestAttemptsOfTheVersionBeforeBecomeInDoubt(t *testing.T) {
	ways := map[string]func(w *world){
		"by the sweeper": func(w *world) {
			if s := w.sweep(); s.InDoubt != 2 {
				w.t.Fatalf("swept %+v", s)
			}
			if s := w.sweep(); s.InDoubt != 0 {
				w.t.Fatalf("swept again %+v", s)
			}
		},
		"by who takes the chunk": func(w *world) { w.mustTake(1); w.counted() },
	}
	for name, find := range ways {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.sending(4, twoSteps)
				w.write(func(q *tx) error {
					s := shift{}
					for seq := 1; seq <= 2; seq++ {
						if _, err := q.run(`UPDATE deliveries SET state = 3, attempts = 1, fence = 1, first_at = $1, attempted_at = $1 WHERE seq = $2`, ms(w.now()), seq); err != nil {
							return err
						}
						s.move(w.n.No, 1, channelCode(incidents.Email), 0, statePlanned, stateAttempting)
					}
					if _, err := q.run(`UPDATE chunks SET fence = 1, owner = 'the version before', until = $1`, ms(w.now().Add(lease))); err != nil {
						return err
					}
					return q.book(s)
				})
				if s, err := w.s.Sweep(always, w.policy()); err != nil || s.InDoubt != 0 {
					t.Fatalf("swept %+v while its worker may live, %v", s, err)
				}
				if got := w.deliveries(incidents.DeliveryFilter{States: []incidents.DeliveryState{incidents.Attempting}}); len(got) != 2 {
					t.Fatalf("attempting: %+v", got)
				}
				w.pass(lease + time.Second)
				find(w)
				for seq := int64(1); seq <= 4; seq++ {
					want := incidents.Planned
					if seq <= 2 {
						want = incidents.InDoubt
					}
					if got := w.state(seq, incidents.Email); got != want {
						t.Errorf("person %d is %s", seq, got)
					}
				}
				if got := history(w, 1); !slices.Equal(got, []string{"1 1 lost"}) {
					t.Errorf("history %q", got)
				}
				w.pass(time.Hour)
				if d, err := w.s.Doubts(always, 10); err != nil || len(d) != 2 {
					t.Errorf("%d doubts for the reconciler, %v", len(d), err)
				}
			})
		})
	}
}

// What the version before claimed, it counted as attempting at once.
func TestFlightsOfTheVersionBeforeLandWhereTheyAreCounted(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.landAt = landTogether
		w.sending(6, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 4)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next[:2], incidents.OutcomeAccepted)...)
		w.write(func(q *tx) error {
			var text string
			if _, err := q.one(`SELECT flights FROM chunks WHERE claimed = 4`, nil, &text); err != nil {
				return err
			}
			before := regexp.MustCompile(`(?m)^(\d.*") 0$`).ReplaceAllString(text, "$1")
			if fs, err := decodeFlights(before); err != nil || len(fs) != 4 || fs[0].from != stateAttempting {
				t.Fatalf("%q gives %v, %v", before, fs, err)
			}
			if _, err := q.run(`UPDATE chunks SET flights = $1, rev = rev + 1`, before); err != nil {
				return err
			}
			email := channelCode(incidents.Email)
			return q.addCounts([][]any{{w.n.No, partOf(1), email, 0, statePlanned, -4}, {w.n.No, partOf(1), email, 0, stateAttempting, 4}})
		})
		tally := func() map[incidents.DeliveryState]int64 {
			var all []incidents.Tally
			w.ok(w.s.Read(always, func(q incidents.Tx) (err error) { all, err = q.Tallies(w.n.No); return err }))
			return all[0].States
		}
		same(t, tally(), map[incidents.DeliveryState]int64{incidents.Planned: 2, incidents.Attempting: 4})
		w.pass(lease + time.Second)
		w.mustTake(1)
		w.counted()
		same(t, tally(), map[incidents.DeliveryState]int64{incidents.Planned: 2, incidents.Accepted: 2, incidents.InDoubt: 2})
	})
}

// history is the attempts of a person, or of everybody for 0.
func history(w *world, seq int64) (out []string) {
	w.t.Helper()
	w.ok(w.s.Attempts(always, w.n.No, seq, func(a Attempt) error {
		if a.EndedAt < a.StartedAt || a.StartedAt < noon.Unix() {
			w.t.Errorf("it ended before it began: %+v", a)
		}
		out = append(out, fmt.Sprintf("%d %d %s", a.Delivery.Seq, a.Attempt, a.Outcome))
		return nil
	}))
	return out
}

func TestTheHistoryOfAttemptsIsInOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		c := airborne(w) // 1: retry, in flight again; 2: accepted; 3: in flight
		w.mustTurn(c, incidents.Email, 0, w.done(3, incidents.OutcomeKept), w.done(1, incidents.OutcomeDoubt))
		w.pass(time.Hour)
		w.ok(w.s.ResolveDoubt(always, w.done(1, "").ID, incidents.Resolution{State: incidents.Ready, MaybeTwice: true, Reason: "sent again once", Now: w.now()}))
		got := w.mustTurn(c, incidents.Email, 10)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next[:3], incidents.OutcomeAccepted)...)
		w.pass(lease + time.Second) // and the worker is lost
		w.sweep()
		want := []string{"1 1 retry", "1 2 doubt", "1 2 resolved ready", "1 3 accepted", "2 1 accepted", "3 1 kept", "3 2 accepted", "4 1 accepted", "5 1 lost", "6 1 lost"}
		if got := history(w, 0); !slices.Equal(got, want) {
			t.Errorf("history\n%q, want\n%q", got, want)
		}
		for seq := int64(1); seq <= 6; seq++ {
			var own []string
			for _, line := range want {
				if line[0] == byte('0'+seq) {
					own = append(own, line)
				}
			}
			if got := history(w, seq); !slices.Equal(got, own) {
				t.Errorf("history of %d: %q", seq, got)
			}
		}
	})
}

// A change of a delivery that is just being claimed looks after the claim: else
// the claim's outcome, and with it the whole window, could not be recorded.
func TestNoClaimComesIntoTheMiddleOfAChange(t *testing.T) {
	for name, change := range map[string]func(w *world, q *tx) error{
		"a receipt": func(w *world, q *tx) error {
			f := q.folding()
			if _, err := f.delivery(w.done(1, "").ID); err != nil {
				return err
			}
			return f.close()
		},
		"an exclusion": func(w *world, q *tx) error {
			return q.SetExcluded(incidents.NewPersonID(w.in.ID, 1), "asked not to be written to", "")
		},
		"the sweeper": func(w *world, q *tx) error { _, err := q.sweep(w.n.No, w.policy(), &closing{}); return err },
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.sending(3, twoSteps)
				c := w.mustTake(1)
				got := w.mustTurn(c, incidents.Email, 1)
				w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeRetry)...)
				w.pass(49 * time.Hour)
				w.mustTurn(c, incidents.Email, 0)
				w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: "r1", Delivery: w.done(1, "").ID, ProviderID: "p", Channel: incidents.Email, Status: "delivered", At: w.now()}))
				an, err := w.s.Admitted(always, w.n.No)
				w.ok(err)
				turn := incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: 3, Now: w.now(), Lease: lease}
				var claims incidents.Claims
				var once sync.Once
				changed := make(chan error, 1)
				w.ok(w.s.together(always, func(q *tx) (err error) {
					claims, _, err = q.turn(turn, &ahead{more: true}, true)
					once.Do(func() {
						go func() { changed <- w.s.write(always, func(q *tx) error { return change(w, q) }) }()
						time.Sleep(200 * time.Millisecond) // by now it waits for this claim, or has looked too early
					})
					return err
				}))
				w.ok(<-changed)
				w.counted()
				if len(claims.Next) != 3 {
					t.Fatalf("%d are claimed", len(claims.Next))
				}
				for seq := int64(1); seq <= 3; seq++ {
					if s := w.state(seq, incidents.Email); s != incidents.Attempting {
						t.Errorf("what is in flight is %s", s)
					}
				}
				w.mustTurn(c, incidents.Email, 0, w.outcomes(claims.Next, incidents.OutcomeAccepted)...)
				if s := w.state(1, incidents.Email); s != incidents.Accepted {
					t.Errorf("what was sent is %s", s)
				}
			})
		})
	}
}

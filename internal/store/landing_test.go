package store

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest/cluster"
)

func TestFlightsAreReadAsTheyWereWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 500 {
		var fs flights
		for seq := int64(1); seq < 200; seq += 1 + r.Int64N(2)*r.Int64N(9) {
			f := flight{seq: seq, channel: 1 + r.IntN(5)/4, step: r.IntN(2), from: r.IntN(9) / 7, attempts: 1 + r.IntN(20)/19, at: 1_800_000_000_000 + seq/40}
			if r.IntN(3) > 0 {
				f.answer = answer{told: f.at + seq/30, next: r.Int64N(2) * f.at, code: []string{"250", "2.0.0 ok", `"\` + "\n"}[r.IntN(30)/14], by: "email/first"}
			}
			fs = append(fs, f)
		}
		cut := 1 + r.IntN(len(fs))
		for _, text := range []string{fs.encode(), fs[:cut].encode() + fs[cut:].encodeAfter(fs[cut-1])} {
			got, err := decodeFlights(text)
			if err != nil || !slices.Equal(got, fs) {
				t.Fatalf("%v: wrote %v, read %v", err, fs, got)
			}
		}
	}
	old, err := decodeFlights("[[7,1,0,1,1800000000000],[9,2,1,3,1800000000001]]")
	if err != nil || !slices.Equal(old, flights{{seq: 7, channel: 1, from: stateAttempting, attempts: 1, at: 1_800_000_000_000}, {seq: 9, channel: 2, step: 1, from: stateAttempting, attempts: 3, at: 1_800_000_000_001}}) {
		t.Errorf("of an older version: %v, %v", old, err)
	}
	old, err = decodeFlights("7 2 1 0 1 5 6 0 \"250\" \"\"\n+9 1 1 0 0\n")
	f := flight{seq: 7, channel: 1, from: stateAttempting, attempts: 1, at: 5, answer: answer{told: 6, code: "250"}}
	want := flights{f, f, f}
	want[1].seq, want[2].seq, want[2].at = 8, 17, 6
	if err != nil || !slices.Equal(old, want) {
		t.Errorf("of the version before: %v, %v", old, err)
	}
	for _, bad := range []string{"x", "[[1]", "1 1 1 0 1 5 0 0", `1 0 1 0 1 5 0 0 "" ""`, `1 2000 1 0 1 5 0 0 "" ""`, `1 1 1 0 1 5 0 0 "" "" x`, `1 1 1 0 1 5 0 0 " `,
		"+1 1 0 0 0", "1 1 1 0 1 5 0 0 \"\" \"\"\n+1 1 0 0", "1 1 1 0 1 5 0 0 \"\" \"\"\n+1 1 0 0 0 0", "1 1 1 0 1 5 0 0 \"\" \"\"\n+1 0 0 0 0"} {
		if fs, err := decodeFlights(bad); err == nil {
			t.Errorf("%q reads as %v", bad, fs)
		}
	}
}

// raw is the state in the rows themselves, no flight laid over them.
func (w *world) raw() (out []int) {
	w.t.Helper()
	w.ok(w.s.read(always, func(q *tx) error {
		return q.rows(`SELECT state FROM deliveries ORDER BY seq, channel`, nil, func(r scanner) error {
			var s int
			err := r.Scan(&s)
			out = append(out, s)
			return err
		})
	}))
	return out
}

// windowEntries are the audit entries of windows, with the hash their lines have now.
func (w *world) windowEntries() (entries []incidents.AuditEntry, hashes []string) {
	w.t.Helper()
	w.ok(w.s.read(always, func(q *tx) error {
		all, err := q.Recent(incidents.AuditFilter{Event: "dispatch.window", Limit: 1000})
		if err != nil {
			return err
		}
		for _, e := range all {
			from := e.Data["from_turn"]
			if from == "" {
				from = e.Data["turn"]
			}
			var texts []string
			err := q.rows(`SELECT lines FROM delivery_windows WHERE chunk = `+e.Data["chunk"]+` AND turn >= `+from+` AND turn <= `+e.Data["turn"]+` ORDER BY turn`, nil, func(r scanner) error {
				var s string
				err := r.Scan(&s)
				texts = append(texts, s)
				return err
			})
			if err != nil {
				return err
			}
			sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
			entries, hashes = append(entries, e), append(hashes, hex.EncodeToString(sum[:]))
		}
		return nil
	}))
	return entries, hashes
}

func TestAnswersWaitAndLandTogether(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.landAt = landTogether
		w.sending(12, twoSteps)
		c := w.mustTake(1)
		first := w.mustTurn(c, incidents.Email, 4)
		second := w.mustTurn(c, incidents.Email, 4, w.outcomes(first.Next, incidents.OutcomeAccepted)...)
		done := w.outcomes(second.Next[:3], incidents.OutcomeAccepted)
		done[1].Receipt.Outcome = incidents.OutcomeRefused // falls back, at once
		third := w.mustTurn(c, incidents.Email, 3, done...)
		if !third.Fallback {
			t.Error("a refusal waited with the others")
		}
		for seq, want := range map[int64]incidents.DeliveryState{1: incidents.Attempting, 4: incidents.Attempting, 5: incidents.Attempting, 6: incidents.Escalated, 7: incidents.Attempting, 8: incidents.Attempting, 12: incidents.Planned} {
			if s := w.state(seq, incidents.Email); s != want {
				t.Errorf("person %d is %s", seq, s)
			}
		}
		if slices.Contains(w.raw(), stateAccepted) {
			t.Error("an answer that could wait did not")
		}
		if entries, _ := w.windowEntries(); len(entries) != 0 {
			t.Errorf("the log has %v before anything landed", entries)
		}
		if _, err := w.turn(c, incidents.Email, 1, w.outcomes(first.Next[:1], incidents.OutcomeAccepted)...); incidents.KindOf(err) != incidents.KindConflict {
			t.Errorf("a second answer for one attempt: %v", err)
		}
		last := w.mustTurn(c, incidents.Email, 4, append(w.outcomes(second.Next[3:], incidents.OutcomeAccepted), w.outcomes(third.Next, incidents.OutcomeAccepted)...)...)
		end := w.mustTurn(c, incidents.Email, 4, w.outcomes(last.Next, incidents.OutcomeAccepted)...)
		if len(last.Next) != 1 || len(end.Next) != 0 {
			t.Fatalf("claimed %d, then %d", len(last.Next), len(end.Next))
		}
		if slices.Contains(w.raw(), stateAccepted) {
			t.Error("the last answers did not make room in the window before they landed")
		}
		w.mustTurn(c, incidents.Email, 4)
		for _, d := range w.deliveries(incidents.DeliveryFilter{}) {
			want := incidents.Accepted
			if d.ID.Seq == 6 {
				want = incidents.Escalated
				if d.ID.Channel == incidents.SMS {
					want = incidents.Planned
				}
			}
			if d.State != want || want == incidents.Accepted && (d.Code != "250" || d.Attempts != 1 || !d.UpdatedAt.Equal(w.now())) {
				t.Errorf("landed as %+v", d)
			}
		}
		entries, hashes := w.windowEntries()
		if len(entries) != 1 || entries[0].Data["lines_sha256"] != hashes[0] || entries[0].Data["from_turn"] != "1" || entries[0].Data["turn"] != "4" ||
			entries[0].Data["accepted"] != "11" || entries[0].Data["refused"] != "1" || entries[0].Data["channel"] != "email" {
			t.Errorf("the log has %v, the lines are %v", entries, hashes)
		}
	})
}

func TestWhatHasAnAnswerIsNotInDoubt(t *testing.T) {
	for name, lost := range map[string]func(w *world){
		"found by the sweeper":    func(w *world) { w.sweep() },
		"found by another worker": func(w *world) { w.mustTake(1) },
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.s.landAt = landTogether
				w.sending(9, twoSteps)
				c := w.mustTake(1)
				first := w.mustTurn(c, incidents.Email, 4)
				w.mustTurn(c, incidents.Email, 3, w.outcomes(first.Next[:3], incidents.OutcomeAccepted)...)
				w.pass(lease + time.Second)
				lost(w)
				w.counted()
				for seq := int64(1); seq <= 9; seq++ {
					want := incidents.InDoubt
					if seq <= 3 {
						want = incidents.Accepted
					} else if seq > 7 {
						want = incidents.Planned
					}
					if s := w.state(seq, incidents.Email); s != want {
						t.Errorf("person %d is %s, not %s", seq, s, want)
					}
				}
				if entries, hashes := w.windowEntries(); len(entries) != 1 || entries[0].Data["lines_sha256"] != hashes[0] {
					t.Errorf("the log has %v", entries)
				}
				if _, err := w.turn(c, incidents.Email, 1, w.outcomes(first.Next[3:], incidents.OutcomeAccepted)...); incidents.KindOf(err) != incidents.KindConflict {
					t.Errorf("who lost the chunk may record: %v", err)
				}
			})
		})
	}
}

func TestAnswersDoNotWaitLong(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.landAt = landTogether
		w.sending(40, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 2)
		got = w.mustTurn(c, incidents.Email, 2, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.pass(landWithin)
		w.mustTurn(c, incidents.Email, 1)
		if s := w.state(1, incidents.Email); s != incidents.Accepted {
			t.Errorf("after a second it is %s", s)
		}
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.mustTurn(c, incidents.Email, 0) // in a turn of its own
		if s := w.state(3, incidents.Email); s != incidents.Accepted {
			t.Errorf("with nothing claimed any more it is %s", s)
		}
	})
}

// readAll waits until everything that is due was read ahead.
func (w *world) readAll(c incidents.Chunk) *ahead {
	w.t.Helper()
	w.s.aheads.reading.Wait()
	a := w.s.aheads.of(incidents.Turn{Chunk: c, Channel: incidents.Email})
	if len(a.rows) == 0 {
		w.t.Fatal("nothing was read ahead")
	}
	return a
}

func seqsClaimed(c incidents.Claims) (out []int64) {
	for _, x := range c.Next {
		out = append(out, x.Delivery.ID.Seq)
	}
	return out
}

func TestWhatIsReadAheadIsClaimedInOrder(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.aheadFrom = 1
		w.sending(chunkSize, twoSteps)
		c := w.mustTake(1)
		var got incidents.Claims
		next, ahead := int64(1), 0
		for {
			had := len(w.s.aheads.of(incidents.Turn{Chunk: c, Channel: incidents.Email}).rows)
			got = w.mustTurn(c, incidents.Email, 37, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
			if len(got.Next) == 0 {
				break
			}
			if had > 0 {
				ahead += len(got.Next)
			}
			for _, x := range got.Next {
				if x.Delivery.ID.Seq != next || x.Person.Seq != next || x.Person.Mode != incidents.Live || x.Delivery.Attempts != 1 {
					t.Fatalf("after %d came %+v", next-1, x)
				}
				next++
			}
			w.s.aheads.reading.Wait()
		}
		if next != chunkSize+1 || ahead != chunkSize-37 {
			t.Errorf("claimed up to %d, %d of them read ahead", next-1, ahead)
		}
	})
}

func TestWhatWasReadAheadIsLookedAtAgain(t *testing.T) {
	person := func(w *world, seq int64) incidents.PersonID { return incidents.NewPersonID(w.in.ID, seq) }
	for name, c := range map[string]struct {
		change func(w *world)
		want   []int64
	}{
		"nothing happened":      {func(*world) {}, []int64{3, 4, 5}},
		"a person was excluded": {func(w *world) { w.write(func(q *tx) error { return q.SetExcluded(person(w, 4), "asked for it", "") }) }, []int64{3, 5, 6}},
		"a person was excluded and taken back": {func(w *world) {
			w.write(func(q *tx) error { return q.SetExcluded(person(w, 8), "asked for it", "") })
			w.write(func(q *tx) error { return q.SetExcluded(person(w, 8), "", "") })
		}, []int64{3, 4, 5}},
		"a person was erased":    {func(w *world) { w.ok(w.s.ErasePerson(always, person(w, 3))) }, []int64{4, 5, 6}},
		"the notice was stopped": {func(w *world) { w.stop() }, nil},
		"a delivery became another": {func(w *world) {
			w.write(func(q *tx) error {
				d, err := q.delivery(incidents.DeliveryID{Notice: w.n.No, Seq: 5, Channel: incidents.Email})
				if err != nil {
					return err
				}
				s := shift{}
				if err := q.become(s, d, change{state: stateHeld, next: w.now().Add(time.Hour), at: w.now()}); err != nil {
					return err
				}
				return q.book(s)
			})
		}, []int64{3, 4, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.s.aheadFrom = 1
				w.sending(20, twoSteps)
				k := w.mustTake(1)
				w.mustTurn(k, incidents.Email, 2)
				w.readAll(k)
				c.change(w)
				got := w.mustTurn(k, incidents.Email, 3)
				if s := seqsClaimed(got); !slices.Equal(s, c.want) {
					t.Errorf("claimed %v, not %v", s, c.want)
				}
			})
		})
	}
}

// What became due again while the last of a chunk were under way is found by the
// turn that finds nobody under way any more.
func TestTheLastTurnOfAChunkLooksAgain(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.aheadFrom = 1
		w.sending(4, twoSteps)
		k := w.mustTake(1)
		first := w.mustTurn(k, incidents.Email, 2)
		w.readAll(k)
		second := w.mustTurn(k, incidents.Email, 3, w.outcomes(first.Next, incidents.OutcomeRetry)...)
		if s := seqsClaimed(second); !slices.Equal(s, []int64{3, 4}) {
			t.Fatalf("claimed %v", s)
		}
		w.pass(2 * time.Minute)
		third := w.mustTurn(k, incidents.Email, 3, w.outcomes(second.Next[:1], incidents.OutcomeAccepted)...)
		fourth := w.mustTurn(k, incidents.Email, 3, w.outcomes(second.Next[1:], incidents.OutcomeAccepted)...)
		if len(third.Next)+len(fourth.Next) > 0 {
			t.Errorf("it looked while others were under way: %v, %v", seqsClaimed(third), seqsClaimed(fourth))
		}
		if s := seqsClaimed(w.mustTurn(k, incidents.Email, 3)); !slices.Equal(s, []int64{1, 2}) {
			t.Errorf("the last turn claimed %v", s)
		}
	})
}

func TestWhoeverReadAheadStopsWithTheStore(t *testing.T) {
	w := newWorld(t, options(t, ""))
	w.s.aheadFrom = 1
	w.sending(30, twoSteps)
	k := w.mustTake(1)
	w.mustTurn(k, incidents.Email, 2)
	w.readAll(k)
	w.ok(w.s.LeaveChunk(always, k))
	if n := len(w.s.aheads.by); n != 0 {
		t.Errorf("%d chunks are remembered", n)
	}
	w.s.aheads.close()
	a := &ahead{chunk: k, channel: incidents.Email, more: true}
	w.s.refill(a)
	w.s.aheads.reading.Wait()
	if len(a.rows) != 0 {
		t.Error(fmt.Sprint("a closed store reads ahead: ", len(a.rows)))
	}
}

// What a turn remembers of gate and chunk holds only while nobody writes: not
// this process, and not another one on the same file.
func TestAGateMovedByAnotherProcessIsSeen(t *testing.T) {
	w := newWorld(t, options(t, ""))
	w.sending(30, twoSteps)
	c := w.mustTake(1)
	for range 3 { // by now it goes by what it remembers
		w.mustTurn(c, incidents.Email, 2)
	}
	other, err := Open(always, w.s.o)
	w.ok(err)
	t.Cleanup(func() { w.ok(other.Close()) })
	move := func(fn func(q *tx) error) { w.ok(other.write(always, fn)) }
	move(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 7), "asked for it", "") })
	if got := seqsClaimed(w.mustTurn(c, incidents.Email, 2)); !slices.Equal(got, []int64{8, 9}) {
		t.Errorf("claimed %v past an exclusion", got)
	}
	move(func(q *tx) error {
		n, err := q.Notice(w.n.ID)
		n.Status = incidents.NoticeHeld
		if err == nil {
			err = q.PutNotice(n)
		}
		return err
	})
	if got := w.mustTurn(c, incidents.Email, 2); got.Halt != "held" || len(got.Next) != 0 {
		t.Errorf("a held notice gives %+v", got)
	}
	move(func(q *tx) error { _, err := q.run(`UPDATE chunks SET fence = fence + 1 WHERE no = 1`); return err })
	if _, err := w.turn(c, incidents.Email, 2); incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("who lost the chunk may turn: %v", err)
	}
}

// What is waited for after an e-mail counts from when its answer was written
// down, however much later that landed.
func TestAWaitForBouncesBeginsWithTheAnswer(t *testing.T) {
	for _, bounces := range []bool{true, false} {
		t.Run(fmt.Sprint(bounces), func(t *testing.T) {
			engines(t, func(t *testing.T, o Options) {
				o.Bounces = bounces
				w := newWorld(t, o)
				w.s.landAt = landTogether
				w.sending(4, []incidents.Step{{Channel: incidents.Email, Wait: time.Hour}, {Channel: incidents.SMS}})
				c := w.mustTake(1)
				first := w.mustTurn(c, incidents.Email, 2)
				w.mustTurn(c, incidents.Email, 1, w.outcomes(first.Next, incidents.OutcomeAccepted)...)
				told := w.now()
				w.pass(500 * time.Millisecond)
				if slices.Contains(w.raw(), stateAccepted) {
					t.Fatal("it landed at once")
				}
				w.mustTurn(c, incidents.Email, 0)
				d := w.deliveries(incidents.DeliveryFilter{Seq: 1})[0]
				if d.State != incidents.Accepted || (d.NextAt != nil) != bounces || bounces && !d.NextAt.Equal(told.Add(time.Hour)) {
					t.Errorf("told at %v: %+v", told, d)
				}
			})
		})
	}
}

// On PostgreSQL a turn asks nothing when gate and chunk are as the last one left
// them, and is none when they are not.
func TestATurnExpectsWhatTheLastOneLeft(t *testing.T) {
	w := newWorld(t, options(t, cluster.URL(t)))
	w.sending(40, twoSteps)
	k := w.mustTake(1)
	w.mustTurn(k, incidents.Email, 3)
	turn := func() (asked int, err error) {
		an, err := w.s.Admitted(always, w.n.No)
		w.ok(err)
		turn := incidents.Turn{Chunk: k, Notice: an, Channel: incidents.Email, Want: 2, Now: w.now(), Lease: lease}
		a := w.s.aheads.of(turn)
		err = w.s.together(always, func(q *tx) error {
			q.seen = func(query string, _ args) {
				if !strings.Contains(query, "1 / COUNT(*)") && strings.HasPrefix(query, "SELECT r.notice_no, r.notice_id") {
					asked++
				}
			}
			c, after, err := q.turn(turn, a, false)
			if err == nil {
				a.turned(c.Next, after)
			}
			return err
		})
		return asked, err
	}
	if asked, err := turn(); asked != 0 || err != nil {
		t.Errorf("it asked %d times, %v", asked, err)
	}
	for name, change := range map[string]string{
		"the status of the notice":  `UPDATE notices SET status = 'held' WHERE no = 1`,
		"the words of the notice":   `UPDATE notices SET body = body`,
		"the incident":              `UPDATE incidents SET body = body`,
		"an approval":               `UPDATE approvals SET void = 'taken back' WHERE void = ''`,
		"the list":                  `UPDATE lists SET rev = rev + 1`,
		"what is due in the chunk":  `UPDATE chunks SET rev = rev + 1`,
		"whose the chunk is":        `UPDATE chunks SET fence = fence + 1`,
		"what is in flight there":   `UPDATE chunks SET flights = ''`,
		"that there is a new wave":  `INSERT INTO first_waves (notice_no, state, upto, members, touched_at, body) VALUES (1, 1, 1, '[]', 0, '{}')`,
		"what the release is bound": `UPDATE releases SET hash = 'another'`,
	} {
		if err := w.s.together(always, func(q *tx) error {
			if _, err := q.run(change); err != nil {
				return err
			}
			an := w.s.aheads.of(incidents.Turn{Chunk: k, Channel: incidents.Email})
			if _, _, err := q.expect(k, an); err != nil {
				return err
			}
			return q.flush()
		}); incidents.KindOf(err) != incidents.KindInternal || !strings.Contains(err.Error(), "22012") {
			t.Errorf("%s is another, and %v", name, err)
		}
	}
	if asked, err := turn(); asked != 0 || err != nil { // all of that was taken back
		t.Errorf("it asked %d times, %v", asked, err)
	}
}

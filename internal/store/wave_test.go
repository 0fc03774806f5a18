package store

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

var mailOnly = []incidents.Step{{Channel: incidents.Email}}

// waving releases a notice to n persons with a first wave of 20.
func (w *world) waving(n int64, plan []incidents.Step) {
	w.t.Helper()
	w.s.o.FirstWave, w.s.o.FirstWaveWait = 20, 2*time.Minute
	w.sending(n, plan)
}

func (w *world) firstWave() (v incidents.FirstWave) {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) (err error) { v, err = t.FirstWave(w.n.No); return err }))
	return v
}

func (w *world) judged() bool {
	w.t.Helper()
	passed, err := w.s.JudgeFirstWave(always, w.n.No)
	w.ok(err)
	w.counted()
	w.reload()
	return passed
}

func (w *world) attempted() int {
	w.t.Helper()
	n := 0
	for _, d := range w.deliveries(incidents.DeliveryFilter{Limit: 10000}) {
		if d.Attempts > 0 {
			n++
		}
	}
	return n
}

// Many workers on many chunks together attempt no more than the wave, whatever
// they ask for; once it passed everything leaves, and nobody asks for the wave again.
func TestNoMoreThanTheFirstWaveIsAttempted(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(3*chunkSize, mailOnly)
		chunks := []incidents.Chunk{w.mustTake(1), w.mustTake(2), w.mustTake(3)}
		claims := make([][]incidents.Claimed, len(chunks))
		var all sync.WaitGroup
		for i, c := range chunks {
			all.Go(func() {
				for range 4 {
					got, err := w.turn(c, incidents.Email, 9)
					if err != nil {
						t.Error(err)
					}
					claims[i] = append(claims[i], got.Next...)
				}
			})
		}
		all.Wait()
		w.counted()
		if n := w.attempted(); n != 20 {
			t.Fatalf("%d were attempted", n)
		}
		for i, c := range chunks {
			if len(claims[i]) == 0 {
				continue // the others had filled the wave
			}
			if w.judged() {
				t.Fatal("it passed while messages were on their way")
			}
			if got := w.mustTurn(c, incidents.Email, 9, w.outcomes(claims[i], incidents.OutcomeAccepted)...); len(got.Next) > 0 || !got.Judge {
				t.Fatalf("claimed %d more, judge %v", len(got.Next), got.Judge)
			}
		}
		if !w.judged() || !w.judged() || w.firstWave().State != incidents.WavePassed {
			t.Fatalf("it did not pass: %+v", w.firstWave())
		}
		if got := w.mustTurn(chunks[1], incidents.Email, 50); len(got.Next) != 50 || got.Judge || got.Next[0].Wave {
			t.Fatalf("after it passed: %d claimed, judge %v", len(got.Next), got.Judge)
		}
		var passed []incidents.AuditEntry
		w.ok(w.s.read(always, func(t *tx) (err error) {
			passed, err = t.Recent(incidents.AuditFilter{Event: "notice.wave", Limit: 10})
			return err
		}))
		if len(passed) != 1 || passed[0].Event != "notice.wave_passed" || passed[0].Data["sent"] != "20" || passed[0].Data["refused"] != "0" {
			t.Errorf("audited: %+v", passed)
		}
	})
}

// What has passed costs nothing: a turn then asks no more than one of a notice
// that never had a first wave.
func TestAPassedWaveCostsNoStatement(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(100, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 20)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		if !w.judged() {
			t.Fatal("it did not pass")
		}
		asked := func() (n int) {
			an, err := w.s.Admitted(always, w.n.No)
			w.ok(err)
			w.ok(w.s.together(always, func(t *tx) error {
				t.seen = func(string, args) { n++ }
				_, _, err := t.turn(incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: 5, Now: w.now(), Lease: lease}, &ahead{more: true}, true)
				return err
			}))
			return n
		}
		with := asked()
		w.write(func(t *tx) error { _, err := t.run(`DELETE FROM first_waves`); return err })
		if without := asked(); with != without {
			t.Errorf("%d statements with a wave that passed, %d without one", with, without)
		}
	})
}

func TestAFirstWaveThatIsRefusedHoldsTheNotice(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(100, twoSteps)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 64)
		if len(got.Next) != 20 || !got.Next[0].Wave {
			t.Fatalf("%d claimed", len(got.Next))
		}
		w.mustTurn(c, incidents.Email, 64, w.outcomes(got.Next, incidents.OutcomeRefused)...)
		if sms := w.mustTurn(c, incidents.SMS, 64); len(sms.Next) > 0 {
			t.Fatalf("%d went on to the next channel in the wave: more than 20 attempts", len(sms.Next))
		}
		if w.judged() || w.n.Status != incidents.NoticeHeld {
			t.Fatalf("the notice is %s", w.n.Status)
		}
		v := w.firstWave()
		if v.State != incidents.WaveStopped || len(v.Reasons) != 1 || v.Refused != 20 {
			t.Fatalf("%+v", v)
		}
		w.ok(w.s.read(always, func(t *tx) error {
			if untold, err := t.UntoldWaves(); err != nil || len(untold) != 1 || untold[0].Notice != w.n.No {
				return fmt.Errorf("untold: %+v, %w", untold, err)
			}
			return nil
		}))
		w.n.Status = incidents.NoticeSending // somebody past the desk: the wave stands in the way all the same
		w.put()
		if got := w.mustTurn(c, incidents.Email, 64); len(got.Next) > 0 {
			t.Fatalf("%d left though the wave did not pass", len(got.Next))
		}
		v.State = incidents.WaveOverruled
		w.write(func(t *tx) error { return t.PutFirstWave(v, w.now()) })
		if got := w.mustTurn(c, incidents.Email, 64); len(got.Next) != 64 {
			t.Fatalf("%d left after the decision", len(got.Next))
		}
	})
}

// A worker dies in the middle of a wave. Whoever comes next neither skips the
// wave nor begins another: what was on its way is in doubt, and that stops it.
func TestALostWorkerNeitherSkipsNorRepeatsTheWave(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(100, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 12)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next[:7], incidents.OutcomeAccepted)...)
		w.pass(2 * lease)
		w.sweep() // five are lost
		w.reload()
		v := w.firstWave()
		if w.n.Status != incidents.NoticeHeld || v.State != incidents.WaveStopped || v.InDoubt != 5 || v.Sent != 7 || v.Attempted != 12 {
			t.Fatalf("%s, %+v", w.n.Status, v)
		}
		if n := w.attempted(); n != 12 {
			t.Errorf("%d were attempted", n)
		}
	})
	// Dead between the last outcome and the judgement: the next sweep judges.
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(2*chunkSize, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 20)
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.pass(2 * lease)
		w.sweep()
		if v := w.firstWave(); v.State != incidents.WavePassed || v.Attempted != 20 {
			t.Fatalf("%+v", v)
		}
		if got := w.mustTurn(w.mustTake(2), incidents.Email, 30); len(got.Next) != 30 {
			t.Errorf("%d of the second chunk", len(got.Next))
		}
	})
}

// Only the chunks that fill the wave are announced; when their people are gone
// by then, the next are.
func TestAWaveGoesOnToTheNextChunk(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(2*chunkSize+30, mailOnly)
		announced := func() (out []int64) {
			w.ok(w.s.read(always, func(t *tx) (err error) {
				out, err = t.numbersOf(`SELECT no FROM chunks WHERE notice_no = $1 AND no <= (SELECT upto FROM first_waves WHERE notice_no = $1) ORDER BY no`, w.n.No)
				return err
			}))
			return out
		}
		if got := announced(); !slices.Equal(got, []int64{1}) {
			t.Fatalf("announced %v", got)
		}
		w.write(func(t *tx) error {
			_, err := t.run(`UPDATE persons SET excluded = 'other' WHERE seq <= $1`, chunkSize)
			return err
		})
		if got := w.mustTurn(w.mustTake(1), incidents.Email, 64); len(got.Next) > 0 || !got.Judge {
			t.Fatalf("%d claimed, judge %v", len(got.Next), got.Judge)
		}
		if w.judged() {
			t.Fatal("it passed though nothing was sent")
		}
		if got := announced(); !slices.Equal(got, []int64{1, 2}) {
			t.Fatalf("announced %v", got)
		}
		if got := w.mustTurn(w.mustTake(2), incidents.Email, 64); len(got.Next) != 20 {
			t.Fatalf("%d claimed", len(got.Next))
		}
	})
}

// A retry of a member takes no second place, and those put off do not hold the wave up.
func TestAPutOffMemberKeepsItsPlace(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(60, mailOnly)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 64)
		w.mustTurn(c, incidents.Email, 64, w.outcomes(got.Next, incidents.OutcomeRetry)...)
		if w.judged() || w.firstWave().PutOff != 20 || w.n.Status != incidents.NoticeSending {
			t.Fatalf("%+v, %s", w.firstWave(), w.n.Status)
		}
		w.pass(10 * time.Second)
		if got := w.mustTurn(c, incidents.Email, 64); len(got.Next) > 0 {
			t.Fatalf("%d claimed", len(got.Next))
		}
		w.pass(time.Minute)
		c = w.mustTake(1)
		again := w.mustTurn(c, incidents.Email, 64)
		if len(again.Next) != 20 || again.Next[0].Delivery.Attempts != 2 {
			t.Fatalf("%d tried again", len(again.Next))
		}
		w.mustTurn(c, incidents.Email, 0, w.outcomes(again.Next, incidents.OutcomeAccepted)...)
		if !w.judged() {
			t.Errorf("it did not pass: %+v", w.firstWave())
		}
	})
}

func TestAFewPersonsHaveNoFirstWave(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.waving(20, mailOnly)
		if got := w.mustTurn(w.mustTake(1), incidents.Email, 64); len(got.Next) != 20 || got.Judge || got.Next[0].Wave {
			t.Errorf("%d claimed, judge %v", len(got.Next), got.Judge)
		}
		if !w.judged() {
			t.Error("something is in the way")
		}
	})
}

// Texts that came back went on to e-mail, and so did texts nobody confirmed. The
// carrier who filters is a fault that stops the wave; the silent one is none.
func TestATextThatCameBackIsNotOneNobodyConfirmed(t *testing.T) {
	plan := []incidents.Step{{Channel: incidents.SMS, Wait: time.Minute}, {Channel: incidents.Email}}
	for _, c := range []struct {
		name string
		back bool
		want incidents.WaveState
	}{{"it came back", true, incidents.WaveStopped}, {"no receipt came", false, incidents.WavePassed}} {
		t.Run(c.name, func(t *testing.T) {
			eachEngine(t, func(t *testing.T, w *world) {
				w.waving(60, plan)
				k := w.mustTake(1)
				got := w.mustTurn(k, incidents.SMS, 10)
				w.mustTurn(k, incidents.SMS, 0, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
				if c.back {
					for i, x := range got.Next {
						w.ok(w.s.PutReceipt(always, incidents.StatusReceipt{ID: fmt.Sprint(i), Delivery: x.Delivery.ID, Channel: incidents.SMS, Status: "undelivered", Code: "30007", At: w.now()}))
					}
					w.fold()
				}
				w.pass(3 * time.Minute)
				w.sweep()
				if s := w.state(got.Next[0].Delivery.ID.Seq, incidents.SMS); s != incidents.Escalated {
					t.Fatalf("the text is %s", s)
				}
				v := w.firstWave()
				if v.State != c.want || v.Attempted != 10 || c.back && v.Refused != 10 || !c.back && v.Sent != 10 {
					t.Errorf("%s: %s, %q", v.State, v.WaveCount.Text(), v.Reasons)
				}
			})
		})
	}
}

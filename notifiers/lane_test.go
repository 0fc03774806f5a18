package notifiers_test

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// chunks works several chunks at once.
func chunks(d *notifiers.Dispatcher, ctx context.Context, notice int64, n int) (first error) {
	var mu sync.Mutex
	var wg sync.WaitGroup
	for no := range n {
		wg.Go(func() {
			if err := d.Chunk(ctx, notice, int64(no+1)); err != nil {
				mu.Lock()
				defer mu.Unlock()
				first = err
			}
		})
	}
	wg.Wait()
	return first
}

func TestNoMoreThanAWindowIsWrittenDownOverAllChunks(t *testing.T) {
	w := newWorld(t)
	n := w.sending(2100)
	j := &watched{Journal: w.s}
	mail := &batcher{size: 8}
	d := w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Journal = j })
	w.ok(chunks(d, t.Context(), n.No, 3))
	if p := j.peak[incidents.Email]; p > 32 || p < 16 {
		t.Errorf("%d were written down at once, of a window of 32", p)
	}
	if j.up[incidents.Email] != 0 {
		t.Errorf("%d were not recorded", j.up[incidents.Email])
	}
	if got := w.states(n.No, incidents.Email); !maps.Equal(got, map[incidents.DeliveryState]int64{incidents.Accepted: 2100}) {
		t.Errorf("states %v", got)
	}
	if mail.count() != 2100 || len(mail.twice()) != 0 {
		t.Errorf("%d were sent, twice: %v", mail.count(), mail.twice())
	}
}

// A chunk that finds no place is worked when there is one, by whoever frees it.
func TestAChunkThatFoundNoPlaceIsNotForgotten(t *testing.T) {
	w := newWorld(t)
	n := w.sending(2500)
	go1, begun := make(chan struct{}), make(chan struct{})
	var first sync.Once
	mail := &batcher{size: 8}
	mail.do = func(context.Context, context.Context, notifiers.Message) incidents.Receipt {
		first.Do(func() { close(begun) })
		<-go1
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
	}
	d := w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Places = 1 })
	var one sync.WaitGroup
	one.Go(func() { w.ok(d.Chunk(t.Context(), n.No, 1)) })
	<-begun
	w.ok(d.Chunk(t.Context(), n.No, 2)) // they come back at once
	w.ok(d.Chunk(t.Context(), n.No, 3))
	close(go1)
	one.Wait()
	if mail.count() != 2500 || len(mail.twice()) != 0 {
		t.Errorf("%d were sent, twice: %v", mail.count(), mail.twice())
	}
}

// What is written down does not wait for a provider that asked for a long pause:
// it stays, with the hour at which it may leave, and is claimed anew then.
func TestNothingWaitsThroughALongPauseInHand(t *testing.T) {
	w := newWorld(t)
	n := w.sending(60)
	mail := &batcher{size: 4}
	mail.do = func(context.Context, context.Context, notifiers.Message) incidents.Receipt {
		if mail.count() < 8 {
			return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
		}
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, RetryAfter: 10 * time.Minute, Code: "429"}
	}
	asked := &notifiers.Provider{Account: "email/first", Channel: mail, Limiter: notifiers.NewLimiter(0, w.now)}
	d := w.dispatcher(notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Email, Providers: []*notifiers.Provider{asked}, Now: w.now}), &batcher{}, nil)
	w.ok(d.Chunk(t.Context(), n.No, 1))
	tried := mail.count()
	if got := w.states(n.No, incidents.Email); got[incidents.Attempting] != 0 || got[incidents.Accepted] == 0 || got[incidents.Accepted] > 16 || tried == 60 {
		t.Fatalf("%d were tried, states %v", tried, got)
	}
	w.ok(d.Chunk(t.Context(), n.No, 1))
	if mail.count() != tried {
		t.Error("a provider was asked that wanted to be left alone")
	}
	w.pass(11 * time.Minute)
	mail.do = nil
	w.ok(d.Chunk(t.Context(), n.No, 1))
	if got := w.states(n.No, incidents.Email); !maps.Equal(got, map[incidents.DeliveryState]int64{incidents.Accepted: 60}) {
		t.Errorf("after the pause: %v", got)
	}
}

// What waits when the notice is held or stopped does not leave: neither what
// waits for the provider's rate nor what waits for a connection.
func TestWhatWaitsWhenANoticeIsHaltedStays(t *testing.T) {
	for _, to := range []incidents.NoticeStatus{incidents.NoticeHeld, incidents.NoticeStopped} {
		t.Run(string(to)+", waiting for the rate", func(t *testing.T) {
			w := newWorld(t)
			n := w.sending(60)
			var first sync.Once
			mail := &batcher{size: 4}
			mail.do = func(_, _ context.Context, m notifiers.Message) incidents.Receipt {
				first.Do(func() { w.status(n, to) })
				return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
			}
			slow := &notifiers.Provider{Account: "email/first", Channel: mail, Limiter: notifiers.NewLimiter(0.0001, w.now)}
			behind := notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Email, Providers: []*notifiers.Provider{slow}, Now: w.now})
			w.ok(w.dispatcher(behind, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
			halted(t, w, n, mail, to, 1)
		})
		t.Run(string(to)+", waiting for a connection", func(t *testing.T) {
			w := newWorld(t)
			n := w.sending(60)
			var first sync.Once
			mail := &batcher{size: 4}
			mail.do = func(_, leave context.Context, m notifiers.Message) incidents.Receipt {
				first.Do(func() { w.status(n, to) })
				<-leave.Done()
				return incidents.Receipt{Outcome: incidents.OutcomeKept}
			}
			w.ok(w.dispatcher(mail, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
			halted(t, w, n, mail, to, 0)
		})
	}
}

// A stalled journal answers its second turn when it is told to, as a database
// behind a cut wire does.
type stalled struct {
	incidents.Journal
	turns atomic.Int64
	until <-chan struct{}
}

func (j *stalled) Turn(ctx context.Context, t incidents.Turn) (incidents.Claims, error) {
	if j.turns.Add(1) == 2 {
		<-j.until
	}
	return j.Journal.Turn(ctx, t)
}

func TestWhoCannotRenewTheLeaseSendsNothingMore(t *testing.T) {
	w := newWorld(t)
	n := w.sending(60)
	over := make(chan struct{})
	var first sync.Once
	mail := &batcher{size: 1}
	mail.do = func(_, leave context.Context, m notifiers.Message) incidents.Receipt {
		first.Do(func() { <-leave.Done(); close(over) })
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
	}
	d := w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) {
		d.Journal, d.Lease, d.Lanes = &stalled{Journal: w.s, until: over}, 100*time.Millisecond, map[incidents.Channel]int{incidents.Email: 1}
	})
	w.ok(d.Chunk(t.Context(), n.No, 1))
	halted(t, w, n, mail, incidents.NoticeHeld, 1)
}

func halted(t *testing.T, w *world, n incidents.Notice, mail *batcher, to incidents.NoticeStatus, sent int64) {
	t.Helper()
	got := w.states(n.No, incidents.Email)
	open := got[incidents.Planned] + got[incidents.RetryWait]
	if to == incidents.NoticeStopped {
		open = got[incidents.Cancelled]
	}
	if mail.count() != int(sent) || got[incidents.Accepted] != sent || open != 60-sent {
		t.Errorf("%d sent, states %v", mail.count(), got)
	}
	if to == incidents.NoticeStopped {
		return
	}
	w.status(n, incidents.NoticeSending)
	mail.do = nil
	w.ok(w.dispatcher(mail, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
	if got := w.states(n.No, incidents.Email); got[incidents.Accepted] != 60 || len(mail.twice()) != 0 {
		t.Errorf("after it was resumed: %v, twice %v", got, mail.twice())
	}
}

// A process that is told to stop records what it sent and keeps the rest, also
// when the database is away at that moment.
func TestAShutdownRecordsWhatWasSent(t *testing.T) {
	w := newWorld(t)
	n := w.sending(200)
	ctx, stop := context.WithCancel(t.Context())
	var sent atomic.Int64
	mail := &batcher{size: 2}
	mail.do = func(send, leave context.Context, m notifiers.Message) incidents.Receipt {
		if leave.Err() != nil {
			return incidents.Receipt{Outcome: incidents.OutcomeKept}
		}
		if sent.Add(1) == 40 {
			stop()
		}
		if send.Err() != nil {
			t.Error("what was leaving was cut off at once")
		}
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
	}
	missed := false
	j := &watched{Journal: w.s, before: func(turn incidents.Turn) error {
		if ctx.Err() != nil && len(turn.Done) > 0 && !missed {
			missed = true
			return errAway
		}
		return nil
	}}
	if err := w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Journal = j }).Chunk(ctx, n.No, 1); !ended(err) || !missed {
		t.Fatal(err)
	}
	got := w.states(n.No, incidents.Email)
	if got[incidents.Accepted] != int64(mail.count()) || got[incidents.Attempting]+got[incidents.InDoubt] != 0 || got[incidents.Planned] == 0 {
		t.Errorf("%d sent, states %v", mail.count(), got)
	}
	mail.do = nil
	w.ok(w.dispatcher(mail, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
	if got := w.states(n.No, incidents.Email); got[incidents.Accepted] != 200 || len(mail.twice()) != 0 {
		t.Errorf("after the next start: %v, twice %v", got, mail.twice())
	}
}

// A worker whose chunk was taken over stops: what it sent since is in doubt,
// and what it did not send is not lost.
func TestAWorkerThatWasTakenOverStops(t *testing.T) {
	w := newWorld(t)
	n := w.sending(200)
	var turns atomic.Int64
	j := &watched{Journal: w.s}
	j.before = func(incidents.Turn) error {
		if turns.Add(1) == 3 {
			w.pass(time.Hour)
			_, ok, err := w.s.TakeChunk(context.Background(), n.No, 1, "another process", time.Minute)
			if err != nil || !ok {
				t.Errorf("the chunk could not be taken over: %v %v", ok, err)
			}
		}
		return nil
	}
	mail := &batcher{size: 4}
	w.ok(w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Journal = j }).Chunk(t.Context(), n.No, 1))
	got := w.states(n.No, incidents.Email)
	if unknown := mail.count() - int(got[incidents.Accepted]); unknown < 0 || int64(unknown) > got[incidents.InDoubt] || got[incidents.InDoubt] > 32 || got[incidents.Attempting] != 0 {
		t.Errorf("%d sent, states %v", mail.count(), got)
	}
	if turns.Load() != 3 {
		t.Errorf("%d turns: it went on after it was taken over", turns.Load())
	}
}

// A database that is away for two seconds loses nothing: neither what waits to
// be recorded nor what is just being sent.
func TestADatabaseAwayForAMomentLosesNothing(t *testing.T) {
	t.Run("when something is to be recorded", func(t *testing.T) {
		w := newWorld(t)
		n := w.sending(80)
		var began time.Time
		j := &watched{Journal: w.s}
		j.before = func(turn incidents.Turn) error { // of one chunk: turns do not overlap
			if len(turn.Done) > 0 && began.IsZero() {
				began = time.Now()
			}
			if !began.IsZero() && time.Since(began) < 2*time.Second {
				return errAway
			}
			return nil
		}
		mail := &batcher{size: 4}
		w.ok(w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Journal = j }).Chunk(t.Context(), n.No, 1))
		if got := w.states(n.No, incidents.Email); got[incidents.Accepted] != 80 || len(mail.twice()) != 0 {
			t.Errorf("states %v, twice %v", got, mail.twice())
		}
	})
	t.Run("when a lease is renewed while messages are leaving", func(t *testing.T) {
		w := newWorld(t)
		n := w.sending(8)
		release := make(chan struct{})
		misses := 0
		j := &watched{Journal: w.s}
		j.before = func(turn incidents.Turn) error {
			if len(turn.Done) == 0 && misses < 2 && j.claimed() > 0 {
				if misses++; misses == 2 {
					close(release)
				}
				return errAway
			}
			return nil
		}
		mail := &batcher{size: 4}
		mail.do = func(_, leave context.Context, m notifiers.Message) incidents.Receipt {
			select {
			case <-release:
			case <-leave.Done(): // given up
			}
			return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
		}
		w.ok(w.dispatcher(mail, &batcher{}, func(d *notifiers.Deps) { d.Journal, d.Lease = j, 300*time.Millisecond }).Chunk(t.Context(), n.No, 1))
		if got := w.states(n.No, incidents.Email); got[incidents.Accepted] != 8 || misses != 2 {
			t.Errorf("states %v after %d misses", got, misses)
		}
	})
}

func (j *watched) claimed() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.up[incidents.Email]
}

// Whatever comes of whom, everybody is counted once, where they are.
func TestAnyMixOfOutcomesAddsUp(t *testing.T) {
	w := newWorld(t)
	all := []incidents.Outcome{incidents.OutcomeAccepted, incidents.OutcomeRetry, incidents.OutcomeRefused, incidents.OutcomeGone, incidents.OutcomeDoubt, incidents.OutcomeKept}
	rapid.Check(t, func(t *rapid.T) {
		people := rapid.IntRange(1, 25).Draw(t, "people")
		byMail := rapid.SliceOfN(rapid.SampledFrom(all), people, people).Draw(t, "by e-mail")
		bySMS := rapid.SliceOfN(rapid.SampledFrom(all), people, people).Draw(t, "by SMS")
		size := rapid.IntRange(1, 9).Draw(t, "batch")
		window := rapid.IntRange(1, 20).Draw(t, "window")
		n := w.sending(people)
		answer := func(of []incidents.Outcome) *batcher {
			return &batcher{size: size, do: func(_, _ context.Context, m notifiers.Message) incidents.Receipt {
				o := of[m.Delivery.Seq-1]
				if o == incidents.OutcomeKept && m.Attempt > 1 {
					o = incidents.OutcomeAccepted
				}
				return incidents.Receipt{Outcome: o, ProviderID: "p-" + m.Delivery.String()}
			}}
		}
		mail, sms := answer(byMail), answer(bySMS)
		j := &watched{Journal: w.s}
		d := w.dispatcher(mail, sms, func(d *notifiers.Deps) {
			d.Journal, d.Window = j, map[incidents.Channel]int{incidents.Email: window, incidents.SMS: window}
		})
		w.ok(d.Chunk(context.Background(), n.No, 1))
		want := map[incidents.Channel]map[incidents.DeliveryState]int64{incidents.Email: {}, incidents.SMS: {}}
		state := map[incidents.Outcome]incidents.DeliveryState{incidents.OutcomeAccepted: incidents.Accepted, incidents.OutcomeKept: incidents.Accepted,
			incidents.OutcomeRetry: incidents.RetryWait, incidents.OutcomeDoubt: incidents.InDoubt, incidents.OutcomeRefused: incidents.Rejected, incidents.OutcomeGone: incidents.Rejected}
		for i := range people {
			if s := state[byMail[i]]; s != incidents.Rejected {
				want[incidents.Email][s]++
				continue
			}
			want[incidents.Email][incidents.Escalated]++
			want[incidents.SMS][state[bySMS[i]]]++
		}
		for ch, counts := range want {
			if got := w.states(n.No, ch); !maps.Equal(got, counts) {
				t.Fatalf("%s: %v, want %v", ch, got, counts)
			}
			if j.peak[ch] > window || j.up[ch] != 0 {
				t.Fatalf("%s: %d at once in a window of %d, %d not recorded", ch, j.peak[ch], window, j.up[ch])
			}
		}
		if twice := append(mail.twice(), sms.twice()...); len(twice) != 0 {
			t.Fatal(fmt.Sprint("sent twice: ", twice))
		}
	})
}

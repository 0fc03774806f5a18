package notifiers_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// A desk of leases in memory, with the rules of the store's.
type leases struct {
	incidents.Providers
	mu     sync.Mutex
	free   time.Time
	paused time.Time
	trips  int
	broken func() error
}

func (d *leases) LeaseSends(_ context.Context, a incidents.LeaseAsk) (l incidents.SendLease, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.trips++
	if d.broken != nil {
		if err := d.broken(); err != nil {
			return l, err
		}
	}
	if d.paused.After(a.Now) {
		return incidents.SendLease{Paused: d.paused}, nil
	}
	if a.Want == 0 || a.PerSecond == 0 {
		return l, nil
	}
	l = incidents.SendLease{Sends: a.Want, From: a.Now, Every: time.Duration(float64(time.Second) / a.PerSecond)}
	if d.free.After(a.Now) {
		l.From = d.free
	}
	d.free = l.From.Add(time.Duration(a.Want) * l.Every)
	return l, nil
}

func (d *leases) PauseProvider(_ context.Context, _ string, until time.Time) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if until.After(d.paused) {
		d.paused = until
	}
	return nil
}

// Three processes with four lanes each share one account that answers 429 at
// random. Whoever was told sends nothing inside the Retry-After, the others
// nothing from a second after it was told, and no second holds more than the rate.
func TestAllProcessesObeyRetryAfter(t *testing.T) {
	for _, rate := range []float64{0, 0.7, 5, 40, 300} {
		synctest.Test(t, func(t *testing.T) {
			d := &leases{}
			random := rand.New(rand.NewPCG(7, uint64(rate*10)))
			type pause struct {
				by          int
				told, until time.Time
			}
			var mu sync.Mutex
			var pauses []pause
			var sent []time.Time
			inside, late := 0, 0
			ctx, stop := context.WithTimeout(t.Context(), 5*time.Minute)
			defer stop()
			var all sync.WaitGroup
			for p := range 3 {
				l := notifiers.SharedLimiter("sms/first", rate, d, time.Now)
				for range 4 {
					all.Go(func() {
						for l.Wait(ctx) == nil {
							now := time.Now()
							mu.Lock()
							sent = append(sent, now)
							for _, x := range pauses {
								if now.After(x.told) && now.Before(x.until) {
									if x.by == p {
										inside++
									} else if now.After(x.told.Add(time.Second)) {
										late++
									}
								}
							}
							slow := random.IntN(200) == 0
							after := time.Duration(1+random.IntN(20)) * time.Second
							answers := time.Duration(1+random.IntN(50)) * time.Millisecond
							mu.Unlock()
							if slow {
								l.Heed(incidents.Receipt{Outcome: incidents.OutcomeRetry, RetryAfter: after})
								mu.Lock()
								pauses = append(pauses, pause{p, now, now.Add(after)})
								mu.Unlock()
							}
							time.Sleep(answers) // the provider takes its time
						}
					})
				}
			}
			all.Wait()
			if inside > 0 || late > 0 {
				t.Errorf("rate %v: %d sends inside a Retry-After of their own process, %d of another's", rate, inside, late)
			}
			if len(sent) == 0 || rate > 1 && len(pauses) == 0 {
				t.Fatalf("rate %v: %d sent, %d pauses: nothing was tried", rate, len(sent), len(pauses))
			}
			slices.SortFunc(sent, time.Time.Compare)
			most, from := 0, 0
			for i := range sent {
				for sent[i].Sub(sent[from]) >= time.Second {
					from++
				}
				most = max(most, i-from+1)
			}
			// A stretch that began late catches up: at most one more stretch in a second.
			if limit := int(rate*1.5) + 2; rate > 0 && most > limit {
				t.Errorf("rate %v: %d left within one second", rate, most)
			}
			if d.trips > 5*60*3*4 {
				t.Errorf("rate %v: %d trips to the database in five minutes", rate, d.trips)
			}
		})
	}
}

// What one process leased and did not send is lost, not saved up.
func TestUnusedLeasesAreNotSavedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := notifiers.SharedLimiter("sms/first", 100, &leases{}, time.Now)
		if err := l.Wait(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		start := time.Now()
		for range 100 {
			if err := l.Wait(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(start); took < 900*time.Millisecond {
			t.Errorf("100 messages left within %s at 100 a second", took)
		}
	})
}

// Without the database nobody knows who else sends: nothing leaves, and it goes
// on by itself. The kill switch ends a wait at once.
func TestALimiterWaitsForTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		d := &leases{broken: func() error {
			if time.Since(start) < 30*time.Second {
				return incidents.Unavailable("the database does not answer")
			}
			return nil
		}}
		l := notifiers.SharedLimiter("sms/first", 0, d, time.Now)
		if err := l.Wait(t.Context()); err != nil || time.Since(start) < 30*time.Second {
			t.Errorf("it waited %s, %v", time.Since(start), err)
		}
		l.Heed(incidents.Receipt{Outcome: incidents.OutcomeRetry, RetryAfter: 4 * time.Second})
		ctx, halt := context.WithTimeout(t.Context(), time.Second)
		defer halt()
		before := time.Now()
		if err := l.Wait(ctx); err == nil || time.Since(before) != time.Second {
			t.Errorf("halted after %s: %v", time.Since(before), err)
		}
		l.Heed(incidents.Receipt{Outcome: incidents.OutcomeDoubt, RetryAfter: time.Hour})
		before = time.Now()
		if err := l.Wait(t.Context()); err == nil || time.Since(before) != 0 || l.Pause() != time.Hour {
			t.Errorf("asked for an hour, a message waited %s of %s: %v", time.Since(before), l.Pause(), err)
		}
	})
}

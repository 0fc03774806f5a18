package notifiers

import (
	"context"
	"errors"
	"math"
	"sync"
	"time"

	"tocsin/incidents"
)

// learnEvery is how old what a process knows of an account may be when a
// message leaves: a pause that another process was told of is obeyed by then.
const learnEvery = time.Second

// leaseTime is how much of an account's time is leased at once. It bounds the
// trips to the database to two a second for each account, and what is lost
// when a process has less to send than it leased.
const leaseTime = time.Second / 2

// A Limiter keeps one provider's account within its rate and out of its
// Retry-After, together with every other process that uses the account: it
// leases stretches of the account's time, and learns of pauses, through the
// database. It is shared by all chunks of a process.
type Limiter struct {
	account   string
	perSecond float64
	shared    incidents.Providers // nil: this process alone
	now       Clock

	turn chan struct{} // held by whoever looks at what follows, also while it asks
	// What is known, under turn.
	lease incidents.SendLease
	used  int
	asked time.Time
	sent  int64 // since asked

	mu    sync.Mutex
	until time.Time // under mu: nothing leaves before
	told  time.Time // under mu: the pause that was last written down
}

// NewLimiter allows perSecond messages a second; 0 means no limit. It knows of
// this process alone.
func NewLimiter(perSecond float64, now Clock) *Limiter {
	return &Limiter{perSecond: perSecond, now: now, turn: make(chan struct{}, 1)}
}

// SharedLimiter is a Limiter of an account that other processes use as well.
func SharedLimiter(account string, perSecond float64, shared incidents.Providers, now Clock) *Limiter {
	l := NewLimiter(perSecond, now)
	l.account, l.shared = account, shared
	return l
}

// pauseBorne is how long a pause may be that a message waits for which is written
// down already. A longer one would keep it past the hours it may come in.
const pauseBorne = 5 * time.Second

// errPaused: the account was asked to be left alone for longer than a message waits.
var errPaused = errors.New("the provider asked to be left alone for a while")

// Wait blocks until one more message may leave, or ctx ends; errPaused when that
// is not soon.
func (l *Limiter) Wait(ctx context.Context) error {
	for {
		if l.Pause() > pauseBorne {
			return errPaused
		}
		at, free, err := l.next(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			at = l.now().Add(learnEvery) // without the database nobody knows who else sends
		}
		if err := sleep(ctx, at.Sub(l.now())); err != nil {
			return err
		}
		if free && err == nil && l.fresh() && !l.Paused() {
			return nil
		}
	}
}

// next says when to look again, and whether a message may leave then.
func (l *Limiter) next(ctx context.Context) (at time.Time, free bool, err error) {
	select {
	case l.turn <- struct{}{}:
	case <-ctx.Done():
		return at, false, ctx.Err()
	}
	defer func() { <-l.turn }()
	now := l.now()
	if l.perSecond <= 0 {
		if err := l.learn(ctx, now); err != nil {
			return at, false, err
		}
	} else if now.After(l.end()) || l.used >= l.lease.Sends {
		if err := l.ask(ctx, now, l.want()); err != nil {
			return at, false, err
		}
	}
	if until := l.pause(); until.After(now) {
		return until, false, nil
	}
	l.sent++
	if l.perSecond <= 0 {
		return now, true, nil
	}
	at = l.lease.From.Add(time.Duration(l.used) * l.lease.Every)
	l.used++
	return at, true, nil
}

// fresh asks for pauses again after a long wait for a turn.
func (l *Limiter) fresh() bool {
	if l.shared == nil {
		return true
	}
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	return l.learn(ctx, l.now()) == nil
}

const askTime = 5 * time.Second

// end is when the leased stretch is over: a turn in it is not kept for later,
// or what was saved up would leave all at once.
func (l *Limiter) end() time.Time {
	return l.lease.From.Add(time.Duration(l.lease.Sends) * l.lease.Every)
}

func (l *Limiter) want() int {
	return max(1, int(math.Ceil(l.perSecond*leaseTime.Seconds())))
}

// learn asks for pauses, when what is known is too old.
func (l *Limiter) learn(ctx context.Context, now time.Time) error {
	if l.shared == nil || now.Sub(l.asked) < learnEvery {
		return nil
	}
	return l.ask(ctx, now, 0)
}

// ask takes a lease of want sends, and learns of pauses.
func (l *Limiter) ask(ctx context.Context, now time.Time, want int) error {
	if l.shared == nil {
		from := now
		if end := l.end(); end.After(from) {
			from = end
		}
		l.lease, l.used = incidents.SendLease{Sends: want, From: from, Every: time.Duration(float64(time.Second) / l.perSecond)}, 0
		return nil
	}
	got, err := l.shared.LeaseSends(ctx, incidents.LeaseAsk{Account: l.account, PerSecond: l.perSecond, Want: want, Sent: l.sent, Now: now.UTC()})
	if err != nil {
		return err
	}
	l.asked, l.sent = now, 0
	if want > 0 {
		l.lease, l.used = got, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if got.Paused.After(l.until) {
		l.until, l.told = got.Paused, got.Paused
	}
	return nil
}

func (l *Limiter) pause() time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.until
}

// Pause is for how long the provider asked to be left alone from now on, as far as
// this process knows; 0: not at all.
func (l *Limiter) Pause() time.Duration { return max(0, l.pause().Sub(l.now())) }

// Paused tells whether the provider asked to be left alone for now.
func (l *Limiter) Paused() bool { return l.Pause() > 0 }

// Heed makes everybody leave the account alone when its provider said to slow
// down: this process at once, the others within a second.
func (l *Limiter) Heed(r incidents.Receipt) {
	if r.Outcome != incidents.OutcomeRetry && r.Outcome != incidents.OutcomeDoubt || r.RetryAfter <= 0 {
		return
	}
	l.mu.Lock()
	if until := l.now().Add(r.RetryAfter); until.After(l.until) {
		l.until = until
	}
	until := l.until
	tell := l.shared != nil && until.Sub(l.told) >= 100*time.Millisecond // a window of refusals is one pause
	if tell {
		l.told = until
	}
	l.mu.Unlock()
	if !tell {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	if l.shared.PauseProvider(ctx, l.account, until.UTC()) != nil {
		l.mu.Lock()
		l.told = time.Time{} // the next refusal tells again
		l.mu.Unlock()
	}
}

// Settle writes down what was sent since the account was last asked about.
func (l *Limiter) Settle(ctx context.Context) error {
	l.turn <- struct{}{}
	defer func() { <-l.turn }()
	if l.shared == nil || l.sent == 0 {
		return nil
	}
	return l.ask(ctx, l.now(), 0)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

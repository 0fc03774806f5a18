package notifiers

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tocsin/incidents"
)

// A Limiter keeps one channel within its provider's rate and out of its
// Retry-After. It is shared by all chunks of a process.
type Limiter struct {
	now   Clock
	rate  *rate.Limiter
	mu    sync.Mutex
	until time.Time
}

// NewLimiter allows perSecond messages a second; 0 means no limit.
func NewLimiter(perSecond float64, now Clock) *Limiter {
	l := &Limiter{now: now, rate: rate.NewLimiter(rate.Inf, 1)}
	if perSecond > 0 {
		l.rate = rate.NewLimiter(rate.Limit(perSecond), max(1, int(perSecond)))
	}
	return l
}

// Wait blocks until one more message may leave.
func (l *Limiter) Wait(ctx context.Context) error {
	for {
		l.mu.Lock()
		pause := l.until.Sub(l.now())
		l.mu.Unlock()
		if pause <= 0 {
			return l.rate.Wait(ctx)
		}
		t := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			t.Stop()
			return ctx.Err()
		case <-t.C:
		}
	}
}

// Allow tells whether one more message may leave at once, and counts it.
func (l *Limiter) Allow() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.now().Before(l.until) && l.rate.Allow()
}

// Heed makes the channel wait when its provider said to slow down.
func (l *Limiter) Heed(r incidents.Receipt) {
	if r.Outcome != incidents.OutcomeRetry || r.RetryAfter <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(r.RetryAfter); until.After(l.until) {
		l.until = until
	}
}

package notifiers

import (
	"context"
	"sync"
	"time"

	"tocsin/incidents"
)

// A provider is left alone after failuresOpen failures in a row, for openFirst
// at first and twice as long each time its probe fails, up to openMost.
const (
	failuresOpen = 3
	openFirst    = 5 * time.Second
	openMost     = 5 * time.Minute
)

// A breaker judges one provider by what came of its messages. Failures are
// answers that say nothing of the message: no connection, no sign-in, a relay
// that closes, and silence. After some in a row it is open: the provider is left
// alone. When its time is up, one message probes.
type breaker struct {
	now Clock

	mu      sync.Mutex
	fails   int
	open    time.Duration // 0: closed
	until   time.Time     // when it may be probed
	probing chan struct{} // closed when the probe has its answer; nil: none flies
}

// state is what a provider is found to be.
func (b *breaker) state() (state string, until time.Time, probing <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.open == 0:
		return incidents.ProviderWell, time.Time{}, nil
	case b.probing != nil:
		return incidents.ProviderProbing, b.until, b.probing
	}
	return incidents.ProviderAway, b.until, nil
}

// probe takes the right to send the one message that finds out.
func (b *breaker) probe() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == 0 || b.probing != nil || b.now().Before(b.until) {
		return false
	}
	b.probing = make(chan struct{})
	return true
}

// judge takes what came of a message; changed tells that the provider is now
// found to be something else than before.
func (b *breaker) judge(r incidents.Receipt, probe bool) (changed bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if probe && b.probing != nil {
		close(b.probing)
		b.probing = nil
	}
	switch {
	case r.Unasked || r.Outcome == incidents.OutcomeKept || r.Outcome == incidents.OutcomeBroken:
		return probe // it never met the provider
	case !failed(r):
		changed = b.open != 0
		b.fails, b.open = 0, 0
		return changed
	}
	b.fails++
	if b.open != 0 && !probe {
		return false // it left before the breaker opened
	}
	if b.open == 0 && b.fails < failuresOpen {
		return false
	}
	b.open = min(max(2*b.open, openFirst), openMost)
	b.until = b.now().Add(b.open)
	return true
}

// trip opens the breaker of a provider that was never asked.
func (b *breaker) trip() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.open, b.until = openFirst, b.now().Add(openFirst)
}

// failed tells an answer that says something bad of the provider. A request to
// slow down does not: the Limiter heeds it.
func failed(r incidents.Receipt) bool {
	return r.Outcome == incidents.OutcomeDoubt || r.Outcome == incidents.OutcomeRetry && r.Elsewhere && r.RetryAfter <= 0
}

// report writes down how the provider was found. What cannot be written down
// now is written down at the next change.
func (p *Provider) report(s *Switch, why string) {
	if s.Report == nil {
		return
	}
	p.told.Lock() // the report that is written last is of the present state
	defer p.told.Unlock()
	state, _, _ := p.health.state()
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	_ = s.Report(ctx, incidents.ProviderReport{Account: p.Account, Channel: s.Kind, State: state, Error: why, At: s.Now().UTC()})
}

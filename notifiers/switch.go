package notifiers

import (
	"context"
	"math"
	"sync"
	"time"

	"tocsin/incidents"
)

// A Provider is one account that can carry a channel's messages.
type Provider struct {
	Account string // our name of it: "sms/second"
	Channel Channel
	Limiter *Limiter // nil: no limit

	health *breaker
	told   sync.Mutex // held while it is written down how the provider was found
}

// A Switch carries a channel's messages by several providers, the first that is
// well and not asked to be left alone. Each has its own rate, pauses and health.
//
// A message goes on to another provider in the same attempt only when the one
// before definitely did not take it, for a reason of its own. What is in doubt
// never does: a message is never sent twice by two providers.
type Switch struct {
	Kind      incidents.Channel
	Providers []*Provider
	Now       Clock
	// Report writes down how a provider was found, when that changes; nil: nobody asks.
	Report func(context.Context, incidents.ProviderReport) error
}

// NewSwitch makes a Switch of providers, the preferred one first.
func NewSwitch(s Switch) *Switch {
	for _, p := range s.Providers {
		p.health = &breaker{now: s.Now}
	}
	return &s
}

// Announce writes every account down as well, so that the page of providers
// lists also those that have sent nothing yet.
func (s *Switch) Announce() {
	for _, p := range s.Providers {
		p.report(s, "")
	}
}

// Absent says why an account cannot be used at the start: it is left alone until
// a probe finds it well.
func (s *Switch) Absent(account, why string) {
	for _, p := range s.Providers {
		if p.Account == account {
			p.health.trip()
			p.report(s, why)
		}
	}
}

// Settle writes down the last figures of every account.
func (s *Switch) Settle(ctx context.Context) error {
	for _, p := range s.Providers {
		if p.Limiter != nil {
			if err := p.Limiter.Settle(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// Send carries one message.
func (s *Switch) Send(ctx context.Context, m Message) (incidents.Receipt, error) {
	return s.SendLeaving(ctx, ctx, m)
}

// SendLeaving carries one message; when leave ends before it left, it stays.
func (s *Switch) SendLeaving(ctx, leave context.Context, m Message) (incidents.Receipt, error) {
	return s.SendAll(ctx, leave, []Message{m})[0], nil
}

// Batch is the most that any of the providers takes at once.
func (s *Switch) Batch() int {
	n := 1
	for _, p := range s.Providers {
		if b, ok := p.Channel.(Batcher); ok {
			n = max(n, b.Batch())
		}
	}
	return n
}

// Encode writes the message as it will leave, by whichever provider: the first
// one's sender stands in it.
func (s *Switch) Encode(m *Message, at time.Time) error {
	if e, ok := s.Providers[0].Channel.(Encoder); ok {
		return e.Encode(m, at)
	}
	return nil
}

// A passage is one message on its way through the providers.
type passage struct {
	at    int // its place among the messages
	tried int // providers that definitely did not take it, a bit each
}

// SendAll carries messages, and returns what came of each, in their order.
func (s *Switch) SendAll(ctx, leave context.Context, ms []Message) []incidents.Receipt {
	out := make([]incidents.Receipt, len(ms))
	way := make([]passage, len(ms))
	for i := range way {
		way[i].at = i
	}
	for len(way) > 0 {
		i, probe, err := s.choose(leave, way[0].tried)
		n := 1
		for n < len(way) && !probe && way[n].tried == way[0].tried {
			n++
		}
		now := way[:n:n]
		way = way[n:]
		if err != nil || i < 0 {
			s.leave(out, now, err)
			continue
		}
		got := s.Providers[i].carry(ctx, leave, s, pick(ms, now), probe)
		for k, p := range now {
			r := got[k]
			r.Provider = s.Providers[i].Account
			if movesOn(r) {
				p.tried |= 1 << i
				way = append(way, p)
			}
			out[p.at] = better(out[p.at], r)
		}
	}
	return out
}

// choose returns the provider for messages that some have already refused to
// take. It waits while the only hope is a probe in flight. -1: nobody can be asked now.
func (s *Switch) choose(leave context.Context, tried int) (provider int, probe bool, err error) {
	for {
		paused, away := -1, (<-chan struct{})(nil)
		for i, p := range s.Providers {
			if tried&(1<<i) != 0 {
				continue
			}
			state, _, probing := p.health.state()
			waits := p.Limiter != nil && p.Limiter.Paused()
			switch {
			case state == incidents.ProviderWell && !waits:
				return i, false, nil
			case waits:
				if paused < 0 && state == incidents.ProviderWell {
					paused = i
				}
			case probing != nil:
				away = probing
			case p.health.probe():
				return i, true, nil
			}
		}
		if paused >= 0 && (away == nil || s.Providers[paused].Limiter.Pause() <= pauseBorne) {
			return paused, false, nil // its Limiter waits
		}
		if away == nil {
			return -1, false, leave.Err()
		}
		select {
		case <-away:
		case <-leave.Done():
			return -1, false, leave.Err()
		}
	}
}

// leave is what becomes of messages that no provider can be asked to take.
func (s *Switch) leave(out []incidents.Receipt, ps []passage, halted error) {
	for _, p := range ps {
		switch {
		case halted != nil && p.tried == 0:
			out[p.at] = Kept
		case p.tried == 0:
			out[p.at] = incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, RetryAfter: s.soonest(), Code: "away",
				Reason: "no provider of this channel can be reached; it is tried again when one may be"}
		} // what a provider said stands
	}
}

// soonest is how long until some provider may be probed.
func (s *Switch) soonest() time.Duration {
	wait := openMost
	for _, p := range s.Providers {
		_, until, _ := p.health.state()
		if p.Limiter != nil && p.Limiter.Paused() && p.Limiter.pause().After(until) {
			until = p.Limiter.pause()
		}
		wait = min(wait, until.Sub(s.Now()))
	}
	return max(wait, time.Second)
}

// Pause is how long no provider may be asked to take a message, since those that
// could asked to be left alone; 0: one of them may, or none is well.
func (s *Switch) Pause() time.Duration {
	wait, asked := time.Duration(math.MaxInt64), false
	for _, p := range s.Providers {
		_, until, _ := p.health.state()
		d := max(0, until.Sub(s.Now()))
		if p.Limiter != nil && p.Limiter.Paused() {
			d, asked = max(d, p.Limiter.Pause()), true
		}
		wait = min(wait, d)
	}
	if !asked {
		return 0
	}
	return wait
}

// movesOn tells what another provider may take at once.
func movesOn(r incidents.Receipt) bool {
	return r.Elsewhere && (r.Outcome == incidents.OutcomeRetry || r.Outcome == incidents.OutcomeRefused)
}

// better is what stands of two providers' answers: the second's, unless it
// definitely refused for a reason of its own what the first may take later.
func better(first, second incidents.Receipt) incidents.Receipt {
	if first.Outcome == incidents.OutcomeRetry && (second.Outcome == incidents.OutcomeKept || second.Outcome == incidents.OutcomeRefused && second.Elsewhere) {
		return first
	}
	return second
}

func pick(ms []Message, ps []passage) []Message {
	out := make([]Message, len(ps))
	for i, p := range ps {
		out[i] = ms[p.at]
	}
	return out
}

// carry sends messages by one provider, within its rate, and judges it.
func (p *Provider) carry(ctx, leave context.Context, s *Switch, ms []Message, probe bool) []incidents.Receipt {
	out := make([]incidents.Receipt, 0, len(ms))
	for len(out) < len(ms) {
		some := ms[len(out):min(len(ms), len(out)+p.stretch())]
		n := 0
		for n < len(some) && p.wait(leave) {
			n++
		}
		got := p.hand(ctx, leave, some[:n])
		for range len(some) - n {
			got = append(got, p.keeps())
		}
		p.learn(s, got, probe)
		out = append(out, got...)
	}
	return out
}

// stretch is how many messages may leave in one go: more would wait for their
// turn together, and leave together after it.
func (p *Provider) stretch() int {
	if p.Limiter == nil || p.Limiter.perSecond <= 0 {
		return math.MaxInt32
	}
	return p.Limiter.want()
}

// learn heeds what the provider said, and judges it by that.
func (p *Provider) learn(s *Switch, got []incidents.Receipt, probe bool) {
	for _, r := range got {
		if p.Limiter != nil {
			p.Limiter.Heed(r)
		}
		changed := p.health.judge(r, probe)
		if changed || failed(r) && p.health.first() {
			p.report(s, problem(r))
		}
	}
}

// problem is the reason of a failure; "" of anything else.
func problem(r incidents.Receipt) string {
	if failed(r) {
		return r.Reason
	}
	return ""
}

// first tells that the last failure was the first in a row.
func (b *breaker) first() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.fails == 1
}

// keeps is what becomes of a message that does not leave after all.
func (p *Provider) keeps() incidents.Receipt {
	r := Kept
	if p.Limiter != nil && p.Limiter.Pause() > pauseBorne {
		r.RetryAfter, r.Reason = p.Limiter.Pause(), "its provider asked to be left alone before it left"
	}
	return r
}

func (p *Provider) wait(leave context.Context) bool {
	if p.Limiter == nil {
		return leave.Err() == nil
	}
	return p.Limiter.Wait(leave) == nil
}

// hand gives messages to the provider's channel.
func (p *Provider) hand(ctx, leave context.Context, ms []Message) []incidents.Receipt {
	if b, ok := p.Channel.(Batcher); ok && len(ms) > 0 {
		return allCarried(ctx, leave, b, ms)
	}
	out := make([]incidents.Receipt, len(ms))
	var all sync.WaitGroup
	for i := range ms {
		all.Go(func() {
			r, err := carried(p.Channel.Send)(ctx, ms[i])
			if err != nil {
				r = refusal(err)
			}
			out[i] = r
		})
	}
	all.Wait()
	return out
}

// Find asks the provider that made the attempt what became of it, and all of
// them when nobody knows which it was: only when none has a record is it absent.
// Where one of them has several that may be it, or more than one has it, nobody
// can say which is this message.
func (s *Switch) Find(ctx context.Context, m Message, since int64) (r incidents.Receipt, found bool, err error) {
	for _, p := range s.asked(m.Provider) {
		f, ok := p.Channel.(Finder)
		if !ok {
			return r, false, incidents.Invalid("%s cannot be asked what became of a message", p.Account)
		}
		got, has, ferr := f.Find(ctx, m, since)
		switch {
		case incidents.KindOf(ferr) == incidents.KindConflict:
			return incidents.Receipt{}, false, ferr
		case has && found:
			return incidents.Receipt{}, false, incidents.Conflict("%s and %s both have a record: which is ours cannot be told", r.Provider, p.Account)
		case has:
			r, found = got, true
			r.Provider = p.Account
		case ferr != nil:
			err = ferr // another may still have it
		}
	}
	if found {
		return r, true, nil
	}
	return r, false, err
}

// asked is the providers a message may be with.
func (s *Switch) asked(account string) []*Provider {
	for _, p := range s.Providers {
		if p.Account == account {
			return []*Provider{p}
		}
	}
	return s.Providers
}

package notifiers

import (
	"context"
	"time"

	"tocsin/incidents"
)

// A Set is the channels of one mode. A live set is built from providers, a
// drill set from the sandbox alone: there is no way to put a provider into it.
type Set struct {
	mode     incidents.Mode
	key      []byte
	channels map[incidents.Channel]Channel
}

// LiveSet is the channels real messages leave by. key checks the seal of every message.
func LiveSet(key []byte, channels map[incidents.Channel]Channel) *Set {
	return &Set{mode: incidents.Live, key: key, channels: channels}
}

// DrillSet is the channels of a drill: every one captures into the sandbox.
func DrillSet(key []byte, sandbox incidents.Sandbox, now Clock) *Set {
	s := &Set{mode: incidents.Drill, key: key, channels: map[incidents.Channel]Channel{}}
	for _, c := range incidents.Channels() {
		s.channels[c] = Captured{Sandbox: sandbox, Channel: c, Now: now}
	}
	return s
}

// check makes sure, at the last moment, that a message belongs to this mode and
// is exactly what was rendered for its delivery.
func (s *Set) check(m *Message) error {
	switch {
	case m.Mode != s.mode:
		return incidents.Forbidden("delivery %s is %s and was handed to the %s channels", m.Delivery, m.Mode, s.mode)
	case !m.Intact(s.key):
		return incidents.Forbidden("delivery %s is not what was rendered for it", m.Delivery)
	case s.channels[m.Delivery.Channel] == nil:
		return incidents.Invalid("no provider is set up for %s", m.Delivery.Channel)
	}
	return nil
}

// SendAll checks messages and hands them to their channel, in one go where the
// channel can. What has not left when leave ends is kept.
func (s *Set) SendAll(ctx, leave context.Context, c incidents.Channel, ms []Message) []incidents.Receipt {
	out := make([]incidents.Receipt, len(ms))
	good, place := make([]Message, 0, len(ms)), make([]int, 0, len(ms))
	for i := range ms {
		if err := s.check(&ms[i]); err != nil {
			out[i] = refusal(err)
			continue
		}
		good, place = append(good, ms[i]), append(place, i)
	}
	if len(good) == 0 {
		return out
	}
	defer release(ms, out)
	if b, ok := s.channels[c].(Batcher); ok {
		for i, r := range allCarried(ctx, leave, b, good) {
			out[place[i]] = r
		}
		return out
	}
	for i, m := range good {
		if leave.Err() != nil {
			out[place[i]] = Kept
			continue
		}
		r, err := carried(s.channels[c].Send)(ctx, m)
		if err != nil {
			r = refusal(err)
		}
		out[place[i]] = r
	}
	return out
}

// batch is how many messages a channel takes at once.
func (s *Set) batch(c incidents.Channel) int {
	if b, ok := s.channels[c].(Batcher); ok {
		return max(1, b.Batch())
	}
	return 1
}

// pause is for how long a channel is to be left alone.
func (s *Set) pause(c incidents.Channel) time.Duration {
	if p, ok := s.channels[c].(Pauser); ok {
		return p.Pause()
	}
	return 0
}

// encoder returns the channel's Encoder, nil when it has none.
func (s *Set) encoder(c incidents.Channel) Encoder {
	e, _ := s.channels[c].(Encoder)
	return e
}

// finder returns the channel's Finder, if it has one.
func (s *Set) finder(c incidents.Channel) (Finder, bool) {
	f, ok := s.channels[c].(Finder)
	return f, ok
}

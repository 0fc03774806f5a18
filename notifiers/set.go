package notifiers

import (
	"context"

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

// Send checks, at the last moment, that the message belongs to this mode and is
// exactly what was rendered for this delivery, and hands it to its channel.
func (s *Set) Send(ctx context.Context, m Message) (incidents.Receipt, error) {
	if m.Mode != s.mode {
		return incidents.Receipt{}, incidents.Forbidden("delivery %s is %s and was handed to the %s channels", m.Delivery, m.Mode, s.mode)
	}
	if !m.Intact(s.key) {
		return incidents.Receipt{}, incidents.Forbidden("delivery %s is not what was rendered for it", m.Delivery)
	}
	ch, ok := s.channels[m.Delivery.Channel]
	if !ok {
		return incidents.Receipt{}, incidents.Invalid("no provider is set up for %s", m.Delivery.Channel)
	}
	return ch.Send(ctx, m)
}

// finder returns the channel's Finder, if it has one.
func (s *Set) finder(c incidents.Channel) (Finder, bool) {
	f, ok := s.channels[c].(Finder)
	return f, ok
}

// Has tells whether the set has a channel.
func (s *Set) Has(c incidents.Channel) bool { return s.channels[c] != nil }

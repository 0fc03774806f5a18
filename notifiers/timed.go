package notifiers

import (
	"time"

	"tocsin/incidents"
)

// A Timed channel reaches people at certain hours of their day only.
type Timed interface {
	Channel
	// Wait is how long a message must still wait; 0: it may leave now.
	Wait(m Message) time.Duration
}

// early returns the outcome of a message whose time has not come: it stays
// until then, and no attempt is counted against it. What cannot be rendered is
// never early: sending it says what is wrong.
func (l *lane) early(x incidents.Claimed) (incidents.Receipt, bool) {
	t, ok := l.job.set.timed(l.channel)
	if !ok {
		return incidents.Receipt{}, false
	}
	m, err := l.d.render(l.send, l.job, x)
	if err != nil {
		return incidents.Receipt{}, false
	}
	wait := t.Wait(m)
	return Early(wait), wait > 0
}

// timed returns what knows the hours of a channel, if it has any. The accounts
// of a Switch keep the same hours.
func (s *Set) timed(c incidents.Channel) (Timed, bool) {
	ch := s.channels[c]
	if sw, ok := ch.(*Switch); ok {
		ch = sw.Providers[0].Channel
	}
	t, ok := ch.(Timed)
	return t, ok
}

// Early is what became of a message that was written down before its hour.
func Early(wait time.Duration) incidents.Receipt {
	return incidents.Receipt{Outcome: incidents.OutcomeKept, RetryAfter: wait, Reason: "it waits for an hour of day at which the person may be called"}
}

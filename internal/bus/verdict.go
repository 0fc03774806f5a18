package bus

import (
	"time"

	"tocsin/incidents"
)

type verdictKind int

const (
	done verdictKind = iota
	retry
	park
)

// A Verdict is what a handler decides about a message.
type Verdict struct {
	kind   verdictKind
	after  time.Duration
	reason string
}

// Done says the message's effect is committed in the database.
var Done = Verdict{kind: done}

// Retry asks for the message again after d; 0 lets the delay grow with each try.
func Retry(d time.Duration) Verdict { return RetryFor("the handler asked for another try", d) }

// RetryFor is Retry with the reason that is kept if it was the last try.
func RetryFor(reason string, d time.Duration) Verdict {
	return Verdict{kind: retry, after: d, reason: reason}
}

// Park gives the message up at once: it can never succeed.
func Park(reason string) Verdict { return Verdict{kind: park, reason: reason} }

// VerdictOf is the one table from kinds of error to verdicts. What the sender
// got wrong is parked; everything else may be better next time.
func VerdictOf(err error) Verdict {
	if err == nil {
		return Done
	}
	switch incidents.KindOf(err) {
	case incidents.KindInvalid, incidents.KindForbidden, incidents.KindUnauthenticated, incidents.KindNotFound:
		return Park(err.Error())
	case incidents.KindConflict: // somebody else did it, or does it now
		return RetryFor(err.Error(), time.Second)
	default:
		return RetryFor(err.Error(), 0)
	}
}

// delay is a second, doubled with each try, a minute at most.
func (v Verdict) delay(delivered int) time.Duration {
	if v.after > 0 {
		return v.after
	}
	return min(time.Minute, time.Second<<min(max(delivered-1, 0), 6))
}

package store

import (
	"strconv"
	"time"

	"tocsin/incidents"
)

// poisonTries is how often a message that cannot be made or handed over is
// tried before a person has to look at it (RELIABILITY P15).
const poisonTries = 5

// parked is what becomes of an attempt that failed by our own fault: it is tried
// again a few times, and then a person decides. Its neighbours go on.
func parked(d delivery, c change, backoff func(incidents.Channel, int) time.Duration) change {
	if d.attempts >= poisonTries {
		c.state, c.code = stateManual, incidents.CodeParked
		c.reason = "never sent, given up after " + strconv.Itoa(d.attempts) + " tries: " + c.reason
		return c
	}
	wait := time.Minute
	if backoff != nil {
		wait = backoff(channelOf(d.channel), d.attempts)
	}
	c.state, c.next = stateRetryWait, c.at.Add(wait)
	return c
}

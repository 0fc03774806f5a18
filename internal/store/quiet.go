package store

import (
	"time"

	"tocsin/incidents"
)

// heldByNight is the reason of a delivery that waits for the morning.
const heldByNight = "quiet hours where this person lives"

// A nightGate says whether a channel may reach a person now. It remembers the
// answer for each zone and place of one turn: a chunk holds a thousand people
// who live in few of them.
type nightGate struct {
	hours   incidents.QuietHours
	channel incidents.Channel
	now     time.Time
	known   map[[2]string]opening
}

type opening struct {
	open bool
	at   time.Time
}

// night is the gate of a notice for one channel. A drill wakes nobody, and an
// approved override lets the notice leave by night.
func (t *tx) night(n incidents.Notice, channel incidents.Channel, now time.Time) *nightGate {
	g := &nightGate{hours: t.s.o.Quiet, channel: channel, now: now, known: map[[2]string]opening{}}
	if n.Content.QuietOverride != "" || n.Content.Mode != incidents.Live {
		g.hours = incidents.QuietHours{}
	}
	return g
}

// gate tells whether the person may be reached now, and if not, when.
func (g *nightGate) gate(p incidents.Person) (open bool, at time.Time) {
	key := [2]string{p.Zone, string(p.Place)}
	o, ok := g.known[key]
	if !ok {
		o.open, o.at = g.hours.Open(g.channel, p.Zone, p.Place, g.now)
		g.known[key] = o
	}
	return o.open, o.at
}

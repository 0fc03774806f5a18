package store

import "tocsin/incidents"

// listen keeps an accepted e-mail waiting for as long as its step says, where
// bounces come to us and another channel would follow: its notice is not done
// while a bounce may still send the person there.
func (t *tx) listen(d delivery, c change, plan []incidents.Step) change {
	if t.s.o.Bounces && c.state == stateAccepted && d.channel == channelCode(incidents.Email) && d.step < len(plan)-1 && plan[d.step].Wait > 0 {
		c.next = c.at.Add(plan[d.step].Wait)
	}
	return c
}

// failures are those of silent deliveries whose silence means that the next
// channel is due. No bounce in time means only that none came: an e-mail stays
// accepted, which is never called reached.
func failures(silent []delivery) (out []delivery) {
	for _, d := range silent {
		if d.channel != channelCode(incidents.Email) {
			out = append(out, d)
		}
	}
	return out
}

package store

import "tocsin/incidents"

// listen has what turned out accepted wait for what is heard of it, however that
// was found out. An e-mail waits for as long as its step says where bounces come to
// us and another channel would follow: its notice is not done while a bounce may
// still send the person there. plan is the person's own; of any other change it
// says nothing.
func (t *tx) listen(d delivery, c change, plan []incidents.Step) change {
	switch {
	case c.state != stateAccepted:
	case d.channel != channelCode(incidents.Email):
		c.next = heardBy(d, plan, c.at)
	case t.s.o.Bounces && d.step < len(plan)-1 && plan[d.step].Wait > 0:
		c.next = c.at.Add(plan[d.step].Wait)
	}
	return c
}

// listenLater is listen for one delivery outside a turn.
func (t *tx) listenLater(d delivery, c change) (change, error) {
	if c.state != stateAccepted {
		return c, nil
	}
	r, found, err := t.release(d.notice)
	if err != nil || !found {
		return c, orNotFound(err, "notice %d was never released", d.notice)
	}
	n, err := t.NoticeByNo(d.notice)
	if err != nil || n.Status == incidents.NoticeStopped { // nothing follows
		return c, err
	}
	plan, err := t.plansOf(r, n.Content, []int64{d.seq})
	if err != nil {
		return c, err
	}
	return t.listen(d, c, plan(d.seq)), nil
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

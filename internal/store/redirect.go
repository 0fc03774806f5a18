package store

import "tocsin/incidents"

// Redirect says whom messages about a person go to; see incidents.NoticeTx. What is
// known of the addresses before is forgotten with them.
func (t *tx) Redirect(id incidents.PersonID, flags int, channels []incidents.Channel) error {
	in, seq, err := splitPersonID(id)
	if err != nil {
		return err
	}
	l, err := t.list(in)
	if err != nil {
		return err
	}
	bits := channelBits(channels)
	n, err := t.run(`UPDATE persons SET flags = $3, channels = $4, gone = 0 WHERE list_no = $1 AND seq = $2 AND sealed IS NOT NULL`, l.no, seq, flags, bits)
	if err != nil || n == 0 {
		return orNotFound(err, "there is no person %q", string(id))
	}
	if err := t.reviseList(l.no); err != nil {
		return err
	}
	open, err := t.notLeft(l.no, seq)
	for _, d := range open {
		if err == nil {
			err = t.redirect(d, flags, bits)
		}
	}
	return err
}

// redirect settles a delivery that has not left for who reads it now. On a channel
// the reader has it stays: a claim asks whose address counts.
func (t *tx) redirect(d delivery, flags, bits int) error {
	n, err := t.NoticeByNo(d.notice)
	if err != nil {
		return err
	}
	r, found, err := t.release(d.notice)
	if err != nil || !found {
		return orNotFound(err, "notice %d was never released", d.notice)
	}
	s, c := shift{}, change{state: stateRejected, code: incidents.CodeDeceased, reason: "whom it was for has died", at: t.now()}
	if why := n.Content.Barred(flags); why != "" {
		c = change{state: stateSuppressed, reason: why, at: t.now()}
	} else if bits&(1<<(d.channel-1)) != 0 {
		return nil
	}
	if err := t.become(s, d, c); err != nil {
		return err
	}
	chunks := map[int64]bool{}
	if c.state == stateRejected {
		gone, err := t.fallBack(s, r, n.Content, []delivery{d.after(c)}, c.at)
		if err != nil {
			return err
		}
		chunks[d.chunk] = len(gone) > 0
	}
	if err := t.book(s); err != nil {
		return err
	}
	return t.wake(r, n, chunks, c.at)
}

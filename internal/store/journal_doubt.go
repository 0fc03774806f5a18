package store

import (
	"cmp"
	"context"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// doubtLease is how long a claimed doubt is kept from other reconcilers; the
// first resolution counts, so two that overlap change nothing.
const doubtLease = 30 * time.Second

// Doubts claims in-doubt deliveries whose next step is due. Those of a held
// notice rest until it is resumed or stopped.
func (s *Store) Doubts(ctx context.Context, limit int) (out []incidents.Doubt, err error) {
	err = s.write(ctx, func(t *tx) error {
		out = nil
		notices, err := t.numbersOf(`SELECT notice_no FROM delivery_counts WHERE state = $1 GROUP BY notice_no HAVING SUM(n) > 0 ORDER BY notice_no`, stateInDoubt)
		if err != nil {
			return err
		}
		for _, no := range notices {
			if len(out) >= limit {
				return nil
			}
			more, err := t.doubts(no, limit-len(out))
			if err != nil {
				return err
			}
			out = append(out, more...)
		}
		return nil
	})
	return out, err
}

func (t *tx) doubts(notice int64, limit int) (out []incidents.Doubt, err error) {
	n, err := t.NoticeByNo(notice)
	if err != nil || n.Status == incidents.NoticeHeld {
		return nil, err
	}
	r, found, err := t.release(notice)
	if err != nil || !found {
		return nil, orNotFound(err, "notice %d was never released", notice)
	}
	l, err := t.listByNo(r.list)
	if err != nil {
		return nil, err
	}
	var an incidents.ApprovedNotice
	if n.Status == incidents.NoticeSending || n.Status == incidents.NoticeStopped {
		an, err = t.admit(n, time.Time{})
		if k := incidents.KindOf(err); err != nil && k != incidents.KindForbidden && k != incidents.KindNotFound {
			return nil, err
		}
	}
	now := t.now()
	var taken []changed
	err = t.rows(deliveryColumns+`, `+personColumns+` FROM deliveries d JOIN persons p ON p.list_no = $1 AND p.seq = d.seq
		WHERE d.notice_no = $2 AND d.apart = 7 AND d.next_at IS NOT NULL AND d.next_at <= $3 ORDER BY d.next_at, d.seq LIMIT $4`,
		args{r.list, notice, ms(now), limit}, func(row scanner) error {
			var d delivery
			p, err := scanPerson(row, l, d.dest()...)
			if err != nil {
				return err
			}
			x := incidents.Doubt{Claimed: incidents.Claimed{Delivery: d.domain(), Person: p, First: fromMS(cmp.Or(d.first, d.attempted))}, Notice: an, Tries: d.tries, Since: fromMS(d.attempted)}
			x.Over = n.Status != incidents.NoticeSending || p.Excluded != "" || n.Content.Barred(p.Flags) != ""
			if p.Sealed == nil {
				x.Notice = incidents.ApprovedNotice{} // nobody knows any more what to look for
			}
			out = append(out, x)
			taken = append(taken, changed{d, change{state: stateInDoubt, next: now.Add(doubtLease), code: d.code, reason: d.reason, tries: d.tries, at: fromMS(d.upd)}})
			return nil
		})
	if err != nil {
		return nil, err
	}
	return out, t.becomeAll(shift{}, notice, taken)
}

// ResolveDoubt records what the reconciler found.
func (s *Store) ResolveDoubt(ctx context.Context, id incidents.DeliveryID, r incidents.Resolution) error {
	err := s.write(ctx, func(t *tx) error {
		d, err := t.delivery(id)
		if err != nil {
			return err
		}
		if d.state != stateInDoubt {
			return incidents.Conflict("delivery %s is %s, not in doubt", id, stateOf(d.state))
		}
		err = t.settle(d, r, "doubt.resolved")
		killpoint.If(err == nil, killpoint.DoubtWritten)
		return err
	})
	killpoint.If(err == nil, killpoint.DoubtResolved)
	return err
}

// SettleDoubt is a person's decision on one in-doubt delivery.
func (t *tx) SettleDoubt(id incidents.DeliveryID, to incidents.DeliveryState, reason string, at time.Time) error {
	d, err := t.delivery(id)
	if err != nil {
		return err
	}
	if d.state != stateInDoubt && d.state != stateManual {
		return incidents.Conflict("delivery %s is %s, not in doubt", id, stateOf(d.state))
	}
	if d.domain().Parked() {
		if to != incidents.Ready && to != incidents.Rejected {
			return incidents.Invalid("this message was never sent: it is sent again, or given up for the next channel").On("state")
		}
		return t.settle(d, incidents.Resolution{State: to, Reason: reason, Now: at}, "")
	}
	if to != incidents.Accepted && to != incidents.Ready {
		return incidents.Invalid("a doubt ends as accepted or ready, not as %s", to)
	}
	return t.settle(d, incidents.Resolution{State: to, MaybeTwice: to == incidents.Ready, Reason: reason, Now: at}, "")
}

// settle ends a doubt, or puts it off. Sending again is only possible while
// the notice may be sent; of a stopped one it is cancelled, and may have left.
func (t *tx) settle(d delivery, r incidents.Resolution, event string) error {
	rel, found, err := t.release(d.notice)
	if err != nil || !found {
		return orNotFound(err, "notice %d was never released", d.notice)
	}
	n, err := t.NoticeByNo(d.notice)
	if err != nil {
		return err
	}
	c := change{provider: r.ProviderID, code: d.code, reason: r.Reason, tries: d.tries, at: r.Now}
	switch r.State {
	case incidents.Accepted:
		c.state = stateAccepted
	case incidents.Ready:
		c.state, c.twice = stateReady, r.MaybeTwice
		if n.Status == incidents.NoticeStopped {
			c.state, c.reason = stateCancelled, "stopped while in doubt" // it may have left once: a correction follows it
		}
	case incidents.Rejected:
		c.state = stateRejected
	case incidents.Manual:
		c.state = stateManual
	case incidents.InDoubt:
		c.state, c.next, c.tries = stateInDoubt, r.Again, d.tries+1
	default:
		return incidents.Invalid("a doubt does not end as %s", r.State)
	}
	if c, err = t.listenLater(d, c); err != nil {
		return err
	}
	s := shift{}
	if err := t.become(s, d, c); err != nil {
		return err
	}
	if err := t.note(noted{d, "resolved " + string(stateOf(c.state)), r.ProviderID, d.code, r.Reason, r.Now}); err != nil {
		return err
	}
	chunks := map[int64]bool{}
	if c.state == stateReady {
		chunks[d.chunk] = true
	}
	if c.state == stateRejected && n.Status != incidents.NoticeStopped {
		gone, err := t.fallBack(s, rel, n.Content, []delivery{d.after(c)}, r.Now)
		if err != nil {
			return err
		}
		chunks[d.chunk] = len(gone) > 0
	}
	if err := t.book(s); err != nil {
		return err
	}
	if err := t.wake(rel, n, chunks, r.Now); err != nil || event == "" || c.state == stateInDoubt {
		return err
	}
	return t.Audit(systemEntry(event, rel, r.Now, map[string]string{"delivery": d.id().String(), "state": string(stateOf(c.state)),
		"maybe_twice": yesNo(c.twice)}))
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// wake announces chunks that got new work outside a turn. A notice that was
// done is sending again.
func (t *tx) wake(r release, n incidents.Notice, chunks map[int64]bool, at time.Time) error {
	any := false
	for no, yes := range chunks {
		if !yes {
			continue
		}
		any = true
		if n.Status == incidents.NoticeSending || n.Status == incidents.NoticeDone {
			if err := t.requeue(r.notice, no, at); err != nil {
				return err
			}
		}
	}
	if !any || n.Status != incidents.NoticeDone {
		return nil
	}
	n.Status, n.DoneAt, n.UpdatedAt = incidents.NoticeSending, nil, at
	if err := t.PutNotice(n); err != nil {
		return err
	}
	return t.Audit(systemEntry("notice.reopened", r, at, map[string]string{"why": "a later report opened deliveries on the next channel"}))
}

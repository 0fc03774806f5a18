package store

import (
	"context"
	"strings"
	"time"

	"tocsin/incidents"
)

// CallPolicy says how often a person who was not reached is called. Whether it
// is day where the person is, is the channel's to know; see notifiers.Timed.
type CallPolicy struct {
	Tries int           // calls that may end unreached, until the next channel's turn; also the most in one day
	Gap   time.Duration // between the end of one and the next
}

func (p CallPolicy) orDefault() CallPolicy {
	if p.Tries <= 0 {
		p.Tries = 3
	}
	if p.Gap <= 0 {
		p.Gap = 2 * time.Hour
	}
	return p
}

// callEnds is when the end of a call must have been reported: it rings for half
// a minute and lasts ten at most, and the rest is for reports that are late.
const callEnds = time.Hour

// heardBy is when silence about an accepted delivery means that its person was
// not reached for certain, and the next step is due; zero: it means nothing. A
// call always ends somehow, so its silence counts on the last step too, where it
// only ends the waiting.
func heardBy(d delivery, plan []incidents.Step, at time.Time) time.Time {
	var wait time.Duration
	if d.step < len(plan) {
		wait = plan[d.step].Wait
	}
	switch {
	case d.channel == channelCode(incidents.Phone) && wait <= 0:
		return at.Add(callEnds)
	case wait <= 0, !silenceFails(d.channel), d.step >= len(plan)-1 && d.channel != channelCode(incidents.Phone):
		return time.Time{}
	}
	return at.Add(wait)
}

// Ends of a call, by the word of its receipt. Whoever pressed the key was
// reached; who did not, or did not answer, may be called again; a number that
// cannot be called is not.
const (
	callReached   = "delivered"
	callEnded     = "ended" // answered, and no key pressed as far as this receipt knows
	callUnreached = "undelivered"
	callFailed    = "failed"
)

// An ending is what the receipts of one call say, whatever their order.
type ending struct {
	known                      bool // the provider has the call
	reached, unreached, failed bool
	refused                    bool // busy, unanswered or not possible: nobody can have pressed a key
	provider                   string
	first                      *incidents.StatusReceipt // the one that ended it
	machine                    *incidents.StatusReceipt
}

func (e *ending) add(r *incidents.StatusReceipt) {
	rank := receiptRank(r.Status)
	if r.Status == callEnded {
		rank = 3
	}
	e.known = e.known || rank > 0
	if rank > 0 && r.ProviderID > e.provider {
		e.provider = r.ProviderID
	}
	if strings.HasPrefix(r.Code, "machine") || r.Code == "fax" {
		if e.machine == nil || endsBefore(r, e.machine) {
			e.machine = r
		}
	}
	if rank < 3 {
		return
	}
	switch r.Status {
	case callReached:
		e.reached = true
	case callFailed, "bounced":
		e.failed, e.refused = true, true
	case callEnded:
		e.unreached = true
	default:
		e.unreached, e.refused = true, true
	}
	if r.Status != callReached && (e.first == nil || endsBefore(r, e.first)) {
		e.first = r
	}
}

// because is the code and reason of a call that did not reach its person.
func (e ending) because() (code, reason string) {
	switch {
	case e.machine != nil && !e.refused:
		return e.machine.Code, e.machine.Reason
	case e.first != nil:
		return e.first.Code, e.first.Reason
	}
	return "", ""
}

// foldCalls is fold for a channel that tries again: it makes a state of the
// receipts of all calls of one delivery, and says when the next call is due. It
// is a function of the set alone. One call that reached the person is enough.
// Otherwise the latest attempt decides: while nothing is known of it, nothing
// changes; when it ended unreached, there is another, until as many calls ended
// unreached as there may be.
func foldCalls(current incidents.DeliveryState, attempts int, receipts []incidents.StatusReceipt, p CallPolicy) folded {
	calls := map[int]*ending{}
	for i := range receipts {
		r := &receipts[i]
		if calls[r.Attempt] == nil {
			calls[r.Attempt] = &ending{}
		}
		calls[r.Attempt].add(r)
	}
	out := folded{State: current}
	var reached *ending
	vain, known := 0, false
	for no, c := range calls {
		known = known || c.known
		out.Conflict = out.Conflict || c.reached && c.refused
		if c.reached {
			reached = c
		} else if c.unreached && no > 0 {
			vain++
		}
	}
	if attempts == 0 || !known {
		return folded{State: current}
	}
	switch current {
	case incidents.Accepted, incidents.Delivered, incidents.Undelivered, incidents.InDoubt, incidents.Manual, incidents.Ready, incidents.RetryWait:
	case incidents.Planned, incidents.Held, incidents.Attempting:
		return folded{State: current}
	default:
		out.Conflict = out.Conflict || reached != nil && current != incidents.Cancelled && current != incidents.Suppressed
		return out
	}
	last := calls[attempts]
	switch {
	case reached != nil:
		out.State, out.Code, out.Reason = incidents.Delivered, "key", "the person took the call and pressed the key"
	case current == incidents.Delivered, current == incidents.Undelivered, last == nil, !last.known:
	case last.failed, last.unreached && vain >= p.Tries:
		out.State, out.Provider = incidents.Undelivered, last.provider
		out.Code, out.Reason = last.because()
	case last.unreached:
		out.State, out.Provider, out.Next = incidents.RetryWait, last.provider, last.first.At.Add(p.Gap)
		out.Code, out.Reason = last.because()
	default:
		out.State, out.Provider = incidents.Accepted, last.provider
	}
	return out
}

// foldOf folds the receipts of a delivery by the rules of its channel.
func (t *tx) foldOf(d delivery, receipts []incidents.StatusReceipt) folded {
	if d.channel == channelCode(incidents.Phone) {
		return foldCalls(stateOf(d.state), d.attempts, receipts, t.s.o.Calls.orDefault())
	}
	return fold(stateOf(d.state), d.attempts, receipts)
}

// again settles what a fold of calls left open: nobody is called again for a
// notice that was stopped. It reopens a notice that was done.
func (f *folding) again(d delivery, c *change) error {
	if c.state != stateRetryWait {
		return nil
	}
	n, err := f.NoticeByNo(d.notice)
	if err != nil {
		return err
	}
	if n.Status == incidents.NoticeStopped {
		c.state, c.next, c.reason = stateCancelled, time.Time{}, "stopped before the next call"
		return nil
	}
	if f.retry[d.notice] == nil {
		f.retry[d.notice] = map[int64]bool{}
	}
	f.retry[d.notice][d.chunk] = true
	return nil
}

// reopen lets notices that were done send again, for persons who are to be
// called once more. Of the others the sweeper wakes the chunk when it is time.
func (f *folding) reopen() error {
	for notice, chunks := range f.retry {
		n, err := f.NoticeByNo(notice)
		if err != nil {
			return err
		}
		if n.Status != incidents.NoticeDone {
			continue
		}
		r, found, err := f.release(notice)
		if err != nil || !found {
			return orNotFound(err, "notice %d was never released", notice)
		}
		if err := f.wake(r, n, chunks, f.now()); err != nil {
			return err
		}
	}
	return nil
}

// CallTaken tells whether what the provider calls sid belongs to another delivery.
func (s *Store) CallTaken(ctx context.Context, sid string, by incidents.DeliveryID) (taken bool, err error) {
	err = s.read(ctx, func(t *tx) error {
		taken, err = t.one(`SELECT 1 FROM deliveries WHERE provider_id = $1 AND provider_id <> '' AND channel IN (2, 4) AND NOT (notice_no = $2 AND seq = $3 AND channel = $4) LIMIT 1`,
			args{sid, by.Notice, by.Seq, channelCode(by.Channel)}, new(int))
		return err
	})
	return taken, err
}

// Calling returns the delivery whose call is under way, its person and the
// approved notice, for the words that are to be said now. It is forbidden once
// the notice is held or stopped, or the person excluded or erased: a call that
// is answered later than that says nothing.
func (s *Store) Calling(ctx context.Context, id incidents.DeliveryID, attempt int) (c incidents.Claimed, an incidents.ApprovedNotice, err error) {
	err = s.read(ctx, func(t *tx) error {
		d, err := t.delivery(id)
		if err != nil {
			return err
		}
		if d.channel != channelCode(incidents.Phone) || attempt < 1 || attempt > d.attempts || d.state == stateCancelled || d.state == stateSuppressed {
			return incidents.Forbidden("delivery %s has no call that may speak", id)
		}
		n, err := t.NoticeByNo(id.Notice)
		if err != nil {
			return err
		}
		if n.Status != incidents.NoticeSending && n.Status != incidents.NoticeDone {
			return incidents.Forbidden("notice N-%d is %s", n.No, n.Status)
		}
		if an, err = t.admit(n, time.Time{}); err != nil {
			return err
		}
		c.Delivery = d.domain()
		c.Person, err = t.personOf(id)
		return err
	})
	return c, an, err
}

// personOf reads the person of a delivery; who is excluded or erased is forbidden.
func (t *tx) personOf(id incidents.DeliveryID) (p incidents.Person, err error) {
	r, found, err := t.release(id.Notice)
	if err != nil || !found {
		return p, orNotFound(err, "notice %d was never released", id.Notice)
	}
	l, err := t.listByNo(r.list)
	if err != nil {
		return p, err
	}
	err = t.rows(`SELECT `+personColumns+` FROM persons p WHERE p.list_no = $1 AND p.seq = $2`, args{r.list, id.Seq}, func(row scanner) (err error) {
		p, err = scanPerson(row, l)
		return err
	})
	if err == nil && (p.Seq == 0 || p.Excluded != "" || p.Sealed == nil) {
		err = incidents.Forbidden("the person of delivery %s is not to be told any more", id)
	}
	return p, err
}

package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

const (
	// requeueEvery keeps the sweeper from announcing a chunk more than once per sweep.
	requeueEvery = 30 * time.Second
	// sweepLimit bounds what one sweep does to one notice, so that its
	// transaction stays short; the next sweep goes on.
	sweepLimit = 5000
)

// An Unswept says of one notice why a sweep, the end of its stop, or the checks of
// its first wave failed. It is tried again with the next sweep.
type Unswept struct {
	Notice int64
	Err    error
}

func (u *Unswept) Error() string { return fmt.Sprintf("sweep notice N-%d: %v", u.Notice, u.Err) }

func (u *Unswept) Unwrap() error { return u.Err }

// Sweep finds what no bus message will wake. Each notice is a transaction of its
// own, and one that fails keeps no other from its own: the error joins an Unswept for each.
func (s *Store) Sweep(ctx context.Context, p incidents.SweepPolicy) (out incidents.Swept, err error) {
	var notices []int64
	err = s.read(ctx, func(t *tx) (err error) {
		notices, err = t.unsettled()
		return err
	})
	if err != nil {
		return out, err
	}
	err = eachNotice(ctx, notices, func(no int64) error {
		return s.sweepOne(ctx, no, p, &out)
	})
	return out, errors.Join(err, s.cancelStopped(ctx), s.judgeOpenWaves(ctx))
}

// eachNotice does something to each notice and collects what failed. It gives up
// when the database is away: the others would only wait for it too.
func eachNotice(ctx context.Context, notices []int64, do func(no int64) error) error {
	var failed []error
	for _, no := range notices {
		err := do(no)
		if err != nil {
			failed = append(failed, &Unswept{no, err})
		}
		if ctx.Err() != nil || err != nil && incidents.KindOf(err) == incidents.KindUnavailable {
			break
		}
	}
	return errors.Join(failed...)
}

// sweepOne sweeps one notice, and once more when it ends by that: what its
// deliveries came to is read in between.
func (s *Store) sweepOne(ctx context.Context, no int64, p incidents.SweepPolicy, out *incidents.Swept) error {
	var e closing
	for {
		one, err := s.sweepOnce(ctx, no, p, &e)
		if err != nil {
			return err
		}
		out.InDoubt += one.InDoubt
		out.Fallback += one.Fallback
		out.Expired += one.Expired
		out.Requeued += one.Requeued
		out.Done += one.Done
		if !e.wanted || one.Done > 0 {
			return nil
		}
		if err := s.read(ctx, func(t *tx) error { return t.foresee(no, &e) }); err != nil {
			return err
		}
	}
}

// sweepOnce is the transaction of one notice; what it found is zero unless it is committed.
func (s *Store) sweepOnce(ctx context.Context, no int64, p incidents.SweepPolicy, e *closing) (one incidents.Swept, err error) {
	err = s.write(ctx, func(t *tx) error {
		one, err = t.sweep(no, p, e)
		killpoint.If(err == nil && one != (incidents.Swept{}), killpoint.SweepWritten)
		killpoint.If(err == nil && one.Done > 0, killpoint.DoneWritten)
		return err
	})
	if err != nil {
		return incidents.Swept{}, err
	}
	killpoint.If(one != (incidents.Swept{}), killpoint.Swept)
	killpoint.If(one.Done > 0, killpoint.Done)
	return one, nil
}

// unsettled lists notices that are sending, and others with attempts written down.
func (t *tx) unsettled() ([]int64, error) {
	seen := map[int64]bool{}
	var out []int64
	sending, err := t.Notices(incidents.NoticeFilter{Status: []incidents.NoticeStatus{incidents.NoticeSending}, Limit: allNotices})
	if err != nil {
		return nil, err
	}
	for _, n := range sending {
		seen[n.No] = true
		out = append(out, n.No)
	}
	trying, err := t.numbersOf(`SELECT DISTINCT notice_no FROM chunks WHERE claimed > 0 ORDER BY notice_no`)
	for _, no := range trying {
		if !seen[no] {
			out = append(out, no)
		}
	}
	return out, err
}

func (t *tx) sweep(notice int64, p incidents.SweepPolicy, e *closing) (out incidents.Swept, err error) {
	e.wanted = false
	if err := t.lockRelease(notice); err != nil { // no claim comes between what is read here and what is made of it
		return out, err
	}
	r, found, err := t.release(notice)
	if err != nil || !found {
		return out, err
	}
	if err := t.sweepLost(notice, p, &out); err != nil {
		return out, err
	}
	n, err := t.NoticeByNo(notice)
	if err != nil || n.Status != incidents.NoticeSending {
		return out, err
	}
	if out.Expired, err = t.sweepExpired(r, n, p); err != nil {
		return out, err
	}
	if out.Fallback, err = t.sweepSilent(r, n, p); err != nil {
		return out, err
	}
	due, err := t.sweepDue(notice, p)
	if err != nil {
		return out, err
	}
	out.Requeued += due
	done, err := t.finish(r, n, p.Now, e)
	if done {
		out.Done = 1
	}
	return out, err
}

// sweepLost puts what lost workers left attempting in doubt, and raises the
// fence so that a worker who only seemed lost writes nothing more. The chunk is
// announced at once, for somebody else.
func (t *tx) sweepLost(notice int64, p incidents.SweepPolicy, out *incidents.Swept) error {
	lost, err := t.numbersOf(`SELECT no FROM chunks WHERE notice_no = $1 AND (claimed > 0 OR owner <> '') AND until <= $2 ORDER BY no LIMIT 1000`, notice, ms(p.Now))
	if err != nil {
		return err
	}
	for _, no := range lost {
		over, err := t.run(`UPDATE chunks SET fence = fence + 1, owner = '', until = 0 WHERE notice_no = $1 AND no = $2 AND until <= $3`, notice, no, ms(p.Now))
		if err != nil {
			return err
		}
		if over == 0 {
			continue // its worker renewed the lease meanwhile
		}
		m, err := t.doubtStale(notice, no, p.DoubtWait, p.Now)
		if err != nil {
			return err
		}
		out.InDoubt += m
		out.Requeued++
		if err := t.requeue(notice, no, p.Now); err != nil { // its message is with the lost worker
			return err
		}
	}
	return nil
}

// sweepExpired ends retries past their time, counted from the first attempt
// that left: who waited for a hold to end was not tried meanwhile. A provider that
// asks to be left alone for longer does not keep the person from the next channel.
func (t *tx) sweepExpired(r release, n incidents.Notice, p incidents.SweepPolicy) (int, error) {
	var late []delivery
	up, err := t.aloft(r.notice, 0)
	if err != nil {
		return 0, err
	}
	params, began := args{r.notice, sweepLimit}, `CASE d.channel`
	for i, ch := range channelList {
		if long, ok := p.RetryFor[ch]; ok {
			params = append(params, ms(p.Now.Add(-long)))
			began += fmt.Sprintf(` WHEN %d THEN CAST($%d AS BIGINT)`, i+1, len(params))
		}
	}
	if len(params) > 2 {
		err = t.rows(deliveryColumns+`FROM deliveries d`+t.indexed("deliveries_timer")+` WHERE d.notice_no = $1 AND d.apart = 5 AND d.next_at IS NOT NULL AND d.first_at <= `+began+` END ORDER BY d.next_at LIMIT $2`, params, func(row scanner) error {
			d, err := scanDelivery(row)
			if !up.has(d.seq, d.channel) {
				late = append(late, d)
			}
			return err
		})
	}
	if err != nil {
		return 0, err
	}
	s := shift{}
	all := make([]changed, len(late))
	for i, d := range late {
		c := change{state: stateExpired, code: d.code, reason: "tried for as long as this channel is tried; last answer: " + d.reason, at: p.Now}
		all[i] = changed{d, c}
	}
	if err := t.becomeAll(s, r.notice, all); err != nil {
		return 0, err
	}
	for i := range late {
		late[i] = late[i].after(all[i].change)
	}
	if _, err := t.fallBack(s, r, n.Content, late, p.Now); err != nil {
		return 0, err
	}
	return len(late), t.book(s)
}

// sweepSilent takes accepted deliveries whose receipt did not come in time on
// to the next channel, where silence means a failure; others wait no longer.
func (t *tx) sweepSilent(r release, n incidents.Notice, p incidents.SweepPolicy) (int, error) {
	var silent []delivery
	err := t.rows(deliveryColumns+`FROM deliveries d WHERE d.notice_no = $1 AND d.apart = 4 AND d.next_at IS NOT NULL AND d.next_at <= $2 ORDER BY d.next_at LIMIT $3`,
		args{r.notice, ms(p.Now), sweepLimit}, func(row scanner) error {
			d, err := scanDelivery(row)
			silent = append(silent, d)
			return err
		})
	if err != nil || len(silent) == 0 {
		return 0, err
	}
	s := shift{}
	gone, err := t.fallBack(s, r, n.Content, failures(silent), p.Now)
	if err != nil {
		return 0, err
	}
	went := map[incidents.DeliveryID]bool{}
	for _, d := range gone {
		went[d.id()] = true
	}
	var stay []changed
	for _, d := range silent {
		if !went[d.id()] { // accepted is the last word
			stay = append(stay, changed{d, change{state: stateAccepted, code: d.code, reason: d.reason, tries: d.tries, at: fromMS(d.upd)}})
		}
	}
	if err := t.becomeAll(s, r.notice, stay); err != nil {
		return 0, err
	}
	return len(gone), t.book(s)
}

// sweepDue announces chunks with due work that nobody holds.
func (t *tx) sweepDue(notice int64, p incidents.SweepPolicy) (int, error) {
	due, err := t.numbersOf(`SELECT no FROM chunks c WHERE c.notice_no = $1 AND c.until <= $2 AND c.queued_at <= $3 AND (c.todo > 0
			OR c.no IN (SELECT d.chunk FROM deliveries d`+t.indexed(`deliveries_timer`)+` WHERE d.notice_no = $1 AND d.apart IN (1, 5) AND d.next_at IS NOT NULL AND d.next_at <= $2))
			AND c.no <= COALESCE((SELECT f.upto FROM first_waves f WHERE f.notice_no = $1 AND f.state <> 0), c.no)
		ORDER BY c.queued_at, c.no LIMIT 1000`, notice, ms(p.Now), ms(p.Now.Add(-requeueEvery)))
	for _, no := range due {
		if err == nil {
			err = t.requeue(notice, no, p.Now)
		}
	}
	return len(due), err
}

// finish ends a notice of which nothing is left to send, to hear or to decide,
// once its closing is known.
func (t *tx) finish(r release, n incidents.Notice, now time.Time, e *closing) (bool, error) {
	left := int64(0)
	counts, err := t.counts(r.notice)
	for k, m := range counts {
		switch k.state {
		case statePlanned, stateHeld, stateReady, stateAttempting, stateRetryWait, stateInDoubt, stateManual:
			left += m
		}
	}
	if err != nil || left != 0 {
		return false, err
	}
	waiting, err := t.one(`SELECT 1 FROM deliveries d WHERE d.notice_no = $1 AND d.apart = 4 AND d.next_at IS NOT NULL LIMIT 1`, args{r.notice}, new(int))
	if err != nil || waiting {
		return false, err
	}
	root, err := t.root(r.notice, counts, e)
	if err != nil || root == "" {
		return false, err
	}
	at := now.UTC().Truncate(time.Second)
	n.Status, n.DoneAt, n.UpdatedAt = incidents.NoticeDone, &at, at
	if err := t.PutNotice(n); err != nil {
		return false, err
	}
	rec, err := t.Reconcile(r.notice)
	if err != nil {
		return false, err
	}
	if _, err := t.run(`UPDATE releases SET root = $2 WHERE notice_no = $1`, r.notice, root); err != nil {
		return false, err
	}
	data := reconciliationData(rec)
	data["notice"], data["deliveries_root"] = strconv.FormatInt(r.notice, 10), root
	if err := t.Audit(systemEntry("notice.done", r, at, data)); err != nil {
		return false, err
	}
	line := fmt.Sprintf("Notice N-%d is done: %d of %d persons told, %d unreachable.", n.No, rec.Told(), rec.List, rec.Unreachable)
	if rec.PushOnly > 0 {
		line += fmt.Sprintf(" Of %d a push message was taken, and nobody says that it was shown.", rec.PushOnly)
	}
	if err := t.AddTimeline(incidents.TimelineEntry{IncidentID: r.incident, At: at, Actor: incidents.System.ID, ActorName: incidents.System.Name,
		Kind: "notice.done", Text: line, Ref: string(r.id)}); err != nil {
		return false, err
	}
	news, err := json.Marshal(incidents.News{Event: "notice.done", Incident: r.incident, ID: string(r.id), At: at})
	if err != nil {
		return false, err
	}
	return true, t.Emit(incidents.Message{ID: fmt.Sprintf("notice-done-%d-%d", r.notice, at.Unix()), Subject: "incidents.notice_done.v1", Data: news})
}

func reconciliationData(r incidents.Reconciliation) map[string]string {
	out := map[string]string{}
	for k, n := range map[string]int64{"list": r.List, "reached": r.ReachedDirect, "reached_later": r.ReachedLater, "sent": r.Sent, "push_only": r.PushOnly, "trying": r.Trying,
		"to_send": r.ToSend, "in_doubt": r.InDoubt, "unreachable": r.Unreachable, "excluded": r.Excluded, "cancelled": r.Cancelled} {
		out[k] = strconv.FormatInt(n, 10)
	}
	return out
}

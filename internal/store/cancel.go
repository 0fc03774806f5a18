package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tocsin/incidents"
)

// cancelChunks is how many chunks of a stopped notice are cancelled in one
// transaction: other writers wait no longer than that takes.
const cancelChunks = 8

// openStates are the states in which a delivery may be claimed, now or later; see isOpen.
const openStates = `(0, 1, 2, 5)`

// CancelDeliveries ends whatever is not yet sent of a stopped notice, and returns
// how many deliveries of it are cancelled then. What is on its way, in doubt or
// already answered keeps its true state. It goes along the chunks in stretches,
// each a transaction of its own: nothing leaves a stopped notice meanwhile, and
// what somebody left undone the sweeper does.
func (s *Store) CancelDeliveries(ctx context.Context, notice int64) (cancelled int64, err error) {
	for chunk, last := int64(1), int64(1); chunk <= last; chunk += cancelChunks {
		err := s.write(ctx, func(t *tx) (err error) {
			last, err = t.cancel(notice, chunk)
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	return cancelled, s.read(ctx, func(t *tx) error {
		_, cancelled, err = t.openAndCancelled(notice)
		return err
	})
}

// cancel does one stretch, from a chunk on, and returns the last chunk there is.
func (t *tx) cancel(notice, chunk int64) (last int64, err error) {
	if err := t.lockRelease(notice); err != nil {
		return 0, err
	}
	n, err := t.NoticeByNo(notice)
	if err != nil {
		return 0, err
	}
	if n.Status != incidents.NoticeStopped {
		return 0, incidents.Conflict("notice N-%d is %s, not stopped", n.No, n.Status)
	}
	if _, err := t.one(`SELECT COALESCE(MAX(no), 0) FROM chunks WHERE notice_no = $1`, args{notice}, &last); err != nil {
		return 0, err
	}
	from, _ := placesOf(chunk)
	_, to := placesOf(chunk + cancelChunks - 1)
	any, err := t.cancelPlaces(notice, from, to)
	if err != nil {
		return 0, err
	}
	if _, err := t.run(`UPDATE deliveries SET next_at = NULL`+t.apart(`state`, `NULL`)+` WHERE notice_no = $1 AND apart = 4 AND next_at IS NOT NULL AND seq BETWEEN $2 AND $3`, notice, from, to); err != nil {
		return 0, err
	}
	if !any {
		return last, nil
	}
	if _, err := t.run(`UPDATE chunks SET rev = rev + 1 WHERE notice_no = $1 AND no BETWEEN $2 AND $3`, notice, chunk, chunk+cancelChunks-1); err != nil {
		return 0, err
	}
	open, cancelled, err := t.openAndCancelled(notice)
	if err != nil || open > 0 {
		return last, err
	}
	return last, t.sayCancelled(n, cancelled)
}

// cancelPlaces cancels what is open and not in flight of a part of the list, and
// tells whether anything was.
func (t *tx) cancelPlaces(notice, from, to int64) (any bool, err error) {
	up, err := t.aloft(notice, 0)
	if err != nil {
		return false, err
	}
	where, params := ` WHERE d.notice_no = $1 AND d.seq BETWEEN $2 AND $3 AND d.state IN `+openStates, args{notice, from, to}
	if len(up) > 0 {
		where, params = where+` AND `+t.notAloft("$4"), append(params, up.table())
	}
	s := shift{}
	err = t.rows(`SELECT d.chunk, d.channel, d.step, d.state, COUNT(*) FROM deliveries d`+where+` GROUP BY d.chunk, d.channel, d.step, d.state`, params, func(r scanner) error {
		var k countKey
		var n int64
		err := r.Scan(&k.chunk, &k.channel, &k.step, &k.state, &n)
		s.moveAll(notice, k.chunk, k.channel, k.step, k.state, stateCancelled, n)
		return err
	})
	if err != nil || len(s) == 0 {
		return false, err
	}
	set := `UPDATE deliveries AS d SET state = ` + fmt.Sprint(stateCancelled) + `, next_at = NULL, reason = 'stopped', updated_at = $` + fmt.Sprint(len(params)+1)
	if _, err := t.run(set+t.apart(fmt.Sprint(stateCancelled), `NULL`)+where, append(params, ms(t.now()))...); err != nil {
		return false, err
	}
	return true, t.book(s)
}

// openAndCancelled counts what may still be claimed of a notice, and what was cancelled.
func (t *tx) openAndCancelled(notice int64) (open, cancelled int64, err error) {
	err = t.counted(notice, func(_, _, state int, n int64) {
		if isOpen(state) {
			open += n
		}
		if state == stateCancelled {
			cancelled += n
		}
	})
	return open, cancelled, err
}

// sayCancelled puts into the audit log, the timeline and the news that nothing is
// left to cancel.
func (t *tx) sayCancelled(n incidents.Notice, cancelled int64) error {
	const event = "notice.cancelled"
	at := t.now().Truncate(time.Second)
	if err := t.Audit(systemEntry(event, release{id: n.ID, incident: n.IncidentID}, at, map[string]string{"cancelled": fmt.Sprint(cancelled)})); err != nil {
		return err
	}
	if err := t.AddTimeline(incidents.TimelineEntry{IncidentID: n.IncidentID, At: at, Actor: incidents.System.ID, ActorName: incidents.System.Name, Kind: event,
		Text: fmt.Sprintf("%d deliveries of notice N-%d will not leave.", cancelled, n.No), Ref: string(n.ID)}); err != nil {
		return err
	}
	news, err := json.Marshal(incidents.News{Event: event, Incident: n.IncidentID, ID: string(n.ID), At: at})
	if err != nil {
		return err
	}
	return t.Emit(incidents.Message{ID: fmt.Sprintf("%s-%d", event, n.No), Subject: "incidents.notice_cancelled.v1", Data: news})
}

// cancelStopped goes on with stops whose deliveries nobody cancelled to the end.
func (s *Store) cancelStopped(ctx context.Context) error {
	var undone []int64
	err := s.read(ctx, func(t *tx) error {
		stopped, err := t.numbersOf(`SELECT c.notice_no FROM delivery_counts c JOIN notices n ON n.no = c.notice_no
			WHERE n.status = $1 AND c.state IN `+openStates+` GROUP BY c.notice_no HAVING SUM(c.n) > 0 ORDER BY c.notice_no`, string(incidents.NoticeStopped))
		for _, no := range stopped {
			open := int64(0)
			if err == nil {
				open, _, err = t.openAndCancelled(no)
			}
			if open > 0 { // else it is in flight, and ends as its worker says
				undone = append(undone, no)
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return eachNotice(ctx, undone, func(no int64) error {
		_, err := s.CancelDeliveries(ctx, no)
		return err
	})
}

package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// PutReceipt stores what a provider reported; equal ids are one.
func (s *Store) PutReceipt(ctx context.Context, r incidents.StatusReceipt) error {
	if r.ID == "" {
		return incidents.Invalid("a receipt needs an id")
	}
	err := s.queue.do(ctx, func(t *tx) error {
		_, err := t.PutReceipt(r)
		killpoint.If(err == nil, killpoint.ReceiptWritten)
		return err
	})
	killpoint.If(err == nil, killpoint.ReceiptStored)
	return err
}

// PutReceipt stores a receipt in the transaction of the act that brought it.
func (t *tx) PutReceipt(r incidents.StatusReceipt) (fresh bool, err error) {
	n, err := t.run(`INSERT INTO receipts (id, notice_no, seq, channel, provider_id, status, code, reason, at, stored_at, attempt)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (id) DO NOTHING`,
		r.ID, r.Delivery.Notice, r.Delivery.Seq, channelCode(r.Delivery.Channel), r.ProviderID, r.Status, r.Code, r.Reason, ms(r.At), ms(t.now()), r.Attempt)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = t.run(`INSERT INTO receipts_waiting (id, look_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING`, r.ID, ms(t.now()))
	return true, err
}

// A waitingReceipt is one that is not folded yet.
type waitingReceipt struct {
	id       string
	target   incidents.DeliveryID
	provider string
	looks    int
}

// FoldReceipts folds stored receipts into states.
func (s *Store) FoldReceipts(ctx context.Context, limit int) (folded int, err error) {
	err = s.write(ctx, func(t *tx) error {
		folded = 0
		waiting, err := t.receiptsDue(limit)
		if err != nil {
			return err
		}
		f := t.folding()
		for _, w := range waiting {
			ok, err := f.one(w)
			if err != nil {
				return err
			}
			if ok {
				folded++
			}
		}
		err = f.close()
		killpoint.If(err == nil && folded > 0, killpoint.FoldWritten)
		return err
	})
	killpoint.If(err == nil && folded > 0, killpoint.Folded)
	return folded, err
}

func (t *tx) receiptsDue(limit int) (out []waitingReceipt, err error) {
	err = t.rows(`SELECT r.id, r.notice_no, r.seq, r.channel, r.provider_id, w.looks FROM receipts_waiting w JOIN receipts r ON r.id = w.id
		WHERE w.look_at <= $1 ORDER BY w.look_at, w.id LIMIT $2`, args{ms(t.now()), limit}, func(r scanner) error {
		var w waitingReceipt
		var channel int
		err := r.Scan(&w.id, &w.target.Notice, &w.target.Seq, &channel, &w.provider, &w.looks)
		w.target.Channel = channelOf(channel)
		out = append(out, w)
		return err
	})
	return out, err
}

// A folding is one run over stored receipts.
type folding struct {
	*tx
	shift  shift
	failed map[int64][]delivery     // by notice: what was not delivered
	retry  map[int64]map[int64]bool // by notice: chunks with somebody to be called again
	seen   map[incidents.DeliveryID]bool
	gone   map[int64][]delivery // by notice: what did not arrive, as there is no such address
	locked map[int64]bool       // notices of which nothing is claimed meanwhile
	lines  []string
}

func (t *tx) folding() *folding {
	return &folding{tx: t, shift: shift{}, failed: map[int64][]delivery{}, gone: map[int64][]delivery{}, retry: map[int64]map[int64]bool{}, seen: map[incidents.DeliveryID]bool{}, locked: map[int64]bool{}}
}

// one folds a receipt's delivery, or lets the receipt wait.
func (f *folding) one(w waitingReceipt) (bool, error) {
	id, found, err := f.target(w)
	if err != nil {
		return false, err
	}
	if !found {
		return false, f.later(w, min(time.Hour, time.Minute<<min(w.looks, 6)))
	}
	if !f.seen[id] {
		settled, err := f.delivery(id)
		if err != nil {
			return false, err
		}
		if !settled {
			return false, f.later(w, 2*time.Second)
		}
		f.seen[id] = true
	}
	_, err = f.run(`DELETE FROM receipts_waiting WHERE id = $1`, w.id)
	return true, err
}

func (f *folding) later(w waitingReceipt, wait time.Duration) error {
	_, err := f.run(`UPDATE receipts_waiting SET looks = looks + 1, look_at = $2 WHERE id = $1`, w.id, ms(f.now().Add(wait)))
	return err
}

// target finds the delivery of a receipt: by its id, or by what the provider
// calls it.
func (f *folding) target(w waitingReceipt) (id incidents.DeliveryID, found bool, err error) {
	if w.target.Notice > 0 {
		_, err := f.tx.delivery(w.target)
		if incidents.KindOf(err) == incidents.KindNotFound {
			return id, false, nil
		}
		return w.target, err == nil, err
	}
	if w.provider == "" {
		return id, false, nil
	}
	var channel int
	found, err = f.tx.one(`SELECT notice_no, seq, channel FROM deliveries WHERE provider_id = $1 AND provider_id <> '' AND channel IN (2, 4) ORDER BY notice_no DESC LIMIT 1`,
		args{w.provider}, &id.Notice, &id.Seq, &channel)
	if err != nil || !found {
		return id, false, err
	}
	id.Channel = channelOf(channel)
	_, err = f.run(`INSERT INTO receipt_links (receipt_id, notice_no, seq, channel) VALUES ($1, $2, $3, $4) ON CONFLICT (receipt_id) DO NOTHING`,
		w.id, id.Notice, id.Seq, channel)
	return id, true, err
}

// delivery folds all receipts of one delivery; settled is false while an
// attempt is under way, whose outcome comes first.
func (f *folding) delivery(id incidents.DeliveryID) (settled bool, err error) {
	if !f.locked[id.Notice] { // or a claim could come between the look and the change
		if err := f.lockRelease(id.Notice); err != nil {
			return false, err
		}
		f.locked[id.Notice] = true
	}
	d, err := f.tx.delivery(id)
	if err != nil {
		return false, err
	}
	if d.attempts == 0 || d.state == stateAttempting {
		return false, nil
	}
	all, err := f.receiptsOf(id)
	if err != nil {
		return false, err
	}
	got := f.foldOf(d, all)
	sooner := !got.Next.IsZero() && ms(got.Next) != d.next // another receipt of the same end
	if stateCode(got.State) == d.state && got.Conflict == d.conflict && !sooner {
		return true, nil
	}
	c := change{state: stateCode(got.State), provider: got.Provider, code: d.code, reason: d.reason, conflict: got.Conflict, tries: d.tries, next: timeOr(d.next), at: f.now()}
	if sooner {
		c.next = got.Next
	}
	if c.state != d.state {
		c.next, c.code, c.reason = got.Next, got.Code, got.Reason
		if c, err = f.listenLater(d, c); err != nil {
			return false, err
		}
		if err := f.again(d, &c); err != nil {
			return false, err
		}
		if err := f.note(noted{d, "receipt " + string(stateOf(c.state)), d.provider, c.code, c.reason, f.now()}); err != nil {
			return false, err
		}
	}
	if err := f.become(f.shift, d, c); err != nil {
		return false, err
	}
	f.lines = append(f.lines, fmt.Sprintf("%s %s %s\n", id, stateOf(c.state), got.Code))
	if got.State == incidents.Undelivered && c.state != d.state {
		f.failed[d.notice] = append(f.failed[d.notice], d.after(c))
		if goneBy(id.Channel, got.Code) {
			f.gone[d.notice] = append(f.gone[d.notice], d)
		}
	}
	return true, nil
}

func (f *folding) receiptsOf(id incidents.DeliveryID) (out []incidents.StatusReceipt, err error) {
	err = f.rows(`SELECT id, provider_id, status, code, reason, at, attempt FROM receipts WHERE notice_no = $1 AND seq = $2 AND channel = $3
		UNION ALL SELECT r.id, r.provider_id, r.status, r.code, r.reason, r.at, r.attempt FROM receipt_links k JOIN receipts r ON r.id = k.receipt_id WHERE k.notice_no = $1 AND k.seq = $2 AND k.channel = $3`,
		args{id.Notice, id.Seq, channelCode(id.Channel)}, func(row scanner) error {
			r := incidents.StatusReceipt{Delivery: id, Channel: id.Channel}
			var at int64
			err := row.Scan(&r.ID, &r.ProviderID, &r.Status, &r.Code, &r.Reason, &at, &r.Attempt)
			r.At = fromMS(at)
			out = append(out, r)
			return err
		})
	return out, err
}

// close takes what was not delivered on to the next channel, books the
// counters and writes one audit entry.
func (f *folding) close() error {
	for _, notice := range slices.Sorted(maps.Keys(f.failed)) {
		if err := f.goOn(notice, f.failed[notice]); err != nil {
			return err
		}
	}
	if err := f.book(f.shift); err != nil {
		return err
	}
	if err := f.reopen(); err != nil {
		return err
	}
	if len(f.lines) == 0 {
		return nil
	}
	slices.Sort(f.lines)
	sum := sha256.Sum256([]byte(strings.Join(f.lines, "")))
	return f.Audit(systemEntry("receipts.folded", release{}, f.now(), map[string]string{"deliveries": fmt.Sprint(len(f.lines)), "lines_sha256": hex.EncodeToString(sum[:])}))
}

// goOn opens the next channel for what was not delivered of one notice, and
// wakes its chunks. A stopped notice opens nothing.
func (f *folding) goOn(notice int64, failed []delivery) error {
	r, found, err := f.release(notice)
	if err != nil || !found {
		return orNotFound(err, "notice %d was never released", notice)
	}
	n, err := f.NoticeByNo(notice)
	if err != nil {
		return err
	}
	if err := f.forget(r.list, f.gone[notice]); err != nil {
		return err
	}
	if n.Status == incidents.NoticeStopped {
		return nil
	}
	gone, err := f.fallBack(f.shift, r, n.Content, failed, f.now())
	if err != nil {
		return err
	}
	chunks := map[int64]bool{}
	for _, d := range gone {
		chunks[d.chunk] = true
	}
	return f.wake(r, n, chunks, f.now())
}

func timeOr(msec int64) time.Time {
	if msec == 0 {
		return time.Time{}
	}
	return fromMS(msec)
}

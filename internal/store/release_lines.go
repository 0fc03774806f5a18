package store

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// DeliveryLines streams every delivery of a notice, in order of seq and
// channel, from one snapshot. Who no channel reaches has a line without channel.
func (s *Store) DeliveryLines(ctx context.Context, notice int64, yield func(incidents.Delivery) error) error {
	return s.read(ctx, func(t *tx) error { return t.lines(notice, yield) })
}

func (t *tx) lines(notice int64, yield func(incidents.Delivery) error) error {
	up, err := t.aloft(notice, 0)
	if err != nil {
		return err
	}
	return t.rows(deliveryColumns+`FROM deliveries d WHERE d.notice_no = $1 ORDER BY d.seq, d.channel`, args{notice}, func(r scanner) error {
		d, err := scanDelivery(r)
		if err != nil {
			return err
		}
		up.over(&d)
		return yield(d.domain())
	})
}

// deliveryRoot is the Merkle root over the delivery lines of a notice as JSON,
// as they stand: a file of these lines, one a line, has this root.
func (t *tx) deliveryRoot(notice int64) (string, error) {
	var tree ledger.Tree
	err := t.lines(notice, func(d incidents.Delivery) error {
		b, err := json.Marshal(d)
		tree.Add(b)
		return err
	})
	root := tree.Root()
	return hex.EncodeToString(root[:]), err
}

// An Attempt is one line of the history of a delivery: what came of an
// attempt, or what was found out about it later.
type Attempt struct {
	Delivery   incidents.DeliveryID
	Attempt    int
	StartedAt  int64 // Unix seconds; milliseconds in the lines of a window
	EndedAt    int64
	Outcome    string
	ProviderID string
	Code       string
	Reason     string
	Provider   string // account that was asked
}

// Attempts streams the history of a notice's deliveries, chunk by chunk and
// each delivery's in the order it happened; seq 0 is everybody.
func (s *Store) Attempts(ctx context.Context, notice, seq int64, yield func(Attempt) error) error {
	return s.read(ctx, func(t *tx) error {
		chunks, err := t.numbersOf(`SELECT no FROM chunks WHERE notice_no = $1 AND ($2 = 0 OR no = $2) ORDER BY no`, notice, chunkOf(seq))
		for _, no := range chunks {
			if err == nil {
				err = t.attempts(notice, no, seq, yield)
			}
		}
		return err
	})
}

// attempts yields the history of one chunk, or of one person in it.
func (t *tx) attempts(notice, chunk, seq int64, yield func(Attempt) error) error {
	all, err := t.windowLines(notice, chunk, seq)
	if err != nil {
		return err
	}
	from, to := placesOf(chunk)
	if seq > 0 {
		from, to = seq, seq
	}
	err = t.rows(`SELECT notice_no, seq, channel, attempt, started_at, ended_at, outcome, provider_id, code, reason FROM delivery_attempts
		WHERE notice_no = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq, channel, attempt, entry`, args{notice, from, to}, func(r scanner) error {
		var a Attempt
		var channel int
		err := r.Scan(&a.Delivery.Notice, &a.Delivery.Seq, &channel, &a.Attempt, &a.StartedAt, &a.EndedAt, &a.Outcome, &a.ProviderID, &a.Code, &a.Reason)
		a.Delivery.Channel = channelOf(channel)
		all = append(all, a)
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(all, func(a, b Attempt) int { // what came of an attempt stands before what was found out later
		return cmp.Or(cmp.Compare(a.Delivery.Seq, b.Delivery.Seq), channelCode(a.Delivery.Channel)-channelCode(b.Delivery.Channel), a.Attempt-b.Attempt)
	})
	for _, a := range all {
		a.StartedAt, a.EndedAt = a.StartedAt/1000, a.EndedAt/1000
		if err := yield(a); err != nil {
			return err
		}
	}
	return nil
}

// windowLines reads the lines of a chunk's windows, in their order.
func (t *tx) windowLines(notice, chunk, seq int64) (out []Attempt, err error) {
	err = t.rows(`SELECT lines FROM delivery_windows WHERE notice_no = $1 AND chunk = $2 ORDER BY turn`, args{notice, chunk}, func(r scanner) error {
		var text string
		if err := r.Scan(&text); err != nil {
			return err
		}
		err := decodeWindow(text, func(a Attempt) {
			if seq == 0 || a.Delivery.Seq == seq {
				out = append(out, a)
			}
		})
		if err != nil {
			return fmt.Errorf("notice %d: %w", notice, err)
		}
		return nil
	})
	return out, err
}

// ClaimedStatus streams what is claimed of each delivery with the list's own
// id of its person, opened in memory; erased persons have an empty one.
func (s *Store) ClaimedStatus(ctx context.Context, notice int64, yield func(ref string, c incidents.Channel, st incidents.DeliveryState) error) error {
	return s.read(ctx, func(t *tx) error {
		r, found, err := t.release(notice)
		if err != nil || !found {
			return orNotFound(err, "notice %d was never released", notice)
		}
		l, err := t.listByNo(r.list)
		if err != nil {
			return err
		}
		up, err := t.aloft(notice, 0)
		if err != nil {
			return err
		}
		return t.rows(deliveryColumns+`, `+personColumns+` FROM deliveries d JOIN persons p ON p.list_no = $1 AND p.seq = d.seq WHERE d.notice_no = $2 ORDER BY d.seq, d.channel`,
			args{r.list, notice}, func(row scanner) error {
				var d delivery
				p, err := scanPerson(row, l, d.dest()...)
				if err != nil {
					return err
				}
				up.over(&d)
				c, err := s.OpenContact(ctx, p)
				if err != nil && incidents.KindOf(err) != incidents.KindNotFound {
					return err
				}
				return yield(c.Ref, channelOf(d.channel), stateOf(d.state))
			})
	})
}

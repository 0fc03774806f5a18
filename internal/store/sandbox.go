package store

import (
	"context"
	"encoding/json"
	"fmt"

	"tocsin/incidents"
)

// captured is the sealed part of a capture: what shows a person.
type captured struct {
	Subject string `json:"subject"`
	To      string `json:"to"`
	Body    []byte `json:"body"`
}

// Capture keeps a message instead of sending it. It is sealed under the key of
// its person's block, so that it goes when the person or the list goes. What
// was sent twice is kept twice.
func (s *Store) Capture(ctx context.Context, c incidents.Capture) error {
	plain, err := json.Marshal(captured{c.Subject, c.To, c.Body})
	if err != nil {
		return err
	}
	var l list
	var block int64
	err = s.read(ctx, func(t *tx) error {
		r, found, err := t.release(c.Delivery.Notice)
		if err != nil || !found {
			return err
		}
		block = blockOf(c.Delivery.Seq)
		l, err = t.list(r.incident)
		return err
	})
	if err != nil {
		return err
	}
	box, err := s.captureSealer(ctx, l, block)
	if err != nil {
		return err
	}
	return s.queue.do(ctx, func(t *tx) error {
		id, err := t.captureID(c)
		if err != nil {
			return err
		}
		_, err = t.run(`INSERT INTO captures (id, notice_no, seq, channel, mode, lang, at, list_no, block, sealed) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			id, c.Delivery.Notice, c.Delivery.Seq, channelCode(c.Channel), string(c.Mode), string(c.Lang), ms(c.At), l.no, block, box.Seal(id, plain))
		return err
	})
}

// captureSealer is the block of the person, or, for a message that belongs to
// no released notice, the box of the sandbox.
func (s *Store) captureSealer(ctx context.Context, l list, block int64) (sealer, error) {
	if l.no == 0 {
		return s.o.Keeper.Small("capture"), nil
	}
	return s.o.Keeper.Sealer(ctx, string(l.incident), block)
}

// captureID names a capture by what it was given, the next ones of the same
// delivery "…~2", "…~3".
func (t *tx) captureID(c incidents.Capture) (string, error) {
	if c.ID == "" {
		c.ID = c.Delivery.String()
	}
	id := c.ID
	for n := 2; ; n++ {
		taken, err := t.one(`SELECT 1 FROM captures WHERE id = $1`, args{id}, new(int))
		if err != nil || !taken {
			return id, err
		}
		id = fmt.Sprintf("%s~%d", c.ID, n)
	}
}

const captureColumns = `SELECT no, id, notice_no, seq, channel, mode, lang, at, list_no, block, sealed FROM captures WHERE `

// A captureRow is one stored capture.
type captureRow struct {
	incidents.Capture
	no, list, block int64
	sealed          []byte
}

func scanCapture(r scanner) (c captureRow, err error) {
	var channel int
	var at int64
	err = r.Scan(&c.no, &c.ID, &c.Delivery.Notice, &c.Delivery.Seq, &channel, &c.Mode, &c.Lang, &at, &c.list, &c.block, &c.sealed)
	c.Channel, c.At = channelOf(channel), fromMS(at)
	c.Delivery.Channel = c.Channel
	return c, err
}

// Captures lists a notice's captures, newest first, without To, Subject and
// Body; notice 0 is all. before is the id of the last one of the page before.
func (s *Store) Captures(ctx context.Context, notice int64, before string, limit int) (out []incidents.Capture, err error) {
	if limit <= 0 || limit > 1000 {
		limit = 100
	}
	err = s.read(ctx, func(t *tx) error {
		end := int64(1 << 62)
		if before != "" {
			found, err := t.one(`SELECT no FROM captures WHERE id = $1`, args{before}, &end)
			if err != nil {
				return err
			}
			if !found {
				return incidents.NotFound("there is no capture %q", before)
			}
		}
		where, params := `no < $1 ORDER BY no DESC LIMIT $2`, args{end, limit}
		if notice != 0 {
			where, params = `no < $1 AND notice_no = $2 ORDER BY no DESC LIMIT $3`, args{end, notice, limit}
		}
		return t.rows(captureColumns+where, params, func(r scanner) error {
			c, err := scanCapture(r)
			out = append(out, c.Capture)
			return err
		})
	})
	return out, err
}

// OpenCapture opens one capture.
func (s *Store) OpenCapture(ctx context.Context, id string) (incidents.Capture, error) {
	var c captureRow
	var l list
	err := s.read(ctx, func(t *tx) error {
		found, err := t.scanOne(captureColumns+`id = $1`, args{id}, func(r scanner) (err error) {
			c, err = scanCapture(r)
			return err
		})
		if err == nil && !found {
			err = incidents.NotFound("there is no capture %q", id)
		}
		if err == nil && c.list != 0 {
			l, err = t.listByNo(c.list)
		}
		return err
	})
	if err != nil {
		return c.Capture, err
	}
	if c.sealed == nil {
		return c.Capture, incidents.NotFound("the content of capture %q was erased", id)
	}
	box, err := s.captureSealer(ctx, l, c.block)
	if err != nil {
		return c.Capture, err
	}
	plain, err := box.Open(id, c.sealed)
	if err != nil {
		return c.Capture, fmt.Errorf("open capture %q: %w", id, err)
	}
	var x captured
	if err := json.Unmarshal(plain, &x); err != nil {
		return c.Capture, fmt.Errorf("read capture %q: %w", id, err)
	}
	c.Subject, c.To, c.Body = x.Subject, x.To, x.Body
	return c.Capture, nil
}

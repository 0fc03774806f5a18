package store

import (
	"cmp"
	"context"
	"slices"
	"time"

	"tocsin/incidents"
)

// Emit puts a message into the outbox. A message id that waits there already
// is the same message.
func (t *tx) Emit(m incidents.Message) error {
	n, err := t.run(`INSERT INTO outbox (id, subject, data, at) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING`, m.ID, m.Subject, nonNil(m.Data), ms(t.now()))
	t.emitted = t.emitted || n > 0
	return err
}

func nonNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// An OutboxRow is a message that waits to be published.
type OutboxRow struct {
	Seq int64
	incidents.Message
}

// outboxLease is how long a taken message is left to whoever took it.
const outboxLease = 10 * time.Second

// OutboxReady receives when something may be in the outbox: after each commit
// that put something in, and once after Open. What a dead process took, and
// what another process put in, is not announced here, so look now and then too.
func (s *Store) OutboxReady() <-chan struct{} { return s.ready }

func (s *Store) wake() {
	select {
	case s.ready <- struct{}{}:
	default: // it is awake already
	}
}

// TakeOutbox takes up to n messages, oldest first. What is not done within
// half a minute, because its taker died, can be taken again.
func (s *Store) TakeOutbox(ctx context.Context, n int) (out []OutboxRow, err error) {
	err = s.together(ctx, func(t *tx) error {
		out = nil
		now, skip := t.now(), ""
		if s.pg {
			skip = ` FOR UPDATE SKIP LOCKED`
		}
		return t.rows(`UPDATE outbox SET leased_until = $1 WHERE seq IN (SELECT seq FROM outbox WHERE leased_until <= $2 ORDER BY seq LIMIT $3`+skip+`) RETURNING seq, id, subject, data`,
			args{ms(now.Add(outboxLease)), ms(now), n}, func(r scanner) error {
				var row OutboxRow
				err := r.Scan(&row.Seq, &row.ID, &row.Subject, &row.Data)
				out = append(out, row)
				return err
			})
	})
	sortBySeq(out)
	return out, err
}

// OutboxDone removes what was published.
func (s *Store) OutboxDone(ctx context.Context, seqs []int64) error {
	return s.together(ctx, func(t *tx) error { return t.outbox(`DELETE FROM outbox WHERE seq IN `, seqs) })
}

// OutboxBack gives back what could not be published, to be taken again.
func (s *Store) OutboxBack(ctx context.Context, seqs []int64) error {
	return s.together(ctx, func(t *tx) error { return t.outbox(`UPDATE outbox SET leased_until = 0 WHERE seq IN `, seqs) })
}

func (t *tx) outbox(statement string, seqs []int64) error {
	rows := make([][]any, len(seqs))
	for i, x := range seqs {
		rows[i] = []any{x}
	}
	_, err := t.run(statement+`(SELECT v.seq FROM `+t.table("$1", "seq:int")+` v)`, asJSON(rows))
	return err
}

func sortBySeq(rows []OutboxRow) {
	slices.SortFunc(rows, func(a, b OutboxRow) int { return cmp.Compare(a.Seq, b.Seq) })
}

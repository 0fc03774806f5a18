package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"tocsin/incidents"
)

var _ incidents.Store = (*Store)(nil)

// Read runs fn on one consistent snapshot.
func (s *Store) Read(ctx context.Context, fn func(incidents.Tx) error) error {
	return s.read(ctx, func(t *tx) error { return fn(t) })
}

// Write runs fn in one transaction, alone: writers take turns on both engines,
// so what fn read stays true until it commits.
func (s *Store) Write(ctx context.Context, fn func(incidents.Tx) error) error {
	return s.write(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) read(ctx context.Context, fn func(*tx) error) error {
	return s.attempt(&tx{ctx: ctx, s: s}, s.r, true, fn)
}

// write is Write within the package.
func (s *Store) write(ctx context.Context, fn func(*tx) error) error {
	return s.retry(ctx, func() error {
		return s.attempt(&tx{ctx: ctx, s: s}, s.w, false, func(t *tx) error {
			if err := t.alone(); err != nil {
				return err
			}
			return fn(t)
		})
	})
}

// together is write without the turn of its own: on PostgreSQL several run at
// once, each statement seeing what is committed by then, and fn must lock the
// rows whose truth it relies on. The audit log still grows in one order. It is
// for the delivery journal, which many workers write at the same time; what
// replaces a whole incident or notice belongs into write, or calls alone first.
// A server that stays silent is given up: see answerWithin.
func (s *Store) together(ctx context.Context, fn func(*tx) error) error {
	return s.concurrent(ctx, false, fn)
}

// carried is together for what nobody relies on before something else is written:
// it is not synced, and the next commit that is takes it along to the disk. When
// the power goes before, it is as if it had not been.
func (s *Store) carried(ctx context.Context, fn func(*tx) error) error {
	return s.concurrent(ctx, true, fn)
}

func (s *Store) concurrent(ctx context.Context, carried bool, fn func(*tx) error) error {
	if s.pg {
		limited, cancel := context.WithTimeout(ctx, s.within)
		defer cancel()
		ctx = limited
	}
	return s.retry(ctx, func() error { return s.attempt(&tx{ctx: ctx, s: s, carried: carried}, s.w, false, fn) })
}

// Halt is Write for what takes a notice out of sending. On PostgreSQL it waits for
// the turns of that notice alone, and not for whoever else writes: see PutNotice
// for what becomes of those who read the notice before.
func (s *Store) Halt(ctx context.Context, id incidents.NoticeID, fn func(incidents.Tx) error) error {
	return s.together(ctx, func(t *tx) error {
		if t.postgres() {
			for _, lock := range []string{`SELECT 1 FROM releases WHERE notice_id = $1 FOR UPDATE`, `SELECT 1 FROM notices WHERE id = $1 FOR UPDATE`} {
				if err := t.later(nil, lock, clean(string(id))); err != nil {
					return err
				}
			}
		}
		return fn(t)
	})
}

// answerWithin is how long a short transaction waits for PostgreSQL. Behind a
// wire that was cut nobody answers, and who works a chunk has to learn that it
// is another's: by then its lease is over.
const answerWithin = 30 * time.Second

// alone waits until no other writer is at work, and keeps others out until the
// end of the transaction. SQLite has one writer anyway.
func (t *tx) alone() error {
	if !t.s.pg {
		return nil
	}
	return t.later(nil, `LOCK TABLE one_writer IN EXCLUSIVE MODE`)
}

const tries = 8

func (s *Store) retry(ctx context.Context, once func() error) error {
	if err := s.usable(); err != nil {
		return err
	}
	var err error
	for range tries {
		if err = once(); err == nil || !again(err) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// attempt runs fn in a new transaction; reading, on PostgreSQL, is of one snapshot.
func (s *Store) attempt(t *tx, db *sql.DB, reads bool, fn func(*tx) error) error {
	t.reads = reads
	begin := t.beginSQLite
	if s.pg {
		begin = t.beginPostgres
	}
	end, err := begin(db, reads)
	if err != nil {
		return s.noticed(named(err))
	}
	defer end()
	if err := fn(t); err != nil {
		return s.noticed(err)
	}
	return t.commit()
}

// commit appends the audit entries and makes everything durable.
func (t *tx) commit() error {
	if err := t.appendLedger(); err != nil {
		return t.s.noticed(fmt.Errorf("append to the audit log: %w", err))
	}
	if t.lite == nil && t.kept != nil && !t.quiet {
		t.s.writes.Add(1) // before the next writer can look
	}
	conclude := t.commitPostgres
	switch {
	case t.lite != nil:
		conclude = t.lite.Commit
	case t.kept != nil:
		conclude = t.commitWriter
	}
	if err := conclude(); err != nil {
		return t.s.noticed(named(err))
	}
	t.s.edge.committed(t.added)
	if t.emitted {
		t.s.wake()
	}
	return nil
}

// noticed remembers an error after which memory and disk may disagree.
func (s *Store) noticed(err error) error {
	if err != nil && unsynced(err) && !s.broken.Swap(true) {
		s.o.Log.Error("the database could not be synced to disk; nothing is written until the next start", "error", err)
	}
	return err
}

var errClosed = errors.New("the store is closed")

package store

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// later executes a statement that nothing in this transaction has to see at
// once; told, if not nil, hears how many rows it changed. SQLite runs it now.
// To PostgreSQL it goes with those that follow, before the next query or the
// commit: a window is a few journeys then, where each statement was one.
func (t *tx) later(told func(changed int64) error, query string, params ...any) error {
	if t.postgres() {
		t.tell(query, params)
		t.waiting = append(t.waiting, waiting{query, params, told})
		return nil
	}
	n, err := t.run(query, params...)
	if err != nil || told == nil {
		return err
	}
	return told(n)
}

// A waiting statement of PostgreSQL.
type waiting struct {
	query  string
	params args
	told   func(int64) error
}

// flush sends what waits.
func (t *tx) flush() error {
	if len(t.waiting) == 0 {
		return nil
	}
	var b pgx.Batch
	for _, w := range t.waiting {
		b.Queue(w.query, w.params...).Exec(func(tag pgconn.CommandTag) error {
			if w.told == nil {
				return nil
			}
			return w.told(tag.RowsAffected())
		})
	}
	t.waiting = nil
	return named(t.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver is a %T and cannot send a batch", driver)
		}
		return c.Conn().SendBatch(t.ctx, &b).Close()
	}))
}

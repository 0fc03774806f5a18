package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// A session is where the statements of a transaction run: SQLite's transaction,
// or the connection to PostgreSQL that one was begun on.
type session interface {
	ExecContext(ctx context.Context, query string, params ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, params ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, params ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// A waiting statement of PostgreSQL, and who hears what came of it.
type waiting struct {
	query  string
	params args
	done   func(pgconn.CommandTag) error // nil: nobody
	row    func(pgx.Row) error           // of a query
}

// later executes a statement that nothing in this transaction has to see at
// once; told, if not nil, hears how many rows it changed. SQLite runs it now.
// To PostgreSQL it goes with those that follow, before the next query or with
// the commit: a turn is one journey then, where each statement was.
func (t *tx) later(told func(changed int64) error, query string, params ...any) error {
	if !t.postgres() {
		n, err := t.run(query, params...)
		if err != nil || told == nil {
			return err
		}
		return told(n)
	}
	t.tell(query, params)
	w := waiting{query: query, params: params}
	if told != nil {
		w.done = func(tag pgconn.CommandTag) error { return told(tag.RowsAffected()) }
	}
	t.waiting = append(t.waiting, w)
	return nil
}

// ask is one, for a query that goes to PostgreSQL with those that follow: its
// answer is there after flush. SQLite answers now.
func (t *tx) ask(found *bool, query string, params args, dest ...any) (err error) {
	if !t.postgres() {
		*found, err = t.one(query, params, dest...)
		return err
	}
	t.tell(query, params)
	t.waiting = append(t.waiting, waiting{query: query, params: params, row: func(r pgx.Row) error {
		err := r.Scan(dest...)
		*found = err == nil
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	}})
	return nil
}

// flush sends what waits, and hands out the answers.
func (t *tx) flush() error {
	if len(t.waiting) == 0 {
		return nil
	}
	var b pgx.Batch
	for _, w := range t.waiting {
		q := b.Queue(w.query, w.params...)
		switch {
		case w.row != nil:
			q.QueryRow(w.row)
		case w.done != nil:
			q.Exec(w.done)
		}
	}
	t.waiting = nil
	return t.raw(func(c *pgx.Conn) error { return c.SendBatch(t.ctx, &b).Close() })
}

// raw works on the connection to PostgreSQL itself, after what waits.
func (t *tx) raw(fn func(*pgx.Conn) error) error {
	if err := t.flush(); err != nil {
		return err
	}
	return named(t.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver is a %T, not PostgreSQL's", driver)
		}
		return fn(c.Conn())
	}))
}

// beginPostgres begins a transaction with its first statement, and returns what ends it.
func (t *tx) beginPostgres(db *sql.DB, snapshot bool) (end func(), err error) {
	if t.conn, err = db.Conn(t.ctx); err != nil {
		return nil, err
	}
	begin := `BEGIN`
	if snapshot {
		begin = `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`
	}
	t.sql, t.open = t.conn, true
	t.waiting = []waiting{{query: begin}}
	if t.carried {
		t.waiting = append(t.waiting, waiting{query: `SET LOCAL synchronous_commit TO off`})
	}
	return func() {
		defer t.conn.Close()
		if !t.open || len(t.waiting) > 0 && t.waiting[0].query == begin {
			return // it was committed, or never began
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.ctx), t.s.within)
		defer cancel()
		_, _ = t.conn.ExecContext(ctx, `ROLLBACK`) // the pool takes no connection back that is in a transaction
	}, nil
}

// commitPostgres sends the commit with what waits, unless somebody hears first
// how many rows that changed.
func (t *tx) commitPostgres() error {
	for _, w := range t.waiting {
		if w.done != nil {
			if err := t.flush(); err != nil {
				return err
			}
			break
		}
	}
	t.waiting = append(t.waiting, waiting{query: `COMMIT`, done: func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return fmt.Errorf("PostgreSQL answered %s to the commit", tag)
		}
		t.open = false
		return nil
	}})
	return t.flush()
}

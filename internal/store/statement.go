package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements keeps queries to SQLite prepared, those of its one writer and those that
// read ahead of it: the same few run for every window and chunk of a notice, and
// reading SQL costs more than running it. PostgreSQL's driver remembers by itself.
type statements struct {
	mu    sync.Mutex
	ready map[string]*sql.Stmt // nil: asked for once, not worth it yet
	want  []string             // to be prepared when the writer is free
}

// maxStatements bounds what is kept: queries put together for a filter come and go.
const maxStatements = 512

// of returns the prepared form of a query, nil while there is none.
func (c *statements) of(query string) *sql.Stmt {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, seen := c.ready[query]
	switch {
	case p != nil:
		return p
	case seen:
		c.want = append(c.want, query)
	case len(c.ready) < maxStatements:
		if c.ready == nil {
			c.ready = map[string]*sql.Stmt{}
		}
		c.ready[query] = nil
	}
	return nil
}

// prepare prepares what was wanted, between two transactions. What cannot be
// prepared is run as it is, and says then what is wrong with it.
func (c *statements) prepare(ctx context.Context, conn session) {
	c.mu.Lock()
	want := c.want
	c.want = nil
	c.mu.Unlock()
	for _, query := range want {
		p, err := conn.PrepareContext(ctx, query)
		if err != nil {
			continue
		}
		c.mu.Lock()
		if old := c.ready[query]; old != nil || c.ready == nil {
			p.Close() // asked for twice, or closed meanwhile
		} else {
			c.ready[query] = p
		}
		c.mu.Unlock()
	}
}

// close lets go of what is prepared.
func (c *statements) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.ready {
		if p != nil {
			p.Close()
		}
	}
	c.ready = nil
}

// A statement is SQL that is run as it is, or prepared before.
type statement struct {
	t        *tx
	query    string
	prepared *sql.Stmt
}

// ready finds the prepared form of a query, if there is one.
func (t *tx) ready(query string) statement {
	q := statement{t: t, query: query}
	if t.kept == nil {
		return q
	}
	q.prepared = t.kept.of(query)
	if q.prepared != nil && t.lite != nil {
		q.prepared = t.lite.StmtContext(t.ctx, q.prepared)
	}
	return q
}

func (q statement) exec(ctx context.Context, params args) (sql.Result, error) {
	if q.prepared != nil {
		return q.prepared.ExecContext(ctx, params...)
	}
	return q.t.sql.ExecContext(ctx, q.query, params...)
}

func (q statement) row(ctx context.Context, params args) *sql.Row {
	if q.prepared != nil {
		return q.prepared.QueryRowContext(ctx, params...)
	}
	return q.t.sql.QueryRowContext(ctx, q.query, params...)
}

func (q statement) rows(ctx context.Context, params args) (*sql.Rows, error) {
	if q.prepared != nil {
		return q.prepared.QueryContext(ctx, params...)
	}
	return q.t.sql.QueryContext(ctx, q.query, params...)
}

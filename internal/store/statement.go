package store

import (
	"context"
	"database/sql"
)

// A statement is SQL that is run as it is, or prepared before.
type statement struct {
	t        *tx
	query    string
	prepared *sql.Stmt
}

// ready finds the prepared form of a query. Within a group on SQLite a query
// is prepared when it comes for the second time, and closed with the
// transaction; PostgreSQL's driver remembers by itself.
func (t *tx) ready(query string) (statement, error) {
	q := statement{t: t, query: query}
	if !t.grouped {
		return q, nil
	}
	if t.prepared == nil {
		t.prepared = map[string]*sql.Stmt{}
	}
	p, seen := t.prepared[query]
	if seen && p == nil {
		var err error
		if p, err = t.sql.PrepareContext(t.ctx, query); err != nil {
			return q, err
		}
	}
	t.prepared[query], q.prepared = p, p
	return q, nil
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

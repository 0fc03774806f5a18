package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// A tx is one transaction; it implements incidents.Tx. SQL numbers its
// parameters $1, $2 … in order of first use, and runs on both engines.
type tx struct {
	ctx     context.Context
	sql     session
	lite    *sql.Tx   // of SQLite, to read
	conn    *sql.Conn // of PostgreSQL
	reads   bool      // it writes nothing
	open    bool      // begun, or on PostgreSQL to be begun with the first statement, and not committed; not of lite
	s       *Store
	entries []incidents.AuditEntry // appended to the ledger at the end
	added   ledger.Appended        // what these added to its tree
	waiting []waiting              // statements that go to PostgreSQL together
	emitted bool
	read    map[incidents.NoticeID]incidents.NoticeStatus // of notices, as this transaction knows them
	kept    *statements                                   // of SQLite's writer, or of who reads ahead; nil elsewhere
	far     incidents.Far                                 // told how far a release is; nil: nobody asks
	carried bool                                          // its commit is not synced: the next that is carries it
	quiet   bool                                          // a turn of the journal: it moves no gate, and no chunk but its own
	seen    func(query string, params args)               // of tests: told each query before it runs
}

// args are the parameters of a statement.
type args = []any

// A scanner is a row that can be read.
type scanner interface{ Scan(dest ...any) error }

func (t *tx) postgres() bool       { return t.s.pg }
func (t *tx) now() time.Time       { return t.s.o.Now().UTC() }
func (t *tx) gate() incidents.Gate { return t.s.o.Gate }

// run executes a statement and returns how many rows it changed.
func (t *tx) run(query string, params ...any) (int64, error) {
	if err := t.flush(); err != nil {
		return 0, err
	}
	r, err := t.ready(query).exec(t.ctx, params)
	if err != nil {
		return 0, named(err)
	}
	n, err := r.RowsAffected()
	return n, named(err)
}

// one reads the first row into dest; found is false when there is none.
func (t *tx) one(query string, params args, dest ...any) (found bool, err error) {
	return t.scanOne(query, params, func(r scanner) error { return r.Scan(dest...) })
}

// scanOne hands the first row to scan; found is false when there is none.
func (t *tx) scanOne(query string, params args, scan func(scanner) error) (found bool, err error) {
	if err := t.flush(); err != nil {
		return false, err
	}
	t.tell(query, params)
	err = scan(t.ready(query).row(t.ctx, params))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, named(err)
}

// rows hands every row to scan, in order.
func (t *tx) rows(query string, params args, scan func(scanner) error) error {
	if err := t.flush(); err != nil {
		return err
	}
	t.tell(query, params)
	rows, err := t.ready(query).rows(t.ctx, params)
	if err != nil {
		return named(err)
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return named(err)
		}
	}
	return named(rows.Err())
}

// numbersOf reads a column of numbers.
func (t *tx) numbersOf(q string, params ...any) (out []int64, err error) {
	err = t.rows(q, params, func(r scanner) error {
		var no int64
		err := r.Scan(&no)
		out = append(out, no)
		return err
	})
	return out, err
}

func (t *tx) tell(query string, params args) {
	if t.seen != nil {
		t.seen(query, params)
	}
}

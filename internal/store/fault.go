package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"

	"tocsin/incidents"
)

// SQLite result codes, primary unless the comment says otherwise.
const (
	sqliteBusy       = 5
	sqliteLocked     = 6
	sqliteReadOnly   = 8
	sqliteInterrupt  = 9
	sqliteIO         = 10
	sqliteFull       = 13
	sqliteCantOpen   = 14
	sqliteUnique     = 2067 // extended
	sqlitePrimaryKey = 1555 // extended
	sqliteRowID      = 2579 // extended
	sqliteTrigger    = 1811 // extended
	sqliteFsync      = 1034 // extended
	sqliteDirFsync   = 1290 // extended
)

// named gives an error of a driver its kind. The driver's text can hold values
// of a row, so it is kept for Unwrap and out of the message.
func named(err error) error {
	if err == nil {
		return nil
	}
	var known *incidents.Error
	if errors.As(err, &known) {
		return err
	}
	var lite *sqlite.Error
	var pg *pgconn.PgError
	var connect *pgconn.ConnectError
	var network net.Error
	switch {
	case errors.As(err, &lite):
		return namedSQLite(lite.Code(), err)
	case errors.As(err, &pg):
		return namedPostgres(pg.Code, err)
	case errors.As(err, &connect), errors.As(err, &network), lost(err):
		return &fault{incidents.Unavailable("the database cannot be reached"), err}
	}
	return err
}

// lost tells that a connection ended under a statement, or before it.
func lost(err error) bool {
	return errors.Is(err, driver.ErrBadConn) || errors.Is(err, sql.ErrConnDone) || errors.Is(err, io.ErrUnexpectedEOF) ||
		pgconn.SafeToRetry(err) && !errors.Is(err, context.Canceled)
}

// A fault is an error with a kind and, for Unwrap, what the driver said.
type fault struct {
	kind  *incidents.Error
	cause error
}

func (f *fault) Error() string   { return f.kind.Error() }
func (f *fault) Unwrap() []error { return []error{f.kind, f.cause} }

func namedSQLite(code int, err error) error {
	switch code {
	case sqliteUnique, sqlitePrimaryKey, sqliteRowID:
		return &fault{incidents.Conflict("it is already there"), err}
	case sqliteTrigger:
		return &fault{incidents.Conflict("what was written down is never changed"), err}
	}
	switch code & 0xff {
	case sqliteFull:
		return &fault{incidents.Unavailable("the disk is full"), err}
	case sqliteBusy, sqliteLocked, sqliteReadOnly, sqliteIO, sqliteInterrupt, sqliteCantOpen:
		return &fault{incidents.Unavailable("the database cannot be used now (%d)", code), err}
	}
	return &fault{&incidents.Error{Kind: incidents.KindInternal, Msg: fmt.Sprintf("the database refused a statement (%d)", code)}, err}
}

func namedPostgres(code string, err error) error {
	switch {
	case code == "23505":
		return &fault{incidents.Conflict("it is already there"), err}
	case code == "23001":
		return &fault{incidents.Conflict("what was written down is never changed"), err}
	case code == "40001", code == "40P01":
		return &fault{incidents.Conflict("somebody else was faster"), err}
	case code == "53100":
		return &fault{incidents.Unavailable("the disk of the database server is full"), err}
	case strings.HasPrefix(code, "08"), strings.HasPrefix(code, "53"), strings.HasPrefix(code, "57"), strings.HasPrefix(code, "58"),
		code == "25006", code == "25P03", code == "25P04": // a server that only reads; one that ended a session which stood in a transaction, or took too long
		return &fault{incidents.Unavailable("the database cannot be used now (%s)", code), err}
	}
	return &fault{&incidents.Error{Kind: incidents.KindInternal, Msg: "the database refused a statement (" + code + ")"}, err}
}

// again tells whether the same transaction may go through if it is run once more.
func again(err error) bool {
	var pg *pgconn.PgError
	return errors.Is(err, errOvertaken) || errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// unsynced tells that a sync failed: the kernel may have dropped what was written.
func unsynced(err error) bool {
	var lite *sqlite.Error
	return errors.As(err, &lite) && (lite.Code() == sqliteFsync || lite.Code() == sqliteDirFsync)
}

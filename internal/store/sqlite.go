package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"

	"modernc.org/sqlite"

	"tocsin/incidents"
)

// beginSQLite begins a transaction, and returns what ends it.
func (t *tx) beginSQLite(db *sql.DB, reads bool) (end func(), err error) {
	if !reads {
		return t.beginWriter()
	}
	if t.lite, err = db.BeginTx(t.ctx, nil); err != nil {
		return nil, err
	}
	t.sql = t.lite
	return func() { _ = t.lite.Rollback() }, nil
}

// A writer is the one connection to SQLite that writes. What begins and ends its
// transactions is prepared, and so is what they often ask.
type writer struct {
	statements
	turn                    chan struct{} // holds one while somebody writes
	conn                    *sql.Conn
	begin, commit, rollback *sql.Stmt
	commits                 int64 // by whoever has the turn
	lax                     bool  // commits are not synced
}

// hold takes the one connection of a pool for as long as the store is open.
func (w *writer) hold(ctx context.Context, db *sql.DB) (err error) {
	w.turn = make(chan struct{}, 1)
	if w.conn, err = db.Conn(ctx); err != nil {
		return err
	}
	for query, s := range map[string]**sql.Stmt{`BEGIN IMMEDIATE`: &w.begin, `COMMIT`: &w.commit, `ROLLBACK`: &w.rollback} {
		if *s, err = w.conn.PrepareContext(ctx, query); err != nil {
			return err
		}
	}
	return nil
}

// close lets go of the connection, and of what is prepared on it.
func (w *writer) close() error {
	if w.conn == nil {
		return nil
	}
	w.statements.close()
	return w.conn.Close()
}

// beginWriter begins a transaction that writes, after the one before it.
func (t *tx) beginWriter() (end func(), err error) {
	w := &t.s.writer
	select {
	case w.turn <- struct{}{}:
	case <-t.ctx.Done():
		return nil, t.ctx.Err()
	}
	t.sql, t.kept, t.open = w.conn, &w.statements, true
	end = func() {
		if t.open {
			_, _ = w.rollback.ExecContext(context.WithoutCancel(t.ctx)) // fails when SQLite has rolled it back
		}
		t.kept.prepare(t.ctx, w.conn)
		<-w.turn
	}
	err = w.syncs(t.ctx, !t.carried)
	if err == nil {
		_, err = w.begin.ExecContext(t.ctx)
	}
	if err != nil {
		end() // one that was broken off may have begun
		return nil, err
	}
	return end, nil
}

// syncs says whether what is committed from here on is synced. Without, it stands
// in the write-ahead log, and is synced with all that comes before the next that is.
func (w *writer) syncs(ctx context.Context, each bool) error {
	if w.lax == !each {
		return nil
	}
	level := "NORMAL"
	if each {
		level = "FULL"
	}
	_, err := w.conn.ExecContext(ctx, "PRAGMA synchronous = "+level)
	w.lax = err != nil || !each // who does not know says it again
	return err
}

// commitWriter commits what is not broken off yet: halfway there is no knowing
// whether it was.
func (t *tx) commitWriter() error {
	if err := t.ctx.Err(); err != nil {
		return err
	}
	_, err := t.s.writer.commit.ExecContext(context.WithoutCancel(t.ctx))
	t.open = err != nil
	if err == nil {
		t.s.writer.commits++
	}
	return err
}

// version changes when another process commits: what PRAGMA data_version says, for
// less. SQLite counts the commits of this connection too.
func (w *writer) version() (v int64, err error) {
	err = w.conn.Raw(func(driver any) error {
		c, ok := driver.(sqlite.FileControl)
		if !ok {
			return fmt.Errorf("the driver is a %T, not SQLite's", driver)
		}
		n, err := c.FileControlDataVersion("main")
		v = int64(n) - w.commits
		return err
	})
	return v, err
}

func (s *Store) openSQLite(ctx context.Context) error {
	path := s.o.URL
	if path == "" {
		path = filepath.Join(s.o.Dir, "tocsin.db")
	}
	var err error
	if s.w, err = sqliteWriter(ctx, path, "sqlite", s.o.Log); err != nil {
		return err
	}
	if err = s.writer.hold(ctx, s.w); err != nil {
		return named(err)
	}
	s.r, err = sqlitePool(path, "deferred", s.o.Conns, "query_only(1)", readerCache.pragma())
	if err != nil {
		return err
	}
	return named(s.r.PingContext(ctx))
}

// sqliteWriter opens a database for writing and brings its tables up to date:
// one connection, so that writers queue up here and not in the file's lock.
func sqliteWriter(ctx context.Context, path, migrations string, log *slog.Logger, pragmas ...string) (*sql.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) // SQLite gives its other files the same mode
	if err != nil {
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	db, err := sqlitePool(path, "immediate", 1, pragmas...)
	if err != nil {
		return nil, err
	}
	err = lockedByFile(ctx, path+".start", func(ctx context.Context) error { // one process at a time
		if err := assertSQLite(ctx, db); err != nil {
			return err
		}
		return migrate(ctx, db, migrations, log)
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func sqlitePool(path, txlock string, conns int, pragmas ...string) (*sql.DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	q := url.Values{"_txlock": {txlock}, "_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "trusted_schema(0)", pageCache.pragma(), "wal_autocheckpoint(8192)", "temp_store(2)"}, pragmas...)}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: abs, RawQuery: q.Encode()}).String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	return db, nil
}

// A cacheSize is how many kilobytes of pages a connection to SQLite keeps. The
// driver's allocator takes about twice as much from the system.
type cacheSize int

const (
	pageCache   cacheSize = 16 << 10
	readerCache cacheSize = 4 << 10  // readers go through a list once
	importCache cacheSize = 24 << 10 // an import writes at the end of its table, and reads little
)

func (c cacheSize) pragma() string { return fmt.Sprintf("cache_size(-%d)", int(c)) }

// keepPages changes how much this connection keeps, until it is changed again.
func (t *tx) keepPages(c cacheSize) error {
	if t.postgres() {
		return nil
	}
	_, err := t.run(`PRAGMA ` + c.pragma())
	return err
}

// assertSQLite refuses a database that would lose acknowledged transactions at a power cut.
func assertSQLite(ctx context.Context, db *sql.DB) error {
	var mode string
	var sync int
	if err := db.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&mode); err != nil {
		return named(err)
	}
	if err := db.QueryRowContext(ctx, "PRAGMA synchronous").Scan(&sync); err != nil {
		return named(err)
	}
	if mode != "wal" || sync < 2 {
		return incidents.Unavailable("the database would not be durable: journal_mode %s, synchronous %d", mode, sync).
			WithHint("keep it on a local disk, where SQLite can use a write-ahead log")
	}
	return nil
}

func checkpointSQLite(ctx context.Context, db *sql.DB) error {
	var busy, log, done int
	if err := db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &done); err != nil {
		return named(err)
	}
	if busy != 0 {
		return fmt.Errorf("the write-ahead log is in use")
	}
	return nil
}

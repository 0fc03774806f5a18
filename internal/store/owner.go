package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"tocsin/incidents"
)

// ownerKey is where the mark of the master key stands that seals what is here.
const ownerKey = "master key"

// An Owner says whose a database is.
type Owner struct {
	// Mark is of the master key (sealed.Master.Mark); nil where none was left
	// yet: the database is new, or of a version that left none.
	Mark []byte
	// Used tells that a service or a verb has worked with the database.
	Used bool
}

// OwnerOf asks a database whose it is before anything of it is opened or brought
// up to date. One that does not exist yet is nobody's.
func OwnerOf(ctx context.Context, url, dir string) (o Owner, err error) {
	db, err := glance(ctx, url, dir)
	if err != nil || db == nil {
		return o, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	made := `SELECT COUNT(*) FROM sqlite_master WHERE name IN ('meta', 'ledger_entries')`
	if IsPostgres(url) {
		made = `SELECT COUNT(*) FROM pg_tables WHERE schemaname = current_schema() AND tablename IN ('meta', 'ledger_entries')`
	}
	var tables int
	if err := db.QueryRowContext(ctx, made).Scan(&tables); err != nil || tables < 2 {
		return o, named(err)
	}
	err = db.QueryRowContext(ctx, `SELECT value FROM meta WHERE key = $1`, ownerKey).Scan(&o.Mark)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return o, named(err)
	}
	err = db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM meta) OR EXISTS (SELECT 1 FROM ledger_entries)`).Scan(&o.Used)
	return o, named(err)
}

// glance opens a database to read a little; nil when there is none.
func glance(ctx context.Context, url, dir string) (*sql.DB, error) {
	if IsPostgres(url) {
		return postgresPool(ctx, url, "", 2) // it takes two to find or make the schema
	}
	if url == "" {
		url = filepath.Join(dir, "tocsin.db")
	}
	if _, err := os.Stat(url); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return sqlitePool(url, "deferred", 1)
}

// Claim leaves the mark of the master key in the database, once. It is a
// conflict when the mark of another one stands there.
func (s *Store) Claim(ctx context.Context, mark []byte) error {
	return s.together(ctx, func(t *tx) error {
		if _, err := t.run(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING`, ownerKey, mark); err != nil {
			return err
		}
		var stands []byte
		if _, err := t.one(`SELECT value FROM meta WHERE key = $1`, args{ownerKey}, &stands); err != nil {
			return err
		}
		if !bytes.Equal(stands, mark) {
			return incidents.Conflict("this database belongs to another master key")
		}
		return nil
	})
}

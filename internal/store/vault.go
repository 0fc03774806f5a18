package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// KeysSchema is where keys are kept in PostgreSQL when no other place is named.
const KeysSchema = "tocsin_keys"

// VaultOptions say where wrapped keys are kept: apart from the data, and out
// of its backups.
type VaultOptions struct {
	// URL is a PostgreSQL address, of a server of its own at best, or "" for keys/keys.db in Dir.
	URL string
	// Schema is the schema in PostgreSQL; "" is KeysSchema.
	Schema string
	Dir    string
	Log    *slog.Logger
}

// A Vault keeps wrapped keys; it implements sealed.Vault and sealed.Locker.
// In SQLite, what is deleted is overwritten in the file and gone from its log
// before DeleteKeys returns. PostgreSQL rewrites the table without it; the
// server's own log and base backups keep it until they are recycled, which is
// why the keys belong on a server of their own, with neither archived.
type Vault struct {
	db     *sql.DB
	pg     bool
	folder string
}

var (
	_ sealed.Vault  = (*Vault)(nil)
	_ sealed.Locker = (*Vault)(nil)
)

// OpenVault opens the key store and brings its tables up to date.
func OpenVault(ctx context.Context, o VaultOptions) (*Vault, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	v := &Vault{pg: IsPostgres(o.URL), folder: filepath.Join(o.Dir, "keys")}
	migrations, err := "keys_sqlite", error(nil)
	if v.pg {
		if o.Schema == "" {
			o.Schema = KeysSchema
		}
		migrations = "keys_postgres"
		v.db, err = postgresPool(ctx, o.URL, o.Schema, 8)
	} else {
		if o.Dir == "" {
			return nil, errors.New("open the key store: it needs a folder")
		}
		v.db, err = sqliteWriter(ctx, filepath.Join(v.folder, "keys.db"), migrations, o.Log, "secure_delete(1)")
	}
	if err == nil && v.pg {
		err = migrate(ctx, v.db, migrations, o.Log)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the key store: %w", err), v.closePool())
	}
	return v, nil
}

// Close closes the key store.
func (v *Vault) Close() error { return v.closePool() }

func (v *Vault) closePool() error {
	if v.db == nil {
		return nil
	}
	return v.db.Close()
}

// PutKeys inserts or replaces, all or none.
func (v *Vault) PutKeys(ctx context.Context, keys []sealed.WrappedKey) error {
	return v.change(ctx, func(q *sql.Tx) error {
		for _, k := range keys {
			if _, err := q.ExecContext(ctx, `INSERT INTO wrapped_keys (id, epoch, data) VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, data = excluded.data`,
				k.ID, k.Epoch, nonNil(k.Data)); err != nil {
				return err
			}
		}
		return nil
	})
}

// Key returns one key.
func (v *Vault) Key(ctx context.Context, id string) (sealed.WrappedKey, error) {
	k := sealed.WrappedKey{ID: id}
	err := v.db.QueryRowContext(ctx, `SELECT epoch, data FROM wrapped_keys WHERE id = $1`, id).Scan(&k.Epoch, &k.Data)
	if errors.Is(err, sql.ErrNoRows) {
		return sealed.WrappedKey{}, incidents.NotFound("the key store has no key %s", id)
	}
	return k, named(err)
}

// Keys lists the keys whose id starts with prefix, in order of id.
func (v *Vault) Keys(ctx context.Context, prefix string) (out []sealed.WrappedKey, err error) {
	rows, err := v.db.QueryContext(ctx, `SELECT id, epoch, data FROM wrapped_keys WHERE id >= $1 AND id < $2 ORDER BY id`, prefix, prefix+"\U0010FFFF")
	if err != nil {
		return nil, named(err)
	}
	defer rows.Close()
	for rows.Next() {
		var k sealed.WrappedKey
		if err := rows.Scan(&k.ID, &k.Epoch, &k.Data); err != nil {
			return nil, named(err)
		}
		out = append(out, k)
	}
	return out, named(rows.Err())
}

// DeleteKeys removes keys and what is left of them.
func (v *Vault) DeleteKeys(ctx context.Context, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	err := v.change(ctx, func(q *sql.Tx) error {
		for _, id := range ids {
			if _, err := q.ExecContext(ctx, `DELETE FROM wrapped_keys WHERE id = $1`, id); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return v.scrub(ctx)
}

// scrub makes what was deleted unreadable in the files.
func (v *Vault) scrub(ctx context.Context) error {
	if v.pg {
		_, err := v.db.ExecContext(ctx, `VACUUM (FULL) wrapped_keys`)
		return named(err)
	}
	return checkpointSQLite(ctx, v.db)
}

func (v *Vault) change(ctx context.Context, fn func(*sql.Tx) error) error {
	q, err := v.db.BeginTx(ctx, nil)
	if err != nil {
		return named(err)
	}
	defer q.Rollback()
	if err := fn(q); err != nil {
		return named(err)
	}
	return named(q.Commit())
}

// Locked runs fn while no other process runs one under the same name.
func (v *Vault) Locked(ctx context.Context, name string, fn func(context.Context) error) (err error) {
	if !v.pg {
		return lockedByFile(ctx, filepath.Join(v.folder, "lock"), fn) // one at a time, whatever the name
	}
	c, err := v.db.Conn(ctx)
	if err != nil {
		return named(err)
	}
	defer c.Close()
	const key = `hashtextextended(current_schema() || '/' || $1, 0)`
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock(`+key+`)`, name); err != nil {
		return named(err)
	}
	defer func() {
		_, uerr := c.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(`+key+`)`, name)
		err = errors.Join(err, named(uerr))
	}()
	return fn(ctx)
}

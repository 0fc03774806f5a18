package store

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"tocsin/incidents"
)

func (s *Store) openPostgres(ctx context.Context) (err error) {
	if s.w, err = postgresPool(ctx, s.o.URL, "", s.o.Conns); err != nil {
		return err
	}
	s.r = s.w
	return migrate(ctx, s.w, "postgres", s.o.Log)
}

// postgresPool opens a pool on a schema: the one given, else the first of the
// address's search_path, which is made when it is not there.
func postgresPool(ctx context.Context, address, schema string, conns int) (*sql.DB, error) {
	c, err := pgx.ParseConfig(address)
	if err != nil {
		return nil, incidents.Invalid("the database address is not readable").On("database") // it may hold a password
	}
	if schema != "" {
		c.RuntimeParams["search_path"] = schema
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = connectWithin
	}
	c.DialFunc = dialer(c.ConnectTimeout).DialContext
	for k, v := range map[string]string{"timezone": "UTC", "application_name": "tocsin", "idle_in_transaction_session_timeout": "60000"} {
		if _, set := c.RuntimeParams[k]; !set {
			c.RuntimeParams[k] = v
		}
	}
	db := stdlib.OpenDB(*c)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	err = assertPostgres(ctx, db)
	if path := c.RuntimeParams["search_path"]; err == nil && path != "" {
		first, _, _ := strings.Cut(path, ",")
		err = creating(ctx, db, func() error {
			_, err := db.ExecContext(ctx, `CREATE SCHEMA IF NOT EXISTS `+pgx.Identifier{strings.Trim(first, ` "`)}.Sanitize())
			return named(err)
		})
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// connectWithin is how long a connection may take to be made, unless the
// address says otherwise (connect_timeout, in seconds).
const connectWithin = 10 * time.Second

// unheard is how long what was sent may stay unconfirmed by the other machine:
// then the connection is over, where the kernel would go on trying for a
// quarter of an hour. Keepalives do the same for a connection that waits.
const unheard = 25 * time.Second

func dialer(within time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: within, Control: heard, KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 3}}
}

// heard sets unheard on a socket, where the system can.
func heard(network, _ string, c syscall.RawConn) (err error) {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	if cerr := c.Control(func(fd uintptr) { err = setUnheard(fd, unheard) }); cerr != nil {
		return cerr
	}
	return err
}

// creating runs fn while no other process creates anything in the database: IF
// NOT EXISTS does not keep two from making the same thing at the same moment.
func creating(ctx context.Context, db *sql.DB, fn func() error) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return named(err)
	}
	defer conn.Close()
	const lock = 0x746f6373696e // "tocsin"
	if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, lock); err != nil {
		return named(err)
	}
	err = fn()
	if _, uerr := conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock($1)`, lock); uerr != nil {
		err = errors.Join(err, named(uerr))
	}
	return err
}

// assertPostgres refuses a server that would lose acknowledged transactions.
func assertPostgres(ctx context.Context, db *sql.DB) error {
	for setting, good := range map[string]string{"fsync": "on", "full_page_writes": "on", "synchronous_commit": "on remote_apply remote_write local", "data_sync_retry": "off"} {
		var v string
		if err := db.QueryRowContext(ctx, `SELECT current_setting($1)`, setting).Scan(&v); err != nil {
			return named(err)
		}
		if !strings.Contains(" "+good+" ", " "+v+" ") {
			return incidents.Unavailable("the database would not be durable: its setting %s is %s", setting, v).
				WithHint("set %s = %s on the server", setting, strings.Fields(good)[0])
		}
	}
	return nil
}

package store

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// Options say where the database is and what the store works with.
type Options struct {
	URL  string // "postgres://…", a file for SQLite, or "" for tocsin.db in Dir
	Dir  string // data folder
	Log  *slog.Logger
	Now  func() time.Time
	Gate incidents.Gate
	// NewID makes UUIDv7 texts.
	NewID func() string
	// Box seals what is kept small and whole: bodies of intake, raw alerts. The default is the Keeper's.
	Box Box
	// Keeper holds the keys of lists and files.
	Keeper *sealed.Keeper
	// DoubtWait is how long a doubt of a channel rests before the reconciler
	// looks at it; a channel without one has the time its provider needs.
	DoubtWait map[incidents.Channel]time.Duration
	// Bounces tells that mail that comes back reaches us: a plan's wait after
	// e-mail is then a wait for bounces.
	Bounces bool
	// Calls says how often a person who was not reached is called; zero values
	// are three calls, two hours apart.
	Calls CallPolicy
	// Quiet are the hours in which nobody is disturbed; none when it has no channels.
	Quiet incidents.QuietHours
	// Spend is what messages of a channel cost, and when an incident has to stop;
	// a channel without one has no cap.
	Spend map[incidents.Channel]incidents.Tariff
	// FirstWave is how many messages of a notice may be attempted before the
	// checks of what came of them pass; 0: none has a first wave.
	FirstWave int
	// FirstWaveWait is how long an answer is waited for before the wave is judged
	// by what is there.
	FirstWaveWait time.Duration
	// Conns is how many connections to PostgreSQL (2 at least), or readers of
	// SQLite, may be open; 0: 16.
	Conns int
}

// A Box seals small values, each tied to the id of its row.
type Box interface {
	Seal(aad string, plain []byte) []byte
	Open(aad string, sealed []byte) ([]byte, error)
}

// A Store implements incidents.Store, Roll, Files, Journal and Sandbox.
type Store struct {
	o      Options
	keeper *sealed.Keeper
	newID  func() string
	pg     bool
	w, r   *sql.DB // SQLite: one writer, many readers; PostgreSQL: the same pool
	writer writer  // of SQLite
	ready  chan struct{}
	queue  *queue
	books  keyBooks
	gates  gates
	edge   edge
	aheads aheads
	slack  slack
	counts listCounts
	// mergeAt is waitingKeys; tests let fewer wait.
	mergeAt int
	// landAt is landTogether or landAtEnd, aheadFrom is aheadWanted; tests let fewer wait.
	landAt, aheadFrom int
	// within is answerWithin; tests are in more of a hurry.
	within time.Duration
	writes atomic.Int64 // transactions that may have moved a gate; see moment
	// broken is set when a sync failed: what is in memory may not be on disk.
	broken atomic.Bool
}

// Open opens the database, checks that it is durable, and brings its tables up to date.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil || o.NewID == nil {
		return nil, errors.New("open store: a clock and a maker of ids are needed")
	}
	if o.Box == nil {
		if o.Keeper == nil {
			return nil, errors.New("open store: a box or a keeper is needed")
		}
		o.Box = o.Keeper.Small("store")
	}
	if o.Conns <= 0 {
		o.Conns = 16
	}
	s := &Store{o: o, slack: make(slack, slackAtMost), keeper: o.Keeper, newID: o.NewID, pg: IsPostgres(o.URL), ready: make(chan struct{}, 1), mergeAt: waitingKeys, landAt: landTogether, aheadFrom: aheadWanted,
		within: answerWithin}
	var err error
	if s.pg {
		s.landAt = landAtEnd
		err = s.openPostgres(ctx)
	} else {
		err = s.openSQLite(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.closePools())
	}
	s.queue = newQueue(s)
	s.wake() // an earlier run may have left messages
	return s, nil
}

// IsPostgres tells whether a database address names PostgreSQL.
func IsPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// Close finishes what waits in the group commit and closes the database.
func (s *Store) Close() error {
	s.queue.close()
	s.aheads.close()
	return s.closePools()
}

func (s *Store) closePools() error {
	errs := []error{s.writer.close()}
	if s.w != nil {
		errs = append(errs, s.w.Close())
	}
	if s.r != nil && s.r != s.w {
		errs = append(errs, s.r.Close())
	}
	return errors.Join(errs...)
}

// Ping tells whether the database answers and may be written.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.usable(); err != nil {
		return err
	}
	return named(s.r.PingContext(ctx))
}

func (s *Store) usable() error {
	if s.broken.Load() {
		return incidents.Unavailable("the database could not be synced to disk").WithHint("check the disk, then start again")
	}
	return nil
}

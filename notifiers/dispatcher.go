package notifiers

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
	"tocsin/templates"
)

// Deps is what a dispatcher works with.
type Deps struct {
	Journal incidents.Journal
	Opener  incidents.Opener
	Book    *templates.Book
	Codes   incidents.CodeBook
	Live    *Set
	Drill   *Set
	Key     []byte                    // seals messages; the same as the sets'
	Window  map[incidents.Channel]int // W: at most so many sends of this process are in doubt after a crash
	Lanes   map[incidents.Channel]int // how many hands send for one chunk at once
	Places  int                       // chunks of one channel worked on at once; the others wait; 0: any number
	Owner   string                    // of this process, unique
	Lease   time.Duration
	Verify  string          // address of the public verification page
	Home    incidents.Place // where letters are posted: addresses elsewhere name their country
	Ref     func(ctx context.Context, in incidents.IncidentID) (string, error)
	Now     Clock
	Log     *slog.Logger
}

// A Dispatcher works chunks of approved notices through their channels.
type Dispatcher struct {
	Deps
	mu       sync.Mutex
	compiled map[string]*templates.Compiled // by content hash
	windows  map[incidents.Channel]*window
	places   *places
	waves    waves
}

// New builds a dispatcher.
func New(d Deps) *Dispatcher {
	if d.Lease == 0 {
		d.Lease = 30 * time.Second
	}
	windows := map[incidents.Channel]*window{}
	for _, ch := range incidents.Channels() {
		windows[ch] = newWindow(cmp.Or(d.Window[ch], 16))
	}
	return &Dispatcher{Deps: d, compiled: map[string]*templates.Compiled{}, windows: windows, places: newPlaces(d.Places)}
}

// Chunk works one chunk until nothing in it is due, or the notice is held or
// stopped, or somebody else took the chunk over. It may be called any number of
// times for one chunk. A channel that other chunks have all places of is left;
// when a place is free, what was left for the want of one is worked before Chunk returns.
func (d *Dispatcher) Chunk(ctx context.Context, notice, no int64) error {
	var left sync.WaitGroup
	defer left.Wait()
	return d.chunk(ctx, chunkKey{notice, no}, &left)
}

// chunk works one chunk; those that get the places it frees are worked in left.
func (d *Dispatcher) chunk(ctx context.Context, key chunkKey, left *sync.WaitGroup) error {
	c, ok, err := d.Journal.TakeChunk(ctx, key.notice, key.no, d.Owner, d.Lease)
	if err != nil || !ok {
		return err
	}
	killpoint.At(killpoint.ChunkTaken)
	err = d.work(ctx, c, left)
	killpoint.If(err == nil, killpoint.ChunkDone)
	if lerr := d.Journal.LeaveChunk(context.WithoutCancel(ctx), c); err == nil {
		err = lerr
	}
	killpoint.If(err == nil, killpoint.ChunkLeft)
	if incidents.KindOf(err) == incidents.KindConflict {
		d.Log.Info("chunk taken over", "notice", key.notice, "chunk", key.no)
		return nil
	}
	return err
}

func (d *Dispatcher) work(ctx context.Context, c incidents.Chunk, left *sync.WaitGroup) error {
	an, err := d.Journal.Admitted(ctx, c.Notice)
	switch k := incidents.KindOf(err); {
	case err == nil:
	case k == incidents.KindForbidden || k == incidents.KindConflict:
		d.Log.Warn("notice may not be sent", "notice", c.Notice, "cause", err)
		return nil
	default:
		return err
	}
	job, err := d.job(ctx, an)
	if err != nil {
		return err
	}
	for again := true; again; {
		again = false
		for _, channel := range an.Notice().Content.Channels() {
			if !d.places.enter(channel, chunkKey{c.Notice, c.No}) {
				continue
			}
			fell, halted, err := d.lane(ctx, job, c, channel)
			d.yield(ctx, channel, left)
			if err != nil || halted {
				return err
			}
			again = again || fell
		}
	}
	return nil
}

// yield gives a place back, to a chunk that waits for one.
func (d *Dispatcher) yield(ctx context.Context, ch incidents.Channel, left *sync.WaitGroup) {
	key, ok := d.places.leave(ch)
	if !ok || ctx.Err() != nil {
		return // the sweeper announces those that wait again
	}
	left.Go(func() {
		if err := d.chunk(ctx, key, left); err != nil && ctx.Err() == nil {
			d.Log.Error("could not work a chunk that had waited", "notice", key.notice, "chunk", key.no, "cause", err)
		}
	})
}

// refusal turns an error before anything was sent into an outcome: what is
// wrong with the message is final, what is wrong with the world passes.
func refusal(err error) incidents.Receipt {
	var e *incidents.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case incidents.KindForbidden: // of another mode, or changed after it was written
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: incidents.CodeWrong, Reason: e.Msg}
		case incidents.KindInvalid, incidents.KindNotFound:
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Reason: e.Msg}
		}
	}
	if broken(err) {
		return incidents.Receipt{Outcome: incidents.OutcomeBroken, Reason: "the message could not be made or handed over: see the log"}
	}
	return incidents.Receipt{Outcome: incidents.OutcomeRetry, Reason: "the provider could not be asked"}
}

// Backoff doubles from one minute to an hour.
func Backoff(_ incidents.Channel, attempts int) time.Duration {
	d := time.Minute << min(max(attempts-1, 0), 6)
	return min(d, time.Hour)
}

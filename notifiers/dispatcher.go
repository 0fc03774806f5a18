package notifiers

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"tocsin/incidents"
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
	Key     []byte // seals messages; the same as the sets'
	Limits  map[incidents.Channel]*Limiter
	Window  map[incidents.Channel]int // W: at most so many sends are in doubt after a crash
	Lanes   map[incidents.Channel]int // messages in flight at once
	Owner   string                    // of this process, unique
	Lease   time.Duration
	Verify  string // address of the public verification page
	Ref     func(ctx context.Context, in incidents.IncidentID) (string, error)
	Now     Clock
	Log     *slog.Logger
}

// A Dispatcher works chunks of approved notices through their channels.
type Dispatcher struct {
	Deps
	mu       sync.Mutex
	compiled map[string]*templates.Compiled // by content hash
}

// New builds a dispatcher.
func New(d Deps) *Dispatcher {
	if d.Lease == 0 {
		d.Lease = 30 * time.Second
	}
	return &Dispatcher{Deps: d, compiled: map[string]*templates.Compiled{}}
}

// Chunk works one chunk until nothing in it is due, or the notice is held or
// stopped, or somebody else took the chunk over. It may be called any number of
// times for one chunk.
func (d *Dispatcher) Chunk(ctx context.Context, notice, no int64) error {
	c, ok, err := d.Journal.TakeChunk(ctx, notice, no, d.Owner, d.Lease)
	if err != nil || !ok {
		return err
	}
	err = d.work(ctx, c)
	if lerr := d.Journal.LeaveChunk(context.WithoutCancel(ctx), c); err == nil {
		err = lerr
	}
	if incidents.KindOf(err) == incidents.KindConflict {
		d.Log.Info("chunk taken over", "notice", notice, "chunk", no)
		return nil
	}
	return err
}

func (d *Dispatcher) work(ctx context.Context, c incidents.Chunk) error {
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
		for _, step := range an.Notice().Content.Plan {
			fell, halted, err := d.lane(ctx, job, c, step.Channel)
			if err != nil || halted {
				return err
			}
			again = again || fell
		}
	}
	return nil
}

// lane works one channel of a chunk, window by window: one transaction records
// the last window and writes the next one down before any of it is sent.
func (d *Dispatcher) lane(ctx context.Context, j *job, c incidents.Chunk, ch incidents.Channel) (fell, halted bool, err error) {
	var done []incidents.Recorded
	for {
		want := d.Window[ch]
		if want == 0 {
			want = 16
		}
		if ctx.Err() != nil {
			want = 0 // record what was sent, claim nothing more
		}
		got, err := d.Journal.Turn(context.WithoutCancel(ctx), incidents.Turn{Chunk: c, Notice: j.notice, Channel: ch, Done: done,
			Want: want, Now: d.Now().UTC(), Lease: d.Lease, Backoff: Backoff})
		if err != nil {
			return fell, false, err
		}
		fell = fell || got.Fallback
		switch {
		case ctx.Err() != nil:
			return fell, true, ctx.Err()
		case got.Halt != "":
			return fell, true, nil
		case len(got.Next) == 0:
			return fell, false, nil
		}
		done = d.send(ctx, j, c, got.Next)
	}
}

// send sends a window, a few messages at once, and keeps the chunk's lease alive
// meanwhile. When another worker has taken it over, or the notice is held or
// stopped, what has not left yet stays: a kill switch does not wait for a
// window that waits for its provider.
func (d *Dispatcher) send(ctx context.Context, j *job, c incidents.Chunk, window []incidents.Claimed) []incidents.Recorded {
	leave, halt := context.WithCancel(ctx)
	beat, stop := context.WithCancel(ctx)
	var side sync.WaitGroup
	side.Go(func() {
		if d.heartbeat(beat, j, c, window[0].Delivery.ID.Channel) {
			halt()
		}
	})
	defer halt()
	defer side.Wait()
	defer stop()

	out := make([]incidents.Recorded, len(window))
	next := make(chan int)
	var lanes sync.WaitGroup
	for range min(len(window), max(1, d.Lanes[window[0].Delivery.ID.Channel])) {
		lanes.Go(func() {
			for i := range next {
				out[i] = incidents.Recorded{ID: window[i].Delivery.ID, Receipt: d.one(ctx, leave, j, window[i]), At: d.Now().UTC()}
			}
		})
	}
	for i := range window {
		select {
		case next <- i:
		case <-leave.Done():
			out[i] = incidents.Recorded{ID: window[i].Delivery.ID, Receipt: kept, At: d.Now().UTC()}
		}
	}
	close(next)
	lanes.Wait()
	return out
}

// kept is what became of a message that was written down and did not leave.
var kept = incidents.Receipt{Outcome: incidents.OutcomeKept, Reason: "sending halted before it left"}

// heartbeat renews the lease until ctx ends, through errors that pass; it
// returns true when nothing more of the window may leave: another worker has
// the chunk, or the notice no longer passes its gates.
func (d *Dispatcher) heartbeat(ctx context.Context, j *job, c incidents.Chunk, ch incidents.Channel) (halt bool) {
	tick := time.NewTicker(min(d.Lease/3, time.Second))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick.C:
			got, err := d.Journal.Turn(ctx, incidents.Turn{Chunk: c, Notice: j.notice, Channel: ch, Now: d.Now().UTC(), Lease: d.Lease, Backoff: Backoff})
			if incidents.KindOf(err) == incidents.KindConflict || got.Halt != "" {
				return true
			}
		}
	}
}

// one opens, renders, limits and sends one delivery, and says what came of it.
// Until it leaves, leave may end; what is leaving goes on under ctx.
func (d *Dispatcher) one(ctx, leave context.Context, j *job, c incidents.Claimed) incidents.Receipt {
	m, err := d.render(ctx, j, c)
	if err != nil {
		return refusal(err)
	}
	ch := m.Delivery.Channel
	if l := d.Limits[ch]; l != nil {
		if err := l.Wait(leave); err != nil {
			return kept
		}
	}
	if leave.Err() != nil {
		return kept
	}
	r, err := j.set.Send(ctx, m)
	if err != nil {
		return refusal(err)
	}
	if l := d.Limits[ch]; l != nil {
		l.Heed(r)
	}
	d.Log.Debug("attempt", "delivery", m.Delivery.String(), "attempt", m.Attempt, "outcome", r.Outcome, "code", r.Code)
	return r
}

// refusal turns an error before anything was sent into an outcome: what is
// wrong with the message is final, what is wrong with the world passes.
func refusal(err error) incidents.Receipt {
	var e *incidents.Error
	if errors.As(err, &e) {
		switch e.Kind {
		case incidents.KindInvalid, incidents.KindForbidden, incidents.KindNotFound:
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Reason: e.Msg}
		}
	}
	return incidents.Receipt{Outcome: incidents.OutcomeRetry, Reason: "the provider could not be asked"}
}

// Backoff doubles from one minute to an hour.
func Backoff(_ incidents.Channel, attempts int) time.Duration {
	d := time.Minute << min(max(attempts-1, 0), 6)
	return min(d, time.Hour)
}

package notifiers

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// A lane works one channel of a chunk. One goroutine turns the journal: it
// records what came back and claims as much again, while hands render and send
// what was claimed before. A message is written down before any byte of it leaves.
type lane struct {
	d       *Dispatcher
	job     *job
	chunk   incidents.Chunk
	channel incidents.Channel
	window  *seat
	batch   int
	work    chan []incidents.Claimed
	back    chan []incidents.Recorded
	flying  int
	send    context.Context // of what is leaving
	leave   context.Context // of what has not left yet
	halt    context.CancelFunc
	lapse   *time.Timer // halts when the lease was not renewed in time
	hands   sync.WaitGroup
}

// grace is how long what is leaving may take after the process was told to stop.
const grace = 20 * time.Second

// lane works a channel until nothing of it is due in the chunk. fell tells that
// outcomes opened deliveries on other channels of this chunk, halted that
// nothing more may leave.
func (d *Dispatcher) lane(ctx context.Context, j *job, c incidents.Chunk, ch incidents.Channel) (fell, halted bool, err error) {
	w := d.windows[ch].join()
	defer w.leave()
	hands := max(1, d.Lanes[ch])
	l := &lane{d: d, job: j, chunk: c, channel: ch, window: w, batch: max(1, min(j.set.batch(ch), w.size/hands)),
		work: make(chan []incidents.Claimed, w.size), back: make(chan []incidents.Recorded, w.size)}
	var end context.CancelFunc
	l.send, end = context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	l.leave, l.halt = context.WithCancel(ctx)
	defer l.halt()
	l.lapse = time.AfterFunc(d.Lease, l.halt) // somebody else may have the chunk by then
	defer l.lapse.Stop()
	late := context.AfterFunc(ctx, func() {
		select {
		case <-time.After(grace):
			end()
		case <-l.send.Done():
		}
	})
	defer late()
	for range hands {
		l.hands.Go(l.hand)
	}
	defer l.hands.Wait()
	defer close(l.work)
	return l.run(ctx)
}

// pauseSatOut is how long a pause may be that a chunk waits for; through a longer
// one its other channels are worked.
const pauseSatOut = time.Minute

// run turns the journal until nothing is due and nothing is in flight.
func (l *lane) run(ctx context.Context) (fell, halted bool, err error) {
	var done []incidents.Recorded
	for {
		want, pause := 0, l.job.set.pause(l.channel)
		if !halted && ctx.Err() == nil && pause == 0 {
			want = l.window.take(l.flying, len(done))
		}
		got, err := l.turn(ctx, done, want)
		if err != nil {
			l.window.failed(want, len(done))
			l.abandon(len(done))
			return fell, false, err
		}
		l.flying += len(got.Next)
		l.window.turned(want, len(done), len(got.Next))
		fell = fell || got.Fallback
		if inTime := l.lapse.Reset(l.d.Lease); got.Halt != "" || ctx.Err() != nil || !inTime {
			halted = true
			l.halt()
		}
		for some := range slices.Chunk(got.Next, l.batch) {
			l.work <- some
		}
		if got.Judge && l.flying == 0 && !halted && l.d.judged(ctx, l.chunk.Notice) {
			done = nil
			continue // the rest may leave
		}
		if l.flying == 0 {
			switch {
			case len(done) > 0: // they land in a turn of their own, while another chunk has the window
			case halted:
				return fell, true, ctx.Err()
			case want > 0 || pause > pauseSatOut:
				return fell, false, nil // of who waits for the provider the sweeper tells again
			case pause > 0:
				_ = sleep(ctx, min(pause, time.Second))
			default:
				l.window.wait(ctx)
			}
		}
		done = l.collect()
	}
}

// turn records and claims; a database that is away for a moment must not turn
// what was sent, or is just being sent, into doubt.
func (l *lane) turn(ctx context.Context, done []incidents.Recorded, want int) (got incidents.Claims, err error) {
	for try := range 4 {
		got, err = l.d.Journal.Turn(context.WithoutCancel(ctx), incidents.Turn{Chunk: l.chunk, Notice: l.job.notice, Channel: l.channel,
			Done: done, Want: want, Now: l.d.Now().UTC(), Lease: l.d.Lease, Backoff: Backoff})
		if err == nil || len(done) == 0 && l.flying == 0 || incidents.KindOf(err) != incidents.KindUnavailable {
			return got, err
		}
		select {
		case <-l.send.Done(): // not before: who is told to stop records what was sent
			return got, err
		case <-time.After(time.Second << try / 2):
		}
	}
	return got, err
}

// abandon gives up a chunk that is somebody else's now, or that cannot be
// recorded: what has not left stays, and what is leaving ends unrecorded, in doubt.
func (l *lane) abandon(recorded int) {
	l.halt()
	taken := l.flying + recorded
	for l.flying > 0 {
		l.flying -= len(<-l.back)
	}
	l.window.give(taken)
}

// linger is how long a turn waits for more to record once something came back.
const linger = 2 * time.Millisecond

// collect waits for outcomes. It returns none when a moment passed without any:
// then the lease is renewed, and a hold is seen, within a second.
func (l *lane) collect() (done []incidents.Recorded) {
	if l.flying == 0 {
		return nil
	}
	done = make([]incidents.Recorded, 0, l.flying)
	beat := time.NewTimer(min(l.d.Lease/3, time.Second))
	defer beat.Stop()
	select {
	case some := <-l.back:
		done = append(done, some...)
	case <-beat.C:
		return nil
	}
	enough := (l.flying + 1) / 2
	more := time.NewTimer(linger)
	defer more.Stop()
	for len(done) < l.flying {
		select {
		case some := <-l.back:
			done = append(done, some...)
			continue
		default:
		}
		if len(done) >= enough {
			break
		}
		select {
		case some := <-l.back:
			done = append(done, some...)
		case <-more.C:
			enough = 0
		}
	}
	l.flying -= len(done)
	return done
}

// hand renders and sends what was claimed, several messages at once where the
// channel takes them.
func (l *lane) hand() {
	for claimed := range l.work {
		l.back <- l.deliver(claimed)
	}
}

// deliver sends a few messages and says what came of each; claimed is no longer
// as it was then.
func (l *lane) deliver(claimed []incidents.Claimed) []incidents.Recorded {
	done := make([]incidents.Recorded, 0, len(claimed))
	report := func(x incidents.Claimed, r incidents.Receipt) {
		done = append(done, incidents.Recorded{ID: x.Delivery.ID, Receipt: r, At: l.d.Now().UTC()})
	}
	ms, sent := make([]Message, 0, len(claimed)), claimed[:0]
	for _, x := range claimed {
		m, r, leaves := l.prepared(x)
		if !leaves {
			report(x, r)
			continue
		}
		ms, sent = append(ms, m), append(sent, x)
	}
	if len(ms) == 0 {
		return done
	}
	killpoint.At(killpoint.Rendered)
	debug := l.d.Log.Enabled(l.send, slog.LevelDebug) // a line for each message, seldom wanted
	for i, r := range l.job.set.SendAll(l.send, l.leave, l.channel, ms) {
		if debug {
			l.d.Log.Debug("attempt", "delivery", sent[i].Delivery.ID.String(), "attempt", sent[i].Delivery.Attempts, "outcome", r.Outcome, "code", r.Code)
		}
		report(sent[i], r)
	}
	return done
}

// prepared is the message of a delivery, or, when it does not leave, what became of it.
func (l *lane) prepared(x incidents.Claimed) (m Message, r incidents.Receipt, leaves bool) {
	if r, early := l.early(x); early { // before it takes a place in the rate
		return m, r, false
	}
	if l.leave.Err() != nil {
		return m, Kept, false
	}
	m, err := guarded(func() (Message, error) { return l.d.render(l.send, l.job, x) })
	if err != nil {
		return m, l.d.unsent(x, err), false
	}
	if x.Wave {
		if r, wrong := l.d.inspected(l.send, l.job, x, m); wrong {
			return m, r, false
		}
	}
	return m, r, true
}

// Kept is what became of a message that was written down and did not leave.
var Kept = incidents.Receipt{Outcome: incidents.OutcomeKept, Reason: "sending halted before it left"}

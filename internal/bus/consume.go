package bus

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

// A ConsumerSpec names a durable consumer: its place in the stream survives
// restarts, and all processes that name it share its work.
type ConsumerSpec struct {
	Stream  string
	Durable string
	// Filter narrows it to these subjects; empty: all of the stream.
	Filter string
	// MaxDeliver is after how many tries a message is parked; 0 is 5. A try that
	// died with its process counts, so work that is long and always resumable wants more.
	MaxDeliver int
	// AckWait is after how long a silent process is taken for dead; 0 is 30 s.
	// A handler at work is not silent: it may take as long as it needs.
	AckWait time.Duration
	// MaxInFlight is how many messages this process handles at a time; 0 is 1, which also keeps their order.
	MaxInFlight int
	// OnPark keeps the bytes of a message that is given up. Only when it
	// returns nil does the message leave the stream.
	OnPark func(ctx context.Context, m Msg, reason string) error
}

func (s ConsumerSpec) withDefaults() ConsumerSpec {
	if s.MaxDeliver == 0 {
		s.MaxDeliver = 5
	}
	if s.AckWait == 0 {
		s.AckWait = 30 * time.Second
	}
	if s.MaxInFlight == 0 {
		s.MaxInFlight = 1
	}
	return s
}

// config leaves the count of deliveries to us: a server that gives up on a
// message tells only who listens at that moment, we park it with its bytes.
func (s ConsumerSpec) config() jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: s.Durable, FilterSubject: s.Filter, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: s.AckWait, MaxDeliver: -1, MaxAckPending: 4096, DeliverPolicy: jetstream.DeliverAllPolicy,
	}
}

// Consume hands messages to handler until ctx ends, then waits for the handlers
// at work and returns nil. A handler that fails, panics or dies with its
// process sees the message again, MaxDeliver times in all.
func (b *Bus) Consume(ctx context.Context, spec ConsumerSpec, handler func(context.Context, Msg) Verdict) error {
	spec = spec.withDefaults()
	if spec.OnPark == nil {
		return incidents.Invalid("consumer %s has no OnPark: parked messages would be lost", spec.Durable)
	}
	if err := b.mend(); err != nil {
		return err
	}
	setup, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	cons, err := b.js.CreateOrUpdateConsumer(setup, spec.Stream, spec.config())
	if err != nil {
		return refused("consumer "+spec.Durable, err)
	}
	w := &worker{bus: b, spec: spec, cons: cons, handler: handler}
	for range spec.MaxInFlight {
		w.start(ctx)
	}
	w.all.Wait()
	return nil
}

type worker struct {
	bus     *Bus
	spec    ConsumerSpec
	cons    jetstream.Consumer
	handler func(context.Context, Msg) Verdict
	all     sync.WaitGroup
}

// start begins a runner more.
func (w *worker) start(ctx context.Context) { w.all.Go(func() { w.run(ctx) }) }

// run asks for one message at a time, so that none grows old in a buffer. It ends
// with a message that was set aside: another runs in its place.
func (w *worker) run(ctx context.Context) {
	for ctx.Err() == nil {
		m, err := w.next(ctx)
		switch {
		case err == nil:
			if w.handle(ctx, m) {
				return
			}
		case quiet(err):
		default:
			w.bus.log.Warn("bus consumer waits", "durable", w.spec.Durable, "error", err)
			pause(ctx, time.Second)
			w.bus.restoreConsumer(ctx, w.spec)
		}
	}
}

func (w *worker) next(ctx context.Context) (jetstream.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return w.cons.Next(jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(5*time.Second))
}

// quiet tells whether err only says that nothing was there.
func quiet(err error) bool {
	return errors.Is(err, nats.ErrTimeout) || errors.Is(err, jetstream.ErrNoMessages) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// pause waits for d or the end of ctx.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// handle handles a message, and tells whether it was set aside meanwhile.
func (w *worker) handle(ctx context.Context, raw jetstream.Msg) bool {
	m, err := fromStream(raw)
	if err != nil {
		w.bus.log.Error("bus message without metadata", "durable", w.spec.Durable, "error", err)
		return false
	}
	var place sync.Once // ends, one way or the other, with whoever is first
	aside := false
	m.aside = func() { place.Do(func() { aside = true; w.start(ctx) }) }
	defer w.heartbeat(raw)()
	v := Park(fmt.Sprintf("given up after %d tries", w.spec.MaxDeliver))
	if m.Delivered <= w.spec.MaxDeliver { // more: the last try took its process down
		v = w.decide(ctx, m)
	}
	if ctx.Err() != nil && v.kind == retry {
		v = RetryFor(v.reason, time.Millisecond) // cut short by a stop: another process may take it at once
	}
	// What was done is acknowledged even when ctx has ended meanwhile.
	w.settle(context.WithoutCancel(ctx), raw, m, v)
	place.Do(func() {})
	return aside
}

// decide asks the handler, and turns the last failure into parking.
func (w *worker) decide(ctx context.Context, m Msg) (v Verdict) {
	defer func() {
		if p := recover(); p != nil {
			w.bus.log.Error("bus handler panicked", "durable", w.spec.Durable, "seq", m.Seq, "stack", string(debug.Stack()))
			v = RetryFor("the handler panicked", 0)
		}
		if v.kind == retry && m.Delivered >= w.spec.MaxDeliver && ctx.Err() == nil {
			v = Park(fmt.Sprintf("given up after %d tries: %s", m.Delivered, v.reason))
		}
	}()
	return w.handler(ctx, m)
}

func (w *worker) settle(ctx context.Context, raw jetstream.Msg, m Msg, v Verdict) {
	limited, cancel := context.WithTimeout(ctx, w.bus.within)
	defer cancel()
	if v.kind == park {
		v = w.park(limited, m, v)
	}
	if err := acknowledge(limited, raw, m, v); err != nil {
		w.bus.suspect(ctx, err)
		// It comes again, and its handler is idempotent.
		w.bus.log.Warn("bus message not settled", "durable", w.spec.Durable, "seq", m.Seq, "error", err)
	}
}

// park keeps the bytes; if that fails the message stays where it is.
func (w *worker) park(ctx context.Context, m Msg, v Verdict) Verdict {
	if err := w.spec.OnPark(ctx, m, v.reason); err != nil {
		w.bus.log.Error("bus message not parked", "durable", w.spec.Durable, "seq", m.Seq, "error", err)
		return Retry(0)
	}
	w.bus.log.Warn("bus message parked", "durable", w.spec.Durable, "seq", m.Seq, "deliveries", m.Delivered)
	return v
}

func acknowledge(ctx context.Context, raw jetstream.Msg, m Msg, v Verdict) error {
	switch v.kind {
	case done, park: // parked bytes are safe elsewhere: also confirmed, so that they are parked once
		return raw.DoubleAck(ctx)
	default:
		return raw.NakWithDelay(v.delay(m.Delivered))
	}
}

// heartbeat tells the server that the message is being worked on, until the
// returned function is called.
func (w *worker) heartbeat(raw jetstream.Msg) (stop func()) {
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		t := time.NewTicker(w.spec.AckWait / 3)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				_ = raw.InProgress() // a lost one costs a second delivery at most
			case <-end:
				return
			}
		}
	})
	return func() { close(end); wg.Wait() }
}

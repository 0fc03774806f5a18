package bus

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// An external server may lose streams and consumers while we run: it is
// replaced by an empty one, or an operator deletes them. What was in them is
// found again by the sweeps, so they are made anew without asking anybody. The
// streams of the embedded server are gone only with its folder, see mayCreate.

// tendEvery is how often the streams are looked after when nobody misses them.
const tendEvery = 30 * time.Second

// tend looks after the streams until ctx ends.
func (b *Bus) tend(ctx context.Context) {
	for {
		pause(ctx, tendEvery)
		if ctx.Err() != nil {
			return
		}
		b.look(ctx)
	}
}

// look makes anew what was lost and clears the intake of what was taken.
func (b *Bus) look(ctx context.Context) {
	if !b.nc.IsConnected() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	b.restoreStreams(ctx)
	if err := b.clearIntake(ctx); err != nil && ctx.Err() == nil {
		b.log.Warn("bus intake was not cleared", "error", err)
	}
}

// restoreStreams makes anew what an external server has lost, gives streams
// the copies that the cluster had no servers for, and tells whether every
// stream is there.
func (b *Bus) restoreStreams(ctx context.Context) bool {
	if b.server != nil {
		return false
	}
	b.mending.Lock()
	defer b.mending.Unlock()
	return b.streamsThere(ctx)
}

func (b *Bus) streamsThere(ctx context.Context) bool {
	err := ensureStreams(ctx, b.js, b.o, nil)
	if err != nil && ctx.Err() == nil {
		b.log.Warn("bus streams are not whole", "error", err)
	}
	return err == nil
}

// restoreConsumer makes a consumer anew that an external server has lost, and
// its stream if that is lost too. Workers that hold the lost one go on with it:
// they know it by its name.
func (b *Bus) restoreConsumer(ctx context.Context, spec ConsumerSpec) {
	if b.server != nil || !b.nc.IsConnected() || !b.mending.TryLock() { // somebody is at it
		return
	}
	defer b.mending.Unlock()
	ctx, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	_, err := b.js.Consumer(ctx, spec.Stream, spec.Durable)
	gone := errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, jetstream.ErrStreamNotFound)
	if !gone || !b.streamsThere(ctx) {
		return
	}
	b.log.Warn("bus consumer was lost and is made anew", "durable", spec.Durable)
	if _, err := b.js.CreateOrUpdateConsumer(ctx, spec.Stream, spec.config()); err != nil && ctx.Err() == nil {
		b.log.Warn("bus consumer is not there", "durable", spec.Durable, "error", err)
	}
}

// clearIntake removes the alerts that every consumer has committed to the
// database: an intake that refuses when it is full must not be full of them.
func (b *Bus) clearIntake(ctx context.Context) error {
	s, err := b.js.Stream(ctx, Intake)
	if err != nil {
		return err
	}
	list := s.ListConsumers(ctx)
	floor, any := ^uint64(0), false
	for c := range list.Info() {
		floor, any = min(floor, c.AckFloor.Stream), true
	}
	if err := list.Err(); err != nil {
		return err
	}
	if state := s.CachedInfo().State; any && state.Msgs > 0 && state.FirstSeq <= floor {
		return s.Purge(ctx, jetstream.WithPurgeSequence(floor+1))
	}
	return nil
}

package store

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

// Workers, some of which die or freeze, sweepers, reconcilers, receipts, exclusions,
// holds, raised caps and at last a stop all work on one notice at once. Nobody is
// handed out twice for one attempt, no attempt is forgotten, and the sum holds.
func TestEverybodyAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		x := &crowd{world: w, seed: rand.Uint64(), stores: []*Store{w.s}, handed: map[string]int{}}
		t.Logf("seed %d", x.seed)
		w.s.landAt = landTogether
		w.s.o.Spend = map[incidents.Channel]incidents.Tariff{incidents.SMS: {Cap: incidents.SpendCap{Messages: 300}, Price: 1}}
		w.sending(crowdPersons, twoSteps)
		if w.s.pg {
			w.s.landAt = landAtEnd
			x.stores = append(x.stores, opened(t, w.s.o))
		}
		ctx, cancel := context.WithTimeout(always, 3*time.Second)
		defer cancel()
		for i, live := range []func(context.Context, *Store, *rand.Rand){x.worker, x.worker, x.worker, x.worker, x.house, x.house, x.clock, x.team, x.stopper} {
			s, r := x.stores[i%len(x.stores)], rand.New(rand.NewPCG(x.seed, uint64(i)))
			x.all.Go(func() { live(ctx, s, r) })
		}
		x.all.Wait()
		w.counted()
		w.pass(time.Hour)
		w.sweep()
		w.sweep()
		if r := w.reconcile(); r.ToSend+r.Trying > 0 || len(x.handed) == 0 {
			t.Errorf("after the stop, of %d handed out: %+v", len(x.handed), r)
		}
		for _, d := range w.deliveries(incidents.DeliveryFilter{Limit: 10000}) {
			for a := 1; a <= d.Attempts; a++ {
				delete(x.handed, attempt(d.ID, a))
			}
		}
		if len(x.handed) > 0 {
			t.Errorf("attempts were handed out that no row counts: %v", slices.Sorted(maps.Keys(x.handed)))
		}
	})
}

const (
	crowdPersons = 2600 // three chunks
	crowdLease   = 400 * time.Millisecond
)

// A crowd is everybody who works on the notice of a world.
type crowd struct {
	*world
	seed   uint64
	stores []*Store
	all    sync.WaitGroup

	mu     sync.Mutex
	handed map[string]int // attempts
	ids    []incidents.DeliveryID
}

func attempt(id incidents.DeliveryID, n int) string { return fmt.Sprintf("%s/%d", id, n) }

// bad reports an error that is none of a lost race.
func (x *crowd) bad(what string, err error) bool {
	if k := incidents.KindOf(err); err != nil && k != incidents.KindConflict && k != incidents.KindForbidden {
		x.t.Errorf("%s: %v", what, err)
	}
	return err != nil
}

// clock moves time on; now and then a minute, for what waits.
func (x *crowd) clock(ctx context.Context, _ *Store, r *rand.Rand) {
	for ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
		x.pass(20 * time.Millisecond)
		if r.IntN(50) == 0 {
			x.pass(time.Minute)
		}
	}
}

// worker takes chunks and works them as a lane does, until it dies over one or
// is told that nothing may leave.
func (x *crowd) worker(ctx context.Context, s *Store, r *rand.Rand) {
	for ctx.Err() == nil {
		c, ok, err := s.TakeChunk(always, x.n.No, 1+r.Int64N(3), fmt.Sprintf("worker %d", r.Uint64()), crowdLease)
		if x.bad("take", err) || !ok {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		an, err := s.Admitted(always, x.n.No)
		if x.bad("admitted", err) {
			continue
		}
		turn := incidents.Turn{Chunk: c, Notice: an, Channel: []incidents.Channel{incidents.Email, incidents.SMS}[r.IntN(2)], Lease: crowdLease}
		if !x.works(s, r, turn) {
			s.aheads.drop(c.Notice, c.No) // as if the process were gone
			continue
		}
		x.bad("leave", s.LeaveChunk(always, c))
	}
}

// works does some turns on a chunk and tells whether the worker lived to their end.
func (x *crowd) works(s *Store, r *rand.Rand, turn incidents.Turn) bool {
	var claims []incidents.Claimed
	outcomes := []incidents.Outcome{incidents.OutcomeAccepted, incidents.OutcomeAccepted, incidents.OutcomeAccepted, incidents.OutcomeAccepted, incidents.OutcomeAccepted,
		incidents.OutcomeRefused, incidents.OutcomeRetry, incidents.OutcomeDoubt, incidents.OutcomeKept}
	for last := 2 + r.IntN(20); last >= -1; last-- {
		turn.Done = nil
		for _, c := range claims {
			turn.Done = append(turn.Done, x.outcomes([]incidents.Claimed{c}, outcomes[r.IntN(len(outcomes))])...)
		}
		turn.Now, turn.Want = x.now(), []int{0, 1, 5, 16, 64}[r.IntN(5)]
		if last < 1 {
			turn.Want = 0 // it records the last, and lands all in a turn of its own
		}
		got, err := s.Turn(always, turn)
		if x.bad("turn", err) {
			return false
		}
		x.took(got.Next)
		if claims = got.Next; got.Halt != "" {
			last = min(last, 1)
		}
		switch r.IntN(40) {
		case 0:
			return false
		case 1:
			time.Sleep(2 * crowdLease) // frozen, and perhaps no longer the holder
		}
	}
	return true
}

// took notes what was handed out, each attempt once.
func (x *crowd) took(claims []incidents.Claimed) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range claims {
		key := attempt(c.Delivery.ID, c.Delivery.Attempts)
		if x.handed[key]++; x.handed[key] > 1 {
			x.t.Errorf("%s was handed out %d times", key, x.handed[key])
		}
		x.ids = append(x.ids, c.Delivery.ID)
	}
}

// some is a delivery that was handed out.
func (x *crowd) some(r *rand.Rand) (id incidents.DeliveryID, any bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.ids) == 0 {
		return id, false
	}
	return x.ids[r.IntN(len(x.ids))], true
}

// house is what the service does by itself.
func (x *crowd) house(ctx context.Context, s *Store, r *rand.Rand) {
	for ctx.Err() == nil {
		_, err := s.Sweep(always, x.policy())
		x.bad("sweep", err)
		_, err = s.FoldReceipts(always, 50)
		x.bad("fold", err)
		doubts, err := s.Doubts(always, 20)
		x.bad("doubts", err)
		for _, d := range doubts {
			found := incidents.Resolution{State: incidents.Ready, MaybeTwice: true, Reason: "again", Now: x.now()}
			if r.IntN(3) == 0 {
				found.State, found.MaybeTwice = incidents.Accepted, false
			}
			x.bad("resolve", s.ResolveDoubt(always, d.Delivery.ID, found))
		}
		time.Sleep(30 * time.Millisecond)
	}
}

// stopper stops the notice towards the end, while all others go on.
func (x *crowd) stopper(ctx context.Context, s *Store, _ *rand.Rand) {
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
	x.bad("stop", x.halt(incidents.NoticeStopped))
	_, err := s.CancelDeliveries(always, x.n.No)
	x.bad("cancel", err)
}

// team is what people and providers do meanwhile.
func (x *crowd) team(ctx context.Context, s *Store, r *rand.Rand) {
	for n := 0; ctx.Err() == nil; n++ {
		if id, ok := x.some(r); ok {
			status := []string{"delivered", "bounced", "undelivered", "sent"}[r.IntN(4)]
			x.bad("receipt", s.PutReceipt(always, incidents.StatusReceipt{ID: fmt.Sprint("r", n), Delivery: id, Channel: id.Channel, Status: status, At: x.now()}))
		}
		if n%10 == 0 {
			x.bad("exclude", s.write(always, func(t *tx) error {
				return t.SetExcluded(incidents.NewPersonID(x.in.ID, 1+r.Int64N(crowdPersons)), "safety", "")
			}))
		}
		if n%20 == 0 {
			x.bad("hold", x.halt(incidents.NoticeHeld))
			time.Sleep(20 * time.Millisecond)
			x.bad("resume", x.halt(incidents.NoticeSending))
		}
		if n%30 == 0 {
			x.bad("raise", s.write(always, func(t *tx) error {
				_, err := t.RaiseCap(x.in.ID, incidents.SMS, incidents.SpendCap{Messages: int64(300 + n)}, x.now())
				return err
			}))
		}
		time.Sleep(10 * time.Millisecond)
	}
}

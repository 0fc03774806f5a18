package store

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tocsin/incidents"
)

// Turns, lost workers, receipts, doubts, sweeps, exclusions and the clock in
// any order: at every step everybody is in exactly one row, counters agree
// with the rows, and in the end everybody was handled. Nobody is sent to by a
// channel more often than its attempts say.
func TestNobodyIsLostWhateverHappens(t *testing.T) {
	for _, seed := range []uint64{1, 2, 3} {
		eachEngine(t, func(t *testing.T, w *world) { chaos(t, w, seed) })
	}
}

type chaotic struct {
	*world
	r     *rand.Rand
	held  []holding
	left  map[incidents.DeliveryID]int // messages that left
	known []incidents.DeliveryID
	n     int
}

// A holding is a chunk in a worker's hands, and the window it is sending.
type holding struct {
	chunk  incidents.Chunk
	ch     incidents.Channel
	window []incidents.Claimed
}

func chaos(t *testing.T, w *world, seed uint64) {
	t.Logf("seed %d", seed)
	w.s.landAt, w.s.aheadFrom = []int{1, 9, landTogether}[seed%3], 1+int(seed%2)*7
	w.incident("i1", incidents.Live)
	people := candidates(1100)
	for i := range people {
		switch i % 7 {
		case 1:
			people[i].Channels = []incidents.Channel{incidents.SMS}
		case 2:
			people[i].Channels = nil
		case 3:
			people[i].Channels = []incidents.Channel{incidents.Push, incidents.Email}
		}
	}
	people = append(people[:60:60], people[980:1040]...) // some of them, in two blocks
	for i := range people {
		people[i].Row = int64(i + 1)
	}
	w.list("im1", people, 1000)
	w.send([]incidents.Step{{Channel: incidents.Email}, {Channel: incidents.SMS, Wait: time.Hour}, {Channel: incidents.Push}})
	c := &chaotic{world: w, r: rand.New(rand.NewPCG(seed, 7)), left: map[incidents.DeliveryID]int{}}
	for range 150 {
		c.step()
		c.counted()
	}
	c.calm()
	r := c.reconcile()
	if r.List != 120 || r.ToSend+r.Trying+r.InDoubt != 0 {
		t.Fatalf("in the end %+v", r)
	}
	for _, d := range c.deliveries(incidents.DeliveryFilter{Limit: 10000}) {
		if c.left[d.ID] > d.Attempts {
			t.Fatalf("%s left %d times, %d attempts are written down", d.ID, c.left[d.ID], d.Attempts)
		}
		if d.State == incidents.Accepted && c.left[d.ID] == 0 {
			t.Fatalf("%s is said to be sent, and never left", d.ID)
		}
	}
}

func (c *chaotic) step() {
	switch p := c.r.IntN(20); {
	case p < 5:
		if k, ok := c.take(int64(1 + c.r.IntN(2))); ok {
			c.held = append(c.held, holding{chunk: k, ch: c.channel()})
		}
	case p < 13 && len(c.held) > 0:
		c.work(c.r.IntN(len(c.held)))
	case p < 14 && len(c.held) > 0: // the worker dies, what it was sending may have left
		i := c.r.IntN(len(c.held))
		c.held = append(c.held[:i], c.held[i+1:]...)
	case p < 15:
		c.pass(time.Duration(c.r.IntN(40)) * time.Second)
	case p < 16:
		c.pass(time.Duration(c.r.IntN(50)) * time.Minute)
	case p < 17 && len(c.known) > 0:
		c.n++
		id := c.known[c.r.IntN(len(c.known))]
		c.receipt(fmt.Sprint("r", c.n), id, "", []string{"sent", "delivered", "undelivered"}[c.r.IntN(3)])
		c.fold()
	case p < 18:
		c.resolve()
	case p < 19 && c.n%5 == 0:
		c.n++
		c.write(func(t *tx) error {
			return t.SetExcluded(incidents.NewPersonID(c.in.ID, int64(1+c.r.IntN(120))), "asked for it", "")
		})
	default:
		c.sweep()
	}
}

func (c *chaotic) channel() incidents.Channel {
	return []incidents.Channel{incidents.Email, incidents.SMS, incidents.Push}[c.r.IntN(3)]
}

// work sends a worker's window and turns to the next one; who lost the chunk
// gets a conflict and stops.
func (c *chaotic) work(i int) {
	h := &c.held[i]
	var done []incidents.Recorded
	for _, x := range h.window {
		o := []incidents.Outcome{incidents.OutcomeAccepted, incidents.OutcomeAccepted, incidents.OutcomeAccepted, incidents.OutcomeRetry, incidents.OutcomeRefused, incidents.OutcomeGone, incidents.OutcomeDoubt}[c.r.IntN(7)]
		done = append(done, c.outcomes([]incidents.Claimed{x}, o)...)
	}
	if h.window == nil {
		h.ch = c.channel()
	}
	got, err := c.turn(h.chunk, h.ch, 1+c.r.IntN(20), done...)
	if incidents.KindOf(err) == incidents.KindConflict {
		c.held = append(c.held[:i], c.held[i+1:]...)
		return
	}
	c.ok(err)
	h.window = got.Next
	for _, x := range got.Next {
		c.left[x.Delivery.ID]++ // at the latest now a byte may leave
		c.known = append(c.known, x.Delivery.ID)
		if x.Delivery.State != incidents.Attempting || x.Delivery.Fence != h.chunk.Fence {
			c.t.Fatalf("claimed %+v", x.Delivery)
		}
	}
	if len(h.window) == 0 {
		c.ok(c.s.LeaveChunk(always, h.chunk))
		c.held = append(c.held[:i], c.held[i+1:]...)
	}
}

func (c *chaotic) resolve() {
	doubts, err := c.s.Doubts(always, 5)
	c.ok(err)
	for _, d := range doubts {
		r := []incidents.Resolution{{State: incidents.Ready, MaybeTwice: true}, {State: incidents.Accepted}, {State: incidents.Manual},
			{State: incidents.InDoubt, Again: c.now().Add(time.Minute)}}[c.r.IntN(4)]
		r.Now = c.now()
		c.ok(c.s.ResolveDoubt(always, d.Delivery.ID, r))
	}
}

// calm lets honest workers finish everything.
func (c *chaotic) calm() {
	c.held = nil
	for range 60 {
		c.pass(20 * time.Minute)
		c.sweep()
		c.fold()
		for _, d := range c.deliveries(incidents.DeliveryFilter{States: []incidents.DeliveryState{incidents.InDoubt, incidents.Manual}}) {
			c.write(func(t *tx) error { return t.SettleDoubt(d.ID, incidents.Accepted, "decided by a person", c.now()) })
		}
		for chunk := int64(1); chunk <= 2; chunk++ {
			k, ok := c.take(chunk)
			for again := ok; again; {
				again = false
				for _, ch := range []incidents.Channel{incidents.Email, incidents.SMS, incidents.Push} {
					var done []incidents.Recorded
					for {
						got := c.mustTurn(k, ch, 50, done...)
						if len(got.Next) == 0 {
							break
						}
						again = true
						for _, x := range got.Next {
							c.left[x.Delivery.ID]++
						}
						done = c.outcomes(got.Next, incidents.OutcomeAccepted)
					}
				}
			}
			if ok {
				c.ok(c.s.LeaveChunk(always, k))
			}
		}
		c.reload()
		if c.n > 0 && c.world.n.Status == incidents.NoticeDone {
			return
		}
	}
}

package email

import (
	"context"
	"errors"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// A Channel sends through one relay.
type Channel struct {
	o         Options
	skeletons skeletons

	mu     sync.Mutex
	idle   []*conn // the last one used is taken first, so that no more stay open than are needed
	open   int
	limit  int           // how many the relay lets us open, as far as we know
	shrunk time.Time     // when it last refused one
	wake   chan struct{} // closed when a connection may be taken
	closed bool
}

// New checks the options; it opens no connection.
func New(o Options) (*Channel, error) {
	if err := o.fill(); err != nil {
		return nil, err
	}
	return &Channel{o: o, limit: o.Connections, wake: make(chan struct{})}, nil
}

// Close says goodbye on the idle connections.
func (c *Channel) Close() error {
	c.mu.Lock()
	idle := c.idle
	c.idle, c.closed = nil, true
	c.mu.Unlock()
	for _, k := range idle {
		k.quit()
	}
	return nil
}

// Batch is how many messages ride together.
func (c *Channel) Batch() int { return c.o.Batch }

// Send delivers one message; see SendAll.
func (c *Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	if len(m.Wire) == 0 {
		if err := c.Encode(&m, c.o.Now()); err != nil {
			return incidents.Receipt{}, err
		}
	}
	return c.SendAll(ctx, ctx, []notifiers.Message{m})[0], nil
}

// SendAll delivers messages, each to its one person, on one connection.
// Whatever goes wrong before the relay can have read a message whole is a
// retry; a reply is what it says; silence after that is doubt. What the relay
// says to QUIT changes nothing. When the relay closes a connection, what did
// not leave on it leaves on another one.
func (c *Channel) SendAll(ctx, leave context.Context, ms []notifiers.Message) []incidents.Receipt {
	all := make([]outgoing, len(ms))
	var left []*outgoing
	for i := range ms {
		o := &all[i]
		o.m, o.from, o.receipt = &ms[i], c.o.sender(ms[i].Delivery, ms[i].Attempt), unreachable
		if len(ms[i].Wire) == 0 {
			if err := c.Encode(&ms[i], c.o.Now()); err != nil {
				o.settle(incidents.Receipt{Outcome: incidents.OutcomeRefused, Reason: "the message cannot be built"})
				continue
			}
		}
		left = append(left, o)
	}
	for more := true; more && len(left) > 0; {
		left, more = c.try(ctx, leave, left)
	}
	out := make([]incidents.Receipt, len(ms))
	var id []byte
	for i := range all {
		out[i] = all[i].receipt
		if out[i].Outcome != incidents.OutcomeKept {
			id = c.o.messageID(id[:0], &ms[i])
			out[i].ProviderID = string(id)
		}
	}
	return out
}

// try sends what it can on one connection and returns what did not leave, and
// whether another connection may do better.
func (c *Channel) try(ctx, leave context.Context, left []*outgoing) (still []*outgoing, more bool) {
	k, warm, err := c.take(ctx, leave)
	switch {
	case errors.Is(err, errKept):
		keep(left)
		return nil, false
	case err != nil:
		for _, o := range left {
			o.receipt = notOpened(err)
		}
		return left, false
	}
	if ok := k.batch(ctx, leave, left); ok {
		c.give(k)
	} else {
		c.lose(k)
	}
	for _, o := range left {
		if !o.settled {
			still = append(still, o)
		}
	}
	if !warm && len(still) == len(left) { // the first one ends connections: the others must not wait for it
		still[0].settle(still[0].receipt)
		still = still[1:]
	}
	return still, ctx.Err() == nil
}

// errKept tells that sending was halted while a message waited for a connection.
var errKept = errors.New("sending halted")

// limitBack is how long a relay that refused a connection is left alone before
// one more is tried.
const limitBack = time.Minute

// take returns a connection: one that stands idle, a new one, or, when the
// relay lets us open no more, the next that comes free.
func (c *Channel) take(ctx, leave context.Context) (k *conn, warm bool, err error) {
	for {
		if leave.Err() != nil {
			return nil, false, errKept
		}
		k, wait := c.pick()
		switch {
		case k != nil && k.alive(ctx, leave, c.o.Now()):
			return k, true, nil
		case k != nil:
			c.lose(k)
			continue
		case wait == nil:
			k, err := c.dial(ctx, leave)
			if err == nil {
				return k, false, nil
			}
			if again := c.refusedOne(err); again || leave.Err() != nil {
				continue
			}
			return nil, false, err
		}
		select {
		case <-wait:
		case <-leave.Done():
			return nil, false, errKept
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// pick returns an idle connection, or leave to open one (both nil), or what to wait for.
func (c *Channel) pick() (k *conn, wait <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n := len(c.idle); n > 0 {
		k = c.idle[n-1]
		c.idle = c.idle[:n-1]
		return k, nil
	}
	if c.limit < c.o.Connections && c.o.Now().Sub(c.shrunk) > limitBack {
		c.limit, c.shrunk = c.limit+1, c.o.Now()
	}
	if c.open < c.limit {
		c.open++
		return nil, nil
	}
	return nil, c.wake
}

// refusedOne takes a failed dial back. It tells whether the relay merely lets
// us open no more connections than we have.
func (c *Channel) refusedOne(err error) (wait bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.stir()
	var r refused
	if errors.As(err, &r) && r.code == 421 && c.open > 0 {
		c.limit, c.shrunk = c.open, c.o.Now()
		return true
	}
	return false
}

// stir wakes whoever waits for a connection; c.mu is held.
func (c *Channel) stir() {
	close(c.wake)
	c.wake = make(chan struct{})
}

func (c *Channel) give(k *conn) {
	c.mu.Lock()
	closed := c.closed
	if closed {
		c.open--
	} else {
		k.used = c.o.Now()
		c.idle = append(c.idle, k)
	}
	c.stir()
	c.mu.Unlock()
	if closed {
		k.quit()
	}
}

func (c *Channel) lose(k *conn) {
	k.drop()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.stir()
}

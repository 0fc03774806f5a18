// Package patience cuts connections off that stand still. It counts with a
// timer and looks at no clock, so it works beside clocks that are set by hand.
// It refuses to decide what a sign of life is: each one gets a patience of its own.
package patience

import (
	"sync"
	"time"
)

// A Patience runs out once, unless it ends before.
type Patience struct {
	mu   sync.Mutex // held while the connection is cut, so that End means ended
	over bool
	t    *time.Timer
}

// past is a deadline that has gone by.
var past = time.Unix(1, 0)

// New starts a patience of span with a connection. cut sets a deadline of the
// connection, like http.ResponseController.SetReadDeadline; where a writer has
// no deadlines its error changes nothing. End must be called.
func New(span time.Duration, cut func(time.Time) error) *Patience {
	p := &Patience{}
	p.t = time.AfterFunc(span, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.over {
			_ = cut(past)
		}
	})
	return p
}

// End keeps the connection from being cut any more.
func (p *Patience) End() {
	p.t.Stop()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.over = true
}

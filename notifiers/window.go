package notifiers

import (
	"context"
	"sync"
	"time"
)

// A window is how many messages of one channel this process may have written
// down as attempting and not yet recorded, over all chunks it works on: W of
// the promise that no more than W sends are in doubt after a crash. One chunk
// leads and uses it up, since large turns of the journal cost less for each
// message; the next leads when the first has no more to claim. Who waited in
// vain for a moment gets half of it.
type window struct {
	mu      sync.Mutex
	size    int
	taken   int
	lanes   int
	lead    *seat
	starved bool          // somebody waited in vain
	freed   chan struct{} // closed when somebody may get more than before
}

// A seat is the place of one chunk at a window.
type seat struct {
	*window
	short bool // its last turn found less to claim than it wanted
}

// patience is how long a chunk waits for another to leave some of the window.
const patience = time.Second

func newWindow(size int) *window { return &window{size: max(1, size), freed: make(chan struct{})} }

// join takes a chunk in; leave lets it go.
func (w *window) join() *seat {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lanes++
	return &seat{window: w}
}

func (s *seat) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lanes--
	s.starved = false
	s.yield()
	s.stir()
}

// yield leaves the lead to another; mu is held.
func (s *seat) yield() {
	if s.lead == s {
		s.lead = nil
	}
}

// take gives a chunk that has mine in flight as many more as its share leaves.
// What it is about to record, done, makes room in the same turn of the journal.
// Who does not lead gets nothing, or, to find out whether its chunk is done, one.
func (s *seat) take(mine, done int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lead == nil && !s.short { // who has no more to claim left it to another, who is about to come
		s.lead = s
	}
	share := s.size
	switch {
	case s.starved:
		share = (s.size + 1) / 2
	case s.lead == s:
	case s.short && mine == 0:
		share = 1
	default:
		share = 0
	}
	n := max(0, min(share-mine, s.size-s.taken+done))
	s.taken += max(0, n-done)
	return n
}

// turned gives back what a turn of the journal made free, that took took and
// recorded done and claimed got.
func (s *seat) turned(took, done, got int) {
	s.give(max(took, done) - got)
	s.mu.Lock()
	defer s.mu.Unlock()
	if took == 0 {
		return
	}
	if s.short = got < took; s.short && s.lead == s {
		s.yield()
		s.stir()
	}
}

// failed gives back what a turn took that came to nothing.
func (s *seat) failed(took, done int) { s.give(max(0, took-done)) }

// give gives back.
func (s *seat) give(n int) {
	if n == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken -= n
	s.stir()
}

// stir wakes who waits; mu is held.
func (w *window) stir() {
	close(w.freed)
	w.freed = make(chan struct{})
}

// wait blocks until the chunk may get something, for a moment at most: its lease
// has to be renewed.
func (s *seat) wait(ctx context.Context) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		s.mu.Lock()
		freed, free := s.freed, s.taken < s.size && (s.lead == nil || s.lead == s || s.short || s.starved)
		s.mu.Unlock()
		if free {
			return
		}
		select {
		case <-freed:
		case <-timer.C:
			s.mu.Lock()
			s.starved = s.lanes > 1
			s.mu.Unlock()
			return
		case <-ctx.Done():
			return
		}
	}
}

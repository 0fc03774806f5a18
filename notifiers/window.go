package notifiers

import (
	"context"
	"sync"
	"time"
)

// A window is how many messages of one channel this process may have written
// down as attempting and not yet recorded, over all chunks it works on: W of
// the promise that no more than W sends are in doubt after a crash. One chunk
// uses it up as long as it goes fast, since large turns of the journal cost
// less for each message; who waited in vain for a moment gets half of it.
type window struct {
	mu      sync.Mutex
	size    int
	taken   int
	lanes   int
	starved bool          // somebody waited in vain
	freed   chan struct{} // closed when something was given back
}

// patience is how long a chunk waits for another to leave some of the window.
const patience = time.Second

func newWindow(size int) *window { return &window{size: max(1, size), freed: make(chan struct{})} }

// join takes a chunk in; leave lets it go.
func (w *window) join() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lanes++
}

func (w *window) leave() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lanes--
	w.starved = w.starved && w.lanes > 1
	w.stir()
}

// take gives a lane that has mine in flight as many more as its share leaves.
// What it is about to record, done, makes room in the same turn of the journal.
func (w *window) take(mine, done int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	share := w.size
	if w.starved {
		share = (w.size + 1) / 2
	}
	n := max(0, min(share-mine, w.size-w.taken+done))
	w.taken += max(0, n-done)
	return n
}

// turned gives back what a turn of the journal made free, that took took and
// recorded done and claimed got.
func (w *window) turned(took, done, got int) { w.give(max(took, done) - got) }

// failed gives back what a turn took that came to nothing.
func (w *window) failed(took, done int) { w.give(max(0, took-done)) }

// give gives back.
func (w *window) give(n int) {
	if n == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.taken -= n
	w.stir()
}

// stir wakes who waits; w.mu is held.
func (w *window) stir() {
	close(w.freed)
	w.freed = make(chan struct{})
}

// wait blocks until something may be free, for a moment at most: the lease of
// the chunk that waits has to be renewed.
func (w *window) wait(ctx context.Context) {
	w.mu.Lock()
	freed, free := w.freed, w.taken < w.size
	w.mu.Unlock()
	if free {
		return
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-freed:
	case <-timer.C:
		w.mu.Lock()
		w.starved = w.lanes > 1
		w.mu.Unlock()
	case <-ctx.Done():
	}
}

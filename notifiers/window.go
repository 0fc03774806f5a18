package notifiers

import (
	"context"
	"sync"
)

// A window is how many messages of one channel this process may have written
// down as attempting and not yet recorded, over all chunks it works on: W of
// the promise that no more than W sends are in doubt after a crash. Chunks
// that are worked on at the same time share it.
type window struct {
	mu    sync.Mutex
	size  int
	taken int
	lanes int
	freed chan struct{} // closed when something was given back
}

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
	w.stir()
}

// take gives a lane that has mine in flight as many more as its share leaves:
// half of the window when there are others. Smaller shares would make a
// transaction of every few messages; who gets none waits for one to be done.
func (w *window) take(mine int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := max(0, min((w.size+min(w.lanes, 2)-1)/min(w.lanes, 2)-mine, w.size-w.taken))
	w.taken += n
	return n
}

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

// wait blocks until something may be free.
func (w *window) wait(ctx context.Context) {
	w.mu.Lock()
	freed, free := w.freed, w.taken < w.size
	w.mu.Unlock()
	if free {
		return
	}
	select {
	case <-freed:
	case <-ctx.Done():
	}
}

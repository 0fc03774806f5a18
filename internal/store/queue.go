package store

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/incidents"
)

// Group runs fn in a transaction shared with whoever else waits: each in its
// own savepoint, all in one synced commit.
func (s *Store) Group(ctx context.Context, fn func(incidents.Tx) error) error {
	return s.group(ctx, func(t *tx) error { return fn(t) })
}

// group is Group within the package.
func (s *Store) group(ctx context.Context, fn func(*tx) error) error { return s.queue.do(ctx, fn) }

// A queue gathers acts; one goroutine commits all that wait together.
type queue struct {
	s      *Store
	in     chan *act
	stop   chan struct{} // closed by close
	done   chan struct{} // closed when the goroutine has left
	closed sync.Once
	mu     sync.RWMutex // held shared while something is handed in
	shut   bool         // under mu
}

// groupMost is how many acts share one commit at most.
const groupMost = 256

// groupWait is how long a commit may take before its acts are told that the
// database does not answer.
const groupWait = time.Minute

// An act waits for its commit. Whoever moves taken first owns it: the queue to
// run it, or its caller to give up.
type act struct {
	fn    func(*tx) error
	taken atomic.Bool
	err   error // of fn itself
	out   chan error
}

func newQueue(s *Store) *queue {
	q := &queue{s: s, in: make(chan *act, groupMost), stop: make(chan struct{}), done: make(chan struct{})}
	go q.run()
	return q
}

func (q *queue) do(ctx context.Context, fn func(*tx) error) error {
	if err := q.s.usable(); err != nil {
		return err
	}
	a := &act{fn: fn, out: make(chan error, 1)}
	if err := q.hand(ctx, a); err != nil {
		return err
	}
	select {
	case err := <-a.out:
		return err
	case <-ctx.Done():
		if a.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
		return <-a.out // it is being written: say what came of it
	}
}

func (q *queue) hand(ctx context.Context, a *act) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.shut {
		return incidents.Unavailable("the store is closed")
	}
	select {
	case q.in <- a:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (q *queue) close() {
	q.closed.Do(func() {
		q.mu.Lock() // whoever is handing in has done so
		q.shut = true
		q.mu.Unlock()
		close(q.stop)
	})
	<-q.done
}

func (q *queue) run() {
	defer close(q.done)
	for {
		select {
		case a := <-q.in:
			q.commit(q.gather(a))
		case <-q.stop:
			for { // what was handed in before the end
				select {
				case a := <-q.in:
					q.commit(q.gather(a))
				default:
					return
				}
			}
		}
	}
}

func (q *queue) gather(first *act) []*act {
	all := []*act{first}
	for len(all) < groupMost {
		select {
		case a := <-q.in:
			all = append(all, a)
		default:
			return owned(all)
		}
	}
	return owned(all)
}

// owned drops the acts whose callers gave up.
func owned(all []*act) []*act {
	kept := all[:0]
	for _, a := range all {
		if a.taken.CompareAndSwap(false, true) {
			kept = append(kept, a)
		}
	}
	return kept
}

// commit runs acts in one transaction and tells each what came of it. The
// transaction belongs to no caller, so it has no caller's context.
func (q *queue) commit(all []*act) {
	if len(all) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), groupWait)
	defer cancel()
	err := q.s.write(ctx, func(t *tx) error {
		for _, a := range all {
			if err := t.savepoint(a); err != nil {
				return err
			}
		}
		return nil
	})
	for _, a := range all {
		if a.err == nil {
			a.err = err
		}
		a.out <- a.err
	}
}

// savepoint runs one act so that its failure undoes it alone. The error it
// returns is one that ends the whole transaction.
func (t *tx) savepoint(a *act) error {
	entries, emitted := len(t.entries), t.emitted
	if _, err := t.run(`SAVEPOINT act`); err != nil {
		return err
	}
	a.err = t.guarded(a.fn)
	if again(a.err) {
		return a.err // all of it is run once more
	}
	if a.err == nil {
		_, err := t.run(`RELEASE SAVEPOINT act`)
		return err
	}
	t.entries, t.emitted, t.read = t.entries[:entries], emitted, nil
	if _, err := t.run(`ROLLBACK TO SAVEPOINT act`); err != nil {
		return err
	}
	_, err := t.run(`RELEASE SAVEPOINT act`)
	return err
}

func (t *tx) guarded(fn func(*tx) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			t.s.o.Log.Error("an act panicked", "type", fmt.Sprintf("%T", v), "stack", string(debug.Stack()))
			err = fmt.Errorf("an act panicked with a %T", v)
		}
	}()
	return fn(t)
}

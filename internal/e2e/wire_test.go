package e2e

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Wires are what one process reaches its servers over. Cut, they carry nothing
// while every connection stays open, as with a network that has gone away.
type wires struct {
	t    *testing.T
	wg   sync.WaitGroup
	mu   sync.Mutex
	ends []net.Listener
	all  map[*strand]bool // of open connections
	hole *sync.RWMutex    // of connections made now: held shared by whoever carries bytes, alone while cut
	held []*sync.RWMutex  // locked
}

// A strand is one connection and the one it stands for.
type strand struct {
	here, there net.Conn
	hole        *sync.RWMutex
}

func newWires(t *testing.T) *wires {
	w := &wires{t: t, all: map[*strand]bool{}, hole: &sync.RWMutex{}}
	t.Cleanup(w.close)
	return w
}

// to returns an address that leads to a server.
func (w *wires) to(network, server string) string {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, l)
	w.wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return // closed
			}
			if s, err := net.Dial(network, server); err != nil { // it does not listen, and neither do we
				c.Close()
			} else {
				w.carry(c, s)
			}
		}
	})
	return l.Addr().String()
}

func (w *wires) carry(here, there net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := &strand{here, there, w.hole}
	w.all[s] = true
	var both sync.WaitGroup
	both.Go(func() { s.copy(there, here) })
	both.Go(func() { s.copy(here, there) })
	w.wg.Go(func() {
		both.Wait()
		w.mu.Lock()
		defer w.mu.Unlock()
		delete(w.all, s)
	})
}

// copy carries one way until that end is closed, and closes the other then.
func (s *strand) copy(to, from net.Conn) {
	b := make([]byte, 16<<10)
	for {
		n, err := from.Read(b)
		s.hole.RLock()
		if n > 0 {
			_, werr := to.Write(b[:n])
			err = errors.Join(err, werr)
		}
		if err != nil {
			_, _ = s.here.Close(), s.there.Close()
		}
		s.hole.RUnlock()
		if err != nil {
			return
		}
	}
}

// cut stops everything; once it returns not a byte gets through.
func (w *wires) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hole.Lock()
	w.held = append(w.held, w.hole)
}

// mend carries on, beginning with what was held up.
func (w *wires) mend() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.held {
		h.Unlock()
	}
	w.held = nil
}

// reset ends every connection, and what was held up in it; new ones are carried.
func (w *wires) reset() {
	w.mu.Lock()
	for s := range w.all {
		if c, ok := s.here.(*net.TCPConn); ok {
			_ = c.SetLinger(0) // a reset, and no goodbye
		}
		_, _ = s.here.Close(), s.there.Close()
	}
	w.mu.Unlock()
	w.mend()
}

// forget carries new connections alone: the others stay open and silent, as
// when a firewall has lost its memory.
func (w *wires) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hole = &sync.RWMutex{}
}

func (w *wires) close() {
	w.mu.Lock()
	for _, l := range w.ends {
		_ = l.Close()
	}
	w.mu.Unlock()
	w.reset()
	w.wg.Wait()
}

// What is sent while the wires are cut arrives once they are mended, and never
// when they are reset or forgotten; a new connection gets through then.
func TestWires(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	got := make(chan string, 10)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer l.Close()
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				b := make([]byte, 5)
				for {
					if _, err := io.ReadFull(c, b); err != nil {
						return
					}
					got <- string(b)
				}
			})
		}
	})
	w := newWires(t)
	defer w.close()
	at := w.to("tcp", l.Addr().String())
	dial := func() net.Conn {
		c, err := net.Dial("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	say := func(c net.Conn, what string) {
		if _, err := c.Write([]byte(what)); err != nil {
			t.Fatal(err)
		}
	}
	hear := func(want string) {
		t.Helper()
		if s := <-got; s != want {
			t.Fatalf("%q arrived, not %q", s, want)
		}
	}
	c := dial()
	defer c.Close()
	say(c, "one  ")
	hear("one  ")
	w.cut()
	say(c, "two  ")
	w.mend()
	hear("two  ")
	w.cut()
	say(c, "lost ")
	w.reset()
	if _, err := io.ReadAll(c); err == nil || !strings.Contains(err.Error(), "reset") {
		t.Fatalf("a reset was seen as %v", err)
	}
	c = dial()
	defer c.Close()
	say(c, "three")
	hear("three")
	w.cut()
	say(c, "mute ")
	w.forget()
	d := dial()
	defer d.Close()
	say(d, "four ")
	hear("four ")
	if len(got) > 0 {
		t.Errorf("%q got through", <-got)
	}
}

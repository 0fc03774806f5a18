package bounce

import (
	"net"
	"sync"
	"time"
)

// A door is a listener that lets in so many, so many of one host, each for so
// long. Who is too many is sent away at once and comes again: mail systems do.
type door struct {
	net.Listener
	mu     sync.Mutex
	in     map[*visit]string // to the host it is from
	hosts  map[string]int
	closed bool
	empty  chan struct{} // closed when the door is and nobody is left
}

func newDoor(ln net.Listener) *door {
	return &door{Listener: ln, in: map[*visit]string{}, hosts: map[string]int{}, empty: make(chan struct{})}
}

// Accept returns the next connection there is room for.
func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if v := d.enter(c); v != nil {
			return v, nil
		}
		_ = c.Close()
	}
}

func (d *door) enter(c net.Conn) *visit {
	host, _, _ := net.SplitHostPort(c.RemoteAddr().String())
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed || len(d.in) >= maxConns || d.hosts[host] >= maxPerHost {
		return nil
	}
	v := &visit{Conn: c, door: d}
	v.end = time.AfterFunc(connTime, func() { _ = c.Close() })
	d.in[v] = host
	d.hosts[host]++
	return v
}

func (d *door) leave(v *visit) {
	d.mu.Lock()
	defer d.mu.Unlock()
	host, ok := d.in[v]
	if !ok {
		return
	}
	delete(d.in, v)
	if d.hosts[host]--; d.hosts[host] == 0 {
		delete(d.hosts, host)
	}
	if d.closed && len(d.in) == 0 {
		close(d.empty)
	}
}

// Close lets nobody in any more.
func (d *door) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return nil
	}
	d.closed = true
	if len(d.in) == 0 {
		close(d.empty)
	}
	return d.Listener.Close()
}

// left is closed when the door is closed and all have gone.
func (d *door) left() <-chan struct{} { return d.empty }

// cut ends every connection.
func (d *door) cut() {
	d.mu.Lock()
	defer d.mu.Unlock()
	for v := range d.in {
		_ = v.Conn.Close() // its handler leaves by the door
	}
}

// A visit is one connection that was let in.
type visit struct {
	net.Conn
	door *door
	end  *time.Timer
}

// Close ends the connection and makes room.
func (v *visit) Close() error {
	v.end.Stop()
	err := v.Conn.Close()
	v.door.leave(v)
	return err
}

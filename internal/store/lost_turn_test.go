package store

import (
	"bytes"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/store/storetest/cluster"
)

// A swallower stands before PostgreSQL. When it is armed it waits until a
// transaction was committed, and ends the connection in place of telling so.
type swallower struct {
	armed, swallowed atomic.Bool
}

// before returns the address of a swallower before a server's socket.
func (s *swallower) before(t *testing.T, address string) string {
	u, err := url.Parse(address)
	ok(t, err)
	q := u.Query()
	server := filepath.Join(q.Get("host"), ".s.PGSQL.5432")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ok(t, err)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { s.carry(&wg, client, server) })
		}
	})
	t.Cleanup(func() { l.Close(); wg.Wait() })
	host, port, err := net.SplitHostPort(l.Addr().String())
	ok(t, err)
	q.Set("host", host)
	q.Set("port", port)
	q.Set("sslmode", "disable")
	u.RawQuery = q.Encode()
	return u.String()
}

func (s *swallower) carry(wg *sync.WaitGroup, client net.Conn, server string) {
	defer client.Close()
	there, err := net.Dial("unix", server)
	if err != nil {
		return
	}
	wg.Go(func() {
		defer there.Close()
		b := make([]byte, 64<<10)
		for {
			n, err := client.Read(b)
			if err != nil {
				return
			}
			if _, err := there.Write(b[:n]); err != nil {
				return
			}
		}
	})
	b := make([]byte, 64<<10)
	for {
		n, err := there.Read(b)
		if err != nil {
			return
		}
		if bytes.Contains(b[:n], []byte("COMMIT\x00")) && s.armed.CompareAndSwap(true, false) {
			s.swallowed.Store(true)
			return
		}
		if _, err := client.Write(b[:n]); err != nil {
			return
		}
	}
}

// Whose turn was committed without his hearing of it tries it again, and gets
// what it came to: nothing is claimed twice, recorded twice, or in doubt.
func TestATurnWhoseAnswerIsLostStands(t *testing.T) {
	var s swallower
	w := newWorld(t, options(t, s.before(t, cluster.URL(t))))
	w.sending(12, twoSteps)
	k := w.mustTake(1)
	first := w.mustTurn(k, incidents.Email, 3)
	an, err := w.s.Admitted(always, w.n.No)
	w.ok(err)
	var handed []int64
	for i, x := range []struct {
		want int
		done []incidents.Recorded
	}{
		{want: 3},
		{want: 2, done: w.outcomes(first.Next[:2], incidents.OutcomeAccepted)},
		{done: w.outcomes(first.Next[2:], incidents.OutcomeRefused)},
		{}, // it renews the lease
	} {
		turn := incidents.Turn{Chunk: k, Notice: an, Channel: incidents.Email, Want: x.want, Done: x.done, Now: w.now(), Lease: lease}
		before := w.inFlight()
		s.armed.Store(true)
		_, err := w.s.Turn(always, turn)
		refused(t, incidents.KindUnavailable, err)
		if !s.swallowed.Swap(false) {
			t.Fatalf("%d: the answer was not lost", i)
		}
		after := w.inFlight()
		again, err := w.s.Turn(always, turn)
		if err != nil {
			t.Fatalf("%d: the second try: %v", i, err)
		}
		if !slices.Equal(w.inFlight(), after) {
			t.Errorf("%d: in flight are %v, after the first try %v", i, w.inFlight(), after)
		}
		for _, seq := range seqsClaimed(again) {
			if slices.Contains(before, seq) || !slices.Contains(after, seq) {
				t.Errorf("%d: the second try hands out %d", i, seq)
			}
			handed = append(handed, seq)
		}
		w.counted()
	}
	// Who hears of it when the notice is held by then must not send.
	turn := incidents.Turn{Chunk: k, Notice: an, Channel: incidents.Email, Want: 2, Now: w.now(), Lease: lease}
	s.armed.Store(true)
	_, err = w.s.Turn(always, turn)
	refused(t, incidents.KindUnavailable, err)
	w.n.Status = incidents.NoticeHeld
	w.put()
	held, err := w.s.Turn(always, turn)
	w.ok(err)
	if len(held.Next) != 2 || held.Halt != "held" {
		t.Errorf("while the notice is held %d are handed out, halt %q", len(held.Next), held.Halt)
	}
	handed = append(handed, seqsClaimed(held)...)
	if len(handed) != 7 || !slices.Equal(handed, w.inFlight()) {
		t.Errorf("handed out %v, in flight are %v", handed, w.inFlight())
	}
}

// inFlight lists who is attempted without an answer.
func (w *world) inFlight() (out []int64) {
	w.t.Helper()
	w.ok(w.s.read(always, func(q *tx) error {
		air, err := q.aloft(w.n.No, 0)
		for k, f := range air {
			if f.told == 0 {
				out = append(out, k.seq)
			}
		}
		return err
	}))
	slices.Sort(out)
	return out
}

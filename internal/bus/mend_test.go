package bus

import (
	"fmt"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"tocsin/incidents"
)

// limitFiles lets no file grow beyond size until the returned function is
// called: to a writer that is a full disk.
func limitFiles(t *testing.T, size uint64) (lift func()) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &before); err != nil {
		t.Fatal(err)
	}
	signal.Ignore(syscall.SIGXFSZ)
	set := func(l syscall.Rlimit) {
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &l); err != nil {
			t.Fatal(err)
		}
	}
	set(syscall.Rlimit{Cur: size, Max: before.Max})
	lift = func() { set(before); signal.Reset(syscall.SIGXFSZ) }
	t.Cleanup(lift)
	return lift
}

// With nats-server 2.15 the stream stayed dead after the disk had room again,
// and the server said it was healthy.
func TestAFullDiskRefusesAndRecoversByItself(t *testing.T) {
	b := open(t, options(t))
	b.within = time.Second
	lift := limitFiles(t, 1<<20)
	taken, refusedOnce := 0, false
	for i := 0; i < 20 && !refusedOnce; i++ {
		err := b.Publish(t.Context(), "intake.a", fmt.Sprint(i), make([]byte, 200<<10))
		if err == nil {
			taken++
			continue
		}
		refusedOnce = true
		if incidents.KindOf(err) != incidents.KindUnavailable {
			t.Errorf("error %v", err)
		}
	}
	if !refusedOnce || taken == 0 {
		t.Fatalf("%d taken, refused: %v", taken, refusedOnce)
	}
	lift()

	publish(t, b, "intake.a", "after", "after")
	if err := b.Ready(); err != nil {
		t.Error(err)
	}
	if n := inStream(t, b, Intake); n != uint64(taken+1) {
		t.Errorf("%d messages, %d were acknowledged", n, taken+1)
	}
	got := 0
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(Msg) (Verdict, bool) { got++; return Done, got == taken+1 })
}

func TestAConsumerOutlivesTheReopenedStore(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "intake.a", "1", "x")
	got := 0
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(Msg) (Verdict, bool) {
		if got++; got == 1 {
			b.broken.Store(true)
			publish(t, b, "intake.a", "2", "y")
		}
		return Done, got == 2 // the second message, or the first again: its end was not acknowledged
	})
	if got < 2 {
		t.Errorf("%d messages came", got)
	}
}

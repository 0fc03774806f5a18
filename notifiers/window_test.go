package notifiers

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

func TestChunksShareAWindow(t *testing.T) {
	w := newWindow(12)
	a := w.join()
	if n := a.take(0, 0); n != 12 {
		t.Fatalf("one alone takes %d of 12", n)
	}
	b, c := w.join(), w.join()
	a.turned(12, 0, 12)
	if n := a.take(6, 6); n != 6 {
		t.Fatalf("who records 6 claims %d in their place", n)
	}
	a.turned(6, 6, 6)
	a.give(3)
	if n := b.take(0, 0); n != 0 {
		t.Fatalf("the second takes %d, and another leads", n)
	}
	b.wait(t.Context()) // in vain
	if n := a.take(6, 3); n != 0 {
		t.Fatalf("who has half takes %d more, and another starves", n)
	}
	a.turned(0, 3, 0)
	if n := a.take(2, 0); n != 4 {
		t.Fatalf("who has 2 takes %d more, half is 6", n)
	}
	if n := b.take(0, 0); n != 2 {
		t.Fatalf("the second takes %d, 2 are left", n)
	}
	a.give(10)
	b.give(2)
	b.leave()
	c.leave()
	if n := a.take(2, 0); n != 10 {
		t.Fatalf("who is alone again and has 2 takes %d more", n)
	}
}

func TestTheNextChunkLeadsWhenTheFirstRunsOut(t *testing.T) {
	w := newWindow(12)
	a, b := w.join(), w.join()
	a.turned(a.take(0, 0), 0, 12)
	if n := b.take(0, 0); n != 0 {
		t.Fatalf("the second takes %d", n)
	}
	a.turned(a.take(4, 8), 8, 3) // it wanted 8
	if n := a.take(7, 0); n != 0 {
		t.Fatalf("who ran out takes %d before the next has come", n)
	}
	b.wait(t.Context())
	if n := b.take(0, 0); n != 5 {
		t.Fatalf("the second takes %d, 5 are free", n)
	}
	b.turned(5, 0, 5)
	if n := a.take(7, 0); n != 0 {
		t.Fatalf("who ran out takes %d", n)
	}
	a.turned(0, 7, 0)
	a.wait(t.Context())
	if n := a.take(0, 0); n != 1 {
		t.Fatalf("who has nothing in flight asks for %d to find out that nothing is due", n)
	}
	a.turned(1, 0, 0)
	a.leave()
	if n := b.take(5, 0); n != 7 {
		t.Fatalf("who leads takes %d", n)
	}
}

// Whatever chunks do, no more than the window is taken, and somebody gets
// something as soon as anything is free.
func TestAWindowIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 40).Draw(t, "size")
		w := newWindow(size)
		size = max(1, size)
		type chunk struct {
			*seat
			has int
		}
		var all []*chunk
		taken := func() (n int) {
			for _, x := range all {
				n += x.has
			}
			return n
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			w.starved = rapid.Bool().Draw(t, "starved")
			var x *chunk
			i := 0
			if len(all) > 0 {
				i = rapid.IntRange(0, len(all)-1).Draw(t, "chunk")
				x = all[i]
			}
			switch act := rapid.SampledFrom([]string{"join", "take", "give", "leave"}).Draw(t, "act"); {
			case act == "join" || x == nil:
				all = append(all, &chunk{seat: w.join()})
			case act == "take":
				done := rapid.IntRange(0, x.has).Draw(t, "done")
				mine, free, share := x.has-done, size-taken(), size
				if w.starved {
					share = (size + 1) / 2
				}
				n := x.take(mine, done)
				if n < 0 || n > free+done {
					t.Fatalf("%d given of %d free and %d recorded", n, free, done)
				}
				if leads := w.lead == x.seat || w.starved || x.short; leads && mine == 0 && free+done > 0 && n == 0 {
					t.Fatalf("nothing given of %d to one that has nothing", free+done)
				}
				if n > 0 && mine+n > share {
					t.Fatalf("it has %d of a share of %d", mine+n, share)
				}
				if rapid.Bool().Draw(t, "failed") {
					x.failed(n, done)
					break
				}
				got := rapid.IntRange(0, n).Draw(t, "got")
				x.turned(n, done, got)
				x.has = mine + got
			case act == "give":
				n := rapid.IntRange(0, x.has).Draw(t, "given back")
				x.give(n)
				x.has -= n
			default:
				x.give(x.has)
				x.leave()
				all = append(all[:i], all[i+1:]...)
			}
			if w.taken != taken() {
				t.Fatalf("%d are taken, and it says %d", taken(), w.taken)
			}
		}
	})
}

func TestWhoWaitsForAWindowIsWoken(t *testing.T) {
	w := newWindow(1)
	s := w.join()
	s.wait(t.Context()) // something is free
	s.take(0, 0)
	woken := make(chan struct{})
	go func() { s.wait(context.Background()); close(woken) }()
	s.give(1)
	<-woken
	s.take(0, 0)
	ended, end := context.WithCancel(t.Context())
	end()
	s.wait(ended)
}

package notifiers

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

func TestChunksShareAWindow(t *testing.T) {
	w := newWindow(12)
	w.join()
	if n := w.take(0, 0); n != 12 {
		t.Fatalf("one alone takes %d of 12", n)
	}
	w.join()
	w.join()
	if n := w.take(0, 0); n != 0 {
		t.Fatalf("the second takes %d of none", n)
	}
	if n := w.take(6, 6); n != 6 {
		t.Fatalf("who records 6 claims %d in their place", n)
	}
	w.turned(6, 6, 6)
	w.wait(t.Context()) // in vain
	if n := w.take(6, 6); n != 0 {
		t.Fatalf("who has half takes %d more, and another starves", n)
	}
	w.turned(0, 6, 0)
	if n := w.take(2, 0); n != 4 {
		t.Fatalf("who has 2 takes %d more, half is 6", n)
	}
	if n := w.take(0, 0); n != 2 {
		t.Fatalf("the third takes %d, 2 are left", n)
	}
	w.give(12)
	w.leave()
	w.leave()
	if n := w.take(2, 0); n != 10 {
		t.Fatalf("who is alone again and has 2 takes %d more", n)
	}
}

// Whatever chunks do, no more than the window is taken, and who has nothing
// gets something as soon as anything is free.
func TestAWindowIsNeverExceeded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(0, 40).Draw(t, "size")
		w := newWindow(size)
		size = max(1, size)
		var have []int
		taken := func() (n int) {
			for _, x := range have {
				n += x
			}
			return n
		}
		w.starved = rapid.Bool().Draw(t, "starved")
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			i := 0
			if len(have) > 0 {
				i = rapid.IntRange(0, len(have)-1).Draw(t, "chunk")
			}
			switch act := rapid.SampledFrom([]string{"join", "take", "give", "leave"}).Draw(t, "act"); {
			case act == "join" || len(have) == 0:
				w.join()
				have = append(have, 0)
			case act == "take":
				done := rapid.IntRange(0, have[i]).Draw(t, "done")
				mine, free, share := have[i]-done, size-taken(), size
				if w.starved {
					share = (size + 1) / 2
				}
				n := w.take(mine, done)
				if n < 0 || n > free+done || mine == 0 && free+done > 0 && n == 0 {
					t.Fatalf("%d given of %d free and %d recorded to one that has %d", n, free, done, mine)
				}
				if n > 0 && mine+n > share {
					t.Fatalf("it has %d of a share of %d", mine+n, share)
				}
				if rapid.Bool().Draw(t, "failed") {
					w.failed(n, done)
					break
				}
				got := rapid.IntRange(0, n).Draw(t, "got")
				w.turned(n, done, got)
				have[i] = mine + got
			case act == "give":
				n := rapid.IntRange(0, have[i]).Draw(t, "given back")
				w.give(n)
				have[i] -= n
			default:
				w.give(have[i])
				w.leave()
				have = append(have[:i], have[i+1:]...)
			}
			if w.taken != taken() {
				t.Fatalf("%d are taken, and it says %d", taken(), w.taken)
			}
		}
	})
}

func TestWhoWaitsForAWindowIsWoken(t *testing.T) {
	w := newWindow(1)
	w.join()
	w.wait(t.Context()) // something is free
	w.take(0, 0)
	woken := make(chan struct{})
	go func() { w.wait(context.Background()); close(woken) }()
	w.give(1)
	<-woken
	w.take(0, 0)
	ended, end := context.WithCancel(t.Context())
	end()
	w.wait(ended)
}

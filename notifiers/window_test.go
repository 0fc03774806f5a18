package notifiers

import (
	"context"
	"testing"

	"pgregory.net/rapid"
)

func TestChunksShareAWindow(t *testing.T) {
	w := newWindow(12)
	w.join()
	if n := w.take(0); n != 12 {
		t.Fatalf("one alone takes %d of 12", n)
	}
	w.join()
	w.join()
	if n := w.take(0); n != 0 {
		t.Fatalf("the second takes %d of none", n)
	}
	w.give(6)
	if n := w.take(6); n != 0 {
		t.Fatalf("who has half takes %d more", n)
	}
	if n := w.take(2); n != 4 {
		t.Fatalf("who has 2 takes %d more, half is 6", n)
	}
	if n := w.take(0); n != 2 {
		t.Fatalf("the third takes %d, 2 are left", n)
	}
	w.give(12)
	w.leave()
	w.leave()
	if n := w.take(2); n != 10 {
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
				free := size - taken()
				n := w.take(have[i])
				if n < 0 || n > free || have[i] == 0 && free > 0 && n == 0 {
					t.Fatalf("%d given of %d free to one that has %d", n, free, have[i])
				}
				if share := (size + min(len(have), 2) - 1) / min(len(have), 2); n > 0 && have[i]+n > share {
					t.Fatalf("it has %d of a share of %d", have[i]+n, share)
				}
				have[i] += n
			case act == "give":
				n := rapid.IntRange(0, have[i]).Draw(t, "given")
				w.give(n)
				have[i] -= n
			default:
				w.give(have[i])
				w.leave()
				have = append(have[:i], have[i+1:]...)
			}
		}
	})
}

func TestWhoWaitsForAWindowIsWoken(t *testing.T) {
	w := newWindow(1)
	w.join()
	w.wait(t.Context()) // something is free
	w.take(0)
	woken := make(chan struct{})
	go func() { w.wait(context.Background()); close(woken) }()
	w.give(1)
	<-woken
	w.take(0)
	ended, end := context.WithCancel(t.Context())
	end()
	w.wait(ended)
}

package incidents

import (
	"sync"
	"testing"
)

// Codes in letters that were posted must go on being found, for ever.
func TestACodeStaysWhatItWas(t *testing.T) {
	b := NewCodeBook([]byte("a key of the test"))
	for _, c := range []struct {
		notice, seq int64
		want        string
	}{{12, 345678, "1K78-R5FW-B7V4-8RHZ"}, {1, 1, "040K-ECR0-P68G-C"}, {9000000000, 1 << 40, "G2TC-9GS1-G208-1040-413R-HHCQ-J1R0"}} {
		if got := b.Code(c.notice, c.seq); got != c.want {
			t.Errorf("person %d of notice %d has the code %s, and had %s", c.seq, c.notice, got, c.want)
		}
	}
}

func TestOneBookForManyHands(t *testing.T) {
	b := NewCodeBook([]byte("a key of the test"))
	var hands sync.WaitGroup
	for hand := range int64(8) {
		hands.Go(func() {
			for seq := range int64(500) {
				if n, q, ok := b.Check(b.Code(hand+1, seq+1)); !ok || n != hand+1 || q != seq+1 {
					t.Errorf("the code of %d of %d reads as %d of %d, %v", seq+1, hand+1, q, n, ok)
				}
			}
		})
	}
	hands.Wait()
}

func BenchmarkCode(b *testing.B) {
	book := NewCodeBook([]byte("a key of the test"))
	b.ReportAllocs()
	for b.Loop() {
		book.Code(12, 345678)
	}
}

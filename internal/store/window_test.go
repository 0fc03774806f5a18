package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestAWindowReadsAsItWasWritten(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	pick := func(all ...string) string { return all[r.IntN(len(all))] }
	for round := range 2000 {
		var in []noted
		var want []Attempt
		counts := map[string]int{}
		seq := 40 + r.Int64N(100)
		for range 1 + r.IntN(20) {
			seq += r.Int64N(4) - 1
			d := delivery{notice: 7, seq: seq, channel: 1 + r.IntN(2)*r.IntN(2), attempts: 1 + r.IntN(2)*r.IntN(2), attempted: 1_796_033_947_000 + r.Int64N(20)}
			x := noted{delivery: d, outcome: pick("accepted", "accepted", "accepted", "retry"), code: pick("250", "250", "250", "4\"21"),
				reason: pick("queued", "queued", "queued as 4F3A", "2.0.0 Ok: queued as 77", "", "zu spät", "two\nlines", " + 1"), by: pick("", "", "", "second"), at: fromMS(d.attempted + r.Int64N(900))}
			id := d.id().String()
			x.provider = pick("<%x."+id+"@example.com>", "<%x."+id+"@example.com>", "SM%x", "", "%x "+id, id+"%x"+id, "ü%x"+id)
			if strings.Contains(x.provider, "%") {
				x.provider = fmt.Sprintf(x.provider, r.Uint64())
			}
			in, counts[x.outcome] = append(in, x), counts[x.outcome]+1
			want = append(want, Attempt{d.id(), d.attempts, d.attempted, ms(x.at), x.outcome, x.provider, x.code, x.reason, x.by})
		}
		text := encodeWindow(in)
		var got []Attempt
		if err := decodeWindow(text, func(a Attempt) { got = append(got, a) }); err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, text)
		}
		same(t, got, want)
		same(t, outcomesOf(text), counts)
		if t.Failed() {
			t.Fatalf("round %d:\n%s", round, text)
		}
	}
}

func TestWhatAWindowHasInCommonIsWrittenOnce(t *testing.T) {
	var in []noted
	for seq := range int64(3) {
		d := delivery{notice: 1, seq: 10 + seq, channel: channelCode(incidents.Email), attempts: 1, attempted: 1000 + seq}
		in = append(in, noted{delivery: d, outcome: "accepted", provider: fmt.Sprintf("<%d.%s@example.com>", seq, d.id()), code: "250", reason: fmt.Sprint("queued as ", seq/2), at: fromMS(1005)})
	}
	want := `["1-10-e",1,1000,1005,"accepted","<0.1-10-e@example.com>","250","queued as 0",""]
+1 1 0 <1.
+1 1 0 <2. queued as 1`
	if got := encodeWindow(in); got != want {
		t.Errorf("the lines are\n%s\nand should be\n%s", got, want)
	}
}

func TestAWindowThatIsNotReadableIsAnError(t *testing.T) {
	for _, text := range []string{"", "+1 0 0 <1.", `["1-10-e",1,1000,1005,"accepted","","250","",""]` + "\n+1 x 0 ", `{"1-10-e"}`} {
		if err := decodeWindow(text, func(Attempt) {}); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

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
		var in []Attempt
		counts := map[string]int{}
		seq := 40 + r.Int64N(100)
		for range 1 + r.IntN(20) {
			seq += r.Int64N(4) - 1
			x := Attempt{Delivery: incidents.DeliveryID{Notice: 7, Seq: seq, Channel: incidents.Channel(pick("email", "email", "sms"))}, Attempt: 1 + r.IntN(2)*r.IntN(2), StartedAt: 1_796_033_947_000 + r.Int64N(20),
				Outcome: pick("accepted", "accepted", "accepted", "retry"), Code: pick("250", "250", "250", "4\"21"), Provider: pick("", "", "", "second"),
				Reason: pick("queued", "queued", "queued as 4F3A", "2.0.0 Ok: queued as 77", "", "zu spät", "two\nlines", " + 1")}
			x.EndedAt = x.StartedAt + r.Int64N(900)
			id := x.Delivery.String()
			x.ProviderID = pick("<%x."+id+"@example.com>", "<%x."+id+"@example.com>", "SM%x", "", "%x "+id, id+"%x"+id, "ü%x"+id)
			if strings.Contains(x.ProviderID, "%") {
				x.ProviderID = fmt.Sprintf(x.ProviderID, r.Uint64())
			}
			in, counts[x.Outcome] = append(in, x), counts[x.Outcome]+1
		}
		text := encodeWindow(in)
		var got []Attempt
		if err := decodeWindow(text, func(a Attempt) { got = append(got, a) }); err != nil {
			t.Fatalf("round %d: %v\n%s", round, err, text)
		}
		same(t, got, in)
		same(t, outcomesOf(text), counts)
		if t.Failed() {
			t.Fatalf("round %d:\n%s", round, text)
		}
	}
}

func TestWhatAWindowHasInCommonIsWrittenOnce(t *testing.T) {
	var in []Attempt
	for seq := range int64(3) {
		id := incidents.DeliveryID{Notice: 1, Seq: 10 + seq, Channel: incidents.Email}
		in = append(in, Attempt{Delivery: id, Attempt: 1, StartedAt: 1000 + seq, EndedAt: 1005, Outcome: "accepted", ProviderID: fmt.Sprintf("<%d.%s@example.com>", seq, id), Code: "250", Reason: fmt.Sprint("queued as ", seq/2)})
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

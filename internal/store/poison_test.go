package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// A message that cannot be made is tried five times, then a person decides;
// its neighbours leave at the first try. What was never sent is not "sent
// already", and goes out, or on to the next channel, when the person says so.
func TestAPoisonMessageIsParkedAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, []incidents.Step{{Channel: incidents.Email}})
		for try := 1; try <= poisonTries; try++ {
			c := w.mustTake(1)
			got := w.mustTurn(c, incidents.Email, 10)
			if want := map[bool]int{true: 3, false: 1}[try == 1]; len(got.Next) != want {
				t.Fatalf("try %d: %d claimed, want %d", try, len(got.Next), want)
			}
			done := w.outcomes(got.Next, incidents.OutcomeAccepted)
			for i := range done {
				if done[i].ID.Seq == 2 {
					done[i].Receipt = incidents.Receipt{Outcome: incidents.OutcomeBroken, Reason: "it cannot be made", Provider: "email/first"}
				}
			}
			w.mustTurn(c, incidents.Email, 0, done...)
			w.ok(w.s.LeaveChunk(always, c))
			w.counted()
			w.pass(2 * time.Hour)
		}
		if a, b := w.state(1, incidents.Email), w.state(3, incidents.Email); a != incidents.Accepted || b != incidents.Accepted {
			t.Errorf("the neighbours are %s and %s", a, b)
		}
		list := w.deliveries(incidents.DeliveryFilter{Notice: w.n.No, States: []incidents.DeliveryState{incidents.InDoubt, incidents.Manual}})
		if len(list) != 1 || !list[0].Parked() || list[0].Attempts != poisonTries || list[0].Provider != "email/first" {
			t.Fatalf("on the page of doubts: %+v", list)
		}
		settle := func(to incidents.DeliveryState) error {
			return w.s.Write(always, func(tx incidents.Tx) error { return tx.SettleDoubt(list[0].ID, to, "mended", w.now()) })
		}
		w.refused(incidents.KindInvalid, settle(incidents.Accepted))
		w.ok(settle(incidents.Ready))
		w.counted()
		if d := w.deliveries(incidents.DeliveryFilter{Notice: w.n.No, Seq: 2}); len(d) != 1 || d[0].State != incidents.Ready || d[0].MaybeTwice {
			t.Errorf("sent now for the first time: %+v", d)
		}
	})
}

// At the cap no more is claimed than may be spent, from two chunks' worth of
// claims too; what was definitely not sent is given back.
func TestTheCapIsCheckedWhereDeliveriesAreClaimed(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		o.Spend = map[incidents.Channel]incidents.Tariff{incidents.Email: {Cap: incidents.SpendCap{Messages: 2}, Price: 3, Currency: "EUR"}}
		w := newWorld(t, o)
		w.sending(5, []incidents.Step{{Channel: incidents.Email}})
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.Email, 10)
		if len(got.Next) != 2 {
			t.Fatalf("%d claimed under a cap of 2", len(got.Next))
		}
		w.counted()
		w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeRetry)...)
		w.write(func(tx *tx) error {
			s, err := tx.Spends(w.in.ID)
			if err != nil || len(s) != 1 || s[0].Messages != 0 || s[0].Money != 0 || s[0].Held != 3 {
				t.Errorf("after two that were not sent: %+v, %v", s, err)
			}
			n, err := tx.RaiseCap(w.in.ID, incidents.Email, incidents.SpendCap{Messages: 4}, w.now())
			if n != 3 {
				t.Errorf("%d let go, %v", n, err)
			}
			return err
		})
		w.counted()
		w.pass(2 * time.Hour)
		w.ok(w.s.LeaveChunk(always, c))
		if got = w.mustTurn(w.mustTake(1), incidents.Email, 10); len(got.Next) != 4 {
			t.Errorf("%d claimed under a cap of 4", len(got.Next))
		}
		w.counted()
	})
}

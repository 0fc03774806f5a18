package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// nights are quiet hours from nine in the evening to eight in the morning.
func nights() incidents.QuietHours {
	return incidents.QuietHours{From: 21 * 60, To: 8 * 60, Channels: []incidents.Channel{incidents.SMS, incidents.Phone}, Home: "DE"}
}

// abroad are five people reached by SMS, in Tokyo, Berlin, New York, and two
// whose zone is known by their place alone.
func abroad() []incidents.Candidate {
	people := candidates(5)
	for i := range people {
		people[i].Channels = []incidents.Channel{incidents.SMS}
	}
	people[0].Contact.Zone, people[1].Contact.Zone, people[2].Contact.Zone = "Asia/Tokyo", "Europe/Berlin", "America/New_York"
	people[3].Place, people[4].Place = "JP", "US-CA"
	return people
}

var texts = []incidents.Step{{Channel: incidents.SMS}}

// abroadSending releases a notice to them at eleven in the evening of Tokyo.
func abroadSending(w *world, change func(*incidents.Content)) {
	w.s.o.Quiet = nights()
	w.at = time.Date(2026, 11, 24, 14, 0, 0, 0, time.UTC)
	w.incident("i1", incidents.Live)
	w.list("im1", abroad(), 1000)
	w.draft(1, texts)
	if change != nil {
		change(&w.n.Content)
		w.n.Version++
		w.n.Hash = w.n.Content.Hash()
		w.put()
	}
	w.approve("otto")
	w.ok(w.release())
	w.reload()
}

// seqs are the persons of some claims.
func seqs(c incidents.Claims) (out []int64) {
	for _, x := range c.Next {
		out = append(out, x.Delivery.ID.Seq)
	}
	return out
}

func TestPeopleAreHeldUntilTheirMorning(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		abroadSending(w, nil)
		c := w.mustTake(1)
		got := w.mustTurn(c, incidents.SMS, 10) // 14:00 UTC: 23:00 in Tokyo, 15:00 in Berlin, 9:00 in New York, 6:00 in California
		if s := seqs(got); len(s) != 2 || s[0] != 2 || s[1] != 3 {
			t.Fatalf("claimed %v", s)
		}
		w.mustTurn(c, incidents.SMS, 10, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		morning := map[int64]time.Time{1: time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC), 4: time.Date(2026, 11, 24, 23, 0, 0, 0, time.UTC), 5: time.Date(2026, 11, 24, 16, 0, 0, 0, time.UTC)}
		for seq, at := range morning {
			d := w.deliveries(incidents.DeliveryFilter{Seq: seq})[0]
			if d.State != incidents.Held || d.NextAt == nil || !d.NextAt.Equal(at) || d.Reason != heldByNight {
				t.Errorf("person %d: %+v, want held until %v", seq, d, at)
			}
		}
		if r := w.reconcile(); r.ToSend != 3 || r.Sent != 2 || r.Unaccounted() != 0 {
			t.Fatalf("%+v", r)
		}
		w.pass(time.Hour)
		if s := w.sweep(); s.Requeued != 0 || s.Done != 0 {
			t.Fatalf("everybody left sleeps, and the sweeper %+v", s)
		}
		if _, ok := w.take(1); ok {
			t.Fatal("a chunk of sleepers was taken")
		}
		w.pass(time.Hour) // 8:00 in California
		if s := w.sweep(); s.Requeued != 1 {
			t.Fatalf("swept %+v", s)
		}
		c = w.mustTake(1)
		if got = w.mustTurn(c, incidents.SMS, 10); len(got.Next) != 1 || got.Next[0].Delivery.ID.Seq != 5 {
			t.Fatalf("claimed %v", seqs(got))
		}
		if w.state(5, incidents.SMS) != incidents.Attempting {
			t.Errorf("person 5 is %s", w.state(5, incidents.SMS))
		}
		w.mustTurn(c, incidents.SMS, 10, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		w.pass(7 * time.Hour) // 8:00 in Tokyo
		w.sweep()
		c = w.mustTake(1)
		got = w.mustTurn(c, incidents.SMS, 10)
		w.mustTurn(c, incidents.SMS, 10, w.outcomes(got.Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		if r := w.reconcile(); r.Sent != 5 || r.Unaccounted() != 0 {
			t.Fatalf("%+v", r)
		}
		if s := w.sweep(); s.Done != 1 {
			t.Fatalf("swept %+v", s)
		}
	})
}

// What was held can be stopped, lost and excluded like what was planned.
func TestSleepersCanBeStoppedLostAndExcluded(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		abroadSending(w, nil)
		c := w.mustTake(1)
		w.mustTurn(c, incidents.SMS, 0, w.outcomes(w.mustTurn(c, incidents.SMS, 10).Next, incidents.OutcomeAccepted)...)
		w.ok(w.s.LeaveChunk(always, c))
		w.write(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 4), "safety", "as she asked") })
		if w.state(4, incidents.SMS) != incidents.Suppressed {
			t.Errorf("person 4 is %s", w.state(4, incidents.SMS))
		}
		w.pass(2 * time.Hour)
		w.mustTurn(w.mustTake(1), incidents.SMS, 10) // person 5 is claimed, and the worker lost
		w.pass(lease + time.Second)
		if s := w.sweep(); s.InDoubt != 1 || w.state(5, incidents.SMS) != incidents.InDoubt {
			t.Fatalf("swept %+v, person 5 is %s", s, w.state(5, incidents.SMS))
		}
		if n := w.stop(); n != 1 {
			t.Errorf("%d cancelled", n)
		}
		if r := w.reconcile(); r.Sent != 2 || r.Excluded != 1 || r.InDoubt != 1 || r.Cancelled != 1 || r.Unaccounted() != 0 {
			t.Errorf("%+v", r)
		}
	})
}

func TestAnOfficerMayLetANoticeLeaveByNight(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		abroadSending(w, func(c *incidents.Content) { c.QuietOverride = "the thieves empty accounts tonight" })
		if got := w.mustTurn(w.mustTake(1), incidents.SMS, 10); len(got.Next) != 5 {
			t.Fatalf("claimed %v", seqs(got))
		}
	})
}

func TestEMailLeavesAtNight(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.o.Quiet = nights()
		w.at = time.Date(2026, 11, 24, 1, 0, 0, 0, time.UTC)
		w.sending(3, twoSteps)
		c := w.mustTake(1)
		if got := w.mustTurn(c, incidents.Email, 10); len(got.Next) != 3 {
			t.Fatalf("claimed %v", seqs(got))
		} else if got = w.mustTurn(c, incidents.Email, 0, w.outcomes(got.Next, incidents.OutcomeRefused)...); !got.Fallback {
			t.Fatal("nobody went on to SMS")
		}
		if got := w.mustTurn(c, incidents.SMS, 10); len(got.Next) != 0 {
			t.Fatalf("an SMS leaves at two in the morning: %v", seqs(got))
		}
		if r := w.reconcile(); r.ToSend != 3 {
			t.Errorf("%+v", r)
		}
	})
}

package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// A text of three segments costs three times the price: under a cap of 20 six
// leave at 3 each, and what was not sent gives all three back.
func TestTheCapCountsTheSegmentsOfAnSMS(t *testing.T) {
	for _, c := range []struct {
		name        string
		lang        incidents.Lang
		segments    map[incidents.Lang]int
		claimed     int
		money, back int64 // after the claim, and when one of them was not sent
	}{
		{"three segments", "zh-Hans", map[incidents.Lang]int{"en": 1, "zh-Hans": 3}, 6, 18, 15},
		{"one segment", "en", map[incidents.Lang]int{"en": 1, "zh-Hans": 3}, 20, 20, 19},
		{"a language of no list costs what the longest does", "fr", map[incidents.Lang]int{"en": 1, "zh-Hans": 3}, 6, 18, 15},
		{"approved before segments were counted", "zh-Hans", nil, 20, 20, 19},
	} {
		t.Run(c.name, func(t *testing.T) {
			engines(t, func(t *testing.T, o Options) {
				o.Spend = map[incidents.Channel]incidents.Tariff{incidents.SMS: {Cap: incidents.SpendCap{Money: 20}, Price: 1, Currency: "EUR"}}
				w := newWorld(t, o)
				w.incident("i1", incidents.Live)
				people := candidates(30)
				for i := range people {
					people[i].Lang = c.lang
				}
				w.list("im1", people, 1000)
				w.draft(1, []incidents.Step{{Channel: incidents.SMS}})
				w.n.Content.SMSSegments = c.segments
				w.n.Version, w.n.Hash = 2, w.n.Content.Hash()
				w.approve("otto")
				w.ok(w.release())
				w.reload()

				spent := func(when string, want int64) {
					t.Helper()
					w.write(func(tx *tx) error {
						s, err := tx.Spends(w.in.ID)
						if err != nil || len(s) != 1 || s[0].Money != want {
							t.Errorf("%s: %+v, %v; want %d spent", when, s, err, want)
						}
						return nil
					})
				}
				k := w.mustTake(1)
				got := w.mustTurn(k, incidents.SMS, 30)
				if len(got.Next) != c.claimed {
					t.Errorf("%d claimed under the cap, want %d", len(got.Next), c.claimed)
				}
				spent("claimed", c.money)
				w.counted()
				done := w.outcomes(got.Next, incidents.OutcomeAccepted)
				done[0].Receipt.Outcome = incidents.OutcomeRetry
				w.mustTurn(k, incidents.SMS, 0, done...)
				spent("one was not sent", c.back)
				w.ok(w.s.LeaveChunk(always, k))
				w.pass(2 * time.Hour)
				if got = w.mustTurn(w.mustTake(1), incidents.SMS, 30); len(got.Next) != 1 {
					t.Errorf("%d claimed of what was given back, want 1", len(got.Next))
				}
				spent("it went again", c.money)
				w.counted()
			})
		})
	}
}

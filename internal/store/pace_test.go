package store

import (
	"testing"
	"time"

	"tocsin/incidents"
)

// Outcomes are counted by channel and stretch of time; what was kept back is
// none; and what waits says until when.
func TestThePaceOfANotice(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(6, twoSteps)
		c := w.mustTake(1)
		first := w.mustTurn(c, incidents.Email, 6)
		done := w.outcomes(first.Next, incidents.OutcomeAccepted)
		done[3].Receipt.Outcome = incidents.OutcomeRetry
		done[3].Receipt.RetryAfter = 20 * time.Minute
		done[4].Receipt.Outcome = incidents.OutcomeRefused
		done[5].Receipt.Outcome = incidents.OutcomeKept
		done[5].Receipt.RetryAfter = 10 * time.Minute
		w.mustTurn(c, incidents.Email, 0, done...)
		var v incidents.PaceView
		var rate, none float64
		w.ok(w.s.read(always, func(q *tx) (err error) {
			if v, err = q.Pace(w.n.No); err != nil {
				return err
			}
			if rate, err = q.LastRate(incidents.Email); err != nil {
				return err
			}
			none, err = q.LastRate(incidents.Letter)
			return err
		}))
		if len(v.Recent) != 1 || v.Recent[0] != (incidents.PaceSample{Channel: incidents.Email, At: w.now().Truncate(incidents.PaceStep).UTC(), N: 5}) || v.Every != incidents.PaceStep {
			t.Errorf("five outcomes by e-mail in one stretch: %+v", v)
		}
		if rate != 1 || none != 0 {
			t.Errorf("five in five seconds are one a second, not %v; by letter nothing left, not %v", rate, none)
		}
		var waits int64
		for _, x := range v.Wakes {
			waits += x.N
			if x.Channel != incidents.Email || !x.At.After(w.now().Add(9*time.Minute)) {
				t.Errorf("a wait: %+v", x)
			}
		}
		if waits == 0 {
			t.Error("nobody waits")
		}
	})
}

package store

import (
	"slices"
	"testing"

	"tocsin/incidents"
)

// Why messages did not arrive is counted by answer: of who was given up, and of
// who is tried on the next channel.
func TestRefusalsAreCountedByAnswer(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(6, twoSteps)
		c := w.mustTake(1)
		all := w.outcomes(w.mustTurn(c, incidents.Email, 6).Next, incidents.OutcomeRefused)
		for i, code := range []string{"550 5.7.1", "550 5.7.1", "550 5.7.1", "552"} {
			all[i].Receipt.Code, all[i].Receipt.Reason = code, "the relay said "+code
		}
		all[4].Receipt.Outcome, all[5].Receipt.Outcome = incidents.OutcomeAccepted, incidents.OutcomeRetry
		w.mustTurn(c, incidents.Email, 0, all...)
		texts := w.outcomes(w.mustTurn(c, incidents.SMS, 2).Next, incidents.OutcomeRefused)
		for i := range texts {
			texts[i].Receipt.Code, texts[i].Receipt.Reason = "30005", "unknown destination"
		}
		w.mustTurn(c, incidents.SMS, 0, texts...)
		var got []incidents.Refusal
		w.ok(w.s.read(always, func(t *tx) (err error) {
			got, err = t.Refusals(w.n.No, 2)
			return err
		}))
		want := []incidents.Refusal{{Channel: incidents.Email, Code: "550 5.7.1", Reason: "the relay said 550 5.7.1", N: 3}, {Channel: incidents.SMS, Code: "30005", Reason: "unknown destination", N: 2}}
		if !slices.Equal(got, want) {
			t.Errorf("%+v", got)
		}
	})
}

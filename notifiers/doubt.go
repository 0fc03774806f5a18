package notifiers

import (
	"context"
	"time"

	"tocsin/incidents"
)

// Reconcile takes the next step on every in-doubt delivery whose time has come:
// e-mail and push are sent again once, under the same Message-ID or collapse
// key; SMS and telephone are first looked up at the provider, twice, and sent
// again only when it has no record. What is not to be sent again, as the notice was
// stopped or the person excluded, is looked up alone. What stays unclear goes to a person.
// See RELIABILITY §5.
func (d *Dispatcher) Reconcile(ctx context.Context) error {
	for {
		doubts, err := d.Journal.Doubts(ctx, 10)
		if err != nil || len(doubts) == 0 {
			return err
		}
		for _, x := range doubts {
			r, err := d.resolve(ctx, x)
			if err != nil {
				return err
			}
			r.Now = d.Now().UTC()
			if err := d.Journal.ResolveDoubt(ctx, x.Delivery.ID, r); err != nil && incidents.KindOf(err) != incidents.KindConflict {
				return err
			}
		}
	}
}

// lookups is how many times a provider is asked before its silence counts, and
// lookupGap how long it gets between the two.
const (
	lookups   = 2
	lookupGap = 8 * time.Minute
)

func (d *Dispatcher) resolve(ctx context.Context, x incidents.Doubt) (incidents.Resolution, error) {
	again := incidents.Resolution{State: incidents.Ready, MaybeTwice: true, Reason: "sent again once, under the same id"}
	byHand := incidents.Resolution{State: incidents.Manual, Reason: "a person decides"}
	if !x.Notice.Valid() || x.Delivery.MaybeTwice {
		return byHand, nil // nothing can be looked for, or the one resend is spent
	}
	if x.Over {
		again = byHand // looked up all the same: that sends nothing
	}
	ch := x.Delivery.ID.Channel
	if ch == incidents.Email || ch == incidents.Push {
		return again, nil
	}
	wait := incidents.Resolution{State: incidents.InDoubt, Again: d.Now().UTC().Add(lookupGap), Reason: "the provider has no record yet"}
	passes := func(err error, reason string) incidents.Resolution {
		if x.Tries >= 10 || refusal(err).Outcome == incidents.OutcomeRefused {
			return byHand
		}
		wait.Reason = reason
		return wait
	}
	j, err := d.job(ctx, x.Notice)
	if err != nil {
		return passes(err, "the notice cannot be read"), nil
	}
	f, ok := j.set.finder(ch)
	if !ok {
		if j.notice.Notice().Content.Mode == incidents.Drill {
			return again, nil
		}
		return byHand, nil
	}
	m, err := d.render(ctx, j, x.Claimed)
	if err != nil {
		return passes(err, "the message cannot be made"), nil
	}
	m.Provider = x.Delivery.Provider
	r, found, err := f.Find(ctx, m, x.Since.Unix())
	switch {
	case err != nil:
		return passes(err, "the provider could not be asked"), nil
	case found:
		return incidents.Resolution{State: incidents.Accepted, ProviderID: r.ProviderID, Reason: "the provider has it"}, nil
	case x.Tries+1 < lookups:
		return wait, nil
	case ch == incidents.Phone, x.Over:
		return byHand, nil // a call is never repeated by itself
	}
	return incidents.Resolution{State: incidents.Ready, MaybeTwice: true, Reason: "the provider has no record: sent again"}, nil
}

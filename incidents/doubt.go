package incidents

import (
	"context"
	"fmt"
)

// A DoubtPage is a stretch of the deliveries in doubt of one notice, in order of
// person and channel.
type DoubtPage struct {
	Notice int64      // Notice.No
	After  DeliveryID // those after it; zero: from the first
	Skip   int        // so many of them are passed over
	Limit  int
}

func (p DoubtPage) filter() DeliveryFilter {
	return DeliveryFilter{Notice: p.Notice, States: []DeliveryState{InDoubt, Manual}, After: p.After, Skip: p.Skip, Limit: p.Limit}
}

// Doubts lists deliveries nobody can say about.
func (d *Desk) Doubts(ctx context.Context, a Actor, page DoubtPage) ([]Delivery, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Delivery, error) { return tx.Deliveries(page.filter()) })
}

// DoubtedPersons returns the persons of deliveries of an incident, masked, by
// their number on the list.
func (d *Desk) DoubtedPersons(ctx context.Context, a Actor, id IncidentID, of []Delivery) (map[int64]MaskedPerson, error) {
	people, err := read(ctx, d, a, ActPersons, func(tx Tx) (out []Person, err error) {
		for _, x := range of {
			one, err := tx.Persons(id, PersonPage{After: x.ID.Seq - 1, Limit: 1})
			if err != nil {
				return nil, err
			}
			out = append(out, one...)
		}
		return out, nil
	})
	out := make(map[int64]MaskedPerson, len(people))
	for _, p := range people {
		c, err := d.Roll.OpenContact(ctx, p)
		if err != nil && KindOf(err) != KindNotFound {
			return nil, err
		}
		out[p.Seq] = MaskedPerson{p, c.Mask()} // erased persons mask to nothing
	}
	return out, err
}

// mostDoubts is how many deliveries one decision may be about.
const mostDoubts = 500

// A DoubtsSettled says what one decision on several deliveries did.
type DoubtsSettled struct {
	Done  int
	Left  []DoubtLeft
	Asked string // the GivingUp that waits for a second person; "": they are settled
}

// A DoubtLeft is a delivery a decision did not fit, and why.
type DoubtLeft struct {
	ID  DeliveryID
	Why string // without personal data
}

// SettleDoubts is one decision on several deliveries of a notice, each settled as
// by SettleDoubt. What the decision does not fit, or is no longer in doubt, is
// left as it is and listed. An error that is of no delivery ends it; what was
// settled before stays so. Cancelled gives up on them: of a live notice it asks an
// officer, who confirms or returns it as a whole.
func (d *Desk) SettleDoubts(ctx context.Context, a Actor, notice int64, ids []DeliveryID, to DeliveryState, reason string) (out DoubtsSettled, err error) {
	switch {
	case len(ids) == 0:
		return out, Invalid("choose the messages to decide on").On("delivery")
	case len(ids) > mostDoubts:
		return out, Invalid("decide on at most %d at a time", mostDoubts).On("delivery")
	}
	if err := doubtDecision(to, reason); err != nil {
		return out, err
	}
	for _, id := range ids {
		if id.Notice != notice {
			return out, NotFound("delivery %s is of another notice", id)
		}
	}
	if to == Cancelled {
		return d.giveUp(ctx, a, notice, ids, reason)
	}
	for _, id := range ids {
		err := d.SettleDoubt(ctx, a, id, to, reason)
		switch k := KindOf(err); {
		case err == nil:
			out.Done++
		case k == KindConflict || k == KindInvalid || k == KindNotFound:
			out.Left = append(out.Left, DoubtLeft{id, err.Error()})
		default:
			return out, fmt.Errorf("settle delivery %s: %w", id, err)
		}
	}
	return out, nil
}

// doubtDecision is invalid when it is no decision on a doubt, or gives no reason.
func doubtDecision(to DeliveryState, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	if to != Accepted && to != Ready && to != Rejected && to != Cancelled {
		return Invalid("decide on accepted, ready or cancelled, or on rejected for what was never sent").On("state")
	}
	return nil
}

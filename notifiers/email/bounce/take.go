package bounce

import (
	"context"
	"strconv"
	"sync/atomic"

	"tocsin/incidents"
	"tocsin/notifiers/email"
)

// A Keep stores what a mail said of one attempt. A nil error means that it is
// on disk.
type Keep func(ctx context.Context, id incidents.DeliveryID, attempt int, r Report) error

// A Taker takes mail for signed addresses, by whichever way it comes.
type Taker struct {
	Addresses email.VERP
	Keep      Keep

	taken, refused, aside atomic.Int64
}

// Counts is what became of mail since the start.
type Counts struct {
	Taken   int64 // stored, or understood as nothing to store
	Refused int64 // at an address that is not ours
	Aside   int64 // Maildir: put aside
}

// Counts returns the counts. They name nobody.
func (t *Taker) Counts() Counts {
	return Counts{t.taken.Load(), t.refused.Load(), t.aside.Load()}
}

// Take reads one mail that came to a signed address, and stores what it says.
// The error is of kind invalid when it is no mail.
func (t *Taker) Take(ctx context.Context, address string, raw []byte, nullSender bool) error {
	id, attempt, ok := t.Addresses.Parse(address)
	if !ok {
		t.refused.Add(1)
		return incidents.Forbidden("this address was not made here")
	}
	r, err := Read(raw, nullSender)
	if err != nil {
		return err
	}
	// The address is signed, the report within is not: where it speaks of
	// another delivery of ours it speaks of none.
	if other, err := incidents.ParseDeliveryID(r.Envelope); err == nil && other != id {
		r.Kind, r.Reason = Other, "a report about another message"
	}
	if err := t.Keep(ctx, id, attempt, r); err != nil {
		return err
	}
	t.taken.Add(1)
	return nil
}

// Receipt is a report as a receipt of its delivery; ok is false when it says
// nothing that is kept. Its id is made of attempt and meaning alone, so that
// the same news, however often it comes, is one.
func (r Report) Receipt(id incidents.DeliveryID, attempt int) (out incidents.StatusReceipt, ok bool) {
	status := map[Kind]string{Failed: "bounced", Delayed: "delayed", Complaint: "complaint"}[r.Kind]
	if status == "" {
		return out, false
	}
	grade := "report"
	if r.Weak {
		grade = "weak"
	}
	return incidents.StatusReceipt{ID: receiptID(id, attempt, status, grade), Delivery: id, Channel: incidents.Email, ProviderID: "sha256:" + r.Hash,
		Status: status, Code: r.Code, Reason: r.Reason}, true
}

func receiptID(id incidents.DeliveryID, attempt int, status, grade string) string {
	return "bounce:" + id.String() + "." + strconv.Itoa(attempt) + ":" + status + ":" + grade
}

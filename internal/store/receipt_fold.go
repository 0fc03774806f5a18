package store

import (
	"strings"
	"time"

	"tocsin/incidents"
)

// A folded delivery is what a set of receipts makes of a delivery's state.
type folded struct {
	State    incidents.DeliveryState
	Conflict bool // the receipts contradict each other, or the state
	Code     string
	Reason   string
	Proved   bool // the provider knows the message: it was sent
	// Of calls alone:
	Provider string    // what the provider calls the call that decided
	Next     time.Time // when the person is called again
}

// receiptRank orders what a receipt can say: nothing, that the provider has
// the message, or how it ended.
func receiptRank(status string) int {
	switch status {
	case "accepted", "queued", "delayed", "complaint":
		return 1
	case "sent":
		return 2
	case "delivered", "undelivered", "failed", "bounced":
		return 3
	}
	return 0
}

// fold makes a state of the receipts of one delivery. It is a function of the
// set alone: order and repetition change nothing, and what was folded before
// may be folded again. Between receipts that contradict each other the one
// that happened first stands and the conflict is kept. A state is never
// lowered: an end found out otherwise (refused, cancelled, gone on to the next
// channel) stays, and only the conflict shows.
func fold(current incidents.DeliveryState, attempts int, receipts []incidents.StatusReceipt) folded {
	out := folded{State: current}
	var end *incidents.StatusReceipt
	var good, bad bool
	for i := range receipts {
		r := &receipts[i]
		rank := receiptRank(r.Status)
		out.Proved = out.Proved || rank > 0
		good = good || r.Status == "complaint" // who complains has the message
		if rank < 3 {
			continue
		}
		good, bad = good || r.Status == "delivered", bad || r.Status != "delivered"
		if end == nil || endsBefore(r, end) {
			end = r
		}
	}
	if attempts == 0 || !out.Proved {
		return folded{State: current} // nothing was sent yet: the receipt waits
	}
	out.Conflict = good && bad
	switch current {
	case incidents.Accepted, incidents.Delivered, incidents.Undelivered:
	case incidents.InDoubt, incidents.Manual, incidents.Ready, incidents.RetryWait:
		// the receipt itself proves that it was sent: no resend is needed
	case incidents.Planned, incidents.Held, incidents.Attempting:
		return folded{State: current}
	default:
		out.Conflict = out.Conflict || (good && current != incidents.Cancelled && current != incidents.Suppressed)
		return out
	}
	switch {
	case end == nil && (current == incidents.Delivered || current == incidents.Undelivered):
	case end == nil:
		out.State = incidents.Accepted
	case end.Status == "delivered":
		out.State, out.Code, out.Reason = incidents.Delivered, end.Code, end.Reason
	default:
		out.State, out.Code, out.Reason = incidents.Undelivered, end.Code, end.Reason
	}
	return out
}

// endsBefore orders receipts of an end by when they happened. Those of the
// same second that contradict: the one to a person's advantage is second, so
// that nobody counts as reached who may not be.
func endsBefore(a, b *incidents.StatusReceipt) bool {
	if !a.At.Equal(b.At) {
		return a.At.Before(b.At)
	}
	if (a.Status == "delivered") != (b.Status == "delivered") {
		return b.Status == "delivered"
	}
	return strings.Compare(a.ID, b.ID) < 0
}

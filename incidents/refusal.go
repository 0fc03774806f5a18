package incidents

import "context"

// A Refusal counts deliveries of one channel that were refused, came back or were
// given up with the same answer.
type Refusal struct {
	Channel Channel `json:"channel"`
	Code    string  `json:"code"`   // provider's or SMTP status code; may be empty
	Reason  string  `json:"reason"` // one sentence without personal data
	N       int64   `json:"n"`
}

// mostRefusals is how many different answers are listed.
const mostRefusals = 12

// Refusals says why messages of a notice did not arrive: the answers by channel,
// most first, the twelve most frequent. It counts also those whose person was
// then tried on the next channel. Tallies of the notice spare the question when
// there are none.
func (d *Desk) Refusals(ctx context.Context, a Actor, notice int64, tallies []Tally) ([]Refusal, error) {
	var n int64
	for _, t := range tallies {
		n += t.States[Rejected] + t.States[Undelivered] + t.States[Expired] + t.States[Escalated]
	}
	if n == 0 {
		return nil, a.May(ActRead)
	}
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Refusal, error) { return tx.Refusals(notice, mostRefusals) })
}

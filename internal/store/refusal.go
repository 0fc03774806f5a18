package store

import "tocsin/incidents"

// Refusals counts what did not arrive by channel, code and reason, most first.
func (t *tx) Refusals(notice int64, limit int) (out []incidents.Refusal, err error) {
	states := stateNumbers([]incidents.DeliveryState{incidents.Rejected, incidents.Undelivered, incidents.Expired, incidents.Escalated})
	err = t.rows(`SELECT channel, code, reason, COUNT(*) FROM deliveries`+t.indexed(`deliveries_apart`)+` WHERE notice_no = $1 AND apart > 5 AND apart IN (`+states+`) AND channel <> $2
		GROUP BY channel, code, reason ORDER BY COUNT(*) DESC, channel, code, reason LIMIT $3`, args{notice, noChannel, limit}, func(r scanner) error {
		var x incidents.Refusal
		var channel int
		err := r.Scan(&channel, &x.Code, &x.Reason, &x.N)
		x.Channel = channelOf(channel)
		out = append(out, x)
		return err
	})
	return out, err
}

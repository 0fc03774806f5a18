package store

import (
	"fmt"
	"slices"

	"tocsin/incidents"
)

// PlanAhead counts what Release would plan now, by the same SQL as plan: by
// channel, and under no channel who cannot be reached. A correction follows
// messages and not the list: nothing is told of it.
func (t *tx) PlanAhead(n incidents.Notice) (out []incidents.Tally, err error) {
	l, err := t.list(n.IncidentID)
	if incidents.KindOf(err) == incidents.KindNotFound || n.Content.Correction() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	in, err := t.Incident(n.IncidentID)
	if err != nil {
		return nil, err
	}
	where, params := filterSQL(n.Content.Filter, args{l.no, in.Persons})
	channel, _, reach, params := routeSQL(n.Content, params)
	query := `SELECT ` + channel + `, CASE WHEN ` + barredSQL(n.Content) + ` <> '' THEN ` + fmt.Sprint(stateSuppressed) + ` WHEN ` + usable + ` & (` + reach + `) = 0 THEN ` + fmt.Sprint(stateRejected) + `
		ELSE ` + fmt.Sprint(statePlanned) + ` END, COUNT(*) FROM persons WHERE list_no = $1 AND seq <= $2` + where + ` GROUP BY 1, 2`
	out, err = countOnce(t, l, query, params, func() ([]incidents.Tally, error) { return t.plannedBy(query, params) })
	return slices.Clone(out), err
}

// plannedBy reads counts by channel and state.
func (t *tx) plannedBy(query string, params args) (out []incidents.Tally, err error) {
	states := map[incidents.Channel]map[incidents.DeliveryState]int64{}
	err = t.rows(query, params, func(r scanner) error {
		var code, state int
		var k int64
		if err := r.Scan(&code, &state, &k); err != nil {
			return err
		}
		var ch incidents.Channel
		if code != noChannel {
			ch = channelOf(code)
		}
		if states[ch] == nil {
			states[ch] = map[incidents.DeliveryState]int64{}
		}
		states[ch][stateOf(state)] += k
		return nil
	})
	for _, ch := range append(channelList[:len(channelList):len(channelList)], "") {
		if m := states[ch]; m != nil {
			out = append(out, incidents.Tally{Channel: ch, States: m})
		}
	}
	return out, err
}

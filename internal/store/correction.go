package store

import (
	"fmt"
	"slices"
	"time"

	"tocsin/incidents"
)

// planCorrection writes one delivery for each delivery of the other notice that
// left, by the same channel. Who was excluded or erased since gets a suppressed one.
func (t *tx) planCorrection(n incidents.Notice, list int64, at time.Time) (int64, error) {
	of, err := t.Notice(n.Content.Corrects)
	if err != nil {
		return 0, err
	}
	r, found, err := t.release(of.No)
	if err != nil || !found || r.list != list {
		return 0, orNotFound(err, "notice N-%d was never released", of.No)
	}
	if err := t.lockRelease(of.No); err != nil { // nothing lands between what is read here and what is planned
		return 0, err
	}
	up, err := t.aloft(of.No, 0)
	if err != nil {
		return 0, err
	}
	silent, err := t.wentOnSilent(of.No)
	if err != nil {
		return 0, err
	}
	barred := barredSQL(n.Content)
	apart := `CASE WHEN ` + barred + ` <> '' THEN ` + fmt.Sprint(stateSuppressed)
	room, filled := t.room(apart + ` END`)
	total, err := t.run(`INSERT INTO deliveries (notice_no, seq, channel, step, state, chunk, reason, updated_at`+room+`)
		SELECT CAST($1 AS BIGINT), d.seq, d.channel, 0, `+apart+` ELSE `+fmt.Sprint(statePlanned)+` END, d.chunk, `+barred+`, CAST($2 AS BIGINT)`+filled+`
		FROM deliveries d JOIN persons ON persons.list_no = $3 AND persons.seq = d.seq
		WHERE d.notice_no = $4 AND d.channel > 0 AND (`+leftSQL+` OR NOT `+t.notAloft("$5")+` OR NOT `+t.notAloft("$6")+`) ORDER BY d.seq, d.channel`,
		n.No, ms(at), list, of.No, up.table(), asJSON(silent))
	return t.planned(n, total, at, err)
}

// leftSQL is the condition that a delivery d left, or may have left: the provider
// took it (4), it is in doubt (7, 8), it arrived (9), it may have been sent
// before it was to be sent again, or its receipts contradict each other. What
// came back (10) has told nobody.
var leftSQL = `(d.state IN (4, 7, 9) OR d.state = 8 AND d.code <> '` + incidents.CodeParked + `' OR d.maybe_twice = 1 OR d.conflict = 1)`

// saysAccepted are the lines of a delivery's history that say that a provider took
// it: the answer to an attempt, or what was found out about a doubt.
var saysAccepted = []string{string(incidents.OutcomeAccepted), "resolved " + string(incidents.Accepted), "receipt " + string(incidents.Accepted)}

// wentOnSilent lists, as rows of seq and channel, deliveries that a provider
// took and that went on to the next channel because no receipt came: they left.
func (t *tx) wentOnSilent(notice int64) ([][]any, error) {
	out := [][]any{}
	gone := map[int64]map[flightKey]bool{}
	err := t.rows(`SELECT d.chunk, d.seq, d.channel FROM deliveries d WHERE d.notice_no = $1 AND d.state = 14
		AND NOT EXISTS (SELECT 1 FROM receipts r WHERE r.notice_no = d.notice_no AND r.seq = d.seq AND r.channel = d.channel AND r.status IN ('undelivered', 'failed', 'bounced'))`,
		args{notice}, func(r scanner) error {
			var chunk int64
			var k flightKey
			err := r.Scan(&chunk, &k.seq, &k.channel)
			if gone[chunk] == nil {
				gone[chunk] = map[flightKey]bool{}
			}
			gone[chunk][k] = true
			return err
		})
	if err != nil {
		return nil, err
	}
	for chunk, keys := range gone {
		err := t.attempts(notice, chunk, 0, func(a Attempt) error {
			k := flightKey{a.Delivery.Seq, channelCode(a.Delivery.Channel)}
			if keys[k] && slices.Contains(saysAccepted, a.Outcome) {
				delete(keys, k) // once is enough
				out = append(out, []any{k.seq, k.channel})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

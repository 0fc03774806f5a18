package store

import (
	"maps"
	"slices"
	"time"

	"tocsin/incidents"
)

// pace counts outcomes for the rate, by channel. The part of a row names the
// channel and the counter: rows of before there were channels are those of
// channel 0. What was kept back never left and is no outcome.
func (t *tx) pace(notice, chunk int64, at time.Time, all []landing) error {
	counts := map[int]int{}
	for _, l := range all {
		if !l.kept {
			counts[l.channel]++
		}
	}
	for _, channel := range slices.Sorted(maps.Keys(counts)) {
		if err := t.later(nil, `INSERT INTO delivery_pace (notice_no, at, part, n) VALUES ($1, $2, $3, $4)
			ON CONFLICT (notice_no, at, part) DO UPDATE SET n = delivery_pace.n + excluded.n`,
			notice, ms(at.Truncate(incidents.PaceStep)), int64(channel)*countParts+partOf(chunk), counts[channel]); err != nil {
			return err
		}
	}
	return nil
}

// Handled counts the outcomes of a notice since a time, to the nearest few seconds.
func (t *tx) Handled(notice int64, since time.Time) (n int64, err error) {
	_, err = t.one(`SELECT COALESCE(SUM(n), 0) FROM delivery_pace WHERE notice_no = $1 AND at >= $2`,
		args{notice, ms(since.Truncate(incidents.PaceStep))}, &n)
	return n, err
}

const (
	recentPace = 15 * time.Minute // of the rate
	curveSteps = 160              // points of a curve
	mostWakes  = 2000             // deliveries that wait, looked at one by one
)

// Pace tells how a notice went so far, and what waits for which time.
func (t *tx) Pace(notice int64) (v incidents.PaceView, err error) {
	var first, last int64
	if _, err := t.one(`SELECT COALESCE(MIN(at), 0), COALESCE(MAX(at), 0) FROM delivery_pace WHERE notice_no = $1`, args{notice}, &first, &last); err != nil {
		return v, err
	}
	v.Every = incidents.PaceStep * time.Duration(1+(last-first)/(curveSteps*incidents.PaceStep.Milliseconds()))
	if v.Curve, err = t.paceOf(notice, 0, v.Every); err != nil {
		return v, err
	}
	if v.Recent, err = t.paceOf(notice, last-recentPace.Milliseconds(), incidents.PaceStep); err != nil {
		return v, err
	}
	if v.Wakes, err = t.wakes(notice); err != nil {
		return v, err
	}
	var silent int64
	found, err := t.one(`SELECT next_at FROM deliveries WHERE notice_no = $1 AND apart = 4 AND next_at IS NOT NULL ORDER BY next_at DESC LIMIT 1`, args{notice}, &silent)
	if found {
		at := fromMS(silent)
		v.Silent = &at
	}
	return v, err
}

// paceOf adds outcomes up in stretches of a length, from a time on.
func (t *tx) paceOf(notice, from int64, every time.Duration) (out []incidents.PaceSample, err error) {
	err = t.rows(`SELECT part / CAST($4 AS BIGINT), at - at % CAST($3 AS BIGINT), SUM(n) FROM delivery_pace WHERE notice_no = $1 AND at >= $2
		GROUP BY 1, 2 ORDER BY 2, 1`, args{notice, from, every.Milliseconds(), countParts}, func(r scanner) error {
		var channel int
		var at, n int64
		err := r.Scan(&channel, &at, &n)
		if channel != noChannel {
			out = append(out, incidents.PaceSample{Channel: channelOf(channel), At: fromMS(at), N: n})
		}
		return err
	})
	return out, err
}

// wakes are the times deliveries wait for, to the minute. Of very many it takes
// those that wait longest: they say when the last can leave.
func (t *tx) wakes(notice int64) (out []incidents.Wake, err error) {
	for _, state := range []int{stateHeld, stateRetryWait} {
		err = t.rows(`SELECT d.channel, d.next_at - d.next_at % 60000, COUNT(*) FROM
			(SELECT channel, next_at FROM deliveries WHERE notice_no = $1 AND apart = $2 AND next_at IS NOT NULL ORDER BY next_at DESC LIMIT $3) d
			GROUP BY 1, 2 ORDER BY 2, 1`, args{notice, state, mostWakes}, func(r scanner) error {
			var channel int
			var at, n int64
			err := r.Scan(&channel, &at, &n)
			out = append(out, incidents.Wake{Channel: channelOf(channel), State: stateOf(state), At: fromMS(at).Add(time.Minute), N: n})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// LastRate is the rate of the last notice that used a channel, over the
// stretches in which anything left; 0: none did.
func (t *tx) LastRate(ch incidents.Channel) (float64, error) {
	channel := channelCode(ch)
	var notice, n, busy int64
	found, err := t.one(`SELECT notice_no FROM delivery_counts WHERE channel = $1 AND state IN (4, 9) AND n > 0 ORDER BY notice_no DESC LIMIT 1`, args{channel}, &notice)
	if err != nil || !found {
		return 0, err
	}
	_, err = t.one(`SELECT COALESCE(SUM(n), 0), COUNT(DISTINCT at) FROM delivery_pace WHERE notice_no = $1 AND part >= $2 AND part < $3`,
		args{notice, channel * countParts, (channel + 1) * countParts}, &n, &busy)
	if err != nil || busy == 0 {
		return 0, err
	}
	return float64(n) / (float64(busy) * incidents.PaceStep.Seconds()), nil
}

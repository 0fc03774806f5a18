package store

import (
	"time"

	"tocsin/incidents"
)

// fallBack takes deliveries that failed, or waited in vain, on to the next
// channel of the plan of their person that reaches them. The old row becomes
// escalated and the new one is planned in the same chunk; the key of a
// delivery makes it unique, so that it is made once. Who has no further
// channel keeps the state they have. It returns the rows that went on.
func (t *tx) fallBack(s shift, r release, c incidents.Content, failed []delivery, at time.Time) (gone []delivery, err error) {
	if len(failed) == 0 {
		return nil, nil
	}
	reach, err := t.reachable(r, c, failed)
	if err != nil {
		return nil, err
	}
	plan, err := t.plansOf(r, c, seqsOf(failed))
	if err != nil {
		return nil, err
	}
	var rows [][]any
	var old []changed
	for _, d := range failed {
		after := d.step
		if d.code == incidents.CodeDeceased { // another reads it now, by the plan from its beginning
			after = -1
		}
		step, channel := nextStep(plan(d.seq), after, reach[d.seq])
		if channel == noChannel {
			continue
		}
		reach[d.seq] &^= 1 << (channel - 1)
		rows = append(rows, []any{d.seq, channel, step, d.chunk})
		old = append(old, changed{d, change{state: stateEscalated, code: d.code, reason: d.reason, tries: d.tries, at: at}})
		s.add(d.notice, d.chunk, channel, step, statePlanned)
		gone = append(gone, d)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	n, err := t.run(`INSERT INTO deliveries (notice_no, seq, channel, step, state, chunk, updated_at)
		SELECT CAST($1 AS BIGINT), v.seq, v.channel, v.step, 0, v.chunk, CAST($2 AS BIGINT) FROM `+
		t.table("$3", "seq:int", "channel:int", "step:int", "chunk:int")+` v WHERE true ON CONFLICT (notice_no, seq, channel) DO NOTHING`,
		r.notice, ms(at), asJSON(rows))
	if err != nil {
		return nil, err
	}
	if n != int64(len(rows)) {
		return nil, incidents.Conflict("a delivery of notice %d went on to the next channel meanwhile", r.notice)
	}
	return gone, t.becomeAll(s, r.notice, old)
}

// reachable returns the channels by which each person can be reached and was
// not tried yet; none for who is excluded, erased or barred by the content, and none that is gone.
func (t *tx) reachable(r release, c incidents.Content, ds []delivery) (map[int64]int, error) {
	rows := make([][]any, len(ds))
	for i, d := range ds {
		rows[i] = []any{d.seq}
	}
	ids := asJSON(rows)
	out := map[int64]int{}
	err := t.rows(`SELECT p.seq, `+usable+` FROM `+t.table("$2", "seq:int")+` v CROSS JOIN persons p WHERE p.list_no = $1 AND p.seq = v.seq
		AND `+barredSQL(c)+` = ''`, args{r.list, ids}, func(row scanner) error {
		var seq int64
		var bits int
		err := row.Scan(&seq, &bits)
		out[seq] = bits
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, t.rows(`SELECT d.seq, d.channel FROM `+t.table("$2", "seq:int")+` v CROSS JOIN deliveries d WHERE d.notice_no = $1 AND d.seq = v.seq`,
		args{r.notice, ids}, func(row scanner) error {
			var seq int64
			var channel int
			err := row.Scan(&seq, &channel)
			if channel > noChannel {
				out[seq] &^= 1 << (channel - 1)
			}
			return err
		})
}

// nextStep finds the first step of the plan after one, by a channel of bits.
func nextStep(plan []incidents.Step, after, bits int) (step, channel int) {
	for i := after + 1; i < len(plan); i++ {
		if c := channelCode(plan[i].Channel); c > 0 && bits&(1<<(c-1)) != 0 {
			return i, c
		}
	}
	return 0, noChannel
}

package store

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A delivery is one row of the journal, as stored.
type delivery struct {
	notice, seq, chunk          int64
	channel, step, state        int
	attempts, tries             int
	fence                       int64
	next, first, attempted, upd int64 // Unix milliseconds; 0: none
	twice                       bool
	conflict                    bool
	provider, by, code, reason  string // by: the account of the last attempt
}

const deliveryColumns = `SELECT d.notice_no, d.seq, d.chunk, d.channel, d.step, d.state, d.attempts, d.tries, d.fence,
	COALESCE(d.next_at, 0), COALESCE(d.first_at, 0), COALESCE(d.attempted_at, 0), d.updated_at, d.maybe_twice, d.conflict, d.provider_id, d.sent_by, d.code, d.reason `

func (d *delivery) dest() []any {
	return []any{&d.notice, &d.seq, &d.chunk, &d.channel, &d.step, &d.state, &d.attempts, &d.tries, &d.fence,
		&d.next, &d.first, &d.attempted, &d.upd, (*flag)(&d.twice), (*flag)(&d.conflict), &d.provider, &d.by, &d.code, &d.reason}
}

func scanDelivery(r scanner) (d delivery, err error) {
	return d, r.Scan(d.dest()...)
}

// domain is the row in the words of the domain.
func (d delivery) domain() incidents.Delivery {
	out := incidents.Delivery{ID: d.id(), Step: d.step, State: stateOf(d.state), Attempts: d.attempts, Fence: d.fence,
		ProviderID: d.provider, Provider: d.by, Code: d.code, Reason: d.reason, MaybeTwice: d.twice, UpdatedAt: fromMS(d.upd)}
	if d.next != 0 {
		at := fromMS(d.next)
		out.NextAt = &at
	}
	return out
}

func (d delivery) id() incidents.DeliveryID {
	return incidents.DeliveryID{Notice: d.notice, Seq: d.seq, Channel: channelOf(d.channel)}
}

// A flag is a bool kept as 0 or 1.
type flag bool

// Scan reads 0 or 1.
func (f *flag) Scan(v any) error {
	n, _ := v.(int64)
	*f = n != 0
	return nil
}

func bit(b bool) int {
	if b {
		return 1
	}
	return 0
}

// A change is what becomes of one delivery outside a window.
type change struct {
	state    int
	next     time.Time // zero: none
	provider string    // "": as it was
	code     string
	reason   string
	twice    bool
	conflict bool
	tries    int
	at       time.Time
}

// A changed delivery is a row as it was read and what becomes of it.
type changed struct {
	delivery
	change
}

// become changes one delivery; see becomeAll.
func (t *tx) become(s shift, d delivery, c change) error {
	return t.becomeAll(s, d.notice, []changed{{d, c}})
}

// becomeAll changes deliveries of one notice in one statement. Each must still
// be in the state and under the fence it was read with, else it is a conflict
// and nothing changes.
func (t *tx) becomeAll(s shift, notice int64, all []changed) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([][]any, len(all))
	for i, x := range all {
		provider := x.change.provider
		if provider == "" {
			provider = x.delivery.provider
		}
		rows[i] = []any{notice, x.seq, x.channel, x.delivery.state, x.fence, x.change.state, orNull(x.change.next), provider, x.change.code, x.change.reason,
			bit(x.change.twice || x.delivery.twice), bit(x.change.conflict || x.delivery.conflict), x.change.tries, ms(x.at)}
	}
	n, err := t.run(`UPDATE deliveries SET state = v.state, next_at = v.next_at, provider_id = v.provider_id, code = v.code, reason = v.reason,
			maybe_twice = v.maybe_twice, conflict = v.conflict, tries = v.tries, updated_at = v.updated_at`+t.filled()+t.apart(`v.state`, `v.next_at`)+`
		FROM `+t.table("$1", "notice_no:int", "seq:int", "channel:int", "was:int", "fence:int", "state:int", "next_at:int", "provider_id:text", "code:text", "reason:text",
		"maybe_twice:int", "conflict:int", "tries:int", "updated_at:int")+` v
		WHERE deliveries.notice_no = v.notice_no AND deliveries.seq = v.seq AND deliveries.channel = v.channel AND deliveries.state = v.was AND deliveries.fence = v.fence`,
		asJSON(rows))
	if err != nil {
		return err
	}
	if n != int64(len(all)) {
		return incidents.Conflict("%d of %d deliveries of notice %d changed meanwhile", int64(len(all))-n, len(all), notice)
	}
	chunks := map[int64]bool{}
	for _, x := range all {
		if x.change.state != x.delivery.state {
			s.move(notice, x.chunk, x.channel, x.step, x.delivery.state, x.change.state)
		}
		chunks[x.chunk] = chunks[x.chunk] || isOpen(x.delivery.state)
	}
	return t.revise(notice, chunks)
}

// revise tells who read ahead in these chunks that what is due there is another now.
func (t *tx) revise(notice int64, chunks map[int64]bool) error {
	var nos []int64
	for no, yes := range chunks {
		if yes {
			nos = append(nos, no)
		}
	}
	if len(nos) == 0 {
		return nil
	}
	slices.Sort(nos)
	return t.later(nil, `UPDATE chunks SET rev = rev + 1 WHERE notice_no = $1 AND no IN (`+t.numbers("$2")+`)`, notice, doc(nos))
}

// reviseList tells the same of the persons of a list.
func (t *tx) reviseList(list int64) error {
	return t.later(nil, `UPDATE lists SET rev = rev + 1 WHERE no = $1`, list)
}

// A noted attempt is one line of the history of a delivery.
type noted struct {
	delivery
	outcome, provider, code, reason string
	at                              time.Time
}

// noteAll appends to the history of attempts: entry 0 is what came of an
// attempt, later ones what was found out about it.
func (t *tx) noteAll(notice int64, all []noted) error {
	if len(all) == 0 {
		return nil
	}
	rows := make([][]any, len(all))
	for i, x := range all {
		rows[i] = []any{x.seq, x.channel, x.attempts, x.attempted, ms(x.at), x.outcome, x.provider, x.code, x.reason}
	}
	_, err := t.run(`INSERT INTO delivery_attempts (notice_no, seq, channel, attempt, entry, started_at, ended_at, outcome, provider_id, code, reason)
		SELECT CAST($1 AS BIGINT), v.seq, v.channel, v.attempt,
			(SELECT COALESCE(MAX(a.entry) + 1, 0) FROM delivery_attempts a WHERE a.notice_no = $1 AND a.seq = v.seq AND a.channel = v.channel AND a.attempt = v.attempt),
			v.started_at, v.ended_at, v.outcome, v.provider_id, v.code, v.reason
		FROM `+t.table("$2", "seq:int", "channel:int", "attempt:int", "started_at:int", "ended_at:int", "outcome:text", "provider_id:text", "code:text", "reason:text")+` v`,
		notice, asJSON(rows))
	return err
}

func (t *tx) note(x noted) error { return t.noteAll(x.notice, []noted{x}) }

// Deliveries lists deliveries in order of seq and channel.
func (t *tx) Deliveries(f incidents.DeliveryFilter) (out []incidents.Delivery, err error) {
	index := ``
	if len(f.States) > 0 && onlyDoubt(f.States) {
		index = t.indexed(`deliveries_apart`)
	}
	q, params := deliveryColumns+`FROM deliveries d`+index+` WHERE d.notice_no = $1`, args{f.Notice}
	with := func(cond string, v ...any) {
		for _, x := range v {
			params = append(params, x)
			cond = strings.Replace(cond, "?", "$"+strconv.Itoa(len(params)), 1)
		}
		q += ` AND ` + cond
	}
	if f.Seq > 0 {
		with(`d.seq = ?`, f.Seq)
	}
	if f.After != (incidents.DeliveryID{}) {
		with(`(d.seq, d.channel) > (?, ?)`, f.After.Seq, channelCode(f.After.Channel))
	}
	var up air
	if index == `` {
		if up, err = t.aloft(f.Notice, chunkOf(f.Seq)); err != nil {
			return nil, err
		}
	}
	if len(f.States) > 0 {
		is := `d.state IN (` + stateNumbers(f.States) + `)`
		switch {
		case index != ``:
			is += ` AND d.apart > 5 AND d.apart IN (7, 8)`
		case len(up) > 0:
			params = append(params, up.table())
			grounded := t.notAloft("$" + strconv.Itoa(len(params)))
			if is = `(` + is + ` AND ` + grounded + `)`; slices.Contains(f.States, incidents.Attempting) {
				is = `(` + is + ` OR NOT ` + grounded + `)`
			}
		}
		q += ` AND ` + is
	}
	if f.Limit <= 0 || f.Limit > 10000 {
		f.Limit = 1000
	}
	params = append(params, f.Limit)
	q += ` ORDER BY d.seq, d.channel LIMIT $` + strconv.Itoa(len(params))
	if f.Skip > 0 {
		params = append(params, f.Skip)
		q += ` OFFSET $` + strconv.Itoa(len(params))
	}
	err = t.rows(q, params, func(r scanner) error {
		d, err := scanDelivery(r)
		up.over(&d)
		out = append(out, d.domain())
		return err
	})
	return out, err
}

// onlyDoubt tells that a filter asks for nothing but doubts.
func onlyDoubt(states []incidents.DeliveryState) bool {
	for _, s := range states {
		if s != incidents.InDoubt && s != incidents.Manual {
			return false
		}
	}
	return true
}

// stateNumbers writes states as the numbers a partial index can be matched with.
func stateNumbers(states []incidents.DeliveryState) (s string) {
	for _, x := range states {
		if s != "" {
			s += ", "
		}
		s += strconv.Itoa(stateCode(x))
	}
	return s
}

// delivery reads one row by its id.
func (t *tx) delivery(id incidents.DeliveryID) (d delivery, err error) {
	found, err := t.scanOne(deliveryColumns+`FROM deliveries d WHERE d.notice_no = $1 AND d.seq = $2 AND d.channel = $3`,
		args{id.Notice, id.Seq, channelCode(id.Channel)}, func(r scanner) error { d, err = scanDelivery(r); return err })
	if err != nil || !found {
		return d, orNotFound(err, "there is no delivery %s", id)
	}
	up, err := t.aloft(d.notice, d.chunk)
	up.over(&d)
	return d, err
}

package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A flight is one delivery that a worker has written down as attempting. It
// stands in the row of its chunk; the delivery's own row stays as it was until
// the outcome is recorded, and whoever reads it lays the flight over it.
type flight struct {
	seq      int64
	channel  int
	step     int
	attempts int   // this attempt included
	at       int64 // Unix milliseconds: when it was written down
}

// flights of a chunk, in the order they were claimed.
type flights []flight

type flightKey struct {
	seq     int64
	channel int
}

func (f flight) key() flightKey { return flightKey{f.seq, f.channel} }

// encode is the text in the chunk's row, a JSON list of lists; none is the empty text.
func (fs flights) encode() string {
	if len(fs) == 0 {
		return ""
	}
	var b jsonRows
	for _, f := range fs {
		b = b.open().num(f.seq).num(int64(f.channel)).num(int64(f.step)).num(int64(f.attempts)).num(f.at).shut()
	}
	return b.end()
}

func decodeFlights(s string) (flights, error) {
	if s == "" {
		return nil, nil
	}
	rows := strings.Split(strings.TrimSuffix(strings.TrimPrefix(s, "[["), "]]"), "],[")
	out := make(flights, len(rows))
	for i, row := range rows {
		var n [5]int64
		rest := row
		for j := range n {
			var text string
			var err error
			text, rest, _ = strings.Cut(rest, ",")
			if n[j], err = strconv.ParseInt(text, 10, 64); err != nil {
				return nil, fmt.Errorf("the flights of a chunk are not readable: %w", err)
			}
		}
		if rest != "" {
			return nil, fmt.Errorf("the flights of a chunk are not readable: %q", rest)
		}
		out[i] = flight{n[0], int(n[1]), int(n[2]), int(n[3]), n[4]}
	}
	return out, nil
}

// seqs is the JSON list of the persons in flight, for a condition that passes them over.
func (fs flights) seqs() string {
	b := jsonRows{'['}
	for _, f := range fs {
		b = b.num(f.seq)
	}
	if len(fs) == 0 {
		return "[]"
	}
	return string(b.shut())
}

// delivery is the row of a flight as it is known from the flight alone.
func (f flight) delivery(notice, chunk, fence int64) delivery {
	return delivery{notice: notice, seq: f.seq, chunk: chunk, channel: f.channel, step: f.step, state: stateAttempting,
		attempts: f.attempts, fence: fence, attempted: f.at}
}

// An air is everything that is attempting, by notice.
type air map[flightKey]flying

type flying struct {
	flight
	fence int64
}

// aloft reads what is attempting of a notice; chunk 0 is all of them.
func (t *tx) aloft(notice, chunk int64) (air, error) {
	q, params := `SELECT fence, flights FROM chunks WHERE notice_no = $1 AND claimed > 0`, args{notice}
	if chunk > 0 {
		q, params = q+` AND no = $2`, append(params, chunk)
	}
	var out air
	err := t.rows(q, params, func(r scanner) error {
		var fence int64
		var text string
		if err := r.Scan(&fence, &text); err != nil {
			return err
		}
		fs, err := decodeFlights(text)
		for _, f := range fs {
			if out == nil {
				out = air{}
			}
			out[f.key()] = flying{f, fence}
		}
		return err
	})
	return out, err
}

// over lays a flight over its row.
func (a air) over(d *delivery) {
	f, ok := a[flightKey{d.seq, d.channel}]
	if !ok {
		return
	}
	d.state, d.fence, d.attempts, d.attempted, d.next = stateAttempting, f.fence, f.attempts, f.at, 0
	if d.first == 0 {
		d.first = f.at
	}
}

// has tells whether a delivery is in flight.
func (a air) has(seq int64, channel int) bool {
	_, ok := a[flightKey{seq, channel}]
	return ok
}

// table is the parameter of a condition on what is in flight: rows of seq and channel.
func (a air) table() string {
	rows := make([][]any, 0, len(a))
	for k := range a {
		rows = append(rows, []any{k.seq, k.channel})
	}
	return asJSON(rows)
}

// notAloft is the condition that a delivery d is not in the table of param.
func (t *tx) notAloft(param string) string {
	return `NOT EXISTS (SELECT 1 FROM ` + t.table(param, "seq:int", "channel:int") + ` f WHERE f.seq = d.seq AND f.channel = d.channel)`
}

// A landing is a flight and what came of it.
type landing struct {
	flight
	change
	kept bool   // it never left: the time of the first attempt does not begin
	by   string // the provider's account that was asked
}

// land writes the outcomes of flights of one chunk into their rows. Nobody else
// may have changed these meanwhile: a flight belongs to the holder of its chunk.
// Most outcomes of a window are the same, to persons that follow each other:
// each such run is one statement.
func (t *tx) land(s shift, notice, chunk, fence int64, now time.Time, all []landing) error {
	sorted := slices.Clone(all)
	slices.SortFunc(sorted, func(a, b landing) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.seq, b.seq))
	})
	for rest := sorted; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].follows(rest[n-1]) {
			n++
		}
		k, first, last := rest[0].same(), rest[0].seq, rest[n-1].seq
		rest = rest[n:]
		all := func(changed int64) error {
			if changed != int64(n) {
				return incidents.Conflict("%d of %d deliveries of notice %d changed while they were in flight", int64(n)-changed, n, notice)
			}
			return nil
		}
		if err := t.later(all, `UPDATE deliveries SET state = $1, next_at = $2, provider_id = CASE WHEN $3 = '' THEN provider_id ELSE $3 END, code = $4, reason = $5, tries = 0,
				attempts = $6, fence = $7, attempted_at = $8, updated_at = $9, sent_by = $10, first_at = CASE WHEN $11 = 1 THEN first_at ELSE COALESCE(first_at, $8) END
			WHERE notice_no = $12 AND seq BETWEEN $13 AND $14 AND channel = $15 AND state IN (0, 1, 2, 5)`,
			k.state, orNull(k.next), clean(k.provider), clean(k.code), clean(k.reason), k.attempts, fence, k.at, ms(now), clean(k.by), bit(k.kept), notice, first, last, k.channel); err != nil {
			return err
		}
	}
	for _, x := range all {
		s.move(notice, chunk, x.channel, x.step, stateAttempting, x.change.state)
	}
	return nil
}

// landed is what the landings of a run have in common.
type landed struct {
	channel, state, attempts   int
	at                         int64
	next                       time.Time
	provider, code, reason, by string
	kept                       bool
}

func (x landing) same() landed {
	k := landed{x.channel, x.change.state, x.attempts, x.flight.at, x.next, x.provider, x.code, x.reason, x.by, x.kept}
	if channelOf(x.channel) == incidents.Email {
		k.provider = "" // nothing is looked up by it, and the lines of the window keep it
		if k.state == stateAccepted {
			k.reason = "" // the relay's name for it: so do they
		}
	}
	return k
}

// follows tells whether a landing belongs into the run that ends with before.
func (x landing) follows(before landing) bool {
	return x.seq == before.seq+1 && x.same() == before.same()
}

// window keeps what came of the attempts of one window and returns its lines:
// [delivery, attempt, started, ended, outcome, provider's id, code, reason,
// provider's account], times in Unix milliseconds.
func (t *tx) window(notice, chunk, turn int64, all []noted) (lines string, err error) {
	b := make(jsonRows, 0, 160*len(all))
	for _, x := range all {
		b = b.line().text(x.delivery.id().String()).num(int64(x.attempts)).num(x.attempted).num(ms(x.at)).text(x.outcome).text(x.provider).text(x.code).text(x.reason).text(x.by).shut()
	}
	lines = string(b)
	return lines, t.later(nil, `INSERT INTO delivery_windows (notice_no, chunk, turn, lines) VALUES ($1, $2, $3, $4)`, notice, chunk, turn, lines)
}

// jsonRows writes rows of a JSON parameter without a value for each cell: a
// window has hundreds of them.
type jsonRows []byte

func (b jsonRows) open() jsonRows {
	if len(b) == 0 {
		return append(b, "[["...)
	}
	return append(b, ",["...)
}

// line opens a row that is a line of its own.
func (b jsonRows) line() jsonRows {
	if len(b) > 0 {
		b = append(b, '\n')
	}
	return append(b, '[')
}

func (b jsonRows) shut() jsonRows {
	b[len(b)-1] = ']' // in place of the last comma
	return b
}

func (b jsonRows) end() string { return string(append(b, ']')) }

// at is a time in Unix milliseconds, or null.
func (b jsonRows) at(t *time.Time) jsonRows {
	if t == nil {
		return append(b, "null,"...)
	}
	return b.num(ms(*t))
}

func (b jsonRows) num(n int64) jsonRows { return append(strconv.AppendInt(b, n, 10), ',') }

func (b jsonRows) text(s string) jsonRows {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(append(b, quoted...), ',')
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, `",`...)
}

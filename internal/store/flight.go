package store

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A flight is one delivery that a worker has written down as attempting. It
// stands in the row of its chunk; the delivery's own row stays as it was until
// the flight lands, and whoever reads it lays the flight over it.
type flight struct {
	seq      int64
	channel  int
	step     int
	from     int   // state it was claimed in: its row and its counter have it until it lands
	attempts int   // this attempt included
	at       int64 // Unix milliseconds: when it was written down
	answer
}

// An answer is what came of a flight that waits to be landed with others: a
// relay took the message. None of it is in doubt any more.
type answer struct {
	told int64  // Unix milliseconds: when it was written down; 0: nothing is known yet
	next int64  // Unix milliseconds: until when a report is waited for; 0: none is
	code string // of the provider
	by   string // the provider's account that was asked
}

// flights of a chunk: who has an answer in the order of the answers, then the
// others as they were claimed.
type flights []flight

type flightKey struct {
	seq     int64
	channel int
}

func (f flight) key() flightKey { return flightKey{f.seq, f.channel} }

// find is the place of a delivery among flights, looked for from one on and then
// before it: most come back in the order they left. It is -1 when there is none.
func (fs flights) find(id incidents.DeliveryID, from int) int {
	for n := range fs {
		i := (from + n) % len(fs)
		if fs[i].seq == id.Seq && channelOf(fs[i].channel) == id.Channel {
			return i
		}
	}
	return -1
}

// encode is the text in the chunk's row: a line for each run of persons that
// follow each other and have all the rest in common; none is the empty text.
func (fs flights) encode() string { return fs.encodeAfter(flight{}) }

// encodeAfter is the text that carries on the one that ends with last. A line that
// begins with + says only what is other than in the line before: by how much the
// place and the times went on, and how many persons follow each other.
func (fs flights) encodeAfter(last flight) string {
	b := make([]byte, 0, 256)
	for len(fs) > 0 {
		n := 1
		for n < len(fs) && fs[n].after(fs[n-1]) {
			n++
		}
		f := fs[0]
		if f.like(last) {
			b = appendNumbers(append(b, '+'), f.seq-last.seq, int64(n), f.at-last.at, f.told-last.told, f.next-last.next)
			b[len(b)-1] = '\n'
		} else {
			b = appendNumbers(b, f.seq, int64(n), int64(f.channel), int64(f.step), int64(f.attempts), f.at, f.told, f.next)
			b = append(strconv.AppendQuote(b, f.code), ' ')
			b = append(strconv.AppendQuote(b, f.by), ' ')
			b = append(strconv.AppendInt(b, int64(f.from), 10), '\n')
		}
		last, fs = fs[n-1], fs[n:]
	}
	return string(b)
}

// like tells whether a flight has all but person and times in common with another.
func (f flight) like(o flight) bool {
	o.seq, o.at, o.told, o.next = f.seq, f.at, f.told, f.next
	return f == o
}

// appendNumbers writes numbers, each with a blank behind it.
func appendNumbers(b []byte, all ...int64) []byte {
	for _, n := range all {
		b = append(strconv.AppendInt(b, n, 10), ' ')
	}
	return b
}

// split parts who has an answer from who has none yet.
func (fs flights) split() (told, open flights) {
	for _, f := range fs {
		if f.told > 0 {
			told = append(told, f)
		} else {
			open = append(open, f)
		}
	}
	return told, open
}

// after tells whether a flight carries on the run that ends with another.
func (f flight) after(before flight) bool {
	before.seq++
	return f == before
}

func decodeFlights(s string) (out flights, err error) {
	if strings.HasPrefix(s, "[") {
		return decodeOldFlights(s)
	}
	for line := range strings.Lines(s) {
		f, n, err := decodeRun(strings.TrimSuffix(line, "\n"), out)
		if err != nil || n < 1 || n > chunkSize {
			return nil, unreadableFlights(line)
		}
		for range n {
			out = append(out, f)
			f.seq++
		}
	}
	return out, nil
}

// decodeRun reads the first flight of a line and how many there are.
func decodeRun(line string, before flights) (f flight, n int64, err error) {
	if rest, ok := strings.CutPrefix(line, "+"); ok && len(before) > 0 {
		c := cells{rest: rest}
		f = before[len(before)-1]
		f.seq += c.number()
		n = c.number()
		f.at, f.told, f.next = f.at+c.number(), f.told+c.number(), f.next+c.number()
		return f, n, c.end()
	}
	c := cells{rest: line}
	f.seq, n = c.number(), c.number()
	f.channel, f.step, f.attempts = int(c.number()), int(c.number()), int(c.number())
	f.at, f.told, f.next = c.number(), c.number(), c.number()
	f.code, f.by, f.from = c.quoted(), c.quoted(), stateAttempting
	if c.rest != "" { // else a version of this program wrote it that counted it as attempting
		f.from = int(c.number())
	}
	return f, n, c.end()
}

// decodeOldFlights reads what versions of this program wrote that landed every
// flight with its outcome: a JSON list of lists.
func decodeOldFlights(s string) (out flights, err error) {
	var rows [][5]int64
	if err := json.Unmarshal([]byte(s), &rows); err != nil {
		return nil, unreadableFlights(s)
	}
	for _, n := range rows {
		out = append(out, flight{seq: n[0], channel: int(n[1]), step: int(n[2]), from: stateAttempting, attempts: int(n[3]), at: n[4]})
	}
	return out, nil
}

func unreadableFlights(s string) error {
	return fmt.Errorf("the flights of a chunk are not readable: %q", s)
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
type air map[flightKey]aloft

type aloft struct {
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
			out[f.key()] = aloft{f, fence}
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

// notAloft is the condition that a delivery d is not in the table of param, which
// is read once and not for each delivery.
func (t *tx) notAloft(param string) string {
	return `(d.seq, d.channel) NOT IN (SELECT f.seq, f.channel FROM ` + t.table(param, "seq:int", "channel:int") + ` f)`
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

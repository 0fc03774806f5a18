package store

import (
	"cmp"
	"slices"

	"tocsin/incidents"
)

// countParts spreads the counters of a notice, so that workers on different
// chunks seldom wait for the same row.
const countParts = 8

func partOf(chunk int64) int64 { return chunk % countParts }

// A countKey names one counter.
type countKey struct {
	notice, chunk        int64
	channel, step, state int
}

// A shift collects what one transaction moves between states. Every change of
// a delivery's state goes through one, so that nothing is ever counted by
// reading the rows.
type shift map[countKey]int64

// flying is added to the state a delivery is claimed in: its chunk knows that it is
// in flight, and its row and its counter stay as they are until it lands.
const flying = 100

// move takes one delivery from a state to another.
func (s shift) move(notice, chunk int64, channel, step, from, to int) {
	s.moveAll(notice, chunk, channel, step, from, to, 1)
}

func (s shift) moveAll(notice, chunk int64, channel, step, from, to int, n int64) {
	s[countKey{notice, chunk, channel, step, from}] -= n
	s[countKey{notice, chunk, channel, step, to}] += n
}

// fly takes deliveries of a chunk into flight.
func (s shift) fly(c incidents.Chunk, all flights) {
	for len(all) > 0 {
		f, n := all[0], 1
		for n < len(all) && all[n].channel == f.channel && all[n].step == f.step && all[n].from == f.from {
			n++
		}
		s.moveAll(c.Notice, c.No, f.channel, f.step, f.from, flying+f.from, int64(n))
		all = all[n:]
	}
}

// add puts a new delivery in.
func (s shift) add(notice, chunk int64, channel, step, state int) {
	s[countKey{notice, chunk, channel, step, state}]++
}

type chunkKey struct{ notice, chunk int64 }

// work is how a chunk's own counters change.
type work struct{ todo, claimed int64 }

// sums adds a shift up by counter and by chunk.
func (s shift) sums() (counts map[countKey]int64, chunks map[chunkKey]work) {
	counts, chunks = map[countKey]int64{}, map[chunkKey]work{}
	for k, n := range s {
		if n == 0 {
			continue
		}
		w := chunks[chunkKey{k.notice, k.chunk}]
		switch {
		case isTodo(k.state):
			w.todo += n
		case k.state >= flying:
			w.claimed += n
			k.state -= flying
		case k.state == stateAttempting: // of the version before
			w.claimed += n
		}
		chunks[chunkKey{k.notice, k.chunk}] = w
		k.chunk = partOf(k.chunk)
		counts[k] += n
	}
	return counts, chunks
}

// book writes a shift into the counters and the chunks.
func (t *tx) book(s shift) error { return t.bookSums(s.sums()) }

func (t *tx) bookSums(counts map[countKey]int64, chunks map[chunkKey]work) error {
	var rows [][]any
	for k, n := range counts {
		if n != 0 {
			rows = append(rows, []any{k.notice, k.chunk, k.channel, k.step, k.state, n})
		}
	}
	sortRows(rows)
	if err := t.addCounts(rows); err != nil {
		return err
	}
	rows = rows[:0]
	for k, w := range chunks {
		if w != (work{}) {
			rows = append(rows, []any{k.notice, k.chunk, w.todo, w.claimed})
		}
	}
	if len(rows) == 0 {
		return nil
	}
	sortRows(rows)
	return t.later(nil, `UPDATE chunks SET todo = chunks.todo + v.todo, claimed = chunks.claimed + v.claimed FROM `+
		t.table("$1", "notice_no:int", "no:int", "todo:int", "claimed:int")+
		` v WHERE chunks.notice_no = v.notice_no AND chunks.no = v.no`, asJSON(rows))
}

func (t *tx) addCounts(rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	const add = ` ON CONFLICT (notice_no, part, channel, step, state) DO UPDATE SET n = delivery_counts.n + excluded.n`
	if len(rows) <= fewCounts {
		return t.later(nil, `INSERT INTO delivery_counts (notice_no, part, channel, step, state, n) VALUES `+countValues[len(rows)]+add, slices.Concat(rows...)...)
	}
	return t.later(nil, `INSERT INTO delivery_counts (notice_no, part, channel, step, state, n) SELECT notice_no, part, channel, step, state, n FROM `+
		t.table("$1", "notice_no:int", "part:int", "channel:int", "step:int", "state:int", "n:int")+` v WHERE true`+add, asJSON(rows))
}

// fewCounts are written as they are: that costs less than a table of them.
const fewCounts = 4

// countValues are the parameters of so many counters.
var countValues = [fewCounts + 1]string{1: `($1, $2, $3, $4, $5, $6)`,
	2: `($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12)`,
	3: `($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18)`,
	4: `($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24)`}

// sortRows orders by the leading numbers: every writer locks counters in one order.
func sortRows(rows [][]any) {
	slices.SortFunc(rows, func(a, b []any) int {
		for i := range a {
			if c := cmp.Compare(asInt(a[i]), asInt(b[i])); c != 0 {
				return c
			}
		}
		return 0
	})
}

func asInt(v any) int64 {
	switch n := v.(type) {
	case int:
		return int64(n)
	case int64:
		return n
	}
	return 0
}

// counted yields the counters of a notice, with what is in flight taken from where
// its rows stand to attempting. One statement reads both: a flight that lands
// meanwhile must not be seen twice, or never.
func (t *tx) counted(notice int64, yield func(channel, step, state int, n int64)) error {
	sums := map[stateCount]int64{}
	err := t.rows(`SELECT channel, step, state, n, '' FROM delivery_counts WHERE notice_no = $1
		UNION ALL SELECT 0, 0, 0, 0, flights FROM chunks WHERE notice_no = $1 AND claimed > 0`, args{notice}, func(r scanner) error {
		var k stateCount
		var n int64
		var text string
		if err := r.Scan(&k.channel, &k.step, &k.state, &n, &text); err != nil {
			return err
		}
		sums[k] += n
		fs, err := decodeFlights(text)
		for _, f := range fs {
			sums[stateCount{f.channel, f.step, f.from}]--
			sums[stateCount{f.channel, f.step, stateAttempting}]++
		}
		return err
	})
	if err != nil {
		return err
	}
	for k, n := range sums {
		if n != 0 {
			yield(k.channel, k.step, k.state, n)
		}
	}
	return nil
}

// Tallies counts the deliveries of each channel by state. Who has no channel
// at all has no delivery and shows in the reconciliation alone.
func (t *tx) Tallies(notice int64) ([]incidents.Tally, error) {
	states := map[int]map[incidents.DeliveryState]int64{}
	err := t.counted(notice, func(channel, _, state int, n int64) {
		if channel == noChannel {
			return
		}
		if states[channel] == nil {
			states[channel] = map[incidents.DeliveryState]int64{}
		}
		states[channel][stateOf(state)] += n
	})
	var out []incidents.Tally
	for i, c := range channelList {
		if m := states[i+1]; m != nil {
			out = append(out, incidents.Tally{Channel: c, States: m})
		}
	}
	return out, err
}

// Reconcile says where everybody on the list is. Of each person's deliveries
// exactly one has not gone on to the next channel, and that one counts.
func (t *tx) Reconcile(notice int64) (r incidents.Reconciliation, err error) {
	if r.List, err = t.released(notice); err != nil || r.List == 0 {
		return r, err
	}
	err = t.counted(notice, func(channel, step, state int, n int64) {
		switch state {
		case stateDelivered:
			if step == 0 {
				r.ReachedDirect += n
			} else {
				r.ReachedLater += n
			}
		case stateAccepted:
			if channelOf(channel) == incidents.Push {
				r.PushOnly += n
			} else {
				r.Sent += n
			}
		case stateAttempting, stateRetryWait:
			r.Trying += n
		case statePlanned, stateHeld, stateReady:
			r.ToSend += n
		case stateInDoubt, stateManual:
			r.InDoubt += n
		case stateRejected, stateUndelivered, stateExpired:
			r.Unreachable += n
		case stateSuppressed:
			r.Excluded += n
		case stateCancelled:
			r.Cancelled += n
		}
	})
	return r, err
}

// released returns how many persons a notice was released to, 0 when it was not.
func (t *tx) released(notice int64) (total int64, err error) {
	_, err = t.one(`SELECT total FROM releases WHERE notice_no = $1`, args{notice}, &total)
	return total, err
}

package store

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/killpoint"
)

// How long answers may wait in the row of their chunk before they land in the
// rows of their deliveries: what many persons have in common is written once. On
// PostgreSQL those of a whole chunk land at its end, while another chunk has the
// window; SQLite has one writer, and gains nothing by waiting for so many.
const (
	landTogether = 512           // flights
	landAtEnd    = chunkSize + 1 // flights: never by their number
	landTurns    = 64
	landWithin   = time.Second
)

// mayWait tells whether an outcome can stay with its flight for a while: nothing
// follows from it but that a relay took the message.
func mayWait(channel int, c change) bool {
	return channelOf(channel) == incidents.Email && c.state == stateAccepted && !c.twice && !c.conflict
}

// landsNow tells whether a turn brings down what waits.
func (w *standing) landsNow(limit int) bool {
	if w.no == w.landed {
		return false
	}
	var waited time.Duration
	if len(w.told) > 0 {
		waited = w.Now.Sub(fromMS(w.told[0].told)) // a clock that was put back makes it no longer
	}
	ends := len(w.Done) == 0 // in a turn of its own, when what came back has made room in the window
	return ends || w.wave != nil || len(w.told) >= limit || w.no-w.landed >= landTurns || waited >= landWithin
}

// landTold writes answers that waited into the rows of their deliveries, and puts
// the windows they came in into the audit log.
func (t *tx) landTold(s shift, of chunkKey, fence int64, told flights, turns [2]int64, r release, now time.Time) error {
	t.s.slack.begin(len(told) / 2)
	all := make([]landing, 0, len(told))
	for _, f := range told {
		c := change{state: stateAccepted, code: f.code, at: fromMS(f.told)}
		if f.next > 0 {
			c.next = fromMS(f.next)
		}
		all = append(all, landing{flight: f, by: f.by, change: c})
	}
	if err := t.land(s, of.notice, of.chunk, fence, now, all); err != nil {
		return err
	}
	if err := t.pace(of.notice, of.chunk, now, all); err != nil {
		return err
	}
	if err := t.auditWindows(of, fence, turns, r, now); err != nil {
		return err
	}
	killpoint.If(len(all) > 0, killpoint.LandingWritten)
	return nil
}

// auditWindows puts the windows of a chunk after one turn up to another into the
// audit log: counts, and the hash of their lines.
func (t *tx) auditWindows(of chunkKey, fence int64, turns [2]int64, r release, now time.Time) error {
	if turns[0] == turns[1] {
		return nil
	}
	var texts []string
	err := t.rows(`SELECT lines FROM delivery_windows WHERE notice_no = $1 AND chunk = $2 AND turn > $3 AND turn <= $4 ORDER BY turn`,
		args{of.notice, of.chunk, turns[0], turns[1]}, func(row scanner) error {
			var text string
			err := row.Scan(&text)
			texts = append(texts, text)
			return err
		})
	if err != nil {
		return err
	}
	lines := strings.Join(texts, "\n")
	sum := sha256.Sum256([]byte(lines))
	data := map[string]string{"notice": fmt.Sprint(of.notice), "chunk": fmt.Sprint(of.chunk), "turn": fmt.Sprint(turns[1]),
		"fence": fmt.Sprint(fence), "lines_sha256": hex.EncodeToString(sum[:])}
	if turns[0]+1 < turns[1] {
		data["from_turn"] = fmt.Sprint(turns[0] + 1)
	}
	var w windowed
	first, _, _ := strings.Cut(lines, "\n") // the lines of a window are of one channel
	if err := w.read(first); err != nil {
		return err
	}
	data["channel"] = string(w.last.Delivery.Channel)
	for outcome, n := range outcomesOf(lines) {
		data[outcome] = fmt.Sprint(n)
	}
	return t.Audit(systemEntry("dispatch.window", r, now, data))
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
// Most outcomes are the same, to persons that follow each other. On SQLite each such
// run is one statement; on PostgreSQL, where every statement reads anew what indexes
// the table has, all runs that differ by their time alone are.
func (t *tx) land(s shift, notice, chunk, fence int64, now time.Time, all []landing) error {
	sorted := make([]*landing, len(all))
	for i := range all {
		sorted[i] = &all[i]
	}
	slices.SortFunc(sorted, func(a, b *landing) int {
		return cmp.Or(cmp.Compare(a.channel, b.channel), cmp.Compare(a.seq, b.seq))
	})
	alike := map[landed]*runs{}
	for rest := sorted; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n].follows(rest[n-1]) {
			n++
		}
		k, first, last := rest[0].same(), rest[0].seq, rest[n-1].seq
		rest = rest[n:]
		s.moveAll(notice, chunk, k.channel, k.step, flying+k.from, k.state, int64(n))
		if t.postgres() {
			at := k.at
			k.at = 0
			if alike[k] == nil {
				alike[k] = &runs{}
			}
			alike[k].add(first, last, at)
			continue
		}
		if err := t.landRun(k, notice, fence, first, last, now); err != nil {
			return err
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(alike), func(a, b landed) int { return cmp.Compare(alike[a].first[0], alike[b].first[0]) }) {
		if err := t.landAlike(k, notice, fence, alike[k], now); err != nil {
			return err
		}
	}
	return nil
}

// runs of persons, and when their attempts were written down.
type runs struct {
	first, last, at []int64
	persons         int64
}

func (r *runs) add(first, last, at int64) {
	r.first, r.last, r.at = append(r.first, first), append(r.last, last), append(r.at, at)
	r.persons += last - first + 1
}

// landAlike writes one outcome into the rows of many runs, on PostgreSQL.
func (t *tx) landAlike(k landed, notice, fence int64, r *runs, now time.Time) error {
	provider := `provider_id`
	values := args{k.state, orNull(k.next), clean(k.code), clean(k.reason), k.attempts, fence, ms(now), clean(k.by), bit(k.kept), notice, k.channel, r.first[0], r.last[len(r.last)-1], r.first, r.last, r.at}
	if id := clean(k.provider); id != "" {
		provider, values = `$17`, append(values, id)
	}
	of := func(list string) string { return `(` + list + `::bigint[])[width_bucket(seq, $14::bigint[])]` } // of the last run that begins before a person
	return t.later(landedAll(notice, r.persons), `UPDATE deliveries SET state = $1, next_at = $2, code = $3, reason = $4, tries = 0, attempts = $5, fence = $6, attempted_at = `+of(`$16`)+`, updated_at = $7, sent_by = $8,
			first_at = CASE WHEN $9 = 1 THEN first_at ELSE COALESCE(first_at, `+of(`$16`)+`) END, provider_id = `+provider+`
		WHERE notice_no = $10 AND seq BETWEEN $12 AND $13 AND channel = $11 AND (state < 3 OR state = 5) AND seq <= `+of(`$15`), values...)
}

// landedAll is told how many rows a landing changed.
func landedAll(notice, wanted int64) func(int64) error {
	return func(changed int64) error {
		if changed != wanted {
			return incidents.Conflict("%d of %d deliveries of notice %d changed while they were in flight", wanted-changed, wanted, notice)
		}
		return nil
	}
}

// landRun writes one outcome into the rows of persons that follow each other, on SQLite.
func (t *tx) landRun(k landed, notice, fence, first, last int64, now time.Time) error {
	const (
		set = `UPDATE deliveries SET state = $1, code = $2, reason = $3, tries = 0, room = '', attempts = $4, fence = $5, attempted_at = $6, updated_at = $7, sent_by = $8,
			first_at = CASE WHEN $9 = 1 THEN first_at ELSE COALESCE(first_at, $6) END`
		plain = ` WHERE notice_no = $10 AND seq BETWEEN $11 AND $12 AND channel = $13 AND (state < 3 OR state = 5) AND apart IS NULL`
		every = ` WHERE notice_no = $11 AND seq BETWEEN $12 AND $13 AND channel = $14 AND (state < 3 OR state = 5)`
	)
	values := args{k.state, clean(k.code), clean(k.reason), k.attempts, fence, k.at, ms(now), clean(k.by), bit(k.kept)}
	stretch := args{notice, first, last, k.channel}
	wanted, changed := last-first+1, int64(0)
	all := landedAll(notice, wanted)
	if k.state == stateAccepted && k.next.IsZero() { // most are: who is not set apart, and will not be, is in no index
		n, err := t.run(set+plain, slices.Concat(values, stretch)...)
		if err != nil {
			return err
		}
		changed = n
	}
	if changed < wanted {
		n, err := t.run(set+`, next_at = $10`+t.apart(`$1`, `$10`)+every, slices.Concat(values, args{orNull(k.next)}, stretch)...)
		if err != nil {
			return err
		}
		changed += n
	}
	if err := all(changed); err != nil {
		return err
	}
	if provider := clean(k.provider); provider != "" { // in a statement of its own: the index over it costs each row
		n, err := t.run(`UPDATE deliveries SET provider_id = $1 WHERE notice_no = $2 AND seq BETWEEN $3 AND $4 AND channel = $5`, slices.Concat(args{provider}, stretch)...)
		if err != nil {
			return err
		}
		return all(n)
	}
	return nil
}

// landed is what the landings of a run have in common.
type landed struct {
	channel, step, from        int
	state, attempts            int
	at                         int64
	next                       time.Time
	provider, code, reason, by string
	kept                       bool
}

func (x *landing) same() landed {
	k := landed{x.channel, x.step, x.from, x.change.state, x.attempts, x.flight.at, x.next, x.provider, x.code, x.reason, x.by, x.kept}
	if channelOf(x.channel) == incidents.Email {
		k.provider = "" // nothing is looked up by it, and the lines of the window keep it
		if k.state == stateAccepted {
			k.reason = "" // the relay's name for it: so do they
		}
	}
	return k
}

// follows tells whether a landing belongs into the run that ends with before.
func (x *landing) follows(before *landing) bool {
	return x.seq == before.seq+1 && x.same() == before.same()
}

package store

import (
	"bytes"
	"cmp"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// A dueRow is a delivery whose time has come, with what is sent to its person: many
// are held until they are claimed.
type dueRow struct {
	seq         int64
	step, state int
	flags       int
	lang        incidents.Lang
	place       incidents.Place
	zone        string
	excluded    string
	sealed      []byte // nil: erased
	tried
}

// tried is what is known of earlier attempts.
type tried struct {
	attempts     int
	fence, first int64 // first: Unix milliseconds, 0: none
	twice        bool
}

func (x dueRow) delivery(c incidents.Chunk, channel incidents.Channel) delivery {
	return delivery{notice: c.Notice, seq: x.seq, chunk: c.No, channel: channelCode(channel), step: x.step, state: x.state,
		attempts: x.attempts, fence: x.fence, first: x.first, twice: x.twice}
}

func (x dueRow) addressee(l list) incidents.Person {
	p := incidents.Person{Seq: x.seq, Flags: x.flags, Lang: x.lang, Place: x.place, Zone: x.zone, Excluded: x.excluded, Sealed: x.sealed}
	l.owns(&p)
	return p
}

// Every cell of a row costs: what a dueRow has of the person is one text, numbers and
// words with blanks between, and what it has of the delivery another, empty when
// nobody tried it yet. Who was never claimed has no fence.
const (
	duePerson   = `p.seq, p.flags, p.lang, p.place, p.zone`
	dueDelivery = `d.step, d.state, d.attempts, d.fence, COALESCE(d.first_at, 0), d.maybe_twice`
	untried     = `d.fence = 0 AND d.step = 0 AND d.state = 0`
)

// isDue is the condition that a delivery d is open and its time has come; what is
// held without a time waits for somebody.
func isDue(now string) string {
	return `(d.state < 3 OR d.state = 5) AND (d.next_at IS NULL AND d.state <> 1 OR d.next_at <= ` + now + `)`
}

// dueSQL reads the due deliveries of a chunk on a channel, with their persons:
// its parameters are list, notice, the first and last place of the chunk, channel
// and time. A chunk is a stretch of the deliveries' own order and needs no index.
// PostgreSQL is told twice which stretch it is: it would go through the whole list.
func (t *tx) dueSQL() string {
	stretch := ``
	if t.postgres() {
		stretch = ` AND p.seq BETWEEN $3 AND $4`
	}
	return `SELECT concat_ws(' ', ` + duePerson + `), p.sealed, CASE WHEN ` + untried + ` AND p.excluded = '' THEN '' ELSE concat_ws(' ', ` + dueDelivery + `, p.excluded) END
		FROM deliveries d CROSS JOIN persons p WHERE p.list_no = ` + t.unseen("$1") + ` AND p.seq = d.seq` + stretch + `
		AND d.notice_no = ` + t.unseen("$2") + ` AND d.seq BETWEEN ` + t.unseen("$3") + ` AND ` + t.unseen("$4") + ` AND d.channel = ` + t.unseen("$5") + ` AND ` + isDue(t.unseen("$6"))
}

// dueRows hands out the rows of a query of dueSQL.
func (t *tx) dueRows(query string, params args, each func(dueRow)) error {
	var person, told string
	var raw sql.RawBytes
	var sealed []byte // of many, side by side
	return t.rows(query, params, func(r scanner) error {
		if err := r.Scan(&person, &raw, &told); err != nil {
			return err
		}
		var x dueRow
		if raw != nil {
			if cap(sealed)-len(sealed) < len(raw) {
				sealed = make([]byte, 0, max(dueRun<<8, len(raw)))
			}
			at := len(sealed)
			sealed = append(sealed, raw...)
			x.sealed = sealed[at:len(sealed):len(sealed)]
		}
		if err := cmp.Or(x.person(cells{rest: person}), x.tell(told)); err != nil {
			return err
		}
		each(x)
		return nil
	})
}

// dueRun is how many persons come as one text on SQLite.
const dueRun = 32

// dueStretch hands out what is due of a stretch of a list, in order. On SQLite two
// sweeps, over deliveries and over persons, of which many come in one row, cost half
// of looking up and fetching each person, unless few of them are wanted.
func (t *tx) dueStretch(list, notice, from, to int64, channel incidents.Channel, each func(dueRow)) error {
	params := args{list, notice, from, to, channelCode(channel), ms(t.now())}
	if t.postgres() {
		return t.dueRows(t.dueSQL()+` ORDER BY d.seq`, params, each)
	}
	var text string
	_, err := t.one(`SELECT COALESCE(group_concat(CASE WHEN `+untried+` THEN d.seq ELSE concat_ws(' ', d.seq, `+dueDelivery+`) END, char(10)), '') FROM deliveries d
		WHERE d.notice_no = `+t.unseen("$1")+` AND d.seq BETWEEN `+t.unseen("$2")+` AND `+t.unseen("$3")+` AND d.channel = `+t.unseen("$4")+` AND `+isDue(t.unseen("$5")), params[1:], &text)
	if err != nil || text == "" {
		return err
	}
	due, err := dueLines(text)
	if err != nil {
		return err
	}
	first, last := due[0].seq, due[len(due)-1].seq
	if int64(len(due)) < (last-first)/4 {
		return t.dueRows(t.dueSQL()+` ORDER BY d.seq`, params, each)
	}
	runs := jsonRows{'['}
	for seq := first; seq <= last; seq += dueRun {
		runs = runs.num(seq)
	}
	seen := int64(0)
	return t.rows(`SELECT (SELECT CAST(group_concat(concat(octet_length(p.excluded), ' ', COALESCE(octet_length(p.sealed), -1), ' ', concat_ws(' ', `+duePerson+`), char(10), p.excluded, p.sealed), '') AS BLOB)
			FROM persons p WHERE p.list_no = $1 AND p.seq BETWEEN v.value AND v.value + `+strconv.Itoa(dueRun-1)+`) FROM json_each($2) v ORDER BY v.key`,
		args{list, string(runs.shut())}, func(r scanner) error {
			var run []byte
			if err := r.Scan(&run); err != nil {
				return err
			}
			return personsOf(run, func(x dueRow) error {
				if x.seq <= seen {
					return fmt.Errorf("person %d came after person %d", x.seq, seen)
				}
				seen = x.seq
				for len(due) > 0 && due[0].seq < x.seq {
					due = due[1:]
				}
				if len(due) > 0 && due[0].seq == x.seq {
					x.step, x.state, x.tried = due[0].step, due[0].state, due[0].tried
					each(x)
				}
				return nil
			})
		})
}

// dueLines reads a line for each delivery.
func dueLines(text string) (due []dueRow, err error) {
	due = make([]dueRow, 0, chunkSize)
	for line := range strings.SplitSeq(text, "\n") {
		seq, told, _ := strings.Cut(line, " ")
		var x dueRow
		if x.seq, err = strconv.ParseInt(seq, 10, 64); err == nil {
			err = x.tell(told)
		}
		if err != nil {
			return nil, err
		}
		due = append(due, x)
	}
	slices.SortFunc(due, func(a, b dueRow) int { return cmp.Compare(a.seq, b.seq) })
	return due, nil
}

// personsOf reads persons that come one after the other: for each how long the
// reason of who is excluded and what is sealed are, the cells of duePerson, and
// after the end of the line these two.
func personsOf(run []byte, each func(dueRow) error) error {
	for len(run) > 0 {
		head, rest, _ := bytes.Cut(run, []byte{'\n'})
		c := cells{rest: string(head)}
		excluded, sealed := int(c.number()), int(c.number())
		var x dueRow
		if err := x.person(c); err != nil {
			return err
		}
		end := excluded + max(0, sealed)
		if excluded < 0 || end > len(rest) {
			return strconv.ErrSyntax
		}
		x.excluded = string(rest[:excluded])
		if sealed >= 0 {
			x.sealed = rest[excluded:end:end]
		}
		run = rest[end:]
		if err := each(x); err != nil {
			return err
		}
	}
	return nil
}

// person takes in the cells of duePerson.
func (x *dueRow) person(c cells) error {
	x.seq, x.flags = c.number(), int(c.number())
	x.lang, x.place, x.zone = incidents.Lang(c.text()), incidents.Place(c.text()), c.rest
	return c.err
}

// tell takes in the cells of dueDelivery, and why the person is excluded.
func (x *dueRow) tell(text string) error {
	if text == "" {
		return nil
	}
	c := cells{rest: text}
	x.step, x.state = int(c.number()), int(c.number())
	x.attempts, x.fence, x.first, x.twice = int(c.number()), c.number(), c.number(), c.number() == 1
	x.excluded = c.rest
	return c.err
}

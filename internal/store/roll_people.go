package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// people are new persons of one batch on their way into a list.
type people struct {
	list     list
	importID string
	rows     []personRow
	stored   int
	chain    []byte // the list's hash, then each row's
}

type personRow struct {
	seq         int64
	lang, place string
	bits, flags int
	sealed      []byte
}

func newPeople(l list, importID string) *people {
	return &people{list: l, importID: importID, chain: append([]byte(nil), l.hash...)}
}

// add takes one sealed person in.
func (p *people) add(seq int64, c incidents.Candidate, sealed []byte) {
	r := personRow{seq, string(c.Lang), string(c.Place), channelBits(c.Channels), c.Flags, sealed}
	p.rows = append(p.rows, r)
	p.chain = append(p.chain, r.hash()...)
}

// hash of a row: everything that decides who gets what, the contact as sealed.
func (r personRow) hash() []byte {
	h := sha256.New()
	var n [8]byte
	num := func(v int64) {
		binary.BigEndian.PutUint64(n[:], uint64(v))
		h.Write(n[:])
	}
	num(r.seq)
	num(int64(r.bits))
	num(int64(r.flags))
	for _, s := range []string{r.lang, r.place} {
		num(int64(len(s)))
		h.Write([]byte(s))
	}
	h.Write(r.sealed)
	return h.Sum(nil)
}

// hash is the list's hash with these people on it: SHA-256 over the hash
// before and the hash of each row. Nobody new leaves it as it was.
func (p *people) hash() []byte {
	if len(p.rows) == 0 {
		return p.list.hash
	}
	sum := sha256.Sum256(p.chain)
	return sum[:]
}

func emptyListHash(in incidents.IncidentID) []byte {
	sum := sha256.Sum256([]byte("list of " + string(in)))
	return sum[:]
}

// perInsert is how many persons ride in one statement. SQLite looks a
// parameter up by its name, one name after the other, so that long statements
// cost it more than they save; to PostgreSQL every statement is a journey.
func (t *tx) perInsert() int {
	if t.postgres() {
		return 100
	}
	return 8
}

func (t *tx) addPeople(p *people) error {
	full := t.perInsert()
	if len(p.rows) >= full {
		insert, err := t.sql.PrepareContext(t.ctx, peopleSQL(full))
		if err != nil {
			return named(err)
		}
		defer insert.Close()
		for ; len(p.rows)-p.stored >= full; p.stored += full {
			if _, err := insert.ExecContext(t.ctx, p.params(full)...); err != nil {
				return named(err)
			}
		}
	}
	rest := len(p.rows) - p.stored
	if rest == 0 {
		return nil
	}
	_, err := t.run(peopleSQL(rest), p.params(rest)...)
	return err
}

// params are those of the next n rows.
func (p *people) params(n int) args {
	out := make(args, 0, 2+6*n)
	out = append(out, p.list.no, p.importID)
	for _, r := range p.rows[p.stored : p.stored+n] {
		out = append(out, r.seq, r.lang, r.place, r.bits, r.flags, r.sealed)
	}
	return out
}

func peopleSQL(n int) string {
	var b strings.Builder
	b.WriteString(`INSERT INTO persons (list_no, import_id, seq, lang, place, channels, flags, sealed) VALUES `)
	at := 3
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`($1,$2`)
		for range 6 {
			b.WriteString(`,$` + strconv.Itoa(at))
			at++
		}
		b.WriteByte(')')
	}
	return b.String()
}

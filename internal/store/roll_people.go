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

// peoplePerInsert is how many persons ride in one statement.
const peoplePerInsert = 250

func (t *tx) addPeople(p *people) error {
	for rows := p.rows; len(rows) > 0; {
		n := min(len(rows), peoplePerInsert)
		params := make(args, 0, 2+6*n)
		params = append(params, p.list.no, p.importID)
		for _, r := range rows[:n] {
			params = append(params, r.seq, r.lang, r.place, r.bits, r.flags, r.sealed)
		}
		if _, err := t.run(insertPeople(n), params...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

func insertPeople(n int) string {
	if n == peoplePerInsert {
		return insertFull
	}
	return peopleSQL(n)
}

var insertFull = peopleSQL(peoplePerInsert)

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

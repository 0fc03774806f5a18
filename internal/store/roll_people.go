package store

import (
	"crypto/sha256"
	"encoding/binary"
	"strings"

	"tocsin/incidents"
)

// people are new persons of one batch on their way into a list.
type people struct {
	list     list
	importID string
	rows     []personRow
	stored   int
}

type personRow struct {
	seq         int64
	lang, place string
	zone        string
	bits, flags int
	keys        []byte
	sealed      []byte
	sum         [sha256.Size]byte // of the row, see hash
}

func newPeople(l list, importID string) *people { return &people{list: l, importID: importID} }

// add takes one person in, to be sealed, and returns the place they get.
func (p *people) add(c incidents.Candidate) int64 {
	seq := p.list.persons + int64(len(p.rows)) + 1
	p.rows = append(p.rows, personRow{seq: seq, lang: string(c.Lang), place: string(c.Place), zone: c.Contact.Zone, bits: channelBits(c.Channels), flags: c.Flags})
	return seq
}

// hash of a row: everything that decides who gets what, the contact as sealed.
func (r *personRow) hash() (sum [sha256.Size]byte) {
	b := make([]byte, 0, 64+len(r.lang)+len(r.place)+len(r.sealed))
	for _, n := range [...]int64{r.seq, int64(r.bits), int64(r.flags)} {
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	for _, s := range [...]string{r.lang, r.place} {
		b = binary.BigEndian.AppendUint64(b, uint64(len(s)))
		b = append(b, s...)
	}
	if r.zone != "" { // rows that came before there were zones keep their hash
		b = binary.BigEndian.AppendUint64(b, uint64(len(r.zone)))
		b = append(b, r.zone...)
	}
	return sha256.Sum256(append(b, r.sealed...))
}

// hash is the list's hash with these people on it: SHA-256 over the hash
// before and the hash of each row. Nobody new leaves it as it was.
func (p *people) hash() []byte {
	if len(p.rows) == 0 {
		return p.list.hash
	}
	h := sha256.New()
	h.Write(p.list.hash)
	for i := range p.rows {
		h.Write(p.rows[i].sum[:])
	}
	return h.Sum(nil)
}

func emptyListHash(in incidents.IncidentID) []byte {
	sum := sha256.Sum256([]byte("list of " + string(in)))
	return sum[:]
}

// perInsert is how many persons ride in one statement.
const perInsert = 50

func (t *tx) addPeople(p *people) error {
	if t.postgres() {
		return t.copyPeople(p)
	}
	const full = perInsert
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
	out := make(args, 0, 2+8*n)
	out = append(out, p.list.no, p.importID)
	for _, r := range p.rows[p.stored : p.stored+n] {
		out = append(out, r.seq, r.lang, r.place, r.zone, r.bits, r.flags, nonNil(r.keys), r.sealed)
	}
	return out
}

// peopleSQL adds n persons to SQLite. It looks a parameter with a name up among
// all of them, so these have none; and it keeps a copy of every page a statement
// changes if the statement may be taken back alone, so this one may not.
func peopleSQL(n int) string {
	return `INSERT OR FAIL INTO persons (list_no, import_id, seq, lang, place, zone, channels, flags, keys, sealed)
		SELECT * FROM (SELECT ?, ?) CROSS JOIN (VALUES ` + strings.Repeat(`(?,?,?,?,?,?,?,?),`, n-1) + `(?,?,?,?,?,?,?,?))`
}

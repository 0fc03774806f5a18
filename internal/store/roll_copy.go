package store

import "github.com/jackc/pgx/v5"

// copyPeople sends new persons to PostgreSQL by COPY, within the transaction:
// one journey, and nothing to be parsed for each row.
func (t *tx) copyPeople(p *people) error {
	columns := []string{"list_no", "import_id", "seq", "lang", "place", "zone", "channels", "flags", "keys", "sealed"}
	rows := pgx.CopyFromSlice(len(p.rows), func(i int) ([]any, error) {
		r := p.rows[i]
		return []any{p.list.no, p.importID, r.seq, r.lang, r.place, r.zone, int32(r.bits), int32(r.flags), nonNil(r.keys), r.sealed}, nil
	})
	return t.raw(func(c *pgx.Conn) error {
		_, err := c.CopyFrom(t.ctx, pgx.Identifier{"persons"}, columns, rows)
		return err
	})
}

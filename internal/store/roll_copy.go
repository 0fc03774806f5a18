package store

import (
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// copyPeople sends new persons to PostgreSQL by COPY, within the transaction:
// one journey, and nothing to be parsed for each row.
func (t *tx) copyPeople(p *people) error {
	columns := []string{"list_no", "import_id", "seq", "lang", "place", "zone", "channels", "flags", "keys", "sealed"}
	rows := pgx.CopyFromSlice(len(p.rows), func(i int) ([]any, error) {
		r := p.rows[i]
		return []any{p.list.no, p.importID, r.seq, r.lang, r.place, r.zone, int32(r.bits), int32(r.flags), nonNil(r.keys), r.sealed}, nil
	})
	return t.conn.Raw(func(driver any) error {
		c, ok := driver.(*stdlib.Conn)
		if !ok {
			return fmt.Errorf("the driver is a %T and cannot copy", driver)
		}
		_, err := c.Conn().CopyFrom(t.ctx, pgx.Identifier{"persons"}, columns, rows)
		return named(err)
	})
}

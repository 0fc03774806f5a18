package store

import (
	"fmt"
	"strings"
	"time"
)

// table writes rows given as one JSON parameter (see asJSON) as a table with
// named columns, "seq:int", "code:text" or, given in hex, "hash:blob": one
// statement moves a whole window, in the same words on both engines. Join it with
// CROSS JOIN, and give every column of the other side's key from it: then SQLite
// loops over the parameter and not over the other table.
func (t *tx) table(param string, columns ...string) string {
	var b strings.Builder
	b.WriteString(`(SELECT `)
	for i, c := range columns {
		name, kind, _ := strings.Cut(c, ":")
		if i > 0 {
			b.WriteString(`, `)
		}
		value := fmt.Sprintf(`value->>%d`, i)
		switch {
		case kind == "blob":
			value = t.unhex(value)
		case kind == "int" && t.postgres():
			value = `(` + value + `)::bigint`
		}
		fmt.Fprintf(&b, `%s AS %s`, value, name)
	}
	if t.postgres() {
		fmt.Fprintf(&b, ` FROM json_array_elements(CAST(%s AS json)) AS x(value))`, param)
	} else {
		fmt.Fprintf(&b, ` FROM json_each(%s))`, param)
	}
	return b.String()
}

// numbers writes a JSON list of numbers as a query of one column.
func (t *tx) numbers(param string) string {
	if t.postgres() {
		return `SELECT value::bigint FROM json_array_elements_text(CAST(` + param + ` AS json)) AS x(value)`
	}
	return `SELECT value FROM json_each(` + param + `)`
}

// unseen is a parameter whose value SQLite does not plan by: with a partial
// index it would otherwise plan a prepared query again for every new value.
func (t *tx) unseen(param string) string {
	if t.postgres() {
		return param
	}
	return `(` + param + ` + 0)`
}

// room is what a delivery is planned with beside its values on SQLite: blanks that
// its outcome takes the place of (see filled), so that its row does not outgrow
// its page, and the state it is set apart by. PostgreSQL writes a changed row anew
// anyway, and sees to the state itself.
func (t *tx) room(apart string) (columns, values string) {
	if t.postgres() {
		return ``, ``
	}
	return `, room, apart`, `, '` + strings.Repeat(` `, 24) + `', ` + apart
}

// apart sets deliveries.apart in an update on SQLite: the state of who waits for a
// time or is looked for among all others, the latter above 5. On PostgreSQL the
// column is made of the others.
func (t *tx) apart(state, next string) string {
	if t.postgres() {
		return ``
	}
	return `, apart = CASE WHEN ` + next + ` IS NOT NULL OR ` + state + ` BETWEEN 6 AND 8 OR ` + state + ` BETWEEN 10 AND 12 OR ` + state + ` = 14 THEN ` + state + ` END`
}

// filled gives the room back in an update on SQLite.
func (t *tx) filled() string {
	if t.postgres() {
		return ``
	}
	return `, room = ''`
}

// indexed names the index that SQLite must take; PostgreSQL finds it by itself.
func (t *tx) indexed(name string) string {
	if t.postgres() {
		return ``
	}
	return ` INDEXED BY ` + name + ` `
}

// unhex writes the bytes of a text in hex.
func (t *tx) unhex(expr string) string {
	if t.postgres() {
		return `decode(` + expr + `, 'hex')`
	}
	return `unhex(` + expr + `)`
}

// orNull is a time as Unix milliseconds, NULL when it is zero.
func orNull(at time.Time) any {
	if at.IsZero() {
		return nil
	}
	return ms(at)
}

// allNotices is a limit above what an organisation has open at once.
const allNotices = 10000

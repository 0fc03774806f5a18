package store

import (
	"strconv"
	"strings"
)

// A filter builds a WHERE of conditions that were asked for.
type filter struct {
	conds  []string
	params args
}

// and adds a condition; each ? is a parameter.
func (f *filter) and(cond string, params ...any) {
	for _, p := range params {
		f.params = append(f.params, p)
		cond = replaceFirst(cond, "?", "$"+strconv.Itoa(len(f.params)))
	}
	f.conds = append(f.conds, cond)
}

// in adds "column is one of values"; no values match everything.
func in[T ~string](f *filter, column string, values []T) {
	if len(values) == 0 {
		return
	}
	marks, params := make([]string, len(values)), make(args, len(values))
	for i, v := range values {
		marks[i], params[i] = "?", string(v)
	}
	f.and(column+" IN ("+strings.Join(marks, ", ")+")", params...)
}

// longestText bounds what is searched for: engines refuse endless patterns.
const longestText = 1000

// containsAny adds "one of the columns holds text", without regard to upper
// and lower case. Of an endless text its beginning is searched for.
func (f *filter) containsAny(text string, columns ...string) {
	if len(text) > longestText {
		text = strings.ToValidUTF8(text[:longestText], "")
	}
	text = "%" + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text) + "%"
	conds, params := make([]string, len(columns)), make(args, len(columns))
	for i, c := range columns {
		conds[i], params[i] = "LOWER("+c+`) LIKE LOWER(?) ESCAPE '\'`, text
	}
	f.and("("+strings.Join(conds, " OR ")+")", params...)
}

// startsWith adds "column starts with text".
func (f *filter) startsWith(column, text string) {
	if text != "" {
		f.and(column+" >= ?", text)
		f.and(column+" < ?", text+"\U0010FFFF")
	}
}

// sql is the finished clause with its order and limit.
func (f *filter) sql(order string, limit int) (string, args) {
	var b strings.Builder
	for i, c := range f.conds {
		if i == 0 {
			b.WriteString(" WHERE ")
		} else {
			b.WriteString(" AND ")
		}
		b.WriteString(c)
	}
	if order != "" {
		b.WriteString(" ORDER BY " + order)
	}
	if limit > 0 {
		f.params = append(f.params, limit)
		b.WriteString(" LIMIT $" + strconv.Itoa(len(f.params)))
	}
	return b.String(), f.params
}

// limited is a limit asked for, within reason.
func limited(n int) int {
	if n <= 0 {
		return 1000
	}
	return min(n, 10000)
}

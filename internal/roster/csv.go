package roster

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// maxLines is how many lines one row may have. It bounds what a quote that is
// never closed can cost.
const maxLines = 100

// A cutter cuts one CSV row into cells. Quoted cells may hold delimiters, line
// ends and doubled quotes; a quote inside an unquoted cell is an ordinary
// character.
type cutter struct {
	delim, eol byte
	spans      []span
	lines      int
	broken     string // why the row cannot be read
}

type span struct {
	from, to int
	doubled  bool // holds doubled quotes
}

type cut int

const (
	cutRow    cut = iota // a row was cut
	cutMore              // the row goes on after what is in the window
	cutBroken            // quotes are wrong
)

const (
	whyUnclosed = "a quote is not closed"
	whyQuote    = "a quote inside a quoted cell is not doubled"
)

// next cuts the row at the start of b and tells how many bytes it takes. end
// says that nothing comes after b.
func (c *cutter) next(b []byte, end bool) (int, cut) {
	c.spans, c.lines = c.spans[:0], 1
	for i := 0; ; {
		var closed bool
		var state cut
		if i < len(b) && b[i] == '"' {
			i, closed, state = c.quoted(b, i+1, end)
		} else {
			i, closed, state = c.bare(b, i, end)
		}
		if state != cutRow || closed {
			return i, state
		}
	}
}

// bare cuts an unquoted cell; closed is set when the row ends with it.
func (c *cutter) bare(b []byte, from int, end bool) (i int, closed bool, state cut) {
	for i = from; i < len(b); i++ {
		switch b[i] {
		case c.delim:
			c.spans = append(c.spans, span{from: from, to: i})
			return i + 1, false, cutRow
		case c.eol:
			to := i
			if to > from && b[to-1] == '\r' {
				to--
			}
			c.spans = append(c.spans, span{from: from, to: to})
			return i + 1, true, cutRow
		}
	}
	if !end {
		return 0, false, cutMore
	}
	c.spans = append(c.spans, span{from: from, to: len(b)})
	return len(b), true, cutRow
}

// quoted cuts a cell whose opening quote stands before from.
func (c *cutter) quoted(b []byte, from int, end bool) (i int, closed bool, state cut) {
	cell := span{from: from}
	for j := from; ; j += 2 {
		k := bytes.IndexByte(b[j:], '"')
		if k < 0 {
			c.lines += bytes.Count(b[j:], []byte{c.eol})
		} else {
			c.lines += bytes.Count(b[j:j+k], []byte{c.eol})
		}
		if c.lines > maxLines || k < 0 && end {
			c.broken = whyUnclosed
			return 0, false, cutBroken
		}
		if k < 0 {
			return 0, false, cutMore
		}
		j += k
		if j+1 == len(b) && !end {
			return 0, false, cutMore
		}
		if j+1 < len(b) && b[j+1] == '"' {
			cell.doubled = true
			continue
		}
		cell.to = j
		c.spans = append(c.spans, cell)
		return c.afterQuote(b, j+1, end)
	}
}

// afterQuote expects a delimiter or the end of the row; blanks are let pass.
func (c *cutter) afterQuote(b []byte, i int, end bool) (int, bool, cut) {
	for i < len(b) && b[i] == ' ' {
		i++
	}
	if i < len(b) && b[i] == '\r' && c.eol == '\n' {
		if i++; i < len(b) && b[i] != '\n' {
			c.broken = whyQuote
			return 0, false, cutBroken
		}
	}
	switch {
	case i == len(b) && end:
		return i, true, cutRow
	case i == len(b):
		return 0, false, cutMore
	case b[i] == c.delim:
		return i + 1, false, cutRow
	case b[i] == c.eol:
		return i + 1, true, cutRow
	}
	c.broken = whyQuote
	return 0, false, cutBroken
}

// cell gives the text of the i-th cell of a row.
func (c *cutter) cell(row string, i int) string {
	s := row[c.spans[i].from:c.spans[i].to]
	if c.spans[i].doubled {
		s = strings.ReplaceAll(s, `""`, `"`)
	}
	return s
}

// A csvReader turns CSV text into rows.
type csvReader struct {
	*reading
	cut    cutter
	header header
}

func (r *csvReader) run() error {
	for {
		b := r.win.bytes()
		if len(b) == 0 {
			if r.win.end {
				return nil
			}
			if err := r.win.more(); err != nil {
				return err
			}
			continue
		}
		n, state := r.cut.next(b, r.win.end)
		if state == cutMore && len(b) < maxRow {
			if err := r.win.more(); err != nil {
				return err
			}
			continue
		}
		if err := r.row(b, n, state); err != nil {
			return err
		}
	}
}

// row hands one row on. A row whose quotes are wrong costs its first line only:
// reading goes on at the next one.
func (r *csvReader) row(b []byte, n int, state cut) error {
	if state == cutMore {
		r.cut.broken = whyUnclosed
	}
	if state != cutRow {
		return r.rejectLine(r.cut.broken)
	}
	if n > maxRow {
		return r.rejectLine(whyUnclosed)
	}
	if r.swallowed(b, n) {
		return r.rejectLine(whyUnclosed)
	}
	defer r.win.drop(n)
	return r.record(b[:n])
}

// swallowed tells whether a row of several lines took in a row that is right by
// itself: the sign of a stray quote. When the row's own column count is right,
// the line inside must also have an e-mail address where one belongs, because a
// line of an address can have as many commas as a short row.
func (r *csvReader) swallowed(b []byte, n int) bool {
	if r.cut.lines == 1 {
		return false
	}
	first := bytes.IndexByte(b[:n], r.cut.eol) + 1
	if first == 0 || first == n {
		return false
	}
	inner := cutter{delim: r.cut.delim, eol: r.cut.eol}
	m, state := inner.next(b[first:], r.win.end)
	if state != cutRow || len(inner.spans) != len(r.header.fields) {
		return false
	}
	if len(r.cut.spans) != len(r.header.fields) {
		return true
	}
	at := slices.Index(r.header.fields, fieldEmail)
	return at >= 0 && strings.IndexByte(inner.cell(string(b[first:first+m]), at), '@') >= 0
}

func (r *csvReader) rejectLine(why string) error {
	line, n, long, err := r.win.line(r.cut.eol)
	if err != nil {
		return err
	}
	if long {
		why = whyLong
	}
	if err := r.reject(why, string(line)); err != nil {
		return err
	}
	if long {
		return r.win.skipLine(r.cut.eol)
	}
	r.win.drop(n)
	return nil
}

func (r *csvReader) record(b []byte) error {
	row := string(b)
	if !r.validText(b) {
		return r.reject(r.notValid(), row)
	}
	if why := r.wrongShape(row); why != "" {
		return r.reject(why, row)
	}
	var p cells
	filled := 0
	for i, f := range r.header.fields {
		s := r.cut.cell(row, i)
		if s == "" {
			continue
		}
		if !isBlankText(s) {
			filled++
		}
		if f != fieldNone {
			p[f] = s
		}
	}
	if filled == 0 {
		return r.reject("every cell is empty", row)
	}
	if r.header.repeated(&r.cut, row) {
		return r.reject("the header again", row)
	}
	return r.person(&p, row)
}

func (r *csvReader) wrongShape(row string) string {
	n := len(r.cut.spans)
	if n == 1 && isBlankText(r.cut.cell(row, 0)) {
		return "an empty line"
	}
	if n != len(r.header.fields) {
		return fmt.Sprintf("columns: %d instead of %d", n, len(r.header.fields))
	}
	return ""
}

func isBlankText(s string) bool {
	if s == "" {
		return true
	}
	if c := s[0]; c > ' ' && c < 0x7f {
		return false
	}
	t, _ := tidy(s)
	return t == ""
}

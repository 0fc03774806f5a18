package roster

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"tocsin/incidents"
)

// A field is one column we know.
type field int

const fieldNone field = -1

// The fields of a row.
const (
	fieldID field = iota
	fieldName
	fieldLatin
	fieldEmail
	fieldPhone
	fieldAddress
	fieldCountry
	fieldLocale
	fieldBirth
	fieldGuardian
	fieldGuardianTo
	fieldDeceased
	fieldCategories
	fieldPreferred
	fieldNote
	fieldPush
	fieldRegion
	fieldZone
	fieldCount
)

var fieldNames = [fieldCount]string{"subject_id", "name", "name_latin", "email", "phone", "address", "country", "locale", "date_of_birth",
	"guardian_name", "guardian_contact", "deceased", "data_categories", "preferred_channel", "note", "push_token", "region", "zone"}

// cells are the texts of one row, by field.
type cells [fieldCount]string

// fieldOf finds the field of a column name; case, blanks and hyphens do not matter.
func fieldOf(name string) field {
	if f, ok := fieldsByName[name]; ok {
		return f
	}
	if f, ok := fieldsByName[columnName(name)]; ok {
		return f
	}
	return fieldNone
}

var fieldsByName = func() map[string]field {
	m := make(map[string]field, fieldCount)
	for f, name := range fieldNames {
		m[name] = field(f)
	}
	return m
}()

func columnName(s string) string {
	s, _ = tidy(s)
	return strings.ReplaceAll(strings.ReplaceAll(strings.ToLower(s), " ", "_"), "-", "_")
}

// A header says which field each column of a CSV list is.
type header struct {
	fields []field
	names  []string
}

// repeated tells whether a row is the header once more.
func (h header) repeated(c *cutter, row string) bool {
	for i, f := range h.fields {
		if f == fieldNone {
			continue
		}
		s := c.cell(row, i)
		if len(s) < len(fieldNames[f]) || s[0] > ' ' && s[0] < 0x7f && s[0]|0x20 != fieldNames[f][0] || fieldOf(s) != f {
			return false
		}
	}
	return true
}

// readHeader reads the header row, behind blank lines and a spreadsheet's
// "sep=;", and settles the delimiter.
func readHeader(w *window, o Options) (header, cutter, error) {
	delims := []byte{',', ';', '\t', '|'}
	if o.Delimiter != 0 {
		delims = []byte{byte(o.Delimiter)}
	}
	eol, err := lineEnd(w)
	if err != nil {
		return header{}, cutter{}, err
	}
	for {
		line, n, long, err := w.line(eol)
		switch {
		case err != nil:
			return header{}, cutter{}, err
		case long:
			return header{}, cutter{}, incidents.Invalid("the first row is longer than %d bytes", maxRow)
		case n == 0:
			return header{}, cutter{}, incidents.Invalid("the list has no header").WithHint("the first row names the columns: %s", strings.Join(fieldNames[:], ","))
		case isBlankText(string(line)):
		case len(line) == 5 && strings.EqualFold(string(line[:4]), "sep=") && bytes.IndexByte([]byte(",;\t|"), line[4]) >= 0:
			if o.Delimiter == 0 {
				delims = []byte{line[4]}
			}
		default:
			return bestHeader(w, delims, eol, o)
		}
		w.drop(n)
	}
}

// lineEnd finds out whether lines end as everywhere or with a bare CR.
func lineEnd(w *window) (byte, error) {
	for !w.end && w.to-w.from < peekSize {
		if err := w.more(); err != nil {
			return 0, err
		}
	}
	if b := w.bytes(); bytes.IndexByte(b, '\n') < 0 && bytes.IndexByte(b, '\r') >= 0 {
		return '\r', nil
	}
	return '\n', nil
}

// bestHeader takes the delimiter under which most columns are known.
func bestHeader(w *window, delims []byte, eol byte, o Options) (header, cutter, error) {
	var best header
	var cutBest cutter
	known, size := -1, 0
	for _, d := range delims {
		c := cutter{delim: d, eol: eol}
		n, state := c.next(w.bytes(), w.end)
		if state != cutRow {
			continue
		}
		h, k := newHeader(&c, string(w.bytes()[:n]))
		if k > known {
			best, cutBest, known, size = h, c, k, n
		}
	}
	if known < 0 {
		return header{}, cutter{}, incidents.Invalid("the quotes in the first row are wrong").WithHint("the first row names the columns: %s", strings.Join(fieldNames[:], ","))
	}
	w.drop(size)
	return best, cutBest, best.check(known)
}

func newHeader(c *cutter, row string) (h header, known int) {
	for i := range c.spans {
		name := c.cell(row, i)
		f := fieldOf(name)
		if f != fieldNone {
			known++
		}
		h.fields = append(h.fields, f)
		h.names = append(h.names, name)
	}
	return h, known
}

// check refuses a header that is none, that names a column twice or a column we
// do not know, or that lacks what a list needs.
func (h header) check(known int) error {
	hint := "known columns: " + strings.Join(fieldNames[:], ", ")
	if known == 0 {
		return incidents.Invalid("the first row names none of the columns we know").WithHint("%s", hint)
	}
	var unknown []string
	seen := map[field]bool{}
	for i, f := range h.fields {
		switch {
		case f == fieldNone:
			unknown = append(unknown, columnLabel(h.names[i], i))
		case seen[f]:
			return incidents.Invalid("the column %s is there twice", fieldNames[f])
		}
		seen[f] = true
	}
	if len(unknown) > 0 {
		return incidents.Invalid("unknown columns: %s", strings.Join(unknown, ", ")).WithHint("rename them or leave them out; %s", hint)
	}
	if !seen[fieldName] {
		return incidents.Invalid("the column name is missing").WithHint("%s", hint)
	}
	if !seen[fieldEmail] && !seen[fieldPhone] && !seen[fieldAddress] && !seen[fieldPush] {
		return incidents.Invalid("there is no column to reach anybody by: email, phone, address or push_token").WithHint("%s", hint)
	}
	return nil
}

// columnLabel names a column in an error, by its number when its name could be
// somebody's data.
func columnLabel(name string, i int) string {
	name, _ = tidy(name)
	digits := strings.IndexFunc(name, func(r rune) bool { return r >= '0' && r <= '9' }) >= 0
	if name == "" || len(name) > 40 || digits || strings.IndexByte(name, '@') >= 0 || !utf8.ValidString(name) {
		return fmt.Sprintf("number %d", i+1)
	}
	return fmt.Sprintf("%q", name)
}

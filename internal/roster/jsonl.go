package roster

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"tocsin/incidents"
)

// A jsonlReader turns lines of JSON objects into rows.
type jsonlReader struct {
	*reading
	checked bool // an object was seen, and its names are known
}

func (r *jsonlReader) run() error {
	for {
		line, n, long, err := r.win.line('\n')
		if err != nil {
			return err
		}
		if n == 0 && !long {
			return nil
		}
		if long {
			if err := r.reject(whyLong, string(line)); err != nil {
				return err
			}
			if err := r.win.skipLine('\n'); err != nil {
				return err
			}
			continue
		}
		if err := r.record(line); err != nil {
			return err
		}
		r.win.drop(n)
	}
}

func (r *jsonlReader) record(b []byte) error {
	row := string(b)
	if isBlankText(row) {
		return r.reject("an empty line", row)
	}
	if !r.validText(b) {
		return r.reject(r.notValid(), row)
	}
	var p cells
	obj := object{s: row, cells: &p}
	why := obj.read()
	if why != "" {
		return r.reject(why, row)
	}
	if len(obj.unknown) > 0 {
		if !r.checked {
			return unknownNames(obj.unknown)
		}
		return r.reject("a name in the object is not known", row)
	}
	r.checked = true
	return r.person(&p, row)
}

func unknownNames(names []string) error {
	labels := make([]string, len(names))
	for i, n := range names {
		labels[i] = columnLabel(n, i)
	}
	return incidents.Invalid("unknown names in the first object: %s", strings.Join(labels, ", ")).
		WithHint("rename them or leave them out; known names: %s", strings.Join(fieldNames[:], ", "))
}

// An object reads one flat JSON object: values are strings, numbers, booleans,
// null, or arrays of those, whose elements are joined by a semicolon. Numbers
// stay as they are written.
type object struct {
	s       string
	i       int
	cells   *cells
	seen    [fieldCount]bool
	unknown []string
}

const (
	whyObject = "not a JSON object"
	whyJSON   = "broken JSON"
	whyNested = "an object inside the object"
	whyTwice  = "a name is there twice"
)

// read returns why the object cannot be read, or "".
func (o *object) read() string {
	o.blanks()
	if !o.take('{') {
		return whyObject
	}
	o.blanks()
	for first := true; !o.take('}'); first = false {
		if !first && !o.take(',') {
			return whyJSON
		}
		if why := o.member(); why != "" {
			return why
		}
	}
	o.blanks()
	if o.i != len(o.s) {
		return whyJSON
	}
	return ""
}

func (o *object) member() string {
	o.blanks()
	name, ok := o.text()
	o.blanks()
	if !ok || !o.take(':') {
		return whyJSON
	}
	o.blanks()
	value, why := o.value(true)
	if why != "" {
		return why
	}
	o.blanks()
	f := fieldOf(name)
	if f == fieldNone {
		o.unknown = append(o.unknown, name)
		return ""
	}
	if o.seen[f] {
		return whyTwice
	}
	o.seen[f] = true
	o.cells[f] = value
	return ""
}

func (o *object) value(arrays bool) (string, string) {
	if o.i >= len(o.s) {
		return "", whyJSON
	}
	switch o.s[o.i] {
	case '"':
		s, ok := o.text()
		if !ok {
			return "", whyJSON
		}
		return s, ""
	case '[':
		if !arrays {
			return "", whyNested
		}
		return o.array()
	case '{':
		return "", whyNested
	}
	return o.literal()
}

func (o *object) array() (string, string) {
	o.i++
	var parts []string
	o.blanks()
	for first := true; !o.take(']'); first = false {
		if !first && !o.take(',') {
			return "", whyJSON
		}
		o.blanks()
		s, why := o.value(false)
		if why != "" {
			return "", why
		}
		if s != "" {
			parts = append(parts, s)
		}
		o.blanks()
	}
	return strings.Join(parts, ";"), ""
}

func (o *object) literal() (string, string) {
	from := o.i
	for o.i < len(o.s) && strings.IndexByte(",]} \t\r\n", o.s[o.i]) < 0 {
		o.i++
	}
	switch s := o.s[from:o.i]; s {
	case "null":
		return "", ""
	case "true", "false":
		return s, ""
	default:
		if isNumber(s) {
			return s, ""
		}
		return "", whyJSON
	}
}

// isNumber checks a number as JSON writes it.
func isNumber(s string) bool {
	s = strings.TrimPrefix(s, "-")
	whole := digitsAt(s)
	if whole == 0 || whole > 1 && s[0] == '0' {
		return false
	}
	s = s[whole:]
	if strings.HasPrefix(s, ".") {
		n := digitsAt(s[1:])
		if n == 0 {
			return false
		}
		s = s[1+n:]
	}
	if s != "" && (s[0] == 'e' || s[0] == 'E') {
		s = s[1:]
		if s != "" && (s[0] == '+' || s[0] == '-') {
			s = s[1:]
		}
		n := digitsAt(s)
		if n == 0 {
			return false
		}
		s = s[n:]
	}
	return s == ""
}

func digitsAt(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

func (o *object) blanks() {
	for o.i < len(o.s) && (o.s[o.i] == ' ' || o.s[o.i] == '\t' || o.s[o.i] == '\r' || o.s[o.i] == '\n') {
		o.i++
	}
}

func (o *object) take(c byte) bool {
	if o.i < len(o.s) && o.s[o.i] == c {
		o.i++
		return true
	}
	return false
}

// text reads a string; one without escapes is not copied.
func (o *object) text() (string, bool) {
	if !o.take('"') {
		return "", false
	}
	for i := o.i; i < len(o.s); i++ {
		switch c := o.s[i]; {
		case c == '"':
			s := o.s[o.i:i]
			o.i = i + 1
			return s, true
		case c == '\\':
			return o.escaped(i)
		case c < ' ':
			return "", false
		}
	}
	return "", false
}

// escaped reads on from the first escape of a string, at i.
func (o *object) escaped(i int) (string, bool) {
	buf := append(make([]byte, 0, 2*(i-o.i)+16), o.s[o.i:i]...)
	for i < len(o.s) {
		switch c := o.s[i]; {
		case c == '"':
			o.i = i + 1
			return string(buf), true
		case c < ' ':
			return "", false
		case c != '\\':
			buf = append(buf, c)
			i++
		default:
			r, n := unescape(o.s[i+1:])
			if n == 0 {
				return "", false
			}
			buf = utf8.AppendRune(buf, r)
			i += 1 + n
		}
	}
	return "", false
}

// unescape reads what follows a backslash; n is 0 when it means nothing. Half a
// surrogate pair means nothing.
func unescape(s string) (r rune, n int) {
	if s == "" {
		return 0, 0
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[0]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 1
	}
	r, ok := hex4(s)
	if !ok {
		return 0, 0
	}
	if !utf16.IsSurrogate(r) {
		return r, 5
	}
	if len(s) < 7 || s[5] != '\\' {
		return 0, 0
	}
	low, ok := hex4(s[6:])
	if r = utf16.DecodeRune(r, low); !ok || r == utf8.RuneError {
		return 0, 0
	}
	return r, 11
}

func hex4(s string) (rune, bool) {
	if len(s) < 5 || s[0] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[1:5]) {
		switch {
		case c >= '0' && c <= '9':
			r = r<<4 | rune(c-'0')
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return r, true
}

package email

// A quoted text grows in quoted-printable (RFC 2045 §6.7), piece by piece.
// Lines have at most 76 columns, end with CRLF, and never begin with a dot, so
// that the message needs no dot-stuffing and is the same bytes by DATA and by BDAT.
type quoted struct {
	b   []byte
	col int
}

const maxColumns = 75 // and the "=" of a soft line break

const hexDigits = "0123456789ABCDEF"

// write adds a piece of text; its line breaks are LF or CRLF.
func (q *quoted) write(s []byte) {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\r' && i+1 < len(s) && s[i+1] == '\n':
		case c == '\n':
			q.b = append(q.b, '\r', '\n')
			q.col = 0
		case c == ' ' || c == '\t':
			if i+1 == len(s) || s[i+1] == '\n' || s[i+1] == '\r' {
				q.coded(c) // blanks at the end of a line do not survive
			} else {
				q.plain(c)
			}
		case c == '.' && q.col == 0, c < ' ', c >= 0x7f, c == '=':
			q.coded(c)
		default:
			q.plain(c)
			n := q.run(s[i+1:])
			q.b = append(q.b, s[i+1:i+1+n]...)
			q.col += n
			i += n
		}
	}
}

// run is how much of a text goes on this line as it stands.
func (q *quoted) run(s []byte) (n int) {
	s = s[:min(len(s), max(0, maxColumns-q.col))]
	for n < len(s) && asItStands[s[n]] {
		n++
	}
	return n
}

// asItStands has the bytes that are not coded, unless a dot begins a line.
var asItStands = func() (out [256]bool) {
	for c := byte('!'); c <= '~'; c++ {
		out[c] = c != '='
	}
	return out
}()

func (q *quoted) plain(c byte) {
	if q.col+1 > maxColumns {
		q.soft()
		if c == '.' {
			q.coded(c)
			return
		}
	}
	q.b = append(q.b, c)
	q.col++
}

func (q *quoted) coded(c byte) {
	if q.col+3 > maxColumns {
		q.soft()
	}
	q.b = append(q.b, '=', hexDigits[c>>4], hexDigits[c&15])
	q.col += 3
}

// soft breaks the line without breaking the text: what comes next begins a line.
func (q *quoted) soft() {
	if q.col > 0 {
		q.b = append(q.b, '=', '\r', '\n')
		q.col = 0
	}
}

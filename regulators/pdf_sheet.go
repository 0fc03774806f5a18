package regulators

import "tocsin/internal/typeset"

// A sheet collects what stands on each page before anything is drawn, so that
// a page can say how many there are. Sizes are points, y grows downwards.
type sheet struct {
	set   *typesetter
	pages [][]mark
	y     float64
}

type (
	mark       = typeset.Mark
	ink        = typeset.Ink
	typesetter = typeset.Setter
)

// The colours, dark enough on their grounds to be read.
var (
	inkText   = typeset.RGB(28, 33, 38)
	inkSoft   = typeset.RGB(86, 96, 106)
	inkHead   = typeset.RGB(20, 52, 79)
	inkRule   = typeset.RGB(217, 222, 227)
	inkOpen   = typeset.RGB(122, 71, 0)
	inkAmber  = typeset.RGB(255, 244, 214)
	inkEdge   = typeset.RGB(178, 106, 0)
	inkChange = typeset.RGB(31, 111, 178)
	inkAlarm  = typeset.RGB(140, 29, 24)
	inkRose   = typeset.RGB(253, 232, 230)
)

// The page: A4 with margins and columns.
const (
	pageW, pageH         = 595.28, 841.89
	left, right          = 54.0, 541.28
	top, bottom          = 78.0, 778.0
	labelW, gutter       = 158.0, 14.0
	valueX               = left + labelW + gutter
	valueW               = right - valueX
	sizeBody, sizeSmall  = 9.5, 7.8
	leading, smallLeader = 14.0, 10.5
)

func newSheet(t *typesetter) *sheet {
	s := &sheet{set: t}
	s.page()
	return s
}

// page begins a new page.
func (s *sheet) page() {
	s.pages, s.y = append(s.pages, nil), top
}

// room starts a new page unless h points are left on this one.
func (s *sheet) room(h float64) {
	if s.y+h > bottom && s.y > top {
		s.page()
	}
}

func (s *sheet) add(m mark) {
	p := &s.pages[len(s.pages)-1]
	*p = append(*p, m)
}

func (s *sheet) box(x, y, w, h float64, i ink) { s.add(mark{X: x, Y: y, W: w, H: h, Ink: i}) }

// A textLine is a line to be placed: its text, size, leading and colour.
type textLine struct {
	text    string
	size    float64
	leading float64
	ink     ink
}

// lines wraps a text into lines of one look.
func (s *sheet) lines(text string, size, leading, width float64, i ink) []textLine {
	var out []textLine
	for _, l := range s.set.Wrap(text, size, width) {
		out = append(out, textLine{l, size, leading, i})
	}
	return out
}

func height(lines []textLine) float64 {
	var h float64
	for _, l := range lines {
		h += l.leading
	}
	return h
}

// put sets one line with its top at y.
func (s *sheet) put(x, y float64, l textLine) {
	s.add(mark{X: x, Y: y + (l.leading-l.size)/2 + l.size*0.88, Size: l.size, Ink: l.ink, Text: l.text})
}

// block sets lines below each other over the whole width.
func (s *sheet) block(lines []textLine) {
	for _, l := range lines {
		s.room(l.leading)
		s.put(left, s.y, l)
		s.y += l.leading
	}
}

// notice is a boxed remark.
func (s *sheet) notice(text string, ground, edge, i ink) {
	const pad = 7
	lines := s.lines(text, sizeBody, leading, right-left-2*pad-4, i)
	h := height(lines) + 2*pad
	s.room(h)
	s.box(left, s.y, right-left, h, ground)
	s.box(left, s.y, 3, h, edge)
	y := s.y + pad
	for _, l := range lines {
		s.put(left+pad+4, y, l)
		y += l.leading
	}
	s.y += h + 8
}

// A row is a label with its value, set side by side.
type row struct {
	label, value []textLine
	open         bool // amber ground behind the value
	changed      bool // a bar beside the label
	rule         bool // a line under the row
	continued    textLine
}

const rowPad = 4.0

// least is what must stand together: the whole label and the first lines of the value.
func (r row) least() float64 {
	first := r.value[:min(len(r.value), 3)]
	return max(height(r.label), height(first)) + 2*rowPad
}

// row sets a row, over several pages when it is long; each further page repeats
// which answer goes on.
func (s *sheet) row(r row) {
	s.room(r.least())
	label, value := r.label, r.value
	for first := true; first || len(value) > 0; first = false {
		n := s.fitting(value)
		h := max(height(label), height(value[:n])) + 2*rowPad
		s.rowPart(r, label, value[:n], h)
		value = value[n:]
		s.y += h
		if len(value) > 0 {
			s.page()
			label = append(r.label[:1:1], r.continued)
		}
	}
	if r.rule {
		s.box(left, s.y, right-left, 0.6, inkRule)
		s.y += 0.6
	}
}

// fitting counts the lines that fit on this page, at least one.
func (s *sheet) fitting(lines []textLine) int {
	y := s.y + 2*rowPad
	for i, l := range lines {
		if y += l.leading; y > bottom+0.01 {
			return max(i, 1)
		}
	}
	return len(lines)
}

func (s *sheet) rowPart(r row, label, value []textLine, h float64) {
	if r.open {
		s.box(valueX-8, s.y, right-valueX+8, h, inkAmber)
		s.box(valueX-8, s.y, 2.5, h, inkEdge)
	}
	if r.changed {
		s.box(left-8, s.y+rowPad, 2.5, h-2*rowPad, inkChange)
	}
	y := s.y + rowPad
	for _, l := range label {
		s.put(left, y, l)
		y += l.leading
	}
	y = s.y + rowPad
	for _, l := range value {
		s.put(valueX, y, l)
		y += l.leading
	}
}

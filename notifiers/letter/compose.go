package letter

import (
	"strconv"
	"strings"

	"tocsin/incidents"
	"tocsin/internal/qr"
	"tocsin/internal/typeset"
	"tocsin/templates"
)

// Sizes, in points.
const (
	sizeBody, leadBody       = 10.0, 14.2
	sizeHead, leadHead       = 11.0, 15.5
	sizeSubject, leadSubject = 12.5, 17.0
	sizeSmall, leadSmall     = 7.8, 10.6
	sizeReturn, leastReturn  = 6.6, 4.6
	sizeCode                 = 13.0
	gapPart, gapBlock        = 9.0, 4.5
	indent                   = 12.0
	ribbon                   = 22.0 // height of the mark of a drill
	qrSquare                 = 1.9  // of a QR code: 1.9 pt = 0.67 mm, read by any telephone
)

var (
	black  = typeset.RGB(0, 0, 0)
	grey   = typeset.RGB(90, 90, 90)
	silver = typeset.RGB(190, 190, 190)
	white  = typeset.RGB(255, 255, 255)
	alarm  = typeset.RGB(140, 29, 24)
)

// A composer lays the letters of one batch out. Texts that many letters share
// are broken into lines once.
type composer struct {
	form   Form
	page   geometry
	date   func(incidents.Lang) string
	han    *typeset.Setter
	latin  *typeset.Setter
	bold   *typeset.Setter
	broken map[wrapped][]string
	lacks  map[string]bool
}

type wrapped struct {
	text        string
	size, width float64
	face        typeset.Face
}

func (p *Printer) composer(date func(incidents.Lang) string) (*composer, error) {
	c := &composer{form: p.form, page: geometries[p.form.Window], date: date, broken: map[wrapped][]string{}, lacks: map[string]bool{}}
	for _, s := range []struct {
		into **typeset.Setter
		face typeset.Face
	}{{&c.han, typeset.Han}, {&c.latin, typeset.Latin}, {&c.bold, typeset.Bold}} {
		var err error
		if *s.into, err = p.font.Setter(s.face); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// why a letter cannot be printed; "" when it can.
func (c *composer) refusal(s Sheet) string {
	if s.Letter == nil {
		return "the notice has no letter"
	}
	for line := range strings.Lines(s.To) {
		if _, lacks := c.latin.Lacks(strings.TrimSuffix(line, "\n")); lacks {
			return "the fonts of the letter lack a character of the name or address"
		}
	}
	for t := range s.Letter.Strings {
		if c.lacking(t) {
			return "the fonts of the letter lack a character of the text in " + string(s.Lang)
		}
	}
	if lines, _, _ := c.addressLines(s); lines == nil {
		return "the address is empty, or too long for the window of the envelope"
	}
	return ""
}

func (c *composer) lacking(t string) bool {
	lacks, known := c.lacks[t]
	if !known {
		_, lacks = c.latin.Lacks(t)
		c.lacks[t] = lacks
	}
	return lacks
}

// letter lays one letter out, page by page.
func (c *composer) letter(s Sheet) ([][]typeset.Mark, error) {
	f := &flow{composer: c, sheet: s, text: c.latin, head: c.bold}
	if strings.HasPrefix(string(s.Lang), "zh") {
		f.text, f.head, f.strike = c.han, c.han, 0.3
	}
	f.begin()
	f.front()
	f.body()
	if err := f.verification(); err != nil {
		return nil, err
	}
	f.small(s.Letter.Footer)
	f.finish()
	return f.pages, nil
}

// A flow is one letter in the making.
type flow struct {
	*composer
	sheet      Sheet
	text, head *typeset.Setter
	strike     float64 // headings are printed twice, so far apart: Chinese has no bold face
	pages      [][]typeset.Mark
	y          float64
}

func (f *flow) begin() {
	f.pages = append(f.pages, make([]typeset.Mark, 0, 96))
	f.y = f.page.top
	if len(f.pages) == 1 {
		f.y = f.page.first
	}
}

func (f *flow) add(m typeset.Mark) {
	p := &f.pages[len(f.pages)-1]
	*p = append(*p, m)
}

// room starts a new page unless h points are left on this one.
func (f *flow) room(h float64) {
	if f.y+h > f.page.bottom && f.y > f.page.top {
		f.begin()
	}
}

func (f *flow) put(x, y, size float64, set *typeset.Setter, ink typeset.Ink, text string) {
	f.add(typeset.Mark{X: x, Y: y, Size: size, Face: set.Face(), Ink: ink, Text: text})
}

func (f *flow) rule(x, y, w, h float64, ink typeset.Ink) {
	f.add(typeset.Mark{X: x, Y: y, W: w, H: h, Ink: ink})
}

// lines breaks a text once per batch.
func (c *composer) lines(set *typeset.Setter, text string, size, width float64) []string {
	key := wrapped{text, size, width, set.Face()}
	out, ok := c.broken[key]
	if !ok {
		out = set.Wrap(text, size, width)
		c.broken[key] = out
	}
	return out
}

// baseline is where a line of a size sits in its leading.
func baseline(size, lead float64) float64 { return (lead-size)/2 + size*0.86 }

// run sets lines below each other; no first or last line of several stands
// alone on a page.
func (f *flow) run(x float64, lines []string, size, lead float64, set *typeset.Setter, ink typeset.Ink) {
	for i, l := range lines {
		keep := 1
		if i == 0 {
			keep = together(len(lines))
		} else if len(lines)-i == 2 {
			keep = 2
		}
		f.room(float64(keep) * lead)
		f.put(x, f.y+baseline(size, lead), size, set, ink, l)
		if f.strike > 0 && size >= sizeHead && l != "" {
			f.put(x+f.strike, f.y+baseline(size, lead), size, set, ink, l)
		}
		f.y += lead
	}
}

// together is how many lines of several must stand on the page they begin on.
func together(n int) int {
	if n <= 3 {
		return n
	}
	return 2
}

func (f *flow) width() float64 { return f.page.right - f.page.left }

// front sets what stands on the first page alone: head, address, information.
func (f *flow) front() {
	f.letterhead()
	f.address()
	f.info()
	for _, y := range f.page.folds {
		f.rule(4*mm, y, 4*mm, 0.4, silver)
	}
	if f.page.folds != nil {
		f.rule(4*mm, 148.5*mm, 5.5*mm, 0.4, silver) // where to punch
	}
}

func (f *flow) letterhead() {
	sender := f.form.Sender
	y := 17 * mm
	f.put(f.page.left, y, 13, f.bold, black, sender[0])
	if f.page.returnTo.w > 0 {
		f.put(f.page.left, y+13, 8, f.latin, grey, strings.Join(sender[1:], " · "))
		return
	}
	for i, l := range sender[1:] { // without a return line in the window this is the return address
		f.put(f.page.left, y+14+float64(i)*11, 9, f.latin, black, l)
	}
}

// addressLines are the lines of the window with their size and leading: as
// large as they fit without being broken, else as large as they fit; nil when
// they do not.
func (c *composer) addressLines(s Sheet) (lines []string, size, lead float64) {
	box := c.page.address
	for _, try := range []struct{ size, lead float64 }{{10.5, box.h / 6}, {9, box.h / 7}, {8, box.h / 8}} {
		var out []string
		whole := 0
		for l := range strings.SplitSeq(s.To, "\n") {
			if l = strings.TrimSpace(l); l != "" {
				out = append(out, c.latin.Wrap(l, try.size, box.w)...)
				whole++
			}
		}
		fits := len(out) > 0 && len(out) <= int(box.h/try.lead+0.01)
		if fits && (lines == nil || len(out) == whole) {
			lines, size, lead = out, try.size, min(try.lead, 13.5)
		}
		if fits && len(out) == whole {
			break
		}
	}
	return lines, size, lead
}

func (f *flow) address() {
	if r := f.page.returnTo; r.w > 0 {
		line, size := f.returnLine(r.w)
		f.put(r.x, r.y+r.h-1.5, size, f.latin, grey, line)
		f.rule(r.x, r.y+r.h+0.6, r.w, 0.3, silver)
	}
	lines, size, lead := f.addressLines(f.sheet)
	for i, l := range lines {
		f.put(f.page.address.x, f.page.address.y+float64(i)*lead+baseline(size, lead), size, f.latin, black, l)
	}
}

// returnLine is the sender in one line, as large as fits; the settings see to
// it that the smallest does.
func (f *flow) returnLine(width float64) (string, float64) {
	line := strings.Join(f.form.Sender, " · ")
	size := sizeReturn
	for size > leastReturn && f.latin.Measure(line, size) > width {
		size -= 0.2
	}
	return line, size
}

func (f *flow) info() {
	x, y, w := f.page.info.x, f.page.info.y, f.page.info.w
	l := f.sheet.Letter
	for _, row := range []templates.Labelled{{Value: f.date(f.sheet.Lang)}, l.Ref, l.Code} {
		if row.Label != "" {
			for _, s := range f.lines(f.text, row.Label, sizeSmall, w) {
				f.put(x, y+baseline(sizeSmall, leadSmall), sizeSmall, f.text, grey, s)
				y += leadSmall
			}
		}
		for _, s := range f.lines(f.text, row.Value, sizeBody, w) {
			f.put(x, y+baseline(sizeBody, leadBody), sizeBody, f.text, black, s)
			y += leadBody
		}
		y += 4
	}
}

func (f *flow) body() {
	l := f.sheet.Letter
	f.run(f.page.left, f.lines(f.head, l.Subject, sizeSubject, f.width()), sizeSubject, leadSubject, f.head, black)
	f.y += gapPart
	if l.DrillBanner != "" {
		f.run(f.page.left, f.lines(f.text, l.DrillBanner, sizeBody, f.width()), sizeBody, leadBody, f.text, alarm)
		f.y += gapBlock
	}
	f.paragraph(l.Greeting)
	if l.Note != "" {
		f.y += gapBlock
		f.paragraph(l.Note)
	}
	for _, p := range l.Parts {
		f.part(p)
	}
}

// part sets a heading that never stands without two lines below it.
func (f *flow) part(p templates.LetterPart) {
	head := f.lines(f.head, p.Heading, sizeHead, f.width())
	f.room(gapPart + float64(len(head))*leadHead + 2*leadBody)
	if f.y > f.page.top {
		f.y += gapPart
	}
	f.run(f.page.left, head, sizeHead, leadHead, f.head, black)
	f.y += 1.5
	for i, b := range p.Blocks {
		if i > 0 {
			f.y += gapBlock
		}
		f.block(b)
	}
}

func (f *flow) block(b templates.LetterBlock) {
	for _, line := range b.Lines {
		if !b.List {
			f.run(f.page.left, f.lines(f.text, line, sizeBody, f.width()), sizeBody, leadBody, f.text, black)
			continue
		}
		item := f.lines(f.text, line, sizeBody, f.width()-indent)
		f.room(float64(together(len(item))) * leadBody)
		f.put(f.page.left+2, f.y+baseline(sizeBody, leadBody), sizeBody, f.latin, black, "•")
		f.run(f.page.left+indent, item, sizeBody, leadBody, f.text, black)
		f.y += 1.5
	}
}

func (f *flow) paragraph(text string) {
	f.run(f.page.left, f.lines(f.text, text, sizeBody, f.width()), sizeBody, leadBody, f.text, black)
}

// verification sets, on one page, how to check that the letter is genuine: the
// code to be typed, the address, and both for a camera.
func (f *flow) verification() error {
	l := f.sheet.Letter
	boxes, side, err := qr.Boxes(l.VerifyURL.Value)
	if err != nil {
		return err
	}
	size := float64(side) * qrSquare
	width := f.width() - size - 22
	head := f.lines(f.head, l.Verify.Heading, sizeHead, width)
	var text []string
	for _, b := range l.Verify.Blocks {
		for _, line := range b.Lines {
			text = append(text, f.lines(f.text, line, sizeBody, width)...)
		}
	}
	page := f.lines(f.text, l.VerifyPage(), sizeBody, width)
	left := float64(len(head))*leadHead + float64(len(text)+len(page))*leadBody + 2*leadSmall + 18 + 10
	f.y += gapPart + 4
	f.room(max(left, size) + 16)
	top := f.y
	f.rule(f.page.left, top, f.width(), 0.5, silver)
	f.y += 8
	for _, b := range boxes {
		f.rule(f.page.right-size+float64(b.X)*qrSquare, f.y+float64(b.Y)*qrSquare, float64(b.W)*qrSquare, float64(b.H)*qrSquare, black)
	}
	end := f.y + size
	f.run(f.page.left, head, sizeHead, leadHead, f.head, black)
	f.run(f.page.left, text, sizeBody, leadBody, f.text, black)
	f.y += 4
	f.labelled(l.Code.Label, []string{l.Code.Value}, sizeCode, 18, f.head)
	f.y += 2
	f.labelled(l.VerifyURL.Label, page, sizeBody, leadBody, f.text)
	f.y = max(f.y, end) + 8
	f.rule(f.page.left, f.y, f.width(), 0.5, silver)
	f.y += 8
	return nil
}

func (f *flow) labelled(label string, value []string, size, lead float64, set *typeset.Setter) {
	f.run(f.page.left, []string{label}, sizeSmall, leadSmall, f.text, grey)
	f.run(f.page.left, value, size, lead, set, black)
}

func (f *flow) small(text string) {
	f.run(f.page.left, f.lines(f.text, text, sizeSmall, f.width()), sizeSmall, leadSmall, f.text, grey)
}

// finish gives every page its foot and, of a drill, its mark.
func (f *flow) finish() {
	l := f.sheet.Letter
	foot := f.page.height - 32
	left := l.Org + " · " + l.Ref.Value
	for i := range f.pages {
		p := &f.pages[i]
		n := strconv.Itoa(i+1) + "/" + strconv.Itoa(len(f.pages))
		*p = append(*p, typeset.Mark{X: f.page.left, Y: foot, Size: sizeSmall, Face: f.text.Face(), Ink: grey, Text: left},
			typeset.Mark{X: f.page.right - f.latin.Measure(n, sizeSmall), Y: foot, Size: sizeSmall, Face: typeset.Latin, Ink: grey, Text: n})
		if l.Drill != "" {
			*p = append(*p, typeset.Mark{W: f.page.width, H: ribbon, Ink: alarm},
				typeset.Mark{X: (f.page.width - f.bold.Measure(l.Drill, 11)) / 2, Y: 15, Size: 11, Face: typeset.Bold, Ink: white, Text: l.Drill})
		}
	}
}

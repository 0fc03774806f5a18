package regulators

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/rivo/uniseg"
	"github.com/signintech/gopdf"
)

// The font of the PDF: Noto Sans SC, SIL Open Font License, see fonts/OFL.txt.
//
//go:embed fonts/NotoSansSC-Regular.ttf.gz
var fontFile []byte

// fontFamily names the font inside a document.
const fontFamily = "sans"

// A font is read at first use and then shared by every document.
type font struct {
	once   sync.Once
	shared *gopdf.FontContainer
	err    error
}

// document begins a document with the font in it.
func (f *font) document() (*gopdf.GoPdf, *typesetter, error) {
	f.once.Do(func() { f.shared, f.err = readFont() })
	if f.err != nil {
		return nil, nil, f.err
	}
	doc := &gopdf.GoPdf{}
	doc.Start(gopdf.Config{PageSize: gopdf.Rect{W: pageW, H: pageH}})
	if err := doc.AddTTFFontFromFontContainer(fontFamily, f.shared); err != nil {
		return nil, nil, err
	}
	t, err := newTypesetter(doc)
	return doc, t, err
}

func readFont() (*gopdf.FontContainer, error) {
	z, err := gzip.NewReader(bytes.NewReader(fontFile))
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	data, err := io.ReadAll(z)
	if err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	c := &gopdf.FontContainer{}
	if err := c.AddTTFFontData(fontFamily, data); err != nil {
		return nil, fmt.Errorf("read the font: %w", err)
	}
	return c, nil
}

// A typesetter measures text and breaks lines for one document. What the font
// cannot draw it shows as □ with the code point, and remembers.
type typesetter struct {
	doc     *gopdf.GoPdf
	widths  map[rune]float64 // at size 1; negative: no glyph
	missing []rune
}

// measureAt is the size widths are measured at.
const measureAt = 100

func newTypesetter(doc *gopdf.GoPdf) (*typesetter, error) {
	if err := doc.SetFont(fontFamily, "", measureAt); err != nil {
		return nil, err
	}
	return &typesetter{doc: doc, widths: map[rune]float64{}}, nil
}

// width of a rune at size 1, negative when the font has no glyph for it. It must
// not be called once the drawing has begun: it measures at a size of its own.
func (t *typesetter) width(r rune) float64 {
	w, ok := t.widths[r]
	if ok {
		return w
	}
	w = -1
	if has, err := t.doc.IsCurrFontContainGlyph(r); err == nil && has && r >= ' ' && r <= 0xFFFF {
		if n, err := t.doc.MeasureTextWidth(string(r)); err == nil {
			w = n / measureAt
		}
	}
	t.widths[r] = w
	return w
}

// drawable replaces what the font cannot draw; nothing is dropped.
func (t *typesetter) drawable(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n':
			b.WriteByte('\n')
		case r == '\t':
			b.WriteString("    ")
		case t.width(r) >= 0:
			b.WriteRune(r)
		default:
			t.note(r)
			fmt.Fprintf(&b, "□(U+%04X)", r)
		}
	}
	return b.String()
}

func (t *typesetter) note(r rune) {
	for _, known := range t.missing {
		if known == r {
			return
		}
	}
	t.missing = append(t.missing, r)
}

func (t *typesetter) measure(s string, size float64) float64 {
	var sum float64
	for _, r := range s {
		sum += max(t.width(r), 0) * size
	}
	return sum
}

// wrap breaks a text into lines of at most the given width, where the language
// allows it, and inside a word only when the word alone is too long.
func (t *typesetter) wrap(s string, size, width float64) []string {
	var lines []string
	for _, p := range strings.Split(t.drawable(s), "\n") {
		lines = append(lines, t.wrapParagraph(p, size, width)...)
	}
	return lines
}

func (t *typesetter) wrapParagraph(p string, size, width float64) []string {
	var lines []string
	line, state := "", -1
	for p != "" {
		var piece string
		piece, p, _, state = uniseg.FirstLineSegmentInString(p, state)
		switch {
		case t.measure(line+strings.TrimRight(piece, " "), size) <= width:
			line += piece
			continue
		case line != "":
			lines = append(lines, strings.TrimRight(line, " "))
		}
		broken := t.breakWord(piece, size, width)
		lines = append(lines, broken[:len(broken)-1]...)
		line = broken[len(broken)-1]
	}
	return append(lines, strings.TrimRight(line, " "))
}

// breakWord cuts a piece between characters into parts that fit.
func (t *typesetter) breakWord(s string, size, width float64) []string {
	var parts []string
	part, used, state := "", 0.0, -1
	for s != "" {
		var c string
		c, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		w := t.measure(c, size)
		if part != "" && used+w > width && strings.TrimSpace(c) != "" {
			parts, part, used = append(parts, part), "", 0
		}
		part, used = part+c, used+w
	}
	return append(parts, part)
}

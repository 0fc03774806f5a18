package typeset

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// A Setter measures text and breaks lines. What the font cannot draw it shows
// as □ with the code point, and remembers in Missing.
type Setter struct {
	Missing []rune
	font    *Font
	face    Face
}

// Setter begins to set text in a face.
func (f *Font) Setter(x Face) (*Setter, error) {
	if err := f.read(); err != nil {
		return nil, err
	}
	return &Setter{font: f, face: x}, nil
}

// Face is what the setter sets text in; its marks are to be drawn in it.
func (t *Setter) Face() Face { return t.face }

// width of a character at size 1, negative when no font has a glyph for it.
func (t *Setter) width(r rune) float64 {
	_, w := t.font.find(r, t.face)
	return w
}

// Drawable replaces what the font cannot draw; nothing is dropped.
func (t *Setter) Drawable(s string) string {
	if t.plain(s) {
		return s
	}
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

// plain is the quick answer for most texts.
func (t *Setter) plain(s string) bool {
	for _, r := range s {
		if r != '\n' && t.width(r) < 0 || r == unicode.ReplacementChar {
			return false
		}
	}
	return true
}

func (t *Setter) note(r rune) {
	for _, known := range t.Missing {
		if known == r {
			return
		}
	}
	t.Missing = append(t.Missing, r)
}

// shaped are the scripts whose letters join, stack or run from right to left:
// a glyph for each is not enough to write them.
var shaped = []*unicode.RangeTable{unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Devanagari, unicode.Bengali,
	unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada, unicode.Malayalam, unicode.Sinhala, unicode.Thai,
	unicode.Lao, unicode.Tibetan, unicode.Myanmar, unicode.Khmer, unicode.Mongolian, unicode.Mn, unicode.Me, unicode.Cf}

// Lacks tells whether something in a text cannot be set as its reader knows
// it, and what: a character without a glyph, or of a script that needs
// shaping, or a mark that stands above or below another letter.
func (t *Setter) Lacks(s string) (rune, bool) {
	for _, r := range s {
		if r == '\n' || r < 0x300 && t.width(r) >= 0 {
			continue
		}
		if t.width(r) < 0 || unicode.In(r, shaped...) {
			return r, true
		}
	}
	return 0, false
}

// Measure is the width of a line at a size, in the size's unit.
func (t *Setter) Measure(s string, size float64) float64 {
	var sum float64
	for _, r := range s {
		sum += max(t.width(r), 0)
	}
	return sum * size
}

// Wrap breaks a text into lines of at most the given width, where the language
// allows it, and inside a word only when the word alone is too long.
func (t *Setter) Wrap(s string, size, width float64) []string {
	var lines []string
	for _, p := range strings.Split(t.Drawable(s), "\n") {
		lines = append(lines, t.wrapParagraph(p, size, width)...)
	}
	return lines
}

func (t *Setter) wrapParagraph(p string, size, width float64) []string {
	var lines []string
	line, used, state := "", 0.0, -1
	for p != "" {
		var piece string
		piece, p, _, state = uniseg.FirstLineSegmentInString(p, state)
		w := t.Measure(piece, size)
		if trimmed := strings.TrimRight(piece, " "); used+t.Measure(trimmed, size) <= width {
			line, used = line+piece, used+w
			continue
		}
		if line != "" {
			lines = append(lines, strings.TrimRight(line, " "))
		}
		broken := t.breakWord(piece, size, width)
		lines = append(lines, broken[:len(broken)-1]...)
		line = broken[len(broken)-1]
		used = t.Measure(line, size)
	}
	return append(lines, strings.TrimRight(line, " "))
}

// breakWord cuts a piece between characters into parts that fit.
func (t *Setter) breakWord(s string, size, width float64) []string {
	var parts []string
	part, used, state := "", 0.0, -1
	for s != "" {
		var c string
		c, s, _, state = uniseg.FirstGraphemeClusterInString(s, state)
		w := t.Measure(c, size)
		if part != "" && used+w > width && strings.TrimSpace(c) != "" {
			parts, part, used = append(parts, part), "", 0
		}
		part, used = part+c, used+w
	}
	return append(parts, part)
}

package templates

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// lineWidth is how wide a line of a text message may be, in columns. Wrapping
// happens once, when a notice is compiled; a line that holds a person's value is
// laid out for a value of usual width and may come out a little longer.
const lineWidth = 72

var usualWidth = map[SlotKind]int{SlotName: 12, SlotData: 36, SlotCode: 14, SlotRef: 13, SlotVerifyURL: 40, SlotOrg: 16, SlotEndDate: 16, SlotGreeting: 24}

func wrapText(s string) string { return wrap(s, "", "") }
func itemText(s string) string { return wrap(s, "- ", "  ") }

// headingText underlines a heading.
func headingText(s string) string {
	return s + "\n" + strings.Repeat("-", min(displayWidth(s), lineWidth))
}

// A unit cannot be broken: a word, one CJK character, a slot.
type unit struct {
	text    string
	width   int
	space   bool // stands before it
	noStart bool // may not begin a line
	noEnd   bool // may not end a line
}

// wrap breaks a paragraph into lines. Words break at spaces, CJK text between
// characters, but never before a closing mark or after an opening one.
func wrap(s, first, rest string) string {
	var b strings.Builder
	b.WriteString(first)
	col, indent := len(first), len(first)
	units := clump(unitsOf(s))
	for i, u := range units {
		need := u.width
		if u.space {
			need++
		}
		switch {
		case i > 0 && col+need > lineWidth && col > indent:
			b.WriteString("\n" + rest)
			col, indent = len(rest)+u.width, len(rest)
		default:
			if u.space && col > indent {
				b.WriteByte(' ')
				col++
			}
			col += u.width
		}
		b.WriteString(u.text)
	}
	return b.String()
}

// unitsOf cuts a paragraph at spaces, between CJK characters and round slots.
func unitsOf(s string) []unit {
	var out []unit
	for _, word := range strings.Fields(s) {
		space := true
		for word != "" {
			n, width := nextUnit(word)
			r, _ := utf8.DecodeRuneInString(word)
			out = append(out, unit{text: word[:n], width: width, space: space, noStart: closes(r), noEnd: opens(r)})
			word, space = word[n:], false
		}
	}
	return out
}

func nextUnit(word string) (n, width int) {
	if at := markerPattern.FindStringSubmatchIndex(word); at != nil && at[0] == 0 {
		return at[1], usualWidth[SlotKind(word[at[2]]-'A')]
	}
	for i, r := range word {
		if strings.HasPrefix(word[i:], markerOpen) && i > 0 {
			return i, displayWidth(word[:i])
		}
		if wide(r) {
			if i > 0 {
				return i, displayWidth(word[:i])
			}
			return utf8.RuneLen(r), 2
		}
	}
	return len(word), displayWidth(word)
}

// clump glues units that may not be parted: Latin pieces round a slot, and
// marks to their neighbours.
func clump(in []unit) []unit {
	var out []unit
	for _, u := range in {
		if n := len(out); n > 0 && !u.space && (u.noStart || out[n-1].noEnd || !breakable(out[n-1], u)) {
			last := &out[n-1]
			last.text, last.width, last.noEnd = last.text+u.text, last.width+u.width, u.noEnd
			continue
		}
		out = append(out, u)
	}
	return out
}

func breakable(a, b unit) bool {
	last, _ := utf8.DecodeLastRuneInString(a.text)
	first, _ := utf8.DecodeRuneInString(b.text)
	return wide(last) || wide(first)
}

func closes(r rune) bool {
	return strings.ContainsRune("，。、：；！？）】》」』”’…%.,:;!?)]}", r)
}
func opens(r rune) bool { return strings.ContainsRune("（【《「『“‘([{", r) }

// wide tells whether r takes two columns.
func wide(r rune) bool {
	return r >= 0x1100 && (unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) ||
		(r >= 0x3000 && r <= 0x303f) || (r >= 0xff00 && r <= 0xff60) || (r >= 0x1f300 && r <= 0x1faff))
}

func displayWidth(s string) (n int) {
	for _, r := range s {
		switch {
		case wide(r):
			n += 2
		case !unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			n++
		}
	}
	return n
}

package roster

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"tocsin/incidents"
)

// tidy gives a one-line text without blanks at its ends, control characters,
// invisible characters and bidi controls, in NFC. Joiners stay inside a text,
// where several scripts need them. It tells whether anything changed.
func tidy(s string) (string, bool) {
	if isTidy(s) {
		return s, false
	}
	t := tidyRunes(s)
	return t, t != s
}

// tidyLines is tidy for a text that may have several lines; a line break counts
// as a change.
func tidyLines(s string) (string, bool) {
	if strings.IndexByte(s, '\n') < 0 && strings.IndexByte(s, '\r') < 0 {
		return tidy(s)
	}
	var lines []string
	for _, line := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if line, _ = tidy(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n"), true
}

// isTidy is the quick answer for what most cells are.
func isTidy(s string) bool {
	blank := true // the start counts as a blank
	ascii := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == ' ':
			if blank {
				return false
			}
			blank = true
			continue
		case c < ' ' || c == 0x7f:
			return false
		case c >= utf8.RuneSelf:
			ascii = false
		}
		blank = false
	}
	if blank && s != "" {
		return false
	}
	if ascii {
		return true
	}
	stable := true
	for _, r := range s {
		if r < 0x80 || isStable(r) {
			continue
		}
		if isBlank(r) || isInvisible(r) || isJoiner(r) {
			return false
		}
		stable = false
	}
	return stable || norm.NFC.IsNormalString(s)
}

// isStable knows the letters of the most common blocks, which NFC leaves alone
// as long as nothing but such letters and ASCII stands around them.
func isStable(r rune) bool {
	return r >= 0x4e00 && r <= 0x9fff || r >= 0xac00 && r <= 0xd7a3 || r >= 0xc0 && r <= 0x17f || r >= 0x410 && r <= 0x44f
}

func tidyRunes(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	gap := false
	for _, r := range s {
		switch {
		case isInvisible(r):
			continue
		case isBlank(r):
			gap = b.Len() > 0
			continue
		case isJoiner(r) && (gap || b.Len() == 0):
			continue
		}
		if gap {
			b.WriteByte(' ')
			gap = false
		}
		b.WriteRune(r)
	}
	return norm.NFC.String(strings.TrimRight(b.String(), "\u200c\u200d"))
}

// isBlank tells what is treated as a blank: spaces of every width and controls.
func isBlank(r rune) bool {
	if r < 0x80 {
		return r <= ' ' || r == 0x7f
	}
	return r < 0xa1 || r >= 0x1680 && unicode.IsSpace(r)
}

// isInvisible tells what never belongs to a name: zero-width spaces, marks that
// turn the direction of what follows, soft hyphens.
func isInvisible(r rune) bool {
	switch {
	case r < 0xad:
		return false
	case r == 0xad, r == 0x61c, r == 0x180e, r == 0x200b, r == 0x200e, r == 0x200f, r == 0xfeff:
		return true
	}
	return r >= 0x202a && r <= 0x202e || r >= 0x2060 && r <= 0x206f || r >= 0xfff9 && r <= 0xfffb || r >= 0xe0000 && r <= 0xe007f
}

func isJoiner(r rune) bool { return r == 0x200c || r == 0x200d }

// width folds full-width and other compatibility forms, for numbers, ids and addresses.
func width(s string) string {
	if isASCII(s) {
		return s
	}
	return norm.NFKC.String(s)
}

func isASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// unguard takes off what spreadsheets put around a value to keep it a text:
// ="..." or a leading apostrophe.
func unguard(s string) string {
	if len(s) >= 3 && strings.HasPrefix(s, `="`) && s[len(s)-1] == '"' {
		s = s[2 : len(s)-1]
	}
	return strings.TrimLeft(s, "'")
}

// looksActive tells whether a spreadsheet or a page could take a text for more
// than text: a formula, markup, a template. Such a text is kept as it is.
func looksActive(s string) bool {
	return incidents.SafeCell(s) != s || strings.IndexByte(s, '<') >= 0 || strings.Contains(s, "{{") || strings.IndexByte(s, '&') >= 0 && strings.IndexByte(s, ';') >= 0
}

// isPlaceholder tells what people write when there is nothing to write.
func isPlaceholder(s string) bool {
	if len(s) > 24 {
		return false
	}
	switch strings.ToLower(s) {
	case "n/a", "na", "n.a.", "-", "--", "---", "—", ".", "?", "none", "null", "nil", "no", "unknown", "unknown@unknown",
		"not available", "无", "無", "没有", "不详", "未知", "なし", "없음":
		return true
	}
	return len(s) >= 4 && strings.Trim(s, "0") == ""
}

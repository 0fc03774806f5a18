package templates

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// characters refuses what cannot be seen but changes what is read.
func (l *linter) characters(fd field) {
	for _, r := range fd.text {
		if r == '\n' || (r == '\r' || r == '\t') && !fd.exposed || r == 0x200c || r == 0x200d {
			continue
		}
		if r == unicode.ReplacementChar || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp) {
			l.add("control-characters", levelError, fd.where(), fmt.Sprintf("the text holds the invisible character U+%04X", r), "delete it; it often comes with copied text")
			return
		}
	}
	if fd.exposed && fd.key != "voice" && strings.Contains(strings.TrimSpace(fd.text), "\n") {
		l.add("control-characters", levelError, fd.where(), "this text must be one line", "")
	}
}

var (
	capsPattern  = regexp.MustCompile(`\b[A-Z]{4,}(?:[ ,]+[A-Z]{2,}){2,}\b`)
	boastPattern = regexp.MustCompile(`(?i)\bsuccessful(?:ly)?\b|\btake[sn]? (?:your|the) (?:privacy|security|protection)[^.]*seriously\b|成功地|一向高度重视|我们高度重视`)
	blamePattern = regexp.MustCompile(`(?i)\byour (?:own )?fault\b|\byou should have\b|\byou failed to\b|您自己的(?:过错|疏忽)|由于您(?:的)?(?:疏忽|不慎)`)
)

// tone keeps a notice plain.
func (l *linter) tone(fd field) {
	warn := func(text, hint string) { l.add("tone", levelWarning, fd.where(), text, hint) }
	if strings.ContainsAny(fd.text, "!！") {
		warn("the text has an exclamation mark", "end the sentence with a full stop")
	}
	if w := capsPattern.FindString(fd.text); w != "" || shouting(fd) {
		warn("the text has words in capitals", "write them in small letters")
	}
	if w := boastPattern.FindString(fd.text); w != "" {
		warn(fmt.Sprintf("%q praises ourselves", w), "say what was done and when")
	}
	if w := blamePattern.FindString(fd.text); w != "" {
		warn(fmt.Sprintf("%q blames the person", w), "say what the person can do now")
	}
}

// shouting tells whether a one-line text is all capitals.
func shouting(fd field) bool {
	text := withoutSlots(fd.text)
	upper, lower := 0, 0
	for _, r := range text {
		switch {
		case unicode.IsUpper(r):
			upper++
		case unicode.IsLower(r):
			lower++
		}
	}
	return fd.exposed && upper > 8 && lower == 0
}

var slotPattern = regexp.MustCompile(`\{\{[^{}]*\}\}`)

func withoutSlots(s string) string { return slotPattern.ReplaceAllString(s, " ") }

// script catches an English text under zh-Hans and the other way round.
func (l *linter) script(fd field) {
	if fd.key == "contact" || letters(fd.text) < 8 {
		return
	}
	han, all := 0, 0
	for _, r := range withoutSlots(fd.text) {
		if unicode.IsLetter(r) {
			all++
			if unicode.Is(unicode.Han, r) {
				han++
			}
		}
	}
	if chinese := isChinese(fd.lang); chinese && han == 0 || !chinese && base(fd.lang) != "ja" && han*2 > all && all > 0 {
		l.add("language-wrong", levelError, fd.where(), fmt.Sprintf("the text does not look like %s", fd.lang), "were the languages swapped?")
	}
}

func letters(s string) (n int) {
	for _, r := range withoutSlots(s) {
		if unicode.IsLetter(r) {
			n++
			if wide(r) {
				n++
			}
		}
	}
	return n
}

// firstWord finds the first of the words in a text: Latin ones as whole words,
// Chinese ones anywhere.
func firstWord(text string, words []string) string {
	low := strings.ToLower(text)
	for _, w := range words {
		for from := 0; ; {
			i := strings.Index(low[from:], w)
			if i < 0 {
				break
			}
			i += from
			if hasHan(w) || wholeWord(low, i, len(w)) {
				return w
			}
			from = i + len(w)
		}
	}
	return ""
}

func wholeWord(s string, i, n int) bool {
	letter := func(b byte) bool { return b >= 'a' && b <= 'z' }
	return (i == 0 || !letter(s[i-1])) && (i+n == len(s) || !letter(s[i+n]))
}

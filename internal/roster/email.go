package roster

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
)

// emails reads the e-mail addresses of a cell, in order and in lower case, with
// domains in their ASCII form. It tells whether the cell needed mending.
func emails(cell string) ([]string, bool) {
	if cell == "" {
		return nil, false
	}
	if isPlainEmail(cell) {
		return []string{cell}, false
	}
	s, _ := tidy(width(cell))
	s, _ = tidy(unguard(s))
	if s == "" || isPlaceholder(s) {
		return nil, true
	}
	var list []string
	for _, piece := range splitQuoted(s, ";") {
		for _, text := range addressTexts(piece) {
			if a, ok := oneEmail(text); ok && !slices.Contains(list, a) {
				list = append(list, a)
			}
		}
	}
	return list, true
}

// addressTexts finds the texts of a piece that should be addresses. Where a part
// without "@" might belong to an address ("a,b@example.com"), there is none:
// half an address is somebody else's.
func addressTexts(piece string) []string {
	if strings.IndexByte(piece, '<') >= 0 {
		return angled(piece)
	}
	piece = strings.TrimSpace(piece)
	if strings.Count(piece, "@") == 1 && !strings.ContainsAny(piece, ", 、|") {
		return []string{piece}
	}
	texts := strings.FieldsFunc(piece, func(r rune) bool { return strings.ContainsRune(",/ 、|", r) })
	var out []string
	for _, t := range texts {
		switch {
		case strings.IndexByte(t, '@') >= 0:
			out = append(out, t)
		case !isPlaceholder(t):
			return nil
		}
	}
	return out
}

// angled takes the addresses in <> of "Name <address>", and what stands between
// commas beside them and has an "@".
func angled(piece string) []string {
	var out []string
	for _, part := range splitQuoted(piece, ",/") {
		open := strings.IndexByte(part, '<')
		if open < 0 {
			if strings.IndexByte(part, '@') >= 0 {
				out = append(out, part)
			}
			continue
		}
		for ; open >= 0; open = strings.IndexByte(part, '<') {
			part = part[open+1:]
			inner, rest, ok := strings.Cut(part, ">")
			if !ok {
				break
			}
			out = append(out, inner)
			part = rest
		}
	}
	return out
}

// splitQuoted splits at any of seps outside of double quotes.
func splitQuoted(s, seps string) []string {
	if !strings.ContainsAny(s, seps) {
		return []string{s}
	}
	var out []string
	quoted, from := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(seps, s[i]) >= 0:
			out = append(out, s[from:i])
			from = i + 1
		}
	}
	return append(out, s[from:])
}

// oneEmail normalises one address.
func oneEmail(s string) (string, bool) {
	s = strings.TrimSpace(s)
	if len(s) > 7 && strings.EqualFold(s[:7], "mailto:") {
		s, _, _ = strings.Cut(s[7:], "?")
	}
	s = strings.ToLower(strings.TrimSuffix(s, "."))
	local, domain, ok := strings.Cut(s, "@")
	if !ok {
		return "", false
	}
	if !isASCII(domain) || strings.Contains(domain, "xn--") {
		ascii, err := idna.Lookup.ToASCII(domain)
		if err != nil {
			return "", false
		}
		domain = ascii
	}
	if !isLocal(local) || !isDomain(domain) {
		return "", false
	}
	return local + "@" + domain, true
}

// isPlainEmail tells whether a cell is an address that needs no change at all.
func isPlainEmail(s string) bool {
	at := strings.IndexByte(s, '@')
	if at < 1 || strings.IndexByte(s, '/') >= 0 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c >= 'A' && c <= 'Z' {
			return false
		}
	}
	return isLocal(s[:at]) && isDomain(s[at+1:]) && !strings.Contains(s[at+1:], "xn--")
}

// isLocal checks the part before "@": dot-separated atoms, no quoted strings.
// Letters of every script are allowed (SMTPUTF8).
func isLocal(s string) bool {
	if s == "" || len(s) > 64 || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	for _, r := range s {
		if r < utf8.RuneSelf {
			if !isAtom(byte(r)) && r != '.' {
				return false
			}
		} else if r == utf8.RuneError || !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsNumber(r) {
			return false
		}
	}
	return true
}

func isAtom(c byte) bool {
	if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
		return true
	}
	return strings.IndexByte("!#$%&'*+-/=?^_`{|}~", c) >= 0
}

// isDomain checks a host name in ASCII of two labels at least.
func isDomain(s string) bool {
	if len(s) < 3 || len(s) > 253 {
		return false
	}
	label, labels, digits := 0, 1, true // length and nature of the label being read
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			digits = false
		case c >= '0' && c <= '9':
		case c == '-':
			if label == 0 || i+1 == len(s) || s[i+1] == '.' {
				return false
			}
			digits = false
		case c == '.':
			if label == 0 {
				return false
			}
			label, digits = 0, true
			labels++
			continue
		default:
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && labels > 1 && !digits
}

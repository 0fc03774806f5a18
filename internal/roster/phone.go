package roster

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// phone reads the first telephone number of a cell as E.164; country (alpha-2)
// says how to read a national form. "" means there is no usable number. It
// tells whether the cell needed mending; a national form is no damage.
func phone(cell, country string) (number string, mended bool) {
	if cell == "" {
		return "", false
	}
	s, changed := tidy(width(cell))
	mended = changed || s != cell
	if t := unguard(s); t != s {
		s, mended = strings.TrimSpace(t), true
	}
	if s == "" || isPlaceholder(s) {
		return "", true
	}
	s, second := firstNumber(s)
	s, ext := cutExtension(s)
	d, ok := dialled(s)
	if !ok {
		return "", true
	}
	e164, ok := d.e164(country)
	return e164, mended || second || ext || d.idd || !ok
}

// firstNumber cuts a second number off. A slash also stands between area code
// and number, so it parts two numbers only when what precedes could be one.
func firstNumber(s string) (string, bool) {
	digits := 0
	for i, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("/;,、|", r) && digits >= 7:
			return strings.TrimSpace(s[:i]), true
		}
	}
	return s, false
}

var extensionWords = []string{"extension", "ext", "x", "#", "分机", "转"}

// cutExtension takes off "ext. 12" and its kin; what follows the word must be a
// short number.
func cutExtension(s string) (string, bool) {
	i := strings.IndexFunc(s, func(r rune) bool { return r == '#' || r >= 'A' })
	if i < 6 {
		return s, false
	}
	tail := strings.ToLower(s[i:])
	for _, w := range extensionWords {
		if n, ok := strings.CutPrefix(tail, w); ok {
			n = strings.TrimLeft(n, ".: ")
			if n != "" && len(n) <= 7 && strings.Trim(n, "0123456789") == "" {
				return strings.TrimSpace(s[:i]), true
			}
		}
	}
	return s, false
}

// A dial is a number as written: its digits, and what its form gives away.
type dial struct {
	digits string
	plus   bool // begins with + or 00: the country code follows
	idd    bool // begins with 00
	nanp   bool // written 3-3-4 or 1-3-3-4, as North American numbers are
}

func dialled(s string) (dial, bool) {
	var d dial
	s = strings.TrimPrefix(s, "tel:")
	if strings.HasPrefix(s, "+") {
		d.plus, s = true, s[1:]
	}
	if d.plus || strings.HasPrefix(s, "00") {
		s = strings.Replace(s, "(0)", "", 1)
	}
	buf := make([]byte, 0, 24)
	var groups [5]int
	g := -1
	gap := true
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			if gap {
				g, gap = g+1, false
			}
			if len(buf) == cap(buf) {
				return d, false
			}
			groups[min(g, 4)]++
			buf = append(buf, byte(r))
		case strings.ContainsRune(" -.()/‐‑‒–—", r):
			gap = true
		default:
			return d, false
		}
	}
	d.digits = string(buf)
	d.nanp = g == 2 && groups == [5]int{3, 3, 4} || g == 3 && groups == [5]int{1, 3, 3, 4}
	if !d.plus && strings.HasPrefix(d.digits, "00") {
		d.plus, d.idd, d.digits = true, true, d.digits[2:]
	}
	return d, true
}

// e164 gives the international form. Common mobile numbers and North American
// ones are decided here, because the library takes twenty times as long as the
// rest of the row; it decides on everything else. With + or a trunk 0 a number
// must be possible, without either it must be one that is in use.
func (d dial) e164(country string) (string, bool) {
	if d.plus {
		return international(d.digits)
	}
	switch country {
	case "US", "CA":
		if len(d.digits) == 10 || len(d.digits) == 11 && d.digits[0] == '1' {
			return northAmerican(d.digits)
		}
	case "CN":
		if d.nanp {
			return northAmerican(d.digits)
		}
		if len(d.digits) == 11 && isMobile("86", d.digits) {
			return "+86" + d.digits, true
		}
	}
	if cc := mobileCodes[country]; cc != "" && strings.HasPrefix(d.digits, "0") && isMobile(cc, d.digits[1:]) {
		return "+" + cc + d.digits[1:], true
	}
	return byLibrary(d.digits, country, strings.HasPrefix(d.digits, "0"))
}

func international(digits string) (string, bool) {
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return "", false
	}
	if digits[0] == '1' {
		return northAmerican(digits)
	}
	if isMobile(digits[:2], digits[2:]) {
		return "+" + digits, true
	}
	return byLibrary("+"+digits, "", true)
}

// northAmerican checks a ten-digit number with or without its leading 1.
// Premium numbers (900) are refused.
func northAmerican(digits string) (string, bool) {
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || digits[0] < '2' || digits[3] < '2' || digits[1:3] == "11" || digits[1] == '9' || digits[:3] == "900" {
		return "", false
	}
	return "+1" + digits, true
}

var mobileCodes = map[string]string{"GB": "44", "DE": "49", "FR": "33", "AU": "61", "SE": "46", "JP": "81", "KR": "82"}

// isMobile tells whether a national number, without trunk prefix, is a mobile
// number of the usual kind in a country we need not ask the library about.
func isMobile(cc, n string) bool {
	if len(n) < 9 {
		return false
	}
	switch cc {
	case "86":
		return len(n) == 11 && n[0] == '1' && n[1] >= '3'
	case "44":
		return len(n) == 10 && n[0] == '7' && n[1] != '0' && n[1] != '6'
	case "49":
		return (len(n) == 10 || len(n) == 11) && n[0] == '1' && n[1] >= '5' && n[1] <= '7'
	case "33":
		return len(n) == 9 && (n[0] == '6' || n[0] == '7')
	case "61":
		return len(n) == 9 && n[0] == '4'
	case "46":
		return len(n) == 9 && n[0] == '7' && strings.IndexByte("02369", n[1]) >= 0
	case "81":
		return len(n) == 10 && n[0] >= '7' && n[1] == '0'
	case "82":
		return len(n) == 10 && n[0] == '1' && n[1] == '0'
	}
	return false
}

// byLibrary asks the library; numbers that nobody texts or calls are refused, see Barred.
func byLibrary(s, country string, possible bool) (string, bool) {
	if len(s) < 5 {
		return "", false
	}
	n, err := phonenumbers.Parse(s, country)
	if err != nil || !phonenumbers.IsPossibleNumber(n) {
		return "", false
	}
	switch phonenumbers.GetNumberType(n) {
	case phonenumbers.PREMIUM_RATE, phonenumbers.SHARED_COST, phonenumbers.PERSONAL_NUMBER, phonenumbers.PAGER:
		return "", false
	case phonenumbers.UNKNOWN:
		if !possible {
			return "", false
		}
	}
	e := phonenumbers.Format(n, phonenumbers.E164)
	return e, isE164(e) && !satellite(e)
}

func isE164(s string) bool {
	return len(s) >= 8 && len(s) <= 16 && s[0] == '+' && s[1] >= '1' && strings.Trim(s[1:], "0123456789") == ""
}

package templates

import (
	"regexp"
	"slices"
	"strings"
)

var (
	emailPattern = regexp.MustCompile(`(?i)[a-z0-9._%+\-]+@[a-z0-9\-]+(?:\.[a-z0-9\-]+)+`)
	phonePattern = regexp.MustCompile(`\+?\d[\d \-()./\x{00a0}]{6,22}\d`)
	cardPattern  = regexp.MustCompile(`(?:\d[ -]?){12,18}\d`)
	ssnPattern   = regexp.MustCompile(`\b\d{3}-\d{2}-\d{4}\b`)
	cnIDPattern  = regexp.MustCompile(`\d{17}[\dXx]`)
	datePattern  = regexp.MustCompile(`\d{4}[-./]\d{1,2}[-./]\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4}`)
)

// personal looks for personal data an author typed into the text. A finding
// never repeats it.
func (l *linter) personal(fd field) {
	found := func(what string) {
		l.add("personal-data", levelError, fd.where(), "the text holds "+what, "everybody on the list would read it: take it out, or use a placeholder")
	}
	for _, s := range cardPattern.FindAllString(fd.text, -1) {
		if d := digits(s); len(d) >= 13 && len(d) <= 19 && luhn(d) && !chineseID(d) {
			found("what looks like a card number")
		}
	}
	if ssnPattern.MatchString(fd.text) {
		found("what looks like a social security number")
	}
	if slices.ContainsFunc(cnIDPattern.FindAllString(fd.text, -1), chineseID) {
		found("what looks like a resident identity number")
	}
	own := l.ownContacts()
	for _, s := range emailPattern.FindAllString(fd.text, -1) {
		_, domain, _ := strings.Cut(s, "@")
		if !strings.Contains(strings.ToLower(own), strings.ToLower(s)) && !l.b.org.owns(domain) {
			found("an e-mail address that is not the organisation's")
		}
	}
	for _, s := range phonesIn(fd.text) {
		if !containsPhone(own, s) {
			found("a telephone number that is not the organisation's contact")
		}
	}
}

// ownContacts is everything that may be given as our contact.
func (l *linter) ownContacts() string {
	all := l.b.org.Contact
	for _, key := range []string{"contact_email", "contact_phone", "dpo_contact", "contact_name"} {
		s, _ := l.f.Text(key)
		all += "\n" + s
	}
	return all
}

// phonesIn finds numbers of 9 to 15 digits that are written like a telephone
// number: with a plus, a leading zero, or cut into groups.
func phonesIn(text string) []string {
	var out []string
	text = cnIDPattern.ReplaceAllString(ssnPattern.ReplaceAllString(datePattern.ReplaceAllString(text, " ; "), " ; "), " ; ")
	for _, s := range phonePattern.FindAllString(text, -1) {
		d := digits(s)
		grouped := strings.ContainsAny(strings.TrimSpace(s), " -()")
		if len(d) >= 8 && len(d) <= 15 && (strings.HasPrefix(s, "+") || strings.HasPrefix(d, "0") || (grouped && len(d) >= 10) || mobileCN(d)) {
			out = append(out, s)
		}
	}
	return out
}

func mobileCN(d string) bool { return len(d) == 11 && d[0] == '1' && d[1] >= '3' }

// containsPhone compares the last eight digits: a number is written in many ways.
func containsPhone(own, s string) bool {
	tail := func(d string) string { return d[max(0, len(d)-8):] }
	return slices.ContainsFunc(strings.FieldsFunc(own, func(r rune) bool { return r == '\n' || r == ',' || r == ';' || r == '，' || r == '；' }),
		func(line string) bool { return strings.Contains(digits(line), tail(digits(s))) })
}

func digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
}

// luhn checks the check digit of a payment card.
func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		n := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0 && strings.Trim(d, "0") != ""
}

// chineseID checks the check character of GB 11643.
func chineseID(s string) bool {
	if len(s) != 18 {
		return false
	}
	weights := [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}
	sum := 0
	for i, w := range weights {
		sum += int(s[i]-'0') * w
	}
	return strings.ToUpper(s[17:]) == string("10X98765432"[sum%11])
}

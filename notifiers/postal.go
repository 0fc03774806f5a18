package notifiers

import (
	"regexp"
	"strings"
	"unicode"

	"tocsin/incidents"
	"tocsin/templates"
)

// postalAddress is what stands in the window of an envelope: the name, the
// lines of the address, and abroad the country in capitals (UPU S42: last
// line, in a language known everywhere). Empty when there is no address.
func postalAddress(who incidents.Contact, place, home incidents.Place) string {
	lines := addressLines(who.Address)
	if len(lines) == 0 {
		return ""
	}
	if who.Name != "" && !strings.EqualFold(lines[0], who.Name) {
		lines = append([]string{who.Name}, lines...)
	}
	return strings.Join(withCountry(lines, place, home), "\n")
}

// addressLines makes lines of an address that was one cell of a list: by line
// breaks, else by semicolons, else by commas. What has none stays one line,
// as Chinese addresses do; the page breaks it where it must.
func addressLines(s string) []string {
	for _, sep := range []string{"\n\r", ";；", ",，"} {
		lines := cutLines(s, sep)
		if len(lines) < 2 {
			continue
		}
		if sep == ",，" {
			lines = joinTowns(lines)
		}
		return lines
	}
	return cutLines(s, "\n\r")
}

func cutLines(s, seps string) (out []string) {
	for _, l := range strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(seps, r) }) {
		if l = strings.Join(strings.Fields(l), " "); strings.IndexFunc(l, isWritten) >= 0 {
			out = append(out, l)
		}
	}
	return out
}

func isWritten(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

var (
	stateAndZIP = regexp.MustCompile(`^[A-Z]{2}\.? \d{5}(-\d{4})?$`) // US: CA 94103
	bareCode    = regexp.MustCompile(`^[A-Z]{0,3}-?\d{4,6}$`)
	bareState   = regexp.MustCompile(`^[A-Z]{2}$`)
	houseNumber = regexp.MustCompile(`^\d{1,4}[a-zA-Z]?$`)
)

// joinTowns puts together what commas parted though it is one line: a town with
// its state and code, a house number with its street.
func joinTowns(lines []string) (out []string) {
	for i, l := range lines {
		n := len(out)
		switch {
		case n > 0 && (stateAndZIP.MatchString(l) || i > 1 && bareState.MatchString(l)):
			out[n-1] += ", " + l
		case n > 0 && i > 1 && bareCode.MatchString(l), n > 0 && houseNumber.MatchString(l):
			out[n-1] += " " + l
		default:
			out = append(out, l)
		}
	}
	return out
}

// withCountry adds the country abroad, once.
func withCountry(lines []string, place, home incidents.Place) []string {
	code, _, _ := strings.Cut(string(place), "-")
	at, _, _ := strings.Cut(string(home), "-")
	name := templates.CountryName(place)
	if code == "" || code == at || name == "" {
		return lines
	}
	if last := lines[len(lines)-1]; strings.EqualFold(last, name) || strings.EqualFold(last, code) {
		lines = lines[:len(lines)-1]
	}
	return append(lines, strings.ToUpper(name))
}

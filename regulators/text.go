package regulators

import (
	"strconv"
	"strings"
	"time"
)

// oneLine folds white space, for messages.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// thousands writes 1234567 as 1,234,567.
func thousands(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// instant writes a time the way every explanation does.
func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

// plural is "1 day", "3 days".
func plural(n int, word string) string {
	if n == 1 {
		return "1 " + word
	}
	return strconv.Itoa(n) + " " + word + "s"
}

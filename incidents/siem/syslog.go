package siem

import (
	"regexp"
	"strings"
	"time"
)

var (
	bsdTime = regexp.MustCompile(`^(?:<\d{1,3}>)?([A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2})\b`)
	isoTime = regexp.MustCompile(`^(?:<\d{1,3}>)?(?:1 )?(\d{4}-\d{2}-\d{2}T\S+)`)
)

// syslogTime is the time in the header of a line. The old header has no year
// and no zone: it is the latest such time that is not after the arrival.
func syslogTime(text string, received time.Time) *time.Time {
	if m := isoTime.FindStringSubmatch(text); m != nil {
		return instant(m[1])
	}
	m := bsdTime.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	return yearless(m[1], received)
}

// yearless reads a day and a time, of the year that fits the arrival. A clock
// may be a day ahead.
func yearless(s string, received time.Time) *time.Time {
	for _, year := range []int{received.UTC().Year() + 1, received.UTC().Year(), received.UTC().Year() - 1} {
		t, err := time.Parse("2006 Jan _2 15:04:05", time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006")+" "+s)
		if err == nil && !t.After(received.Add(24*time.Hour)) {
			return sane(t)
		}
	}
	return nil
}

// splitHeader cuts the header fields of CEF and LEEF, in which a bar may be
// escaped, from what follows the last of them.
func splitHeader(s string, n int) (fields []string, rest string, ok bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s) && (s[i+1] == '|' || s[i+1] == '\\'):
			i++
			b.WriteByte(s[i])
		case s[i] == '|':
			fields = append(fields, strings.TrimSpace(b.String()))
			b.Reset()
			if len(fields) == n {
				return fields, s[i+1:], true
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return fields, "", false
}

package settings

import (
	"regexp"
	"strconv"
	"time"

	"tocsin/incidents"
)

// Hours are the hours of a day at which something may be done, local to the
// person it is done to; written as 09:00-20:00.
type Hours string

// From is when the hours begin, since midnight.
func (h Hours) From() time.Duration { from, _, _ := parseHours(string(h)); return from }

// Until is when they end, since midnight.
func (h Hours) Until() time.Duration { _, until, _ := parseHours(string(h)); return until }

// UnmarshalYAML reads 09:00-20:00.
func (h *Hours) UnmarshalYAML(read func(any) error) error {
	var s string
	if err := read(&s); err != nil {
		return err
	}
	_, _, err := parseHours(s)
	*h = Hours(s)
	return err
}

var hoursForm = regexp.MustCompile(`^([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$`)

func parseHours(s string) (from, until time.Duration, err error) {
	m := hoursForm.FindStringSubmatch(s)
	if m == nil {
		return 0, 0, incidents.Invalid("%q is not a time of day", s).WithHint("write 09:00-20:00")
	}
	at := func(hour, minute string) time.Duration {
		hh, _ := strconv.Atoi(hour) // two digits: see the form
		mm, _ := strconv.Atoi(minute)
		return time.Duration(hh)*time.Hour + time.Duration(mm)*time.Minute
	}
	if from, until = at(m[1], m[2]), at(m[3], m[4]); from >= until || until > 24*time.Hour {
		return 0, 0, incidents.Invalid("the hours %s end before they begin, or after midnight", s).WithHint("write the earlier time first, like 09:00-20:00")
	}
	return from, until, nil
}

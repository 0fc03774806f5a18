package notifiers_test

import (
	"net/http"
	"testing"
	"time"

	"tocsin/notifiers"
)

func TestRetryAfter(t *testing.T) {
	const said = "Mon, 30 Nov 2026 12:00:00 GMT"
	for _, c := range []struct {
		name, after, date string
		want              time.Duration
	}{
		{"nothing is asked", "", said, 0},
		{"seconds", "120", "", 2 * time.Minute},
		{"no seconds at all", "0", said, 0},
		{"seconds of the past", "-5", said, 0},
		{"more than an hour", "7200", said, time.Hour},
		{"so many that they overflow a duration", "9000000000000", said, time.Hour},
		{"so many that they overflow a number", "99999999999999999999", said, time.Hour},
		{"a date", "Mon, 30 Nov 2026 12:10:00 GMT", said, 10 * time.Minute},
		{"a date of the form that is obsolete", "Monday, 30-Nov-26 12:10:00 GMT", said, 10 * time.Minute},
		{"a date that has passed", "Mon, 30 Nov 2026 11:00:00 GMT", said, 0},
		{"a date years ahead", "Tue, 30 Nov 2060 12:00:00 GMT", said, time.Hour},
		{"a date, and nobody says what time it is there", "Mon, 30 Nov 2026 12:10:00 GMT", "", time.Minute},
		{"words", "soon", said, time.Minute},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := http.Header{}
			if c.after != "" {
				h.Set("Retry-After", c.after)
			}
			if c.date != "" {
				h.Set("Date", c.date)
			}
			if got := notifiers.RetryAfter(h); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

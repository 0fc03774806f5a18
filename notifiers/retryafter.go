package notifiers

import (
	"errors"
	"net/http"
	"strconv"
	"time"
)

// longestPause is the most that one answer can ask for: a slip of a provider
// must not stop an account for days. Who is still busy then says so again.
const longestPause = time.Hour

// unread is the pause of a provider that asks for one in words nobody can read.
const unread = time.Minute

// RetryAfter is how long the provider that answered with these headers asks to
// be left alone; 0: it does not ask, never more than an hour. A date counts from
// the answer's own Date, so that nobody's clock has to be right.
// Source: RFC 9110, section 10.2.3.
func RetryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	s, err := strconv.ParseInt(text, 10, 64) // at its own bound when the number is larger
	if err == nil || errors.Is(err, strconv.ErrRange) {
		return time.Duration(min(max(s, 0), int64(longestPause/time.Second))) * time.Second
	}
	until, err := http.ParseTime(text)
	said, noDate := http.ParseTime(h.Get("Date"))
	if err != nil || noDate != nil {
		return unread
	}
	return min(max(until.Sub(said), 0), longestPause)
}

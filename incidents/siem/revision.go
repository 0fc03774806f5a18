package siem

import (
	"strconv"
	"strings"
)

// NewerRevision tells whether revision b is newer than a: by number, by time,
// by the counter behind a "#", else as text. The same is not newer; a sender
// that stops naming revisions is believed.
func NewerRevision(a, b string) bool {
	if a == b {
		return false
	}
	if a == "" || b == "" {
		return true
	}
	x, errX := strconv.ParseFloat(a, 64)
	y, errY := strconv.ParseFloat(b, 64)
	if errX == nil && errY == nil {
		return y > x
	}
	timeA, countA, _ := strings.Cut(a, "#")
	timeB, countB, _ := strings.Cut(b, "#")
	ta, tb := instant(timeA), instant(timeB)
	if ta == nil || tb == nil {
		return b > a
	}
	if !ta.Equal(*tb) {
		return tb.After(*ta)
	}
	na, errA := strconv.ParseInt(countA, 10, 64)
	nb, errB := strconv.ParseInt(countB, 10, 64)
	return errA == nil && errB == nil && nb > na
}

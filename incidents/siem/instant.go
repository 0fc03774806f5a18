package siem

import (
	"math"
	"strconv"
	"time"
)

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999Z07", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999Z07:00", "2006-01-02 15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02", "2006-01",
	time.RFC1123Z, "Mon, 02 Jan 2006 15:04:05 GMT"}

// instant reads a time as senders write it: RFC 3339 with or without a colon in
// the zone, without a zone (then UTC), a day, or seconds, milliseconds,
// microseconds or nanoseconds since 1970. 0001-01-01 and 1970-01-01 mean "absent".
func instant(s string) *time.Time {
	if s == "" || len(s) > 64 {
		return nil
	}
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return epoch(n)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return fraction(f)
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			return sane(t)
		}
	}
	return nil
}

// sane drops the zero times of other systems and what no calendar holds.
func sane(t time.Time) *time.Time {
	t = t.UTC()
	if t.Year() < 1970 || t.Year() > 9999 || (t.Year() == 1970 && t.YearDay() == 1) {
		return nil
	}
	return &t
}

// epoch tells the unit from the size: seconds up to the year 5138.
func epoch(n int64) *time.Time {
	switch {
	case n >= 1e17:
		return sane(time.Unix(0, n))
	case n >= 1e14:
		return sane(time.UnixMicro(n))
	case n >= 1e11:
		return sane(time.UnixMilli(n))
	}
	return sane(time.Unix(n, 0))
}

// fraction reads a number with a fraction, to the microsecond.
func fraction(f float64) *time.Time {
	switch {
	case !(f > 0) || f >= 1e19:
		return nil
	case f >= 1e17:
		f /= 1e9
	case f >= 1e14:
		f /= 1e6
	case f >= 1e11:
		f /= 1e3
	}
	sec, frac := math.Modf(f)
	return sane(time.Unix(int64(sec), int64(math.Round(frac*1e6))*1000))
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// stamp writes a time as part of a key or as a revision.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.Format(time.RFC3339Nano)
}

func first[T any](ps ...*T) *T {
	for _, p := range ps {
		if p != nil {
			return p
		}
	}
	return nil
}

package roster

import (
	"strconv"
	"strings"
	"time"
)

// birth reads a date of birth as YYYY-MM-DD; "" when there is none that makes
// sense on asOf. It tells whether the cell needed mending.
func birth(cell, country string, asOf time.Time) (day time.Time, ok, mended bool) {
	if cell == "" {
		return time.Time{}, false, false
	}
	if d, ok := isoDay(cell); ok && plausible(d, asOf) {
		return d, true, false
	}
	s, _ := tidy(width(cell))
	s = unguard(s)
	if i := strings.IndexAny(s, " T"); i >= 8 {
		s = s[:i]
	}
	d, ok := anyDay(s, country)
	if !ok || !plausible(d, asOf) {
		return time.Time{}, false, true
	}
	return d, true, true
}

func plausible(d, asOf time.Time) bool {
	return !d.After(asOf) && asOf.Year()-d.Year() <= 130
}

// isoDay reads YYYY-MM-DD without the cost of time.Parse.
func isoDay(s string) (time.Time, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return time.Time{}, false
	}
	return civil(s[:4], s[5:7], s[8:])
}

// anyDay reads the other ways lists write a day: 2010/1/2, 02.01.2010, 20100102,
// 2010年1月2日, a spreadsheet's serial number, and 1/2/2010, which is month
// first in the United States and day first elsewhere.
func anyDay(s, country string) (time.Time, bool) {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("/-.年月日 ", r) })
	switch {
	case len(parts) == 1 && len(s) == 8:
		return civil(s[:4], s[4:6], s[6:])
	case len(parts) == 1 || len(parts) == 2 && parts[1] == "0":
		return serialDay(parts[0])
	case len(parts) != 3:
		return time.Time{}, false
	case len(parts[0]) == 4:
		return civil(parts[0], parts[1], parts[2])
	case len(parts[2]) != 4:
		return time.Time{}, false
	case country == "US" && strings.IndexByte(s, '.') < 0:
		if d, ok := civil(parts[2], parts[0], parts[1]); ok {
			return d, true
		}
	}
	return civil(parts[2], parts[1], parts[0])
}

// serialDay reads the days a spreadsheet counts from 1899-12-30. A number that
// could be a year is none.
func serialDay(s string) (time.Time, bool) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1000 || n > 99999 || n >= 1850 && n <= 2100 {
		return time.Time{}, false
	}
	return time.Date(1899, 12, 30+n, 0, 0, 0, 0, time.UTC), true
}

func civil(year, month, day string) (time.Time, bool) {
	y, ok1 := number(year)
	m, ok2 := number(month)
	d, ok3 := number(day)
	if !ok1 || !ok2 || !ok3 || m < 1 || m > 12 || d < 1 || d > 31 {
		return time.Time{}, false
	}
	t := time.Date(y, time.Month(m), d, 0, 0, 0, 0, time.UTC)
	return t, t.Day() == d
}

func number(s string) (int, bool) {
	if s == "" || len(s) > 4 {
		return 0, false
	}
	n := 0
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

// age counts full years; a person is a year older on the birthday.
func age(born, asOf time.Time) int {
	n := asOf.Year() - born.Year()
	if asOf.Month() < born.Month() || asOf.Month() == born.Month() && asOf.Day() < born.Day() {
		n--
	}
	return n
}

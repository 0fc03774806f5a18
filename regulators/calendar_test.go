package regulators

import (
	"testing"
	"time"
)

// nth is the n-th weekday of a month; n = -1 is the last.
func nth(year int, month time.Month, day time.Weekday, n int) time.Time {
	if n > 0 {
		first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		return first.AddDate(0, 0, (int(day-first.Weekday())+7)%7+7*(n-1))
	}
	last := time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC)
	return last.AddDate(0, 0, -(int(last.Weekday()-day)+7)%7)
}

// observed moves a Saturday to Friday and a Sunday to Monday.
func observed(year int, month time.Month, day int) time.Time {
	d := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	switch d.Weekday() {
	case time.Saturday:
		return d.AddDate(0, 0, -1)
	case time.Sunday:
		return d.AddDate(0, 0, 1)
	}
	return d
}

// The federal holidays on file are those the statute's rules give.
func TestFederalHolidaysFollowTheStatute(t *testing.T) {
	c := shippedPack(t).calendars["US-federal"]
	want := map[time.Time]bool{}
	for year := 2025; year <= 2028; year++ {
		for _, d := range []time.Time{
			observed(year, 1, 1), nth(year, 1, time.Monday, 3), nth(year, 2, time.Monday, 3), nth(year, 5, time.Monday, -1),
			observed(year, 6, 19), observed(year, 7, 4), nth(year, 9, time.Monday, 1), nth(year, 10, time.Monday, 2),
			observed(year, 11, 11), nth(year, 11, time.Thursday, 4), observed(year, 12, 25), observed(year+1, 1, 1),
		} {
			if d.Year() <= 2028 { // the next year is not on file
				want[d] = true
			}
		}
	}
	for d := range want {
		if c.holidays[d] == "" {
			t.Errorf("%s is missing", d.Format(time.DateOnly))
		}
	}
	for d, name := range c.holidays {
		if !want[d] {
			t.Errorf("%s (%s) is none", d.Format(time.DateOnly), name)
		}
	}
}

// easter is Easter Sunday of the Gregorian calendar (Meeus/Jones/Butcher).
func easter(y int) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (8*b + 13) / 25
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 19*l) / 433
	month := (h + l - 7*m + 90) / 25
	day := (h + l - 7*m + 33*month + 19) % 32
	return time.Date(y, time.Month(month), day, 0, 0, 0, 0, time.UTC)
}

func TestEasterIsOnFile(t *testing.T) {
	p := shippedPack(t)
	for year := 2025; year <= 2028; year++ {
		sunday := easter(year)
		for _, name := range []string{"UK", "EU"} {
			if p.calendars[name].works(sunday.AddDate(0, 0, 1)) {
				t.Errorf("%s works on Easter Monday %d", name, year)
			}
		}
		if p.calendars["UK"].works(sunday.AddDate(0, 0, -2)) {
			t.Errorf("the United Kingdom works on Good Friday %d", year)
		}
		if au := p.calendars["AU"]; au.works(sunday.AddDate(0, 0, 1)) || au.works(sunday.AddDate(0, 0, -2)) {
			t.Errorf("Australia works at Easter %d", year)
		}
		for _, d := range []time.Time{nth(year, 5, time.Monday, 1), nth(year, 5, time.Monday, -1), nth(year, 8, time.Monday, -1)} {
			if p.calendars["UK"].works(d) {
				t.Errorf("the United Kingdom works on %s", d.Format(time.DateOnly))
			}
		}
	}
}

// Every day on file changes something: a holiday is no make-up day, a make-up
// day lies on a weekend, and both lie in a year the calendar tells of.
func TestCalendarsMakeSense(t *testing.T) {
	for name, c := range shippedPack(t).calendars {
		told := map[int]bool{}
		for _, y := range c.covers {
			told[y] = true
		}
		for y := range c.uncertain {
			told[y] = true
		}
		for d := range c.holidays {
			if !told[d.Year()] || c.workdays[d] != "" {
				t.Errorf("%s: holiday %s", name, d.Format(time.DateOnly))
			}
		}
		for d := range c.workdays {
			if !told[d.Year()] || !c.weekend[d.Weekday()] || !c.works(d) {
				t.Errorf("%s: make-up day %s", name, d.Format(time.DateOnly))
			}
		}
	}
	off := map[int]int{}
	for d := range shippedPack(t).calendars["CN"].holidays {
		off[d.Year()]++
	}
	if off[2025] != 1+8+3+5+3+8 || off[2026] != 3+9+3+5+3+3+7 {
		t.Errorf("China's days off: %v", off)
	}
}

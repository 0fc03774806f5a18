package regulators

import (
	"slices"
	"testing"
	"time"
)

// Holy Week and the feasts that hang on Easter are on file where they are holidays.
func TestLatinAmericanFeastsFollowEaster(t *testing.T) {
	p := shippedPack(t)
	after := map[string][]int{"BR": {-2}, "CO": {-3, -2, 43, 64, 71}, "CR": {-3, -2}}
	for name, days := range after {
		c := p.calendars[name]
		for _, year := range c.covers {
			for _, n := range days {
				if d := easter(year).AddDate(0, 0, n); c.works(d) {
					t.Errorf("%s works on %s", name, d.Format(time.DateOnly))
				}
			}
		}
	}
}

// Colombia moves most feasts to the Monday after; only six keep their date.
func TestColombianFeastsAreMondays(t *testing.T) {
	c := shippedPack(t).calendars["CO"]
	fixed := []string{"01-01", "05-01", "07-20", "08-07", "12-08", "12-25"}
	for _, year := range c.covers {
		mondays := map[time.Time]bool{}
		for d := range c.holidays {
			holy := d.Equal(easter(year).AddDate(0, 0, -3)) || d.Equal(easter(year).AddDate(0, 0, -2))
			if d.Year() != year || holy || slices.Contains(fixed, d.Format("01-02")) {
				continue
			}
			if mondays[d] = true; d.Weekday() != time.Monday {
				t.Errorf("%s is a %s", d.Format(time.DateOnly), d.Weekday())
			}
		}
		most := 10
		if year >= 2026 { // Our Lady of Chiquinquirá
			most++
		}
		if len(mondays) < most-1 || len(mondays) > most { // two of them fall together in some years
			t.Errorf("%d has %d moved feasts", year, len(mondays))
		}
	}
}

// The week of Egypt runs from Sunday to Thursday.
func TestTheEgyptianWeek(t *testing.T) {
	c := shippedPack(t).calendars["EG"]
	for day, want := range map[int]bool{20: false, 21: false, 22: true, 26: true} { // Friday to Thursday
		if d := time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC); c.works(d) != want {
			t.Errorf("%s: working day %v", d.Format(time.DateOnly), !want)
		}
	}
}

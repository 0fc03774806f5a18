package regulators

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/internal/strict"
)

// calendarFiles are the shipped files by the name of their calendar.
func calendarFiles(t *testing.T) map[string]calendarFile {
	t.Helper()
	files, err := Files(Shipped())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]calendarFile{}
	for name, text := range files {
		if path.Dir(name) != "calendars" {
			continue
		}
		var f calendarFile
		if err := strict.Unmarshal(name, text, &f); err != nil {
			t.Fatal(err)
		}
		if want := "calendars/" + strings.ToLower(f.Name) + ".yaml"; name != want {
			t.Errorf("the calendar %s is in %s, not in %s", f.Name, name, want)
		}
		out[f.Name] = f
	}
	return out
}

// Each calendar has the holidays of 2025 to 2028, or says of which years it does
// not know them all and why. What it says was read somewhere.
func TestCalendarsTellOfFourYears(t *testing.T) {
	for name, f := range calendarFiles(t) {
		for year := 2025; year <= 2028; year++ {
			switch why, covered := f.Uncertain[year], slices.Contains(f.Covers, year); {
			case !covered && why == "":
				t.Errorf("%s says nothing of %d", name, year)
			case strings.HasSuffix(why, ".") || why != strings.TrimSpace(why):
				t.Errorf("%s: %q ends a sentence it does not begin", name, why)
			}
			if n := daysOff(shippedPack(t).calendars[name], year); name != "UA" && (n < 2 || n > 30) {
				t.Errorf("%s has %d days off in the weeks of %d", name, n, year)
			}
		}
		if len(f.Sources) == 0 || f.Note == "" || f.Title == "" {
			t.Errorf("%s has no source, no note or no title", name)
		}
		for _, u := range slices.Concat(f.Sources, f.Locators) {
			if !strings.HasPrefix(u, "https://") && !strings.HasPrefix(u, "http://") {
				t.Errorf("%s: %q is no address", name, u)
			}
		}
	}
}

// daysOff counts the holidays of a year that are no weekend anyway.
func daysOff(c *calendar, year int) (n int) {
	for d := range c.holidays {
		if d.Year() == year && !c.weekend[d.Weekday()] {
			n++
		}
	}
	return n
}

var observedName = regexp.MustCompile(`\((observed|moved .*|substitute|Monday after|Tuesday after|in lieu)\)$|^(Alternative holiday|Compensatory rest day) for|^Day off`)

// A day in lieu of one on a weekend is no weekend, and a day off for which a
// weekend is worked names that day.
func TestDaysInLieuAreWeekdays(t *testing.T) {
	worked := regexp.MustCompile(`worked on (\d{4}-\d\d-\d\d)`)
	for name, c := range shippedPack(t).calendars {
		for d, what := range c.holidays {
			if observedName.MatchString(what) && c.weekend[d.Weekday()] {
				t.Errorf("%s: %s (%s) is a %s", name, d.Format(time.DateOnly), what, d.Weekday())
			}
			if m := worked.FindStringSubmatch(what); m != nil && c.workdays[date(m[1])] == "" {
				t.Errorf("%s: nothing is worked on %s for %s", name, m[1], d.Format(time.DateOnly))
			}
		}
		for d, what := range c.workdays {
			if off, err := time.Parse("for "+time.DateOnly, what); err == nil && c.works(off) {
				t.Errorf("%s: %s is worked %s, which is no day off", name, d.Format(time.DateOnly), what)
			}
		}
	}
}

// julianEaster is Easter Sunday of the Orthodox churches, by our calendar.
func julianEaster(y int) time.Time {
	a, b, c := y%4, y%7, y%19
	d := (19*c + 15) % 30
	e := (2*a + 4*b - d + 34) % 7
	return time.Date(y, time.Month((d+e+114)/31), (d+e+114)%31+1+13, 0, 0, 0, 0, time.UTC)
}

func TestFeastsFollowTheirEaster(t *testing.T) {
	p := shippedPack(t)
	feasts := []struct {
		easter func(int) time.Time
		after  int
		places string
	}{
		{easter, 1, "AT BE CH- CZ DE DK ES- FI FR HK HR HU IE IS IT LI LT LU LV NG NL NO NZ PL SE SI SK ZA KE GH EE- MT- PT-"},
		{easter, -2, "AR CA CA-AB CA-ON CA-QC CL CZ DE DK EC EE ES FI GH HK HU ID IN IS KE LV MT NG NL NO NZ PA PE PH PT SE SK ZA AT- FR- IE- IT- PL-"},
		{easter, -3, "DK IS NO PE PH"},
		{easter, 39, "AT BE CH DE DK FI FR ID IS LI LU NL NO SE"},
		{easter, 50, "AT BE DE DK FR HU IS LI LU NL NO"},
		{easter, 60, "AT HR LI PL PT"},
		{easter, -48, "AR EC"},
		{easter, -47, "AR EC PA"},
		{julianEaster, 1, "BG CY GR RO RS EG"},
		{julianEaster, -2, "BG CY GR RO RS"},
		{julianEaster, 50, "CY GR RO"},
		{julianEaster, -48, "CY GR"},
	}
	for _, f := range feasts {
		for _, place := range strings.Fields(f.places) {
			name, not := strings.CutSuffix(place, "-")
			c := p.calendars[name]
			for year := 2025; year <= 2028; year++ {
				d := f.easter(year).AddDate(0, 0, f.after)
				_, other := c.holidays[d] // a feast of another kind may fall on the day
				if c.works(d) != not && !(not && other) {
					t.Errorf("%s on %s, %d days after Easter: works %v", name, d.Format(time.DateOnly), f.after, c.works(d))
				}
			}
		}
	}
}

// Where the law moves a holiday from the weekend, it is moved.
func TestHolidaysMoveOffTheWeekend(t *testing.T) {
	p := shippedPack(t)
	const both, sunday = "Saturday and Sunday", "Sunday"
	for name, rule := range map[string]struct {
		from string
		days []string
	}{
		"NZ": {both, []string{"01-01", "02-06", "04-25", "12-25", "12-26"}},
		"UK": {both, []string{"01-01", "12-25", "12-26"}},
		"CA": {both, []string{"01-01", "07-01", "11-11", "12-25", "12-26"}},
		"NG": {both, []string{"01-01", "05-01", "06-12", "10-01", "12-25", "12-26"}},
		"GH": {both, []string{"01-01", "05-01", "12-25", "12-26"}},
		"KZ": {both, []string{"01-01", "03-08", "03-21", "05-01", "05-07", "05-09", "07-06", "10-25", "12-16"}},
		"BG": {both, []string{"01-01", "05-06", "05-24", "09-06", "09-22"}},
		"ZA": {sunday, []string{"01-01", "03-21", "04-27", "05-01", "06-16", "08-09", "09-24", "12-16", "12-25", "12-26"}},
		"SG": {sunday, []string{"01-01", "05-01", "08-09", "12-25"}},
		"JP": {sunday, []string{"01-01", "02-11", "02-23", "04-29", "05-03", "08-11", "11-03", "11-23"}},
		"HK": {sunday, []string{"01-01", "05-01", "07-01", "10-01", "12-25"}},
		"KE": {sunday, []string{"01-01", "05-01", "06-01", "10-20", "12-12", "12-25"}},
		"PA": {sunday, []string{"01-09", "11-28", "12-20"}},
	} {
		c := p.calendars[name]
		for year := 2025; year <= 2028; year++ {
			for _, day := range rule.days {
				d := date(time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC).Format("2006") + "-" + day)
				if d.Weekday() != time.Sunday && (rule.from == sunday || d.Weekday() != time.Saturday) {
					continue
				}
				next := d
				for c.weekend[next.Weekday()] {
					next = next.AddDate(0, 0, 1)
				}
				if c.works(next) {
					t.Errorf("%s: %s is a %s, and %s is worked", name, d.Format(time.DateOnly), d.Weekday(), next.Format(time.DateOnly))
				}
			}
		}
	}
}

// A rule file names a calendar that exists, and every place that has one names it.
func TestRulesNameTheirCalendars(t *testing.T) {
	p := shippedPack(t)
	named := regexp.MustCompile(`(?m)^\s*calendar: (\S+)`)
	err := fs.WalkDir(Shipped(), "rules", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(Shipped(), name)
		found := named.FindAllStringSubmatch(string(text), -1)
		if len(found) == 0 {
			t.Errorf("%s names no calendar", name)
		}
		for _, m := range found {
			if p.calendars[m[1]] == nil {
				t.Errorf("%s: there is no calendar %s", name, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

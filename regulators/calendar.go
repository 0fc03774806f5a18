package regulators

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // zones must not depend on the machine

	"tocsin/internal/strict"
)

// A calendarFile is one file of calendars/: which days are business days.
type calendarFile struct {
	Name       string            `yaml:"name"`
	Title      string            `yaml:"title"`
	Weekend    []string          `yaml:"weekend"`
	Covers     []int             `yaml:"covers"`    // years whose holidays are all on file
	Uncertain  map[int]string    `yaml:"uncertain"` // years of which only some are, and why
	Holidays   map[string]string `yaml:"holidays"`
	Expected   map[string]string `yaml:"expected"` // holidays by calculation; each can come a day earlier or later
	Workdays   map[string]string `yaml:"workdays"` // make-up days on a weekend
	Sources    []string          `yaml:"sources"`  // were read
	Locators   []string          `yaml:"locators"` // official addresses nobody opened
	Checked    string            `yaml:"checked"`
	Confidence string            `yaml:"confidence"`
	Note       string            `yaml:"note"`
}

// A calendar knows business days. Dates are civil: midnight UTC stands for the day.
type calendar struct {
	name      string
	weekend   map[time.Weekday]bool
	covers    []int
	uncertain map[int]string
	holidays  map[time.Time]string // the expected ones too
	expected  []time.Time          // in order
	workdays  map[time.Time]string
}

var weekdays = map[string]time.Weekday{"sunday": time.Sunday, "monday": time.Monday, "tuesday": time.Tuesday,
	"wednesday": time.Wednesday, "thursday": time.Thursday, "friday": time.Friday, "saturday": time.Saturday}

func (b *builder) loadCalendars() {
	b.pack.calendars = map[string]*calendar{}
	for _, name := range b.files.in("calendars") {
		var f calendarFile
		if err := strict.Unmarshal(name, b.files[name], &f); err != nil {
			b.broken(name, err)
			continue
		}
		if f.Name == "" || len(f.Covers) == 0 || f.Confidence == "" || f.Checked == "" {
			b.problem(name, "", "", "a calendar needs name, covers, confidence and checked")
		}
		if f.Confidence != "" && !slices.Contains(confidences, f.Confidence) {
			b.problem(name, "", "confidence:", "confidence is %q; it wants one of %s", f.Confidence, strings.Join(confidences, ", "))
		}
		b.pack.calendars[f.Name] = b.calendar(name, f)
	}
}

func (b *builder) calendar(file string, f calendarFile) *calendar {
	c := &calendar{name: f.Name, covers: f.Covers, uncertain: f.Uncertain, weekend: map[time.Weekday]bool{}}
	for _, w := range f.Weekend {
		day, ok := weekdays[strings.ToLower(w)]
		if !ok {
			b.problem(file, "", w, "%q is no day of the week", w)
		}
		c.weekend[day] = true
	}
	if len(c.weekend) == 7 {
		b.problem(file, "", "weekend", "no day is left to work on")
		delete(c.weekend, time.Monday)
	}
	for year, why := range f.Uncertain {
		if slices.Contains(f.Covers, year) || why == "" {
			b.problem(file, "", fmt.Sprint(year), "%d is uncertain for a reason and not in covers, or it is in covers", year)
		}
	}
	c.holidays, c.workdays = b.dates(file, f.Holidays), b.dates(file, f.Workdays)
	expected := b.dates(file, f.Expected)
	c.expected = slices.SortedFunc(maps.Keys(expected), time.Time.Compare)
	for _, day := range c.expected {
		if c.holidays[day] != "" {
			b.problem(file, "", day.Format(time.DateOnly), "%s is a holiday and an expected one; it is one of the two", day.Format(time.DateOnly))
		}
		c.holidays[day] = expected[day]
	}
	return c
}

func (b *builder) dates(file string, named map[string]string) map[time.Time]string {
	out := map[time.Time]string{}
	for text, name := range named {
		day, err := time.Parse(time.DateOnly, text)
		if err != nil {
			b.problem(file, "", text, "%q is no date", text)
		}
		out[day] = name
	}
	return out
}

// works tells whether a civil day is a business day.
func (c *calendar) works(day time.Time) bool {
	if _, makeup := c.workdays[day]; makeup {
		return true
	}
	_, holiday := c.holidays[day]
	return !holiday && !c.weekend[day.Weekday()]
}

// add counts n business days after day; the day itself is not counted.
func (c *calendar) add(day time.Time, n int) time.Time {
	for n > 0 {
		if day = day.AddDate(0, 0, 1); c.works(day) {
			n--
		}
	}
	return day
}

// doubt says why a count from one day to another is not certain, or nothing: it
// ran through a year whose holidays are not all on file, or past a holiday that
// is only expected. Nothing is added to the count for a doubt.
func (c *calendar) doubt(from, to time.Time) string {
	reasons := c.openYears(from.Year(), to.Year())
	var before time.Time // the days of a feast are told of once
	for _, day := range c.expected {
		if day.Before(from) || day.After(to.AddDate(0, 0, 1)) {
			continue
		}
		if !day.Equal(before.AddDate(0, 0, 1)) {
			reasons = append(reasons, fmt.Sprintf("%s is expected on %s and can come a day earlier or later", c.holidays[day], day.Format(time.DateOnly)))
		}
		before = day
	}
	return strings.Join(reasons, "; ")
}

func (c *calendar) openYears(from, to int) (reasons []string) {
	for year := from; year <= to; year++ {
		switch why := c.uncertain[year]; {
		case why != "":
			reasons = append(reasons, fmt.Sprintf("not all holidays of %d are on file: %s", year, why))
		case !slices.Contains(c.covers, year):
			reasons = append(reasons, fmt.Sprintf("the holidays of %d are not on file, only weekends were counted", year))
		}
	}
	return reasons
}

// civil is the day an instant falls on in a zone, as midnight UTC.
func civil(t time.Time, zone *time.Location) time.Time {
	y, m, d := t.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// endOf is the last second of a civil day in a zone. Where clocks go forward at
// midnight the next day begins at one.
func endOf(day time.Time, zone *time.Location) time.Time {
	next := time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
	if civil(next, zone).Equal(day) {
		_, next = next.ZoneBounds()
	}
	return next.Add(-time.Second).UTC()
}

// addMonths goes to the same date n months on, or to that month's last day.
func addMonths(day time.Time, n int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(day.Day(), last)-1)
}

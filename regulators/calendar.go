package regulators

import (
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
	Covers     []int             `yaml:"covers"` // years whose holidays are on file
	Holidays   map[string]string `yaml:"holidays"`
	Workdays   map[string]string `yaml:"workdays"` // make-up days on a weekend
	Sources    []string          `yaml:"sources"`
	Checked    string            `yaml:"checked"`
	Confidence string            `yaml:"confidence"`
	Note       string            `yaml:"note"`
}

// A calendar knows business days. Dates are civil: midnight UTC stands for the day.
type calendar struct {
	name     string
	weekend  map[time.Weekday]bool
	covers   []int
	holidays map[time.Time]string
	workdays map[time.Time]string
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
		b.pack.calendars[f.Name] = b.calendar(name, f)
	}
}

func (b *builder) calendar(file string, f calendarFile) *calendar {
	c := &calendar{name: f.Name, covers: f.Covers, weekend: map[time.Weekday]bool{}}
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
	c.holidays, c.workdays = b.dates(file, f.Holidays), b.dates(file, f.Workdays)
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

// add counts n business days after day; the day itself is not counted. sure is
// false when the count ran through a year whose holidays are not on file.
func (c *calendar) add(day time.Time, n int) (end time.Time, sure bool) {
	sure = slices.Contains(c.covers, day.Year())
	for n > 0 {
		day = day.AddDate(0, 0, 1)
		sure = sure && slices.Contains(c.covers, day.Year())
		if c.works(day) {
			n--
		}
	}
	return day, sure
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

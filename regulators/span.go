package regulators

import (
	"fmt"
	"math"
	"time"

	"github.com/sosodev/duration"

	"tocsin/incidents"
)

// A span is the length of a clock: running hours, calendar days (with months
// and years; none at all is the same day) or business days of a calendar. The
// zero span is no length at all.
type span struct {
	iso      string
	unit     string // hours, calendar-days, business-days
	hours    time.Duration
	months   int
	days     int
	calendar *calendar
	firstDay bool // the day of the start counts as the first day
}

func (s span) none() bool { return s.iso == "" }

// parseSpan reads an ISO 8601 duration as a number of the unit. Hours may hold
// days, hours, minutes; days may hold years, months, weeks, days; business days
// only days.
func parseSpan(iso, unit string) (span, error) {
	d, err := duration.Parse(iso)
	if err != nil {
		return span{}, incidents.Invalid("%q is no ISO 8601 duration", iso)
	}
	for _, part := range []float64{d.Years, d.Months, d.Weeks, d.Days, d.Hours, d.Minutes} {
		if part != math.Trunc(part) || part < 0 || part > 10_000 {
			return span{}, incidents.Invalid("%q wants whole numbers", iso)
		}
	}
	s := span{iso: iso, unit: unit, months: int(d.Years)*12 + int(d.Months), days: int(d.Weeks)*7 + int(d.Days)}
	s.hours = time.Duration(d.Hours)*time.Hour + time.Duration(d.Minutes)*time.Minute
	switch {
	case d.Negative || d.Seconds != 0:
		return span{}, incidents.Invalid("%q: no seconds and no minus, please", iso)
	case s.hours == 0 && s.months == 0 && s.days == 0 && unit != "calendar-days":
		return span{}, incidents.Invalid("%q is no time at all", iso)
	case unit == "hours" && s.months != 0:
		return span{}, incidents.Invalid("%q has months, which are no fixed number of hours", iso)
	case unit == "calendar-days" && s.hours != 0:
		return span{}, incidents.Invalid("%q has hours but the unit is calendar-days", iso)
	case unit == "business-days" && (s.hours != 0 || s.months != 0):
		return span{}, incidents.Invalid("%q: business days are whole days", iso)
	case unit == "":
		return span{}, incidents.Invalid("the length %q needs a unit: hours, calendar-days or business-days", iso)
	}
	if unit == "hours" {
		s.hours += time.Duration(s.days) * 24 * time.Hour
		s.days = 0
	}
	return s, nil
}

// String is the length with its unit: "PT72H", "P30D", "P5D business US-federal".
func (s span) String() string {
	if s.unit == "business-days" {
		return s.iso + " business " + s.calendar.name
	}
	return s.iso
}

// end is when a span that starts at start is over. Hours run on through nights,
// weekends and holidays. Days are counted in the zone, without the day of the
// start unless it counts as the first, to the end of the last day.
func (s span) end(start time.Time, zone *time.Location) (end time.Time, words string) {
	if s.unit == "hours" {
		end = start.Add(s.hours).UTC()
		return end, hoursText(s.hours) + " = " + instant(end)
	}
	day, what, doubt := civil(start, zone), "", ""
	if s.unit == "business-days" {
		last := s.calendar.add(day, s.days)
		if doubt = s.calendar.doubt(day, last); doubt != "" {
			doubt = "; not certain: " + doubt
		}
		day, what = last, plural(s.days, "business day")+" ("+s.calendar.name+")"
	} else {
		day, what = addMonths(day, s.months).AddDate(0, 0, s.days), s.daysText()
	}
	if s.firstDay {
		day, what = day.AddDate(0, 0, -1), what+" with the day of the start as the first"
	}
	end = endOf(day, zone)
	return end, fmt.Sprintf("%s = end of %s in %s (%s)%s", what, day.Format(time.DateOnly), zone, instant(end), doubt)
}

func (s span) daysText() string {
	switch {
	case s.months == 0 && s.days == 0:
		return "the same day"
	case s.months == 0:
		return plural(s.days, "day")
	case s.days == 0:
		return plural(s.months, "month")
	}
	return plural(s.months, "month") + " and " + plural(s.days, "day")
}

func hoursText(d time.Duration) string {
	if d%time.Hour != 0 {
		return fmt.Sprintf("%d min", int(d/time.Minute))
	}
	return fmt.Sprintf("%d h", int(d/time.Hour))
}

// about is the rough length, to rank urgency.
func (s span) about() time.Duration {
	const day = 24 * time.Hour
	return s.hours + time.Duration(s.days)*day + time.Duration(s.months)*30*day
}

package regulators

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A clock counts from a start to the due time.
type clock struct {
	start     string // word of the start: awareness, determination, …
	facts     []string
	earliest  bool
	after     []string
	yearEnd   bool
	length    span
	zone      *time.Location
	qualifier string
	guidance  bool
	together  bool
	noTarget  bool
	limits    []clock // further clocks; the earliest due time counts
}

// A reading is what a clock says.
type reading struct {
	startFact  string
	start, due *time.Time
	length     string
	soft       bool
	arithmetic string
}

// A started says where a clock begins.
type started struct {
	at    time.Time
	fact  string // empty when another duty starts it
	words string
}

// dueOf finds when another rule's duty for the same place was done or, until
// then, is due.
type dueOf func(ruleID string) (started, bool)

func (c clock) begin(f incidents.Facts, other dueOf) (started, bool) {
	s, ok := c.beginByFact(f)
	for _, id := range c.after {
		if ok {
			break
		}
		s, ok = other(id)
	}
	if ok && c.yearEnd {
		end := time.Date(s.at.In(c.zone).Year(), 12, 31, 12, 0, 0, 0, c.zone)
		s.words += ", end of " + end.Format("2006")
		s.at = end.UTC()
	}
	return s, ok
}

func (c clock) beginByFact(f incidents.Facts) (s started, ok bool) {
	for _, key := range c.facts {
		t, known := f.Time(key)
		if !known || (ok && (!c.earliest || !t.Before(s.at))) {
			continue
		}
		s, ok = started{at: t, fact: key, words: startWord(key) + " " + instant(t)}, true
	}
	return s, ok
}

// startWord is "aware" for aware_at.
func startWord(key string) string {
	return strings.ReplaceAll(strings.TrimSuffix(key, "_at"), "_", " ")
}

// read counts the clock. target is our own, for soft words; 0: none.
func (c clock) read(f incidents.Facts, other dueOf, target time.Duration) reading {
	best := c.readOne(f, other, target)
	for _, l := range c.limits {
		r := l.readOne(f, other, 0)
		if r.due != nil && (best.due == nil || r.due.Before(*best.due)) {
			best = r
			best.arithmetic += " (the earliest of several limits)"
		}
	}
	return best
}

func (c clock) readOne(f incidents.Facts, other dueOf, target time.Duration) reading {
	r := reading{soft: c.guidance}
	if !c.length.none() {
		r.length = c.length.String()
	}
	s, ok := c.begin(f, other)
	if !ok {
		r.startFact = first(c.facts)
		r.arithmetic = c.notRunning()
		return r
	}
	r.startFact, r.start = s.fact, &s.at
	switch {
	case !c.length.none():
		due, words := c.length.end(s.at, c.zone)
		r.due, r.arithmetic = &due, s.words+" + "+words
		if c.guidance {
			r.arithmetic += "; the number comes from guidance, not from the law"
		}
	case c.together:
		due := s.at
		r.due, r.soft, r.arithmetic = &due, true, "together with it: "+s.words+"; the law gives no number"
	case target > 0 && !c.noTarget:
		due := s.at.Add(target).UTC()
		r.due, r.soft = &due, true
		r.arithmetic = s.words + " + " + hoursText(target) + " = " + instant(due) + "; our own target, the law gives no number"
	}
	return r
}

func (c clock) notRunning() string {
	switch {
	case len(c.facts) > 0:
		return "not running: " + strings.Join(c.facts, " or ") + " is not known"
	case len(c.after) > 0:
		return "not running: waits for " + strings.Join(c.after, " or ")
	}
	return ""
}

// urgency ranks a length: an hour weighs more than a month.
func (c clock) urgency() int {
	if c.length.none() {
		return 2
	}
	const day = 24 * time.Hour
	steps := []time.Duration{4 * time.Hour, day, 3 * day, 10 * day, 31 * day}
	for i, s := range steps {
		if c.length.about() <= s {
			return 16 >> i
		}
	}
	return 1
}

func (b *builder) clock(file string, j jurisdictionFile, r ruleSpec, s clockSpec) clock {
	c := clock{start: s.Start, facts: s.Facts, earliest: s.Pick == "earliest", after: s.After, yearEnd: s.YearEnd,
		qualifier: s.Qualifier, guidance: s.Guidance, together: s.Together, noTarget: s.NoTarget}
	bad := func(near, format string, args ...any) { b.problem(file, r.ID, near, format, args...) }
	if !slices.Contains(starts, s.Start) {
		bad("start:", "the clock starts with %q; it wants one of %s", s.Start, strings.Join(starts, ", "))
	}
	for _, key := range s.Facts {
		if d, ok := incidents.FactByKey(key); !ok || d.Type != incidents.FactTime {
			bad(key, "the clock starts with %q, which is no time fact of the catalogue", key)
		}
	}
	if !slices.Contains(picks, s.Pick) {
		bad("pick:", "pick is first or earliest, not %q", s.Pick)
	}
	if s.Start != "new-information" && len(s.Facts) == 0 && len(s.After) == 0 {
		bad("clock:", "the clock needs facts or after")
	}
	if s.Length == "" && s.Qualifier == "" {
		bad("clock:", "the clock needs a length or the law's own words (qualifier)")
	}
	c.zone = b.zone(file, r.ID, cmp.Or(s.Zone, j.Zone))
	if s.Length != "" {
		c.length = b.span(file, j, r, s)
	}
	for _, l := range s.EarliestOf {
		c.limits = append(c.limits, b.clock(file, j, r, l))
	}
	return c
}

func (b *builder) zone(file, ruleID, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		b.problem(file, ruleID, name, "there is no time zone %q", name)
		return time.UTC
	}
	return zone
}

func (b *builder) span(file string, j jurisdictionFile, r ruleSpec, s clockSpec) span {
	length, err := parseSpan(s.Length, s.Unit)
	if err != nil {
		b.problem(file, r.ID, s.Length, "%s", err)
		return span{}
	}
	if length.firstDay = s.FirstDay; s.FirstDay && (s.Unit != "calendar-days" || length.months+length.days == 0) {
		b.problem(file, r.ID, "first-day:", "first-day wants a length in calendar days, a day at least")
	}
	if s.Unit == "business-days" {
		name := cmp.Or(s.Calendar, j.Calendar)
		if length.calendar = b.pack.calendars[name]; length.calendar == nil {
			b.problem(file, r.ID, s.Length, "business days need a calendar; there is none called %q", name)
			return span{}
		}
	}
	return length
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

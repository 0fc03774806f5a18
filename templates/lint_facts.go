package templates

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// A day is a date as written in a text.
type day struct{ y, m, d int }

func (x day) time() time.Time { return time.Date(x.y, time.Month(x.m), x.d, 0, 0, 0, 0, time.UTC) }

// near tells whether the instant at falls on the day in any time zone.
func (x day) near(at time.Time) bool {
	from := x.time().Add(-14 * time.Hour)
	return !at.Before(from) && at.Before(from.Add(50*time.Hour))
}

var (
	isoDate     = regexp.MustCompile(`\b(\d{4})-(\d{1,2})-(\d{1,2})\b`)
	chineseDate = regexp.MustCompile(`(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})\s*日`)
	dayMonth    = regexp.MustCompile(`(?i)\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,? (\d{4})\b`)
	monthDay    = regexp.MustCompile(`(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})\b`)
)

const months = "janfebmaraprmayjunjulaugsepoctnovdec"

// datesIn reads the dates of a text.
func datesIn(s string) []day {
	var out []day
	num := func(s string) int { n, _ := strconv.Atoi(s); return n }
	month := func(s string) int { return strings.Index(months, strings.ToLower(s[:3]))/3 + 1 }
	for _, m := range isoDate.FindAllStringSubmatch(s, -1) {
		out = append(out, day{num(m[1]), num(m[2]), num(m[3])})
	}
	for _, m := range chineseDate.FindAllStringSubmatch(s, -1) {
		out = append(out, day{num(m[1]), num(m[2]), num(m[3])})
	}
	for _, m := range dayMonth.FindAllStringSubmatch(s, -1) {
		out = append(out, day{num(m[3]), month(m[2]), num(m[1])})
	}
	for _, m := range monthDay.FindAllStringSubmatch(s, -1) {
		out = append(out, day{num(m[3]), month(m[1]), num(m[2])})
	}
	return out
}

var (
	numberPattern = regexp.MustCompile(`\d+(?:[,  ]\d{3})*`)
	countPattern  = regexp.MustCompile(`(?i)(\d+(?:[,  ]\d{3})*)\s*(?:(?:affected|of our|former|current)\s+)*(?:people|persons|individuals|customers|users|residents|patients|employees|students|subscribers)\b|(\d+(?:,\d{3})*)\s*(万)?\s*(?:余)?(?:多)?(?:名|位|人|个用户)`)
)

func numbersIn(s string) []int64 {
	var out []int64
	for _, m := range numberPattern.FindAllString(s, -1) {
		if n, err := strconv.ParseInt(digits(m), 10, 64); err == nil {
			out = append(out, n)
		}
	}
	return out
}

// countsIn reads the numbers of people of a text.
func countsIn(s string) []int64 {
	var out []int64
	for _, m := range countPattern.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseInt(digits(m[1]+m[2]), 10, 64)
		if err != nil {
			continue
		}
		if m[3] != "" {
			n *= 10000
		}
		out = append(out, n)
	}
	return out
}

// timeFacts are the facts that give a date to what happened.
var timeFacts = []string{"occurred_at", "ended_at", "detected_at", "aware_at", "determined_at", "contained_at", "handled_at", "ransom_paid_at"}

// contradictions compares a text with the facts.
func (l *linter) contradictions(fd field) {
	if l.kind != incidents.NoticeBreach {
		return
	}
	l.dates(fd)
	l.counts(fd)
	l.categories(fd)
}

// dates must be dates of the facts. In the part that tells what happened, one
// close to the incident but on no known day is a mistake; elsewhere it may be a
// plan, and is only pointed out when it lies in the incident's own days.
func (l *linter) dates(fd field) {
	var known []time.Time
	for _, key := range timeFacts {
		if at, ok := l.f.Time(key); ok {
			known = append(known, at)
		}
	}
	if len(known) == 0 || fd.key != "happened" && fd.key != "short" && fd.key != "measures" {
		return
	}
	ownWords := l.text("summary") + l.text("measures_taken") + l.text("measures_planned") + l.text("consequences")
	first, last := slices.MinFunc(known, time.Time.Compare), slices.MaxFunc(known, time.Time.Compare)
	for _, d := range datesIn(fd.text) {
		if slices.ContainsFunc(known, d.near) || slices.Contains(datesIn(ownWords), d) {
			continue
		}
		level := levelWarning
		if fd.key != "measures" && d.time().After(first.AddDate(0, -3, 0)) && d.time().Before(last.AddDate(0, 3, 0)) {
			level = levelError
		}
		l.add("contradiction-date", level, fd.where(), fmt.Sprintf("the facts know no event on %s", d.time().Format(time.DateOnly)), "correct the date, or the facts")
	}
}

func (l *linter) text(key string) string { s, _ := l.f.Text(key); return s + "\n" }

// counts of people must be counts of the facts.
func (l *linter) counts(fd field) {
	total, ok := l.f.Count("persons_total")
	if !ok {
		return
	}
	allowed := []int64{total}
	if n, ok := l.f.Count("sensitive_persons"); ok {
		allowed = append(allowed, n)
	}
	places, _ := l.f.Places("persons_by_place")
	for _, n := range places {
		allowed = append(allowed, n)
	}
	for _, n := range countsIn(fd.text) {
		if !slices.Contains(allowed, n) {
			l.add("contradiction-count", levelError, fd.where(), fmt.Sprintf("the text says %s people, the facts say %s", thousands(n), thousands(total)), "correct the number, or the facts")
		}
	}
}

// categories named in what happened must be categories of the facts, unless the
// sentence says that they are not touched.
func (l *linter) categories(fd field) {
	cats, known := l.f.List("data_categories")
	if !known || fd.key != "happened" && fd.key != "short" {
		return
	}
	lang := base(fd.lang)
	for _, sentence := range sentencesOf(fd.text) {
		if firstWord(sentence, negations[lang]) != "" {
			continue
		}
		for _, o := range incidents.DataCategories {
			c := o.Value
			if c == "basic" || slices.Contains(cats, c) {
				continue
			}
			if w := firstWord(l.withoutStock(sentence, fd.lang, cats), categoryWords[c][lang]); w != "" {
				l.add("contradiction-category", levelWarning, fd.where(), fmt.Sprintf("the text speaks of %q, but the facts do not list that kind of data", w), "correct the text, or the facts")
			}
		}
	}
}

// withoutStock takes out our own sentences on the effects of categories that are
// touched: one of them may name another kind of data.
func (l *linter) withoutStock(s string, lang incidents.Lang, cats []string) string {
	lex := l.b.lexicon(lang)
	if lex == nil {
		return s
	}
	for _, c := range cats {
		for _, stock := range sentencesOf(lex.Effects[c]) {
			s = strings.ReplaceAll(s, stock, "")
		}
		s = strings.ReplaceAll(s, lex.Data[c], "")
	}
	return s
}

func sentencesOf(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(".。！!？?\n；", r) })
}

// endDate must be set, said, and the only date of its kind in the notice.
func (l *linter) endDate(c incidents.Content, lang incidents.Lang, fields []field) {
	if c.Kind != incidents.NoticeTermination {
		return
	}
	end, err := time.Parse(time.DateOnly, c.EndDate)
	if err != nil {
		l.add("end-date", levelError, string(lang), "the last day of service is not set", "set it, like 2026-12-31")
		return
	}
	said := false
	for _, fd := range fields {
		said = said || fd.key == "happened" && uses(fd.text)[SlotEndDate]
		for _, d := range datesIn(fd.text) {
			same := d.time().Equal(end)
			said = said || same && fd.key == "happened"
			if !same && (fd.exposed || fd.key == "happened") {
				l.add("end-date", levelError, fd.where(), fmt.Sprintf("the text says %s, but the last day of service is %s", d.time().Format(time.DateOnly), c.EndDate), "write {{end_date}}")
			}
		}
	}
	if !said {
		l.add("end-date", levelError, string(lang)+"/happened", "the text does not say the last day of service", "write {{end_date}}")
	}
}

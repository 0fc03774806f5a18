package siem

import (
	"regexp"
	"strings"
	"time"

	"tocsin/incidents"
)

var (
	cefBands = []band{{3, low}, {6, medium}, {8, high}, {10, critical}}
	cefWords = words{"low": low, "medium": medium, "high": high, "very-high": critical}
)

// cef reads a line of ArcSight's Common Event Format, with or without a syslog
// header. Identifiers and addresses often sit in custom fields, told by their label.
func cef(r *reader, text string) error {
	_, after, ok := strings.Cut(text, "CEF:")
	head, rest, whole := splitHeader(after, 7)
	if !ok || !whole {
		return incidents.Invalid("a line is not CEF: it needs CEF:0 and seven fields parted by |")
	}
	vendor, product, signature, name, level := head[1], head[2], head[4], head[5], head[6]
	x := cefExtension(rest)
	id := nonEmpty([]string{x["externalId"], x["eventId"], x.labelled("incidentId"), x.labelled("EventID")})
	at := zoneOf(x["dtz"]) // once a line: a named zone is read from the database
	came := cefTime(x["rt"], at, r.req.Received)
	began := first(cefTime(x["start"], at, r.req.Received), came, syslogTime(text, r.req.Received))
	seen := first(cefTime(x["art"], at, r.req.Received), cefTime(x.labelled("detectionDate"), at, r.req.Received), came, began)
	fields := object{}
	for k, v := range x {
		fields[k] = v
	}
	a := incidents.Alert{ExternalID: id, Title: name, DedupKey: vendor + "/" + product + "/" + id, GroupKey: vendor + "/" + product + "/" + signature,
		OccurredAt: began, ObservedAt: orZero(seen), Assets: []string{x["dvchost"], x["dhost"], x["dst"]}, Users: []string{x["suser"], x["duser"]},
		IPs: []string{x["src"]}, Count: fields.count("cnt"), URL: x.labelled("link")}
	if id == "" {
		a.DedupKey = hash(text)
	}
	scale(&a, "severity", level, 0, cefBands)
	word(&a, "severity", level, cefWords)
	r.add(a, text)
	return nil
}

// An extension holds the fields of a line.
type extension map[string]string

var cefKey = regexp.MustCompile(`(?:^|\s)([A-Za-z][A-Za-z0-9_.\[\]-]*)=`)

// cefExtension reads key=value pairs. A value runs to the next key: it may
// hold blanks, and signs of equality when they are escaped.
func cefExtension(s string) extension {
	out := extension{}
	marks := cefKey.FindAllStringSubmatchIndex(s, -1)
	for i, m := range marks {
		end := len(s)
		if i+1 < len(marks) {
			end = marks[i+1][0]
		}
		out[s[m[2]:m[3]]] = strings.TrimSpace(cefEscapes.Replace(s[m[1]:end]))
	}
	return out
}

var cefEscapes = strings.NewReplacer(`\\`, `\`, `\=`, `=`, `\|`, `|`, `\n`, "\n", `\r`, "\r")

// labelled is the value of the custom field with a label: cs1 beside cs1Label.
func (x extension) labelled(label string) string {
	for _, name := range cefCustom {
		if strings.EqualFold(x[name+"Label"], label) {
			return x[name]
		}
	}
	return ""
}

var cefCustom = customNames()

func customNames() (out []string) {
	for _, n := range []string{"1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"} {
		for _, kind := range []string{"cs", "cn", "cfp", "deviceCustomDate", "deviceCustomString", "deviceCustomNumber", "flexString", "flexDate"} {
			out = append(out, kind+n)
		}
	}
	return out
}

var cefLayouts = []string{"Jan _2 2006 15:04:05.999999999 MST", "Jan _2 2006 15:04:05.999999999"}

// cefTime reads milliseconds, a date with or without a year, or RFC 3339. A
// time without zone is in the one given.
func cefTime(s string, at *time.Location, received time.Time) *time.Time {
	if s == "" {
		return nil
	}
	for _, l := range cefLayouts {
		if t, err := time.ParseInLocation(l, s, at); err == nil && unambiguous(t, at) {
			return sane(t)
		}
	}
	if t := yearless(s, received.Add(14*time.Hour)); t != nil {
		return sane(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, at))
	}
	return instant(s)
}

// unambiguous refuses letters of a zone that say nothing about its offset.
func unambiguous(t time.Time, at *time.Location) bool {
	name, offset := t.Zone()
	return t.Location() == at || offset != 0 || name == "UTC" || name == "GMT" || name == "Z"
}

var offset = regexp.MustCompile(`^(?:UTC|GMT)?([+-]\d{2}):?(\d{2})$`)

// zoneOf reads a zone: an offset, or a name of the zone database. What is
// neither is UTC.
func zoneOf(s string) *time.Location {
	if m := offset.FindStringSubmatch(s); m != nil {
		if t, err := time.Parse("-0700", m[1]+m[2]); err == nil {
			return t.Location()
		}
	}
	if s == "" || s == "Local" {
		return time.UTC
	}
	loc, err := time.LoadLocation(s)
	if err != nil {
		return time.UTC
	}
	return loc
}

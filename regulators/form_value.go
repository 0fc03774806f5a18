package regulators

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A scribe writes facts out in one language and zone.
type scribe struct {
	words *formWords
	zone  *time.Location
}

// fact writes one known fact; ok is false when it is unknown or says nothing.
func (s scribe) fact(f incidents.Facts, key string) (text string, ok bool) {
	d, _ := incidents.FactByKey(key)
	v, known := f.Value(key)
	if !known {
		return "", false
	}
	switch v := v.(type) {
	case bool:
		text = s.yesNo(v)
	case string:
		text = strings.TrimSpace(strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(v))
		if d.Type == incidents.FactChoice {
			text = s.words.option(d, v)
		}
	case []string:
		text = s.list(d, v)
	case int64:
		text = thousands(v)
	case map[incidents.Place]int64:
		text = s.places(v)
	case time.Time:
		text = s.time(v)
	}
	return text, text != ""
}

func (s scribe) yesNo(v bool) string {
	if v {
		return s.words.Words["yes"]
	}
	return s.words.Words["no"]
}

// list writes the options in the order of the catalogue.
func (s scribe) list(d incidents.FactDef, values []string) string {
	var out []string
	for _, o := range d.Options {
		if slices.Contains(values, o.Value) {
			out = append(out, s.words.option(d, o.Value))
		}
	}
	return strings.Join(out, s.words.Words["list"])
}

// places writes a line per place, the most people first, and the total.
func (s scribe) places(by map[incidents.Place]int64) string {
	var lines []string
	var total int64
	order := slices.SortedFunc(maps.Keys(by), func(a, b incidents.Place) int {
		return cmp.Or(cmp.Compare(by[b], by[a]), cmp.Compare(a, b))
	})
	for _, p := range order {
		lines = append(lines, s.line(s.words.place(p), thousands(by[p])))
		total += by[p]
	}
	if len(lines) > 1 {
		lines = append(lines, s.line(s.words.Words["total"], thousands(total)))
	}
	return strings.Join(lines, "\n")
}

func (s scribe) line(name, value string) string { return name + s.words.Words["colon"] + value }

// time writes an instant in the form's zone, which is always named.
func (s scribe) time(t time.Time) string {
	t = t.In(s.zone)
	if s.words.Lang != langZH {
		return t.Format("2 January 2006, 15:04 ") + zoneName(t, "")
	}
	return t.Format("2006年1月2日 15:04") + "（" + zoneName(t, "北京时间") + "）"
}

// zoneName is "UTC", or the offset with the zone's everyday name.
func zoneName(t time.Time, china string) string {
	switch {
	case t.Location() == time.UTC:
		return "UTC"
	case t.Location().String() == "Asia/Shanghai" && china != "":
		return china
	}
	return t.Format("UTC-07:00")
}

// facts writes several facts: one alone without its name, more with a line each.
func (s scribe) facts(f incidents.Facts, d formField) (text string, known bool) {
	var lines []string
	for _, key := range d.From {
		v, ok := s.fact(f, key)
		switch {
		case ok && (d.Write == "first" || len(d.From) == 1):
			return v, true
		case ok && strings.Contains(v, "\n"):
			v = "\n" + v
			fallthrough
		case ok:
			lines, known = append(lines, strings.TrimRight(s.words.Facts[key].Name+s.words.Words["colon"], " ")+spaced(s.words.Lang, v)), true
		case d.Open:
			lines = append(lines, s.line(s.words.Facts[key].Name, strings.ToLower(s.words.Words["open"])))
		}
	}
	if !known {
		return "", false
	}
	return strings.Join(lines, "\n"), true
}

// spaced puts the space after a Latin colon, unless a new line follows.
func spaced(lang incidents.Lang, v string) string {
	if lang == langZH || strings.HasPrefix(v, "\n") {
		return v
	}
	return " " + v
}

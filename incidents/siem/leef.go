package siem

import (
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// leef reads a line of IBM's Log Event Extended Format, version 1 (fields
// parted by tabs) or 2 (which may name another mark). It has no id of its own.
func leef(r *reader, text string) error {
	_, after, ok := strings.Cut(text, "LEEF:")
	head, rest, whole := splitHeader(after, 5)
	if !ok || !whole {
		return incidents.Invalid("a line is not LEEF: it needs LEEF:1.0 or LEEF:2.0 and its fields parted by |")
	}
	vendor, product, event := head[1], head[2], head[4]
	x := leefFields(head[0], rest)
	when := first(leefTime(x["devTime"], x["devTimeFormat"], r.req.Received), syslogTime(text, r.req.Received))
	a := incidents.Alert{Title: product + " " + event, DedupKey: hash(text), GroupKey: vendor + "/" + product + "/" + event, OccurredAt: when, ObservedAt: orZero(when),
		Users: []string{x["usrName"]}, IPs: []string{x["src"]}}
	if x["sev"] != "" {
		scale(&a, "sev", x["sev"], 1, cefBands)
	}
	r.add(a, text)
	return nil
}

func leefFields(version, rest string) extension {
	mark := "\t"
	if strings.HasPrefix(version, "2") {
		if name, after, ok := strings.Cut(rest, "|"); ok && len(name) <= 5 && !strings.Contains(name, "=") {
			mark, rest = leefMark(name), after
		}
	}
	out := extension{}
	for pair := range strings.SplitSeq(rest, mark) {
		if k, v, ok := strings.Cut(pair, "="); ok {
			out[strings.TrimSpace(k)] = strings.TrimSpace(v)
		}
	}
	return out
}

// leefMark reads a mark as one character or as hexadecimal: x5E, 0x5E.
func leefMark(name string) string {
	if len(name) == 0 {
		return "\t"
	}
	if hex, ok := strings.CutPrefix(strings.TrimPrefix(name, "0"), "x"); ok && hex != "" {
		if n, err := strconv.ParseUint(hex, 16, 16); err == nil && n != 0 {
			return string(rune(n))
		}
	}
	return name
}

// Letters of the date patterns of Java, in which senders say how they write
// times, and how Go says the same. Longer ones first.
var javaLetters = strings.NewReplacer("yyyy", "2006", "MMM", "Jan", "MM", "01", "dd", "02", "HH", "15", "mm", "04", "ss", "05", ".SSS", ".000", "XXX", "Z07:00", "Z", "-0700", "z", "MST", "'", "")

func leefTime(s, pattern string, received time.Time) *time.Time {
	if pattern != "" && s != "" {
		if t, err := time.Parse(javaLetters.Replace(pattern), s); err == nil && unambiguous(t, time.UTC) {
			return sane(t)
		}
	}
	return cefTime(s, time.UTC, received)
}

package siem

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// An object is one JSON object; numbers are kept as they were written.
type object map[string]any

// maxDepth bounds nesting: the decoder of the standard library recurses.
const maxDepth = 64

// documents reads one JSON object, several in a row, or an array of them.
func documents(body []byte) ([]object, error) {
	if err := shallow(body); err != nil {
		return nil, err
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var out []object
	for {
		var v any
		err := dec.Decode(&v)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, incidents.Invalid("the body is not JSON: %v", err).WithHint("send one JSON object, an array of them, or several in a row")
		}
		list, ok := v.([]any)
		if !ok {
			list = []any{v}
		}
		for _, x := range list {
			o, ok := x.(map[string]any)
			if !ok {
				return nil, incidents.Invalid("the body holds a JSON value that is no object")
			}
			out = append(out, o)
		}
	}
	if len(out) == 0 {
		return nil, incidents.Invalid("the body is empty")
	}
	return out, nil
}

// shallow refuses deep nesting before anything recurses.
func shallow(body []byte) error {
	depth, inString, escaped := 0, false, false
	for _, c := range body {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped = c == '\\'
			inString = c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			if depth++; depth > maxDepth {
				return incidents.Invalid("the body nests deeper than %d levels", maxDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// at finds a value by a dotted path. Documents mix nested objects with keys
// that hold dots themselves; both are read.
func (o object) at(path string) any {
	if v, ok := o[path]; ok {
		return v
	}
	for i := len(path) - 1; i > 0; i-- {
		if path[i] != '.' {
			continue
		}
		if sub, ok := o[path[:i]].(map[string]any); ok {
			if v := object(sub).at(path[i+1:]); v != nil {
				return v
			}
		}
	}
	return nil
}

// text is the first non-empty text of the paths.
func (o object) text(paths ...string) string {
	for _, p := range paths {
		if s := str(o.at(p)); s != "" {
			return s
		}
	}
	return ""
}

// texts gathers the texts of the paths; arrays count element by element.
func (o object) texts(paths ...string) (out []string) {
	for _, p := range paths {
		v := o.at(p)
		if list, ok := v.([]any); ok {
			for _, x := range list {
				out = append(out, str(x))
			}
			continue
		}
		out = append(out, str(v))
	}
	return out
}

func (o object) obj(path string) object {
	m, _ := o.at(path).(map[string]any)
	return m
}

func (o object) objs(path string) (out []object) {
	list, _ := o.at(path).([]any)
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

func (o object) flag(path string) bool {
	switch v := o.at(path).(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

func (o object) count(paths ...string) *int64 {
	for _, p := range paths {
		if n, err := strconv.ParseInt(str(o.at(p)), 10, 64); err == nil && n >= 0 {
			return &n
		}
	}
	return nil
}

func (o object) number(path string) (float64, bool) {
	f, err := strconv.ParseFloat(str(o.at(path)), 64)
	return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// str is a text or a number as text; anything else is empty.
func str(v any) string {
	switch x := v.(type) {
	case string:
		return strings.TrimSpace(x)
	case json.Number:
		return x.String()
	case bool:
		return strconv.FormatBool(x)
	}
	return ""
}

// time is the first readable time of the paths; zero times are absent.
func (o object) time(paths ...string) *time.Time {
	for _, p := range paths {
		if t := instant(str(o.at(p))); t != nil {
			return t
		}
	}
	return nil
}

var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999Z07:00",
	"2006-01-02 15:04:05.999999999", "2006-01-02T15:04Z07:00", time.RFC1123Z, time.RFC1123}

// instant reads a time as senders write it: RFC 3339 with or without a colon in
// the zone, without a zone (then UTC), or seconds, milliseconds, microseconds or
// nanoseconds since 1970. 0001-01-01 and 1970-01-01 mean "absent".
func instant(s string) *time.Time {
	if s == "" {
		return nil
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return epoch(f)
	}
	for _, l := range layouts {
		if t, err := time.Parse(l, s); err == nil {
			t = t.UTC()
			if t.Year() <= 1970 && t.YearDay() == 1 || t.Year() < 1970 || t.Year() > 9999 {
				return nil
			}
			return &t
		}
	}
	return nil
}

func epoch(f float64) *time.Time {
	switch a := math.Abs(f); {
	case !(a > 0) || a >= 1e20:
		return nil
	case a >= 1e17:
		f /= 1e9
	case a >= 1e14:
		f /= 1e6
	case a >= 1e11:
		f /= 1e3
	}
	sec, frac := math.Modf(f)
	if sec < 86400 || sec > 253402300799 {
		return nil
	}
	t := time.Unix(int64(sec), int64(math.Round(frac*1e6))*1000).UTC()
	return &t
}

func orZero(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

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
	body = withoutMark(body)
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

// withoutMark drops the mark some senders put before UTF-8.
func withoutMark(body []byte) []byte { return bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")) }

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

// nonEmpty is the first text that is not empty.
func nonEmpty(list []string) string {
	for _, s := range list {
		if s != "" {
			return s
		}
	}
	return ""
}

// obj is the object at a path; nil, which reads as empty, when there is none.
func (o object) obj(path string) object {
	m, _ := o.at(path).(map[string]any)
	return m
}

// objs are the objects of the array at a path.
func (o object) objs(path string) (out []object) {
	list, _ := o.at(path).([]any)
	for _, x := range list {
		if m, ok := x.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// flag tells whether a path says true.
func (o object) flag(path string) bool {
	switch v := o.at(path).(type) {
	case bool:
		return v
	case string:
		return strings.EqualFold(v, "true")
	}
	return false
}

// count is the first whole number of the paths that is not negative.
func (o object) count(paths ...string) *int64 {
	for _, p := range paths {
		if n, err := strconv.ParseInt(str(o.at(p)), 10, 64); err == nil && n >= 0 {
			return &n
		}
	}
	return nil
}

// number reads a number, or a text that is one.
func number(v any) (float64, bool) {
	f, err := strconv.ParseFloat(str(v), 64)
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

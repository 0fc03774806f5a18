package incidents

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A FactType is the shape of a fact's value.
type FactType string

// The fact types and the Go value each holds.
const (
	FactTri    FactType = "tri"    // bool: yes or no; unknown is "not set"
	FactChoice FactType = "choice" // string, one of Options
	FactMulti  FactType = "multi"  // []string, each one of Options
	FactCount  FactType = "count"  // int64, not negative
	FactPlaces FactType = "places" // map[Place]int64: persons per place of residence
	FactTime   FactType = "time"   // time.Time, UTC, to the second
	FactText   FactType = "text"   // string
)

// A FactDef defines one fact: its key, how it is asked and what it may hold.
type FactDef struct {
	Key      string
	Group    string // nature, cause, data, people, place, role, times, measures, contact
	Type     FactType
	Question string   // asked in the console, in plain words
	Help     string   // where to look for the answer
	Options  []Option // of choice and multi
}

// An Option is one allowed value of a choice.
type Option struct{ Value, Label string }

// A Fact is one value with who set it, when, and how it is known. A fact whose
// Unknown is set was answered with "not known yet".
type Fact struct {
	Value   any       `json:"value,omitempty"`
	Unknown bool      `json:"unknown,omitempty"`
	SetBy   AccountID `json:"set_by"`
	SetName string    `json:"set_name"`
	SetAt   time.Time `json:"set_at"`
	How     string    `json:"how,omitempty"` // "key service log, export of 23 Nov"
}

// Facts is one revision of what is known about an incident. A missing key and
// an Unknown fact both mean "unknown".
type Facts struct {
	Rev   int             `json:"rev"`
	Known map[string]Fact `json:"facts"`
	// Done is when duties were met, by obligation id: what follows them starts
	// there. It is laid over the facts before they are judged, and not kept.
	Done map[string]time.Time `json:"-"`
	// Listed says that the list names sensitive data for somebody a text is for,
	// whatever the facts know of the data. It is laid over them like Done.
	Listed bool `json:"-"`
}

// Value returns the value of a fact and whether it is known.
func (f Facts) Value(key string) (any, bool) {
	x, ok := f.Known[key]
	if !ok || x.Unknown || x.Value == nil {
		return nil, false
	}
	return x.Value, true
}

// Bool, Text, Count, List, Places and Time return a known fact of that type;
// ok is false when it is unknown.
func (f Facts) Bool(key string) (v, ok bool) { return factAs[bool](f, key) }

// Text returns a text or choice fact.
func (f Facts) Text(key string) (v string, ok bool) { return factAs[string](f, key) }

// Count returns a count fact.
func (f Facts) Count(key string) (v int64, ok bool) { return factAs[int64](f, key) }

// List returns a multi fact.
func (f Facts) List(key string) (v []string, ok bool) { return factAs[[]string](f, key) }

// Places returns a places fact.
func (f Facts) Places(key string) (v map[Place]int64, ok bool) {
	return factAs[map[Place]int64](f, key)
}

// Time returns a time fact.
func (f Facts) Time(key string) (v time.Time, ok bool) { return factAs[time.Time](f, key) }

func factAs[T any](f Facts, key string) (T, bool) {
	v, ok := f.Value(key)
	if !ok {
		var zero T
		return zero, false
	}
	t, ok := v.(T)
	return t, ok
}

// With returns a copy of f, one revision on, with the changes laid over it.
func (f Facts) With(changes map[string]Fact) Facts {
	g := Facts{Rev: f.Rev + 1, Known: make(map[string]Fact, len(f.Known)+len(changes)), Done: f.Done, Listed: f.Listed}
	for k, v := range f.Known {
		g.Known[k] = v
	}
	for k, v := range changes {
		g.Known[k] = v
	}
	return g
}

// UnmarshalJSON reads facts back into the Go types of the catalogue.
func (f *Facts) UnmarshalJSON(b []byte) error {
	var raw struct {
		Rev   int `json:"rev"`
		Facts map[string]struct {
			Fact
			Value json.RawMessage `json:"value"`
		} `json:"facts"`
	}
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	f.Rev, f.Known = raw.Rev, make(map[string]Fact, len(raw.Facts))
	for key, r := range raw.Facts {
		x := r.Fact
		if !x.Unknown && len(r.Value) > 0 {
			def, ok := FactByKey(key)
			if !ok {
				return Invalid("there is no fact %q", key)
			}
			v, err := def.Parse(r.Value)
			if err != nil {
				return err
			}
			x.Value = v
		}
		f.Known[key] = x
	}
	return nil
}

// FactByKey finds a definition of the catalogue.
func FactByKey(key string) (FactDef, bool) {
	for _, d := range Catalogue {
		if d.Key == key {
			return d, true
		}
	}
	return FactDef{}, false
}

// ParseValue is Parse of a value as YAML reads it; a time may be one already.
func (d FactDef) ParseValue(v any) (any, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, Invalid("%s cannot be read: %s", d.Key, err).On(d.Key)
	}
	return d.Parse(b)
}

// Parse reads a JSON value as this fact's type, checks it against the options
// and returns the Go value. A null is an error: use Unknown instead.
func (d FactDef) Parse(b json.RawMessage) (any, error) {
	bad := func(want string) error {
		return Invalid("%s wants %s", d.Key, want).On(d.Key)
	}
	switch d.Type {
	case FactTri:
		var v bool
		if json.Unmarshal(b, &v) != nil {
			return nil, bad("true or false")
		}
		return v, nil
	case FactChoice, FactText:
		var v string
		if json.Unmarshal(b, &v) != nil {
			return nil, bad("a text")
		}
		if d.Type == FactChoice && !d.has(v) {
			return nil, bad("one of " + d.optionList())
		}
		return v, nil
	case FactMulti:
		var v []string
		if json.Unmarshal(b, &v) != nil {
			return nil, bad("a list of texts")
		}
		for _, s := range v {
			if !d.has(s) {
				return nil, bad(fmt.Sprintf("values out of %s; %q is not one", d.optionList(), s))
			}
		}
		slices.Sort(v)
		return slices.Compact(v), nil
	case FactCount:
		var v int64
		if json.Unmarshal(b, &v) != nil || v < 0 {
			return nil, bad("a whole number, 0 or more")
		}
		return v, nil
	case FactPlaces:
		var v map[Place]int64
		if json.Unmarshal(b, &v) != nil {
			return nil, bad(`an object of counts by place, like {"DE": 100, "US-CA": 20}`)
		}
		for p, n := range v {
			if n < 0 || !ValidPlace(p) {
				return nil, bad(fmt.Sprintf(`ISO 3166 codes and counts of 0 or more; %q is not one`, p))
			}
		}
		return v, nil
	case FactTime:
		var v time.Time
		if json.Unmarshal(b, &v) != nil {
			return nil, bad("a time like 2026-11-20T09:00:00Z")
		}
		return v.UTC().Truncate(time.Second), nil
	}
	return nil, bad("a known type")
}

func (d FactDef) has(v string) bool {
	return slices.ContainsFunc(d.Options, func(o Option) bool { return o.Value == v })
}

func (d FactDef) optionList() string {
	names := make([]string, len(d.Options))
	for i, o := range d.Options {
		names[i] = o.Value
	}
	return strings.Join(names, ", ")
}

// ValidPlace tells whether p has the shape of an ISO 3166-1 alpha-2 code or an
// ISO 3166-2 subdivision of one.
func ValidPlace(p Place) bool {
	s := string(p)
	if len(s) < 2 || strings.ToUpper(s) != s || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z' {
		return false
	}
	return len(s) == 2 || (len(s) >= 4 && len(s) <= 6 && s[2] == '-')
}

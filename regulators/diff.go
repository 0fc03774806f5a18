package regulators

import (
	"encoding/json"
	"maps"
	"slices"
)

// A Change is what differs between two packs in one rule. Without Fields the
// rule is new or gone.
type Change struct {
	ID     string        `json:"id"`
	Title  string        `json:"title"`
	Kind   string        `json:"kind"` // added, removed, changed
	Fields []FieldChange `json:"fields,omitempty"`
}

// A FieldChange is one part of a rule, before and after, as JSON.
type FieldChange struct {
	Field  string          `json:"field"` // key of RuleInfo
	Before json.RawMessage `json:"before,omitempty"`
	After  json.RawMessage `json:"after,omitempty"`
}

// Diff tells what changes from one pack to another, by rule id.
func Diff(from, to *Pack) ([]Change, error) {
	before, after := byRule(from), byRule(to)
	ids := slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))
	var out []Change
	for _, id := range sorted(ids) {
		a, had := before[id]
		b, has := after[id]
		switch {
		case !had:
			out = append(out, Change{ID: id, Title: b.Title, Kind: "added"})
		case !has:
			out = append(out, Change{ID: id, Title: a.Title, Kind: "removed"})
		default:
			fields, err := fieldsChanged(a, b)
			if err != nil {
				return nil, err
			}
			if len(fields) > 0 {
				out = append(out, Change{ID: id, Title: b.Title, Kind: "changed", Fields: fields})
			}
		}
	}
	return out, nil
}

func byRule(p *Pack) map[string]RuleInfo {
	out := make(map[string]RuleInfo, len(p.rules))
	for _, r := range p.Rules() {
		out[r.ID] = r
	}
	return out
}

func fieldsChanged(a, b RuleInfo) (out []FieldChange, err error) {
	before, err := fieldsOf(a)
	if err != nil {
		return nil, err
	}
	after, err := fieldsOf(b)
	if err != nil {
		return nil, err
	}
	for _, key := range sorted(slices.Concat(slices.Collect(maps.Keys(before)), slices.Collect(maps.Keys(after)))) {
		if string(before[key]) != string(after[key]) {
			out = append(out, FieldChange{key, before[key], after[key]})
		}
	}
	return out, nil
}

func fieldsOf(r RuleInfo) (out map[string]json.RawMessage, err error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return out, json.Unmarshal(b, &out)
}

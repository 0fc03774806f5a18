package regulators

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A view is one revision of the facts as the rules see it: the facts, what is
// worked out from them, and what is unknown.
type view struct {
	facts    incidents.Facts
	vars     variables
	severity incidents.Severity
	grade    Grade
	industry Grade
	byPlace  map[incidents.Place]int64
	placesOK bool
	persons  int64
	personOK bool
	filled   *strings.Replacer // of the placeholders that are the same everywhere
}

func (p *Pack) view(f incidents.Facts) (*view, error) {
	v := &view{facts: f, vars: variables{values: map[string]any{}, unknown: map[string][]string{}}}
	known := []string{}
	for _, d := range incidents.Catalogue {
		x, ok := f.Value(d.Key)
		if !ok {
			v.vars.unknown[d.Key] = []string{d.Key}
			continue
		}
		if !fits(d.Type, x) {
			return nil, incidents.Invalid("the fact %s holds a %T, not a %s", d.Key, x, d.Type).On(d.Key)
		}
		known = append(known, d.Key)
		v.vars.values[d.Key] = celValue(x)
	}
	v.vars.values[varKnown] = known
	v.vars.unknown[varResidents] = []string{"persons_by_place"}
	v.byPlace, v.placesOK = whereTheyLive(f)
	v.persons, v.personOK = countPersons(f)
	v.set(varPersons, v.persons, v.personOK, "persons_total")
	p.addSeverity(v)
	v.grade = p.china.grade(f)
	v.set(varGrade, v.grade.Name, len(v.grade.Unknown) == 0, v.grade.Unknown...)
	v.industry = p.industry.grade(f)
	v.set(varIndustry, v.industry.Name, len(v.industry.Unknown) == 0, v.industry.Unknown...)
	return v, nil
}

func (v *view) set(name string, value any, known bool, facts ...string) {
	if known {
		v.vars.values[name] = value
		return
	}
	v.vars.unknown[name] = facts
}

// addSeverity lets rules ask whether the risk is high. The answer is unknown
// when the unknown facts could move it to either side.
func (p *Pack) addSeverity(v *view) {
	v.severity = p.enisa.assess(v.facts)
	least, most := p.enisa.bounds(v.facts)
	for name, bound := range map[string]float64{varMedium: p.enisa.from("medium"), varHigh: p.enisa.from("high")} {
		v.set(name, least >= bound, (least >= bound) == (most >= bound), v.severity.Unknown...)
	}
}

// at narrows the view to one place, with that many residents; known is false
// when nobody has said where the people live.
func (v *view) at(code string, residents int64, known bool) variables {
	vars := v.vars
	vars.over = &placed{place: code, residents: residents, known: known}
	return vars
}

// whereTheyLive is persons_by_place. An empty one beside people in the total
// says nothing about where they live.
func whereTheyLive(f incidents.Facts) (map[incidents.Place]int64, bool) {
	by, ok := f.Places("persons_by_place")
	total, _ := f.Count("persons_total")
	for _, n := range by {
		if n > 0 {
			return by, ok
		}
	}
	return by, ok && total == 0
}

// countPersons is persons_total or the sum over the places, whichever is known
// and larger: a list that has outgrown an early estimate counts.
func countPersons(f incidents.Facts) (int64, bool) {
	total, known := f.Count("persons_total")
	by, listed := f.Places("persons_by_place")
	var sum int64
	for _, n := range by {
		sum += n
	}
	return max(total, sum), known || listed
}

func fits(t incidents.FactType, v any) bool {
	switch t {
	case incidents.FactTri:
		return is[bool](v)
	case incidents.FactChoice, incidents.FactText:
		return is[string](v)
	case incidents.FactMulti:
		return is[[]string](v)
	case incidents.FactCount:
		return is[int64](v)
	case incidents.FactPlaces:
		return is[map[incidents.Place]int64](v)
	case incidents.FactTime:
		return is[time.Time](v)
	}
	return false
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

// words fills the placeholders of an explanation.
func (v *view) words(text string, place string, residents int64) string {
	if !strings.Contains(text, "{") {
		return text
	}
	if v.filled == nil {
		v.filled = strings.NewReplacer(
			"{persons}", thousands(v.persons),
			"{grade}", strings.ReplaceAll(v.grade.Name, "_", " "),
			"{grade-reasons}", strings.Join(v.grade.Reasons, "; "),
			"{industry-grade}", strings.ReplaceAll(v.industry.Name, "_", " "),
			"{industry-grade-reasons}", strings.Join(v.industry.Reasons, "; "),
			"{severity}", fmt.Sprintf("%.2f", v.severity.Score),
			"{level}", cmp.Or(strings.ReplaceAll(v.severity.Level, "_", " "), "level not known"),
		)
	}
	text = strings.ReplaceAll(text, "{residents}", thousands(residents))
	return v.filled.Replace(strings.ReplaceAll(text, "{place}", place))
}

// factsBehind turns deciding variables into the facts to ask for.
func (v variables) factsBehind(names []string) []string {
	var keys []string
	for _, n := range names {
		keys = append(keys, v.unknown[n]...)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

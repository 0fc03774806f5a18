package regulators

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/incidents"
)

// questions ranks the unknown facts by how many duties they decide or start,
// and how urgent those are.
func (p *Pack) questions(v *view, duties []incidents.Obligation) []incidents.Question {
	by := map[string]*incidents.Question{}
	ask := func(fact, duty string, weight int) {
		q := by[fact]
		if q == nil {
			q = &incidents.Question{Fact: fact}
			by[fact] = q
		}
		if !slices.Contains(q.Decides, duty) {
			q.Decides = append(q.Decides, duty)
			q.Weight += weight
		}
	}
	for _, o := range duties {
		if o.Applies == incidents.AppliesNo {
			continue
		}
		weight := p.byID[o.Rule].clock.urgency()
		for _, fact := range o.Decides {
			ask(fact, o.ID, weight)
		}
		if o.Start == nil && o.StartFact != "" && !slices.Contains(o.Decides, strings.TrimSuffix(o.StartFact, "_at")) {
			ask(o.StartFact, o.ID, weight)
		}
		if of := p.byID[o.Rule].PlaceOf; of != "" && !knowsAny(v.facts, of) {
			ask(of, o.ID, 1) // the authority's name hangs on it
		}
	}
	out := make([]incidents.Question, 0, len(by))
	for _, q := range by {
		slices.Sort(q.Decides)
		out = append(out, *q)
	}
	slices.SortFunc(out, func(a, b incidents.Question) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Fact, b.Fact))
	})
	return out
}

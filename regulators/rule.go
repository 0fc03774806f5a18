package regulators

import (
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// A rule is one duty, compiled.
type rule struct {
	ruleSpec
	file         string
	jurisdiction string
	named        string // the jurisdiction in words
	clauses      []clause
	clock        clock
	substitutes  []incidents.Substitute
	effective    time.Time // zero: always
	until        time.Time // zero: for ever
}

// A clause is one compiled condition, or a leaning on another rule.
type clause struct {
	cond     *condition
	requires string
	because  string
	not      string
	unknown  string
}

func (b *builder) loadRules() {
	if b.env == nil {
		env, err := newConditions()
		if err != nil {
			b.problem("rules", "", "", "the condition language did not start: %s", err)
			return
		}
		b.env = env
	}
	var all []*rule
	for _, name := range b.files.in("rules") {
		var j jurisdictionFile
		if err := strict.Unmarshal(name, b.files[name], &j); err != nil {
			b.broken(name, err)
			continue
		}
		if j.Jurisdiction == "" || j.Name == "" || len(j.Rules) == 0 {
			b.problem(name, "", "", "a rule file needs a jurisdiction, its name and rules")
		}
		for _, spec := range j.Rules {
			all = append(all, b.rule(name, j, spec))
		}
	}
	b.order(all)
}

func (b *builder) rule(file string, j jurisdictionFile, s ruleSpec) *rule {
	r := &rule{ruleSpec: s, file: file, jurisdiction: j.Jurisdiction, named: j.Name}
	if s.ID == "" {
		b.problem(file, "", "", "a rule has no id")
		return r
	}
	if _, twice := b.pack.byID[s.ID]; twice {
		b.problem(file, s.ID, "", "there are two rules of this id")
	}
	b.pack.byID[s.ID] = r
	b.checkWords(file, s)
	b.checkPlaces(file, s)
	r.effective, r.until = b.date(file, s.ID, s.Effective), b.date(file, s.ID, s.Until)
	b.date(file, s.ID, s.Checked)
	r.clock = b.clock(file, j, s, s.Clock)
	r.substitutes = b.substitutes(file, s)
	for _, c := range s.Applies {
		r.clauses = append(r.clauses, b.clause(file, j, s, c))
	}
	return r
}

func (b *builder) date(file, ruleID, text string) time.Time {
	if text == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		b.problem(file, ruleID, text, "%q is no date like 2026-11-23", text)
	}
	return t
}

// checkWords checks every closed list of a rule.
func (b *builder) checkWords(file string, s ruleSpec) {
	for _, c := range []struct {
		key, value string
		allowed    []string
	}{
		{"audience", s.Audience, audiences()}, {"status", s.Status, statuses}, {"confidence", s.Confidence, confidences},
		{"binding", s.Binding, bindings}, {"via", s.Via, vias}, {"unit", s.Clock.Unit, units}, {"report", s.Report, reportNames},
	} {
		if !slices.Contains(c.allowed, c.value) {
			b.problem(file, s.ID, c.key+":", "%s is %q; it wants one of %s", c.key, c.value, strings.Join(c.allowed, ", "))
		}
	}
	for _, c := range []struct{ key, value string }{{"title", s.Title}, {"law", s.Law}, {"authority", s.Authority}} {
		if c.value == "" {
			b.problem(file, s.ID, "", "the rule has no %s", c.key)
		}
	}
	for _, m := range s.Remedies {
		if !slices.Contains(remedies, m.What) || m.Months < 0 {
			b.problem(file, s.ID, "what: "+m.What, "a remedy is one of %s, for a number of months", strings.Join(remedies, ", "))
		}
	}
	if len(s.Applies) == 0 {
		b.problem(file, s.ID, "", "the rule never says when it applies")
	}
}

func audiences() []string {
	return []string{string(incidents.AudienceRegulator), string(incidents.AudienceIndividuals), string(incidents.AudiencePublic),
		string(incidents.AudienceMedia), string(incidents.AudienceAgencies), string(incidents.AudiencePolice),
		string(incidents.AudienceCustomers), string(incidents.AudienceInternal)}
}

func (b *builder) checkPlaces(file string, s ruleSpec) {
	if _, ok := b.pack.places.Groups[s.FanOut]; s.FanOut != "" && !ok {
		b.problem(file, s.ID, "fan-out:", "there is no group of places %q", s.FanOut)
	}
	if s.Place != "" && !b.pack.places.known(s.Place) {
		b.problem(file, s.ID, "place:", "there is no place or group %q", s.Place)
	}
	if s.Place != "" && s.FanOut != "" {
		b.problem(file, s.ID, "fan-out:", "a rule has a place or a fan-out, not both")
	}
	if _, ok := b.pack.authorities[s.Directory]; s.Directory != "" && !ok {
		b.problem(file, s.ID, "directory:", "there is no directory of authorities %q", s.Directory)
	}
	if s.PlaceOf != "" && s.Directory == "" {
		b.problem(file, s.ID, "place-of:", "place-of needs a directory of authorities")
	}
	b.checkFact(file, s, s.PlaceOf, incidents.FactText)
	b.checkFact(file, s, s.Pause, incidents.FactTri)
}

func (b *builder) checkFact(file string, s ruleSpec, key string, want incidents.FactType) {
	if key == "" {
		return
	}
	if d, ok := incidents.FactByKey(key); !ok || d.Type != want {
		b.problem(file, s.ID, key, "%q is no %s fact of the catalogue", key, want)
	}
}

func (b *builder) clause(file string, j jurisdictionFile, s ruleSpec, c clauseSpec) clause {
	if c.Use != "" {
		named, ok := j.Conditions[c.Use]
		if !ok || named.Use != "" {
			b.problem(file, s.ID, "use: "+c.Use, "there is no condition %q in this file", c.Use)
			return clause{}
		}
		c = named
	}
	out := clause{requires: c.Requires, because: c.Because, not: c.Not, unknown: c.Unknown}
	switch {
	case (c.When == "") == (c.Requires == ""):
		b.problem(file, s.ID, "", "a clause wants one of when, use and requires")
	case c.When != "":
		if c.Because == "" || c.Not == "" {
			b.problem(file, s.ID, c.When, "a clause wants the words because and not")
		}
		cond, err := b.env.compile(c.When)
		if err != nil {
			b.problem(file, s.ID, c.When, "%s", err)
		} else if slices.Contains(cond.names, varResidents) && s.Place == "" && s.FanOut == "" {
			b.problem(file, s.ID, c.When, "residents needs the rule to have a place or a fan-out")
		}
		out.cond = cond
	}
	return out
}

// order sorts the rules so that each comes after those it leans on.
func (b *builder) order(all []*rule) {
	const (
		open = iota
		busy
		done
	)
	state := map[string]int{}
	var visit func(r *rule)
	visit = func(r *rule) {
		if state[r.ID] == done {
			return
		}
		if state[r.ID] == busy {
			b.problem(r.file, r.ID, "", "the rule leans on itself by way of others")
			return
		}
		state[r.ID] = busy
		for _, id := range r.leansOn() {
			other, ok := b.pack.byID[id]
			if !ok {
				b.problem(r.file, r.ID, id, "there is no rule %q", id)
				continue
			}
			visit(other)
		}
		state[r.ID] = done
		b.pack.rules = append(b.pack.rules, r)
	}
	for _, r := range all {
		visit(r)
	}
}

func (r *rule) leansOn() []string {
	ids := slices.Clone(r.clock.after)
	for _, l := range r.clock.limits {
		ids = append(ids, l.after...)
	}
	for _, c := range r.clauses {
		if c.requires != "" {
			ids = append(ids, c.requires)
		}
	}
	return ids
}

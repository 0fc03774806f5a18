package regulators

import (
	"cmp"
	"fmt"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

// enisaMethod is severity/enisa.yaml: the ENISA 2013 method, SE = DPC × EI + CB.
type enisaMethod struct {
	Title        string                   `yaml:"title"`
	Document     string                   `yaml:"document"`
	Status       string                   `yaml:"status"`
	Sources      []string                 `yaml:"sources"`
	Locators     []string                 `yaml:"locators"`
	Checked      string                   `yaml:"checked"`
	Note         string                   `yaml:"note"`
	Classes      map[string]dataClass     `yaml:"classes"`
	Categories   map[string]dataKind      `yaml:"categories"` // data_categories → class
	Items        map[string]dataKind      `yaml:"items"`      // data_items → class
	Identifying  map[string]scoredWords   `yaml:"identifiability"`
	Breach       map[string]breachElement `yaml:"breach"`
	Malicious    scoredWords              `yaml:"malicious"`
	Levels       []levelBound             `yaml:"levels"` // from low to very_high
	ManyPersons  int64                    `yaml:"many-persons"`
	MinimumClass float64                  `yaml:"dpc-min"`
	MaximumClass float64                  `yaml:"dpc-max"`
}

type dataClass struct {
	Base float64 `yaml:"base"`
	Text string  `yaml:"text"`
}

// A dataKind puts a category or item into a class. Uplift is a step of ours on
// top of it, with its reason.
type dataKind struct {
	Class  string  `yaml:"class"`
	Uplift float64 `yaml:"uplift"`
	Why    string  `yaml:"why"`
}

type scoredWords struct {
	Score float64 `yaml:"score"`
	Text  string  `yaml:"text"`
}

// A breachElement is confidentiality, integrity or availability: the fact that
// says whether it is broken, the fact that says how, and what each answer adds.
type breachElement struct {
	Effect string                 `yaml:"effect"`
	None   string                 `yaml:"none"` // words when it is not broken
	Scores map[string]scoredWords `yaml:"scores"`
}

type levelBound struct {
	Key     string  `yaml:"key"`
	From    float64 `yaml:"from"`
	Meaning string  `yaml:"meaning"`
}

func (b *builder) loadSeverity() {
	const name = "severity/enisa.yaml"
	b.pack.enisa = &enisaMethod{}
	if err := strict.Unmarshal(name, b.files[name], b.pack.enisa); err != nil {
		b.broken(name, err)
	} else if reason := b.pack.enisa.check(); reason != "" {
		b.problem(name, "", "", "%s", reason)
	}
	b.loadGrades()
}

func (m *enisaMethod) check() string {
	switch {
	case len(m.Levels) != 4 || !slices.IsSortedFunc(m.Levels, func(a, b levelBound) int { return cmp.Compare(a.From, b.From) }):
		return "the method needs four levels from low to very_high"
	case m.MaximumClass == 0 || len(m.Identifying) == 0 || len(m.Breach) != 3:
		return "the method needs dpc-min, dpc-max, identifiability and three breach elements"
	}
	for _, kinds := range []struct {
		fact string
		have map[string]dataKind
	}{{"data_categories", m.Categories}, {"data_items", m.Items}} {
		d, _ := incidents.FactByKey(kinds.fact)
		for _, o := range d.Options {
			if k, ok := kinds.have[o.Value]; !ok || m.Classes[k.Class].Base == 0 {
				return fmt.Sprintf("%s %q has no class", kinds.fact, o.Value)
			}
		}
	}
	return ""
}

// from is the lowest score of a level.
func (m *enisaMethod) from(key string) float64 {
	for _, l := range m.Levels {
		if l.Key == key {
			return l.From
		}
	}
	return 0
}

// A score is a severity being worked out. worst says how unknown facts count.
type score struct {
	worst   bool
	reasons []incidents.Reason
	unknown []string
}

func (s *score) note(part string, value float64, format string, args ...any) float64 {
	s.reasons = append(s.reasons, incidents.Reason{Part: part, Value: value, Text: fmt.Sprintf(format, args...)})
	return value
}

// missing notes an unknown fact and returns the score it is given.
func (s *score) missing(fact, part string, best, worst float64) float64 {
	s.unknown = append(s.unknown, fact)
	d, _ := incidents.FactByKey(fact)
	if s.worst {
		return s.note(part, worst, "Not known, taken at its worst: %s", d.Question)
	}
	return s.note(part, best, "Not known, taken at its best: %s", d.Question)
}

// assess scores the facts with every unknown taken at its worst.
func (m *enisaMethod) assess(f incidents.Facts) incidents.Severity {
	s := &score{worst: true}
	out := m.sum(f, s)
	out.Reasons, out.Unknown, out.Flags = s.reasons, sorted(s.unknown), m.flags(f)
	if !knowsAny(f, "data_categories", "data_items", "identifiability") {
		return out // too little is known for a level
	}
	out.Level = m.level(out.Score)
	return out
}

// bounds is the lowest and the highest score the unknown facts leave open.
func (m *enisaMethod) bounds(f incidents.Facts) (least, most float64) {
	return m.sum(f, &score{}).Score, m.sum(f, &score{worst: true}).Score
}

func (m *enisaMethod) sum(f incidents.Facts, s *score) incidents.Severity {
	out := incidents.Severity{DPC: m.dpc(f, s), EI: m.ei(f, s)}
	for _, element := range []string{"confidentiality", "integrity", "availability"} {
		out.CB += m.element(f, s, element)
	}
	out.CB += m.malicious(f, s)
	out.Score = out.DPC*out.EI + out.CB
	return out
}

func (m *enisaMethod) level(se float64) string {
	level := ""
	for _, l := range m.Levels {
		if se >= l.From {
			level = l.Key
		}
	}
	return level
}

func (m *enisaMethod) flags(f incidents.Facts) []string {
	var flags []string
	if n, ok := countPersons(f); ok && n > m.ManyPersons {
		flags = append(flags, "over_100_individuals")
	}
	if unreadable(f) {
		flags = append(flags, "unintelligible")
	}
	return flags
}

func unreadable(f incidents.Facts) bool {
	encrypted, _ := f.Bool("encrypted")
	safe, _ := f.Bool("key_safe")
	return encrypted && safe
}

// dpc is the data processing context: the heaviest class, moved by the context.
func (m *enisaMethod) dpc(f incidents.Facts, s *score) float64 {
	base, text := 0.0, ""
	for _, kinds := range []struct {
		fact string
		of   map[string]dataKind
	}{{"data_items", m.Items}, {"data_categories", m.Categories}} {
		list, _ := f.List(kinds.fact)
		for _, value := range list {
			k := kinds.of[value]
			if b := m.Classes[k.Class].Base + k.Uplift; b > base {
				base, text = b, m.kindWords(kinds.fact, value, k)
			}
		}
	}
	if base == 0 {
		return s.missing("data_categories", "DPC", m.MinimumClass, m.MaximumClass)
	}
	return m.context(f, s, base, text)
}

func (m *enisaMethod) kindWords(fact, value string, k dataKind) string {
	d, _ := incidents.FactByKey(fact)
	text := fmt.Sprintf("%s counts as %s data, base %g", optionLabel(d, value), m.Classes[k.Class].Text, m.Classes[k.Class].Base)
	if k.Why != "" {
		text += ": " + k.Why
	}
	if k.Uplift > 0 {
		text += fmt.Sprintf(" (%+g)", k.Uplift)
	}
	return text
}

var contextSteps = map[string]float64{"less_2": -2, "less_1": -1, "same": 0, "more_1": 1, "more_2": 2}

// context moves the base by whole steps: by the team's judgement with its
// reason, or one step up for children and other vulnerable people.
func (m *enisaMethod) context(f incidents.Facts, s *score, base float64, text string) float64 {
	choice, judged := f.Text("data_context")
	step := contextSteps[choice]
	switch why, _ := f.Text("data_context_reason"); {
	case judged && step != 0:
		text += fmt.Sprintf("; moved by %+g: %s", step, cmp.Or(why, "the team's judgement, no reason written down"))
	case !judged && vulnerable(f):
		step = 1
		text += "; moved by +1: children or other vulnerable people are among those affected"
	}
	value := min(max(base+step, m.MinimumClass), m.MaximumClass)
	return s.note("DPC", value, "%s.", text)
}

func vulnerable(f incidents.Facts) bool {
	children, _ := f.Bool("minors_under_14")
	others, _ := f.Bool("vulnerable_groups")
	return children || others
}

// ei is the ease of identification.
func (m *enisaMethod) ei(f incidents.Facts, s *score) float64 {
	if choice, ok := f.Text("identifiability"); ok {
		w := m.Identifying[choice]
		return s.note("EI", w.Score, "%s", w.Text)
	}
	least, most := m.Identifying["negligible"], m.Identifying["maximum"]
	if unreadable(f) {
		return s.note("EI", least.Score, "The data is unreadable and the key is safe, so a person can hardly be identified.")
	}
	return s.missing("identifiability", "EI", least.Score, most.Score)
}

// element is what one broken element adds.
func (m *enisaMethod) element(f incidents.Facts, s *score, name string) float64 {
	e, part := m.Breach[name], "CB."+name
	broken, known := f.Bool(name)
	if known && !broken {
		return s.note(part, 0, "%s", e.None)
	}
	effect, ok := f.Text(e.Effect)
	if known && ok {
		w := e.Scores[effect]
		return s.note(part, w.Score, "%s", w.Text)
	}
	most := 0.0
	for key, w := range e.Scores {
		if !ok || key == effect {
			most = max(most, w.Score)
		}
	}
	if !known {
		return s.missing(name, part, 0, most)
	}
	return s.missing(e.Effect, part, 0, most)
}

func (m *enisaMethod) malicious(f incidents.Facts, s *score) float64 {
	bad, known := f.Bool("malicious")
	switch {
	case !known:
		return s.missing("malicious", "CB.malicious", 0, m.Malicious.Score)
	case bad:
		return s.note("CB.malicious", m.Malicious.Score, "%s", m.Malicious.Text)
	}
	return s.note("CB.malicious", 0, "No intent to harm.")
}

// optionLabel is an allowed value of a fact in English; a value nobody knows
// stays as it is.
func optionLabel(d incidents.FactDef, value string) string {
	for _, o := range d.Options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

func knowsAny(f incidents.Facts, keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { _, ok := f.Value(k); return ok })
}

func sorted(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

package regulators

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// A filling is what one report is filled from.
type filling struct {
	scribe
	english  *formWords
	chinese  *formWords
	form     *form
	pack     *Pack
	phase    incidents.ReportPhase
	incident incidents.Incident
	facts    incidents.Facts
	duty     incidents.Obligation
}

// worked are the answers that are worked out: how, and from which facts.
// Their names start with @ in a form's "from".
var worked = map[string]struct {
	facts  []string
	answer func(g filling) (string, bool)
}{
	"@type":         {nil, func(g filling) (string, bool) { return g.words.Words["type-"+string(g.phase)], true }},
	"@completeness": {nil, filling.complete},
	"@ref":          {nil, func(g filling) (string, bool) { return g.incident.Ref, g.incident.Ref != "" }},
	"@law":          {nil, filling.law},
	"@persons":      {[]string{"persons_total", "persons_by_place"}, filling.persons},
	"@residents":    {[]string{"persons_by_place"}, filling.residents},
	"@severity":     {[]string{"data_categories", "identifiability", "confidentiality", "integrity", "availability"}, filling.severity},
	"@risk":         {[]string{"data_categories", "identifiability", "misuse_likely"}, filling.risk},
	"@grade":        {[]string{"cn_grade", "persons_total"}, filling.grade},
}

// complete is corrected when all fields are filled.
func (g filling) complete() (string, bool) {
	if g.phase == incidents.PhaseWithdrawal {
		return g.words.Words["withdrawal"], true
	}
	return g.words.Words["complete"], true
}

func (g filling) law() (string, bool) {
	law, citation := g.form.name(g.duty.Law, g.words.Lang), g.duty.Citation
	switch {
	case law == "", strings.HasPrefix(citation, law):
		law = citation
	case citation != "":
		law += g.words.Words["semicolon"] + citation
	}
	return law, law != ""
}

func (g filling) persons() (string, bool) {
	n, ok := countPersons(g.facts)
	if _, said := g.facts.Count("persons_total"); !ok || n == 0 && !said {
		return "", false
	}
	return g.words.fill("people", "n", thousands(n)), true
}

func (g filling) residents() (string, bool) {
	by, ok := g.facts.Places("persons_by_place")
	if !ok || g.duty.Place == "" {
		return "", false
	}
	least, _ := g.pack.places.residents(by, string(g.duty.Place))
	return g.line(g.words.place(g.duty.Place), g.words.fill("people", "n", thousands(least))), true
}

func (g filling) severity() (string, bool) {
	s := g.pack.enisa.assess(g.facts)
	if s.Level == "" {
		return "", false
	}
	return g.words.fill("severity-score", "level", g.words.Words["severity-"+s.Level],
		"score", strconv.FormatFloat(math.Round(s.Score*100)/100, 'f', -1, 64)), true
}

// risk is the outcome in the words of the template. It follows the rules of the
// pack: only a finding against misuse, or unreadable data, rules a risk out.
func (g filling) risk() (string, bool) {
	misuse, found := g.facts.Bool("misuse_likely")
	least, most := g.pack.enisa.bounds(g.facts)
	high := g.pack.enisa.from("high")
	word := "risk-some"
	switch {
	case found && !misuse, unreadableOnly(g.facts):
		word = "risk-unlikely"
	case g.pack.enisa.assess(g.facts).Level == "", least < high && most >= high:
		word = "risk-unknown"
	case least >= high:
		word = "risk-high"
	}
	return g.words.Words[word], true
}

// unreadableOnly tells whether nothing but unreadable data got out.
func unreadableOnly(f incidents.Facts) bool {
	for _, key := range []string{"integrity", "availability"} {
		if v, ok := f.Bool(key); v || !ok {
			return false
		}
	}
	return unreadable(f)
}

func (g filling) grade() (string, bool) {
	grade := g.pack.ChinaGrade(g.facts)
	if len(grade.Unknown) > 0 || grade.Name == "" {
		return "", false
	}
	d, _ := incidents.FactByKey("cn_grade")
	text := g.words.option(d, grade.Name)
	if len(grade.Reasons) > 0 && g.words.Lang == langEN {
		text += " (" + strings.Join(grade.Reasons, "; ") + ")"
	}
	return text, true
}

// answer writes a field's value; ok is false when it is not known yet.
func (g filling) answer(d formField) (text string, ok bool) {
	if d.typed() {
		return "", false
	}
	if w, is := worked[d.From[0]]; is {
		return w.answer(g)
	}
	return g.scribe.facts(g.facts, d)
}

// applies judges "when": no facts in it, or one of them with a value that
// fits. known is false when no fact that could decide is known.
func (g filling) applies(d formField) (applies, known bool) {
	if len(d.When) == 0 {
		return true, true
	}
	for key, wants := range d.When {
		v, ok := g.facts.Value(key)
		if !ok {
			continue
		}
		known = true
		switch v := v.(type) {
		case string:
			applies = applies || slices.Contains(wants, v)
		case bool:
			applies = applies || slices.Contains(wants, map[bool]string{true: "yes", false: "no"}[v])
		}
	}
	return applies, known
}

// sources are the facts a field rests on.
func (d formField) sources() []string {
	if len(d.From) == 0 {
		return nil
	}
	if w, is := worked[d.From[0]]; is {
		return slices.Clone(w.facts)
	}
	return slices.Clone(d.From)
}

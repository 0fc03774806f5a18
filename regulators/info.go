package regulators

import (
	"cmp"
	"regexp"
	"slices"
	"strings"

	"tocsin/incidents"
)

// A RuleInfo describes a rule to a reader: what it asks, where it is written,
// and the words of its condition.
type RuleInfo struct {
	ID, Title, TitleZH           string
	Jurisdiction, Law, Citation  string
	Authority, Audience          string
	Status, Effective, Until     string
	Confidence, Checked, Report  string
	Sources, Exceptions, Content []string
	Clock                        string   // "72 hours from aware_at; without undue delay"
	Conditions                   []string // one sentence per clause, as it reads when true
	Facts                        []string // catalogue keys and derived names the conditions mention
	Substitutes                  []string // when another notice stands in for telling each person, and what it is
}

// Rules describes every rule, by jurisdiction and id.
func (p *Pack) Rules() []RuleInfo {
	out := make([]RuleInfo, 0, len(p.rules))
	for _, r := range p.rules {
		out = append(out, p.info(r))
	}
	slices.SortFunc(out, func(a, b RuleInfo) int {
		return strings.Compare(a.Jurisdiction+" "+a.ID, b.Jurisdiction+" "+b.ID)
	})
	return out
}

func (p *Pack) info(r *rule) RuleInfo {
	i := RuleInfo{
		ID: r.ID, Title: r.Title, TitleZH: r.TitleZH, Jurisdiction: r.jurisdiction, Law: r.Law, Citation: r.Citation,
		Authority: r.Authority, Audience: r.Audience, Status: r.Status, Effective: r.Effective, Until: r.Until,
		Confidence: r.Confidence, Checked: r.Checked, Report: r.Report, Sources: slices.Clone(r.Sources),
		Exceptions: slices.Clone(r.Exceptions), Content: slices.Clone(r.Content), Clock: r.clock.words(),
		Substitutes: substituteWords(r.substitutes),
	}
	for _, c := range r.clauses {
		i.Conditions = append(i.Conditions, p.inGeneral(c, r))
		if c.cond != nil {
			i.Facts = append(i.Facts, c.cond.names...)
		}
	}
	slices.Sort(i.Facts)
	i.Facts = slices.Compact(i.Facts)
	return i
}

func (p *Pack) inGeneral(c clause, r *rule) string {
	if c.requires != "" && c.because == "" {
		return "Another duty applies: " + p.byID[c.requires].Title + "."
	}
	return p.general(c.because, r)
}

// aside is a bracket that only makes sense for one incident.
var aside = regexp.MustCompile(`\s*\([^()]*\{[^()]*\)`)

// general is an explanation as it reads without an incident.
func (p *Pack) general(text string, r *rule) string {
	code := cmp.Or(r.Place, r.FanOut)
	place := p.places.nameOf(incidents.Place(code))
	if group, ok := p.places.Groups[code]; ok {
		place = group.Name
	}
	text = aside.ReplaceAllString(text, "")
	return strings.NewReplacer("{residents}", "Some", "{persons}", "Some", "{place}", place, "{grade}", "high enough to be reported").Replace(text)
}

func (c clock) words() string {
	var parts []string
	if !c.length.none() {
		from := strings.Join(append(slices.Clone(c.facts), c.after...), " or ")
		parts = append(parts, c.length.String()+" from "+cmp.Or(from, c.start))
	}
	if c.qualifier != "" {
		parts = append(parts, c.qualifier)
	}
	for _, l := range c.limits {
		parts = append(parts, "at the latest "+l.words())
	}
	return strings.Join(parts, "; ")
}

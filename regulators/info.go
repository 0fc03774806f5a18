package regulators

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// A RuleInfo describes a rule to a reader: what it asks, where it is written,
// and the words of its condition.
type RuleInfo struct {
	ID           string   `json:"id"`
	Title        string   `json:"title"`
	TitleZH      string   `json:"title_zh,omitempty"`
	Jurisdiction string   `json:"jurisdiction"`
	Place        string   `json:"place"` // the jurisdiction in words
	Law          string   `json:"law"`
	Citation     string   `json:"citation"`
	Authority    string   `json:"authority,omitempty"`
	Audience     string   `json:"audience"`
	Status       string   `json:"status"`
	Binding      string   `json:"binding"`
	Effective    string   `json:"effective,omitempty"` // YYYY-MM-DD
	Until        string   `json:"until,omitempty"`
	Confidence   string   `json:"confidence"`           // verified or recalled
	Unverified   []string `json:"unverified,omitempty"` // parts of a verified rule that rest on memory
	Checked      string   `json:"checked"`
	Via          string   `json:"via,omitempty"` // how the law was read
	Sources      []string `json:"sources"`
	Locators     []string `json:"locators,omitempty"` // official addresses that were not opened
	Exceptions   []string `json:"exceptions,omitempty"`
	Deemed       []string `json:"deemed,omitempty"` // other laws whose notice counts as this one
	Content      []string `json:"content,omitempty"`
	Headings     []string `json:"headings,omitempty"`
	Forbidden    []string `json:"forbidden,omitempty"`
	Remedies     []string `json:"remedies,omitempty"` // in words
	Language     []string `json:"language,omitempty"`
	Records      string   `json:"records,omitempty"`
	Penalty      string   `json:"penalty,omitempty"`
	Notes        []string `json:"notes,omitempty"`
	Report       string   `json:"report,omitempty"`
	Clock        string   `json:"clock"`                 // "72 hours from aware_at; without undue delay"
	Conditions   []string `json:"conditions"`            // one sentence per clause, as it reads when true
	When         []string `json:"when,omitempty"`        // the conditions as written
	Facts        []string `json:"facts,omitempty"`       // catalogue keys and derived names the conditions mention
	Substitutes  []string `json:"substitutes,omitempty"` // when another notice stands in for telling each person, and what it is
}

// A Jurisdiction is a place whose law the pack knows: its own, or that of a
// union it belongs to.
type Jurisdiction struct {
	Code        string `json:"code"`
	Name        string `json:"name"`
	Under       string `json:"under,omitempty"`     // the jurisdiction whose law holds there
	Authority   string `json:"authority,omitempty"` // of data protection, where it is under another
	Obligations int    `json:"obligations"`
}

// Jurisdictions lists the places of the pack, by code.
func (p *Pack) Jurisdictions() []Jurisdiction {
	by := map[string]*Jurisdiction{}
	for _, r := range p.rules {
		if by[r.jurisdiction] == nil {
			by[r.jurisdiction] = &Jurisdiction{Code: r.jurisdiction, Name: r.named}
		}
		by[r.jurisdiction].Obligations++
	}
	if union := by["EU"]; union != nil {
		for _, m := range p.places.Groups["EEA"].Members {
			a, _ := p.AuthorityOf("data-protection", m)
			by[string(m)] = &Jurisdiction{Code: string(m), Name: p.places.nameOf(m), Under: union.Code, Authority: a.Name, Obligations: union.Obligations}
		}
	}
	out := make([]Jurisdiction, 0, len(by))
	for _, code := range slices.Sorted(maps.Keys(by)) {
		out = append(out, *by[code])
	}
	return out
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
		ID: r.ID, Title: r.Title, TitleZH: r.TitleZH, Jurisdiction: r.jurisdiction, Place: r.named, Law: r.Law, Citation: r.Citation,
		Authority: r.Authority, Audience: r.Audience, Status: r.Status, Binding: r.Binding, Effective: r.Effective, Until: r.Until,
		Confidence: r.Confidence, Unverified: slices.Clone(r.Unverified), Checked: r.Checked, Via: r.Via, Report: r.Report,
		Sources: slices.Clone(r.Sources), Locators: slices.Clone(r.Locators), Exceptions: slices.Clone(r.Exceptions), Deemed: slices.Clone(r.Deemed),
		Content: slices.Clone(r.Content), Headings: slices.Clone(r.Headings), Forbidden: slices.Clone(r.Forbidden), Language: slices.Clone(r.Language),
		Records: r.Records, Remedies: r.remedies(), Penalty: r.Penalty, Notes: slices.Clone(r.Notes), Clock: r.clock.words(), Substitutes: substituteWords(r.substitutes),
	}
	for _, c := range r.clauses {
		i.Conditions = append(i.Conditions, p.inGeneral(c, r))
		if c.cond != nil {
			i.When = append(i.When, c.cond.source)
			i.Facts = append(i.Facts, c.cond.names...)
		} else {
			i.When = append(i.When, "requires "+c.requires)
		}
	}
	slices.Sort(i.Facts)
	i.Facts = slices.Compact(i.Facts)
	return i
}

func (r *rule) remedies() (out []string) {
	for _, m := range r.Remedies {
		out = append(out, m.words())
	}
	return out
}

// words is a remedy in a sentence.
func (m remedySpec) words() string {
	s := strings.ReplaceAll(m.What, "-", " ")
	if m.Months > 0 {
		s += " for " + strconv.Itoa(m.Months) + " months"
	}
	if m.When != "" {
		s += ", when " + m.When
	}
	if m.Citation != "" {
		s += " (" + m.Citation + ")"
	}
	return s
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
	return strings.NewReplacer("{residents}", "Some", "{persons}", "Some", "{place}", place, "{grade}", "high enough to be reported", "{industry-grade}", "high enough to be reported").Replace(text)
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

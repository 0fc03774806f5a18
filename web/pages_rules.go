package web

import (
	"cmp"
	"slices"
	"strings"

	"tocsin/incidents"
	"tocsin/regulators"
)

type rulesPage struct {
	Frame
	Pack          string
	Changelog     []regulators.Release
	Refused       string // why a newer pack file was not taken up
	Places        []placeOfRules
	Place, Query  string
	Audience      string
	Confidence    string
	Status        string
	Audiences     []incidents.Audience
	Statuses      []string
	Chosen        bool // something was asked for: the rules are shown, not the places
	Groups        []ruleGroup
	Under         int // places under the law of another, such as a union's
	Shown, Total  int
	RecalledCount int
}

// placeOfRules is a line of the index of jurisdictions.
type placeOfRules struct {
	Code, Name               string
	Rules, Recalled, Pending int // Pending: not in force
}

type ruleGroup struct {
	Place, Name string
	Rules       []ruleRow
}

type ruleRow struct {
	regulators.RuleInfo
	To    string
	Asks  []string // questions of the catalogue that decide
	State stateView
}

// rules shows what Tocsin knows of the law, with sources.
func (c *console) rules(p *page) error {
	pack := c.Rules.Pack() // one, even when another takes its place meanwhile
	v := rulesPage{Frame: c.frame(p, "rules", "Rules"), Pack: pack.Version(), Changelog: pack.Changelog(), Refused: c.Rules.Refused(), Place: p.query("place"), Query: strings.TrimSpace(p.query("q")),
		Audience: p.query("audience"), Confidence: p.query("confidence"), Status: p.query("status")}
	v.Chosen = cmp.Or(v.Place, v.Query, v.Audience, v.Confidence, v.Status, p.query("all")) != ""
	for _, j := range pack.Jurisdictions() {
		if j.Under != "" {
			v.Under++
			continue
		}
		v.Places = append(v.Places, placeOfRules{Code: j.Code, Name: j.Name, Rules: j.Obligations})
	}
	slices.SortFunc(v.Places, func(a, b placeOfRules) int { return strings.Compare(a.Name, b.Name) })
	at := map[string]*placeOfRules{}
	for i := range v.Places {
		at[v.Places[i].Code] = &v.Places[i]
	}
	for _, r := range pack.Rules() {
		v.Total++
		place := at[r.Jurisdiction]
		if r.Confidence == "recalled" {
			v.RecalledCount++
			place.Recalled++
		}
		if r.Status != "in_force" {
			place.Pending++
		}
		v.Audiences = appendNew(v.Audiences, incidents.Audience(r.Audience))
		v.Statuses = appendNew(v.Statuses, r.Status)
		if v.Chosen && v.wants(r) {
			v.show(r, place.Name)
		}
	}
	slices.SortFunc(v.Groups, func(a, b ruleGroup) int { return strings.Compare(a.Name, b.Name) })
	slices.Sort(v.Statuses)
	return c.show(p, "rules", v)
}

func appendNew[T comparable](list []T, x T) []T {
	if slices.Contains(list, x) {
		return list
	}
	return append(list, x)
}

func (v *rulesPage) wants(r regulators.RuleInfo) bool {
	return (v.Place == "" || r.Jurisdiction == v.Place) && (v.Audience == "" || r.Audience == v.Audience) &&
		(v.Confidence == "" || r.Confidence == v.Confidence) && (v.Status == "" || r.Status == v.Status) && ruleHas(r, v.Query)
}

func (v *rulesPage) show(r regulators.RuleInfo, name string) {
	v.Shown++
	r.Clock = clockInWords(r.Clock)
	if n := len(v.Groups); n == 0 || v.Groups[n-1].Place != r.Jurisdiction {
		v.Groups = append(v.Groups, ruleGroup{Place: r.Jurisdiction, Name: name})
	}
	g := &v.Groups[len(v.Groups)-1]
	row := ruleRow{RuleInfo: r, To: audienceName(incidents.Audience(r.Audience)), State: lawState(r)}
	for _, key := range r.Facts {
		if d, ok := incidents.FactByKey(key); ok {
			row.Asks = append(row.Asks, d.Question)
		}
	}
	g.Rules = append(g.Rules, row)
}

// lawState is where a law stands in time.
func lawState(r regulators.RuleInfo) stateView {
	words := strings.ReplaceAll(r.Status, "_", " ")
	words = strings.ToUpper(words[:1]) + words[1:]
	switch {
	case r.Status == "in_force" && r.Until != "":
		return stateView{"amber", "clock", "In force until " + r.Until}
	case r.Status == "in_force" && r.Effective != "":
		return stateView{"green", "check", "In force since " + r.Effective}
	case r.Status == "in_force":
		return stateView{"green", "check", "In force"}
	case r.Effective != "":
		return stateView{"amber", "clock", words + ", from " + r.Effective}
	}
	return stateView{"amber", "clock", words}
}

// ruleHas tells whether every word of a query is in a rule.
func ruleHas(r regulators.RuleInfo, query string) bool {
	text := strings.ToLower(strings.Join(append([]string{r.ID, r.Place, r.Title, r.TitleZH, r.Law, r.Citation, r.Authority, r.Clock, r.Audience}, r.Conditions...), " "))
	for _, w := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

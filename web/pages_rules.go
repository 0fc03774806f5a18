package web

import (
	"slices"
	"strings"

	"tocsin/regulators"
)

type rulesPage struct {
	Frame
	Pack          string
	Places        []string
	Place, Query  string
	Groups        []ruleGroup
	Shown, Total  int
	RecalledCount int
}

type ruleGroup struct {
	Place string
	Rules []regulators.RuleInfo
}

// rules shows what Tocsin knows of the law, with sources.
func (c *console) rules(p *page) error {
	v := rulesPage{Frame: c.frame(p, "rules", "Rules"), Pack: c.Rules.Version(), Place: p.query("place"), Query: strings.TrimSpace(p.query("q"))}
	for _, r := range c.Rules.Rules() {
		v.Total++
		if r.Confidence == "recalled" {
			v.RecalledCount++
		}
		if !slices.Contains(v.Places, r.Jurisdiction) {
			v.Places = append(v.Places, r.Jurisdiction)
		}
		if v.Place != "" && r.Jurisdiction != v.Place || !ruleHas(r, v.Query) {
			continue
		}
		v.Shown++
		r.Clock = clockInWords(r.Clock)
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Place != r.Jurisdiction {
			v.Groups = append(v.Groups, ruleGroup{Place: r.Jurisdiction})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Rules = append(g.Rules, r)
	}
	return c.show(p, "rules", v)
}

// ruleHas tells whether every word of a query is in a rule.
func ruleHas(r regulators.RuleInfo, query string) bool {
	text := strings.ToLower(strings.Join(append([]string{r.ID, r.Title, r.TitleZH, r.Law, r.Citation, r.Authority, r.Clock, r.Audience}, r.Conditions...), " "))
	for _, w := range strings.Fields(strings.ToLower(query)) {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

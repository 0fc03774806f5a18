package web

import "tocsin/regulators"

// A ruleView is one rule in the API's spelling.
type ruleView struct {
	ID           string   `json:"id"`
	Title        string   `json:"title"`
	TitleZH      string   `json:"title_zh,omitempty"`
	Jurisdiction string   `json:"jurisdiction"`
	Law          string   `json:"law"`
	Citation     string   `json:"citation"`
	Authority    string   `json:"authority,omitempty"`
	Audience     string   `json:"audience"`
	Status       string   `json:"status"`
	Effective    string   `json:"effective,omitempty"`
	Until        string   `json:"until,omitempty"`
	Confidence   string   `json:"confidence"`
	Checked      string   `json:"checked"`
	Sources      []string `json:"sources"`
	Content      []string `json:"content,omitempty"`
	Report       string   `json:"report,omitempty"`
	Clock        string   `json:"clock"`
	Conditions   []string `json:"conditions"`
	Facts        []string `json:"facts,omitempty"`
	Substitutes  []string `json:"substitutes,omitempty"`
}

func viewRule(r regulators.RuleInfo) ruleView {
	return ruleView{r.ID, r.Title, r.TitleZH, r.Jurisdiction, r.Law, r.Citation, r.Authority, r.Audience, r.Status, r.Effective, r.Until,
		r.Confidence, r.Checked, r.Sources, r.Content, r.Report, r.Clock, r.Conditions, r.Facts, r.Substitutes}
}

func (a api) rules(*call) (any, error) {
	return struct {
		Pack  string     `json:"pack"`
		Items []ruleView `json:"items"`
	}{a.Rules.Version(), views(a.Rules.Rules(), viewRule)}, nil
}

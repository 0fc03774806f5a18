package web

import "tocsin/regulators"

func (a api) rules(*call) (any, error) {
	pack := a.Rules.Pack()
	return struct {
		Pack      string                `json:"pack"`
		Changelog []regulators.Release  `json:"changelog"`
		Items     []regulators.RuleInfo `json:"items"`
	}{pack.Version(), some(pack.Changelog()), pack.Rules()}, nil
}

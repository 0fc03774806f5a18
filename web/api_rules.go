package web

import "tocsin/regulators"

func (a api) rules(*call) (any, error) {
	return struct {
		Pack  string                `json:"pack"`
		Items []regulators.RuleInfo `json:"items"`
	}{a.Rules.Version(), a.Rules.Rules()}, nil
}

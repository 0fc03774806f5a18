package siem

import "tocsin/incidents"

// chronicle reads detections of Google Security Operations, one or a page. A
// detection that is not alerting is for information: it is suppressed.
func chronicle(r *reader, doc object) error {
	list := doc.objs("detections")
	if len(list) == 0 {
		list = []object{doc}
	}
	for _, d := range list {
		if err := detection(r, d); err != nil {
			return err
		}
	}
	return nil
}

func detection(r *reader, d object) error {
	id := d.text("id")
	if id == "" {
		return incidents.Invalid("a detection has no id")
	}
	rule := object{}
	if rules := d.objs("detection"); len(rules) > 0 {
		rule = rules[0]
	}
	a := incidents.Alert{ExternalID: id, Title: rule.text("ruleName"), DedupKey: id, GroupKey: rule.text("ruleId"), Revision: rule.text("ruleVersion"),
		OccurredAt: d.time("timeWindow.startTime"), ObservedAt: orZero(d.time("createdTime")), URL: rule.text("urlBackToProduct")}
	if rule.text("alertState") == "NOT_ALERTING" {
		a.Status = "suppressed"
	}
	word(&a, "detection[0].severity", rule.at("severity"), fiveWords)
	scale(&a, "detection[0].riskScore", rule.at("riskScore"), 0, hundred)
	r.add(a, d)
	return nil
}

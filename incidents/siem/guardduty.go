package siem

import (
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

var guarddutyBands = []band{{3.9, low}, {6.9, medium}, {8.9, high}, {10, critical}}

// guardduty reads a finding of Amazon GuardDuty: bare, as EventBridge delivers
// it, or either in an envelope of SNS. The same finding comes again with a
// higher count and a later time: a revision. A sample finding shares its id
// with a real one and must be told apart first.
func guardduty(r *reader, doc object) error {
	envelope := doc
	doc, done, err := r.unwrapped(doc)
	if done || err != nil {
		return err
	}
	prefix, d := "detail.", doc.obj("detail")
	if d == nil {
		prefix, d = "", doc
	} else {
		r.delivery = doc.text("id")
	}
	if id := envelope.text("MessageId"); id != "" {
		r.delivery = id
	}
	d = lowerKeys(d)
	id := d.text("id")
	if id == "" {
		return incidents.Invalid("a GuardDuty finding has no id")
	}
	a := incidents.Alert{ExternalID: id, Title: d.text("title"), DedupKey: id, GroupKey: d.text("accountid") + "/" + d.text("type"),
		OccurredAt: d.time("service.eventfirstseen"), ObservedAt: orZero(d.time("createdat")), Count: d.count("service.count"),
		Test: d.flag("service.additionalinfo.sample"), Revision: d.text("updatedat") + "#" + d.text("service.count")}
	if d.flag("service.archived") {
		a.Status = "closed"
	}
	scale(&a, prefix+"severity", d.at("severity"), 1, guarddutyBands)
	guarddutyEntities(&a, d)
	r.add(a, doc)
	return nil
}

// guarddutyEntities finds what a finding is about. Keys are in lower case.
func guarddutyEntities(a *incidents.Alert, d object) {
	actions := d.obj("service.action")
	for _, name := range slices.Sorted(maps.Keys(actions)) {
		action := actions.obj(name)
		res := action.obj("affectedresources")
		for _, k := range slices.Sorted(maps.Keys(res)) {
			a.Assets = append(a.Assets, str(res[k]))
		}
		a.IPs = append(a.IPs, action.text("remoteipdetails.ipaddressv4"), action.text("remoteipdetails.ipaddressv6"))
	}
	a.Assets = append(a.Assets, d.texts("resource.instancedetails.instanceid", "resource.eksclusterdetails.name", "resource.rdsdbinstancedetails.dbinstanceidentifier", "resource.lambdadetails.functionname")...)
	for _, b := range d.objs("resource.s3bucketdetails") {
		a.Assets = append(a.Assets, b.text("arn", "name"))
	}
	a.Users = d.texts("resource.accesskeydetails.username")
}

// lowerKeys copies an object with keys in lower case: EventBridge writes them
// in camel case, the vendor's API in Pascal case.
func lowerKeys(o object) object {
	out := make(object, len(o))
	for _, k := range slices.Sorted(maps.Keys(o)) {
		out[strings.ToLower(k)] = lowerValue(o[k])
	}
	return out
}

func lowerValue(v any) any {
	switch x := v.(type) {
	case map[string]any:
		return map[string]any(lowerKeys(x))
	case []any:
		out := make([]any, len(x))
		for i, sub := range x {
			out[i] = lowerValue(sub)
		}
		return out
	}
	return v
}

package siem

import (
	"maps"
	"slices"

	"tocsin/incidents"
)

// guardduty reads a finding as EventBridge delivers it, or bare. The same
// finding comes again with a higher count and a later time: a revision. A
// sample finding shares its id with a real one and must be told apart first.
func guardduty(r *reader, doc object) ([]incidents.Alert, error) {
	prefix, d := "detail.", doc.obj("detail")
	if d == nil {
		prefix, d = "", doc
	} else {
		r.delivery = doc.text("id")
	}
	id := d.text("id", "Id")
	if id == "" {
		return nil, incidents.Invalid("a GuardDuty finding has no id")
	}
	a := incidents.Alert{ExternalID: id, Title: d.text("title", "Title"), DedupKey: id, GroupKey: d.text("accountId", "AccountId") + "/" + d.text("type", "Type"),
		OccurredAt: d.time("service.eventFirstSeen", "Service.EventFirstSeen"), ObservedAt: orZero(d.time("createdAt", "CreatedAt")), Count: d.count("service.count", "Service.Count"),
		Test: d.flag("service.additionalInfo.sample") || d.flag("Service.AdditionalInfo.Sample")}
	a.Revision = d.text("updatedAt", "UpdatedAt") + "#" + d.text("service.count", "Service.Count")
	if d.flag("service.archived") {
		a.Status = "closed"
	}
	field := "severity"
	if d.at(field) == nil {
		field = "Severity"
	}
	scale(&a, d, field, 1, []band{{3.9, incidents.SeverityLow}, {6.9, incidents.SeverityMedium}, {8.9, incidents.SeverityHigh}, {10, incidents.SeverityCritical}})
	if a.SeverityNative != nil {
		a.SeverityNative.Field = prefix + field
	}
	for _, path := range []string{"service.action.awsApiCallAction.affectedResources"} {
		res := d.obj(path)
		for _, k := range slices.Sorted(maps.Keys(res)) {
			a.Assets = append(a.Assets, str(res[k]))
		}
	}
	a.Assets = append(a.Assets, d.texts("resource.instanceDetails.instanceId", "resource.eksClusterDetails.name")...)
	for _, b := range d.objs("resource.s3BucketDetails") {
		a.Assets = append(a.Assets, b.text("arn", "name"))
	}
	a.Users = d.texts("resource.accessKeyDetails.userName")
	a.IPs = d.texts("service.action.awsApiCallAction.remoteIpDetails.ipAddressV4", "service.action.networkConnectionAction.remoteIpDetails.ipAddressV4")
	return []incidents.Alert{a}, nil
}

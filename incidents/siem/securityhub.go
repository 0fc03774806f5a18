package siem

import (
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// asff reads findings of AWS Security Hub in its own format as EventBridge
// delivers them; the second version of the product sends OCSF instead. The
// label of a severity wins over its number, which was rescaled on the way.
func asff(r *reader, doc object) error {
	envelope := doc
	doc, done, err := r.unwrapped(doc)
	if done || err != nil {
		return err
	}

	if doc.obj("detail") != nil {
		r.delivery = doc.text("id")
	}
	if id := envelope.text("MessageId"); id != "" {
		r.delivery = id
	}
	list := slices.Concat(doc.objs("detail.findings"), doc.objs("Findings"))
	if len(list) == 0 {
		list = []object{doc}
	}
	for _, f := range list {
		if f.obj("finding_info") != nil {
			if err := ocsf(r, f); err != nil {
				return err
			}
			continue
		}
		if err := finding(r, f); err != nil {
			return err
		}
	}
	return nil
}

func finding(r *reader, f object) error {
	id := f.text("Id")
	if id == "" {
		return incidents.Invalid("a Security Hub finding has no Id")
	}
	a := incidents.Alert{ExternalID: id, Title: f.text("Title"), DedupKey: id, GroupKey: f.text("AwsAccountId") + "/" + nonEmpty(f.texts("Types", "FindingProviderFields.Types")),
		OccurredAt: f.time("FirstObservedAt"), ObservedAt: orZero(f.time("CreatedAt")), Revision: stamp(f.time("UpdatedAt")),
		Count: f.obj("ProductFields").count("aws/guardduty/service/count"), URL: f.text("SourceUrl"), Test: f.flag("Sample"), Status: findingStatus(f)}
	word(&a, "Severity.Label", f.at("Severity.Label"), fiveWords)
	scale(&a, "Severity.Normalized", f.at("Severity.Normalized"), 0, []band{{0, info}, {39, low}, {69, medium}, {89, high}, {100, critical}})
	for _, res := range f.objs("Resources") {
		a.Assets = append(a.Assets, res.text("Id"))
		a.Users = append(a.Users, res.text("Details.AwsIamAccessKey.PrincipalName"))
	}
	fields := f.obj("ProductFields")
	for _, k := range slices.Sorted(maps.Keys(fields)) {
		if strings.HasSuffix(k, "remoteIpDetails/ipAddressV4") {
			a.IPs = append(a.IPs, str(fields[k]))
		}
	}
	r.add(a, f)
	return nil
}

func findingStatus(f object) string {
	if strings.EqualFold(f.text("RecordState"), "ARCHIVED") {
		return "closed"
	}
	return status(f.text("Workflow.Status"))
}

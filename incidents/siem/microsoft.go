package siem

import (
	"strings"

	"tocsin/incidents"
)

// msgraph reads an alert (v2) of Microsoft Graph security, alone or in the
// value list of an answer. Change notifications carry identifiers only: they
// say that something changed, not what.
func msgraph(r *reader, doc object) error {
	if list := doc.objs("value"); len(list) > 0 {
		for _, item := range list {
			if err := msgraph(r, item); err != nil {
				return err
			}
		}
		return nil
	}
	id := doc.text("id")
	if doc.text("subscriptionId") != "" && doc.text("title") == "" {
		r.outcome = "change-notification"
		return nil
	}
	if id == "" {
		return incidents.Invalid("an alert of Microsoft Graph has no id")
	}
	a := incidents.Alert{ExternalID: id, Title: doc.text("title"), DedupKey: id, GroupKey: "incident/" + doc.text("incidentId"), Revision: doc.text("lastUpdateDateTime"),
		OccurredAt: doc.time("firstActivityDateTime"), ObservedAt: orZero(doc.time("createdDateTime")), URL: doc.text("alertWebUrl"), Status: status(doc.text("status"))}
	if doc.text("incidentId") == "" {
		a.GroupKey = id
	}
	word(&a, "severity", doc.at("severity"), fiveWords)
	for _, e := range doc.objs("evidence") { // unknown kinds of evidence are no error
		a.Assets = append(a.Assets, e.text("deviceDnsName"))
		a.IPs = append(append(a.IPs, e.texts("ipInterfaces")...), e.text("ipAddress"))
		a.Users = append(a.Users, graphUser(e.obj("userAccount")))
	}
	r.add(a, doc)
	return nil
}

func graphUser(u object) string {
	if upn := u.text("userPrincipalName"); upn != "" {
		return upn
	}
	name, domain := u.text("accountName"), u.text("domainName")
	if name != "" && domain != "" {
		return domain + `\` + name
	}
	return name
}

// azureMetric reads a metric alert of Azure Monitor.
func azureMetric(r *reader, doc object) error {
	c := doc.obj("data.context")
	id := c.text("id")
	if id == "" {
		return incidents.Invalid("an Azure metric alert has no data.context.id")
	}
	a := incidents.Alert{ExternalID: id, Title: c.text("name"), DedupKey: id + "/" + c.text("resourceName"), GroupKey: id, OccurredAt: c.time("timestamp"),
		Assets: c.texts("resourceName"), URL: c.text("portalLink"), Status: map[string]string{"deactivated": "closed"}[strings.ToLower(doc.text("data.status"))]}
	word(&a, "data.context.severity", c.at("severity"), words{"0": critical, "1": high, "2": medium, "3": info, "4": info})
	r.add(a, doc)
	return nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// sentinel reads an incident of Microsoft Sentinel as its automation rules hand
// it to a playbook. object.name names the incident, lastModifiedTimeUtc its
// revision, eventUniqueId the delivery.
func sentinel(r *reader, doc object) error {
	id := doc.text("object.name")
	if id == "" {
		return incidents.Invalid("a Sentinel incident has no object.name")
	}
	r.delivery = doc.text("eventUniqueId")
	p := doc.obj("object.properties")
	a := incidents.Alert{ExternalID: id, Title: p.text("title"), DedupKey: id, GroupKey: id, OccurredAt: p.time("firstActivityTimeUtc"),
		ObservedAt: orZero(p.time("createdTimeUtc")), Revision: p.text("lastModifiedTimeUtc"), Count: p.count("additionalData.alertsCount"), URL: p.text("incidentUrl"),
		Status: map[string]string{"active": "acknowledged", "closed": "closed"}[strings.ToLower(p.text("status"))]}
	if a.Revision == "" {
		a.Revision = doc.text("object.etag")
	}
	word(&a, "object.properties.severity", p.at("severity"), commonWords)
	for _, e := range p.objs("relatedEntities") {
		switch ep := e.obj("properties"); strings.ToLower(e.text("kind")) {
		case "host":
			a.Assets = append(a.Assets, ep.text("hostName", "friendlyName"))
		case "account":
			user := ep.text("accountName", "friendlyName")
			if suffix := ep.text("upnSuffix"); suffix != "" && user != "" {
				user += "@" + suffix
			}
			a.Users = append(a.Users, user)
		case "ip":
			a.IPs = append(a.IPs, ep.text("address"))
		}
	}
	r.add(a, doc)
	return nil
}

package siem

import (
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

var alertmanagerWords = map[string]incidents.AlertSeverity{
	"critical": incidents.SeverityCritical, "error": incidents.SeverityHigh, "high": incidents.SeverityHigh, "warning": incidents.SeverityMedium,
	"info": incidents.SeverityInfo, "none": incidents.SeverityInfo,
}

// alertmanager reads a group of Prometheus Alertmanager: each alert of it has
// its own status. truncatedAlerts says how many are missing.
func alertmanager(r *reader, doc object) ([]incidents.Alert, error) {
	list := doc.objs("alerts")
	if len(list) == 0 {
		return nil, incidents.Invalid("an Alertmanager body has no alerts")
	}
	if n := doc.count("truncatedAlerts"); n != nil {
		r.missing += int(min(*n, 1<<30))
	}
	group := doc.text("groupKey")
	out := make([]incidents.Alert, 0, len(list))
	for _, al := range list {
		began := al.time("startsAt")
		a := incidents.Alert{ExternalID: al.text("fingerprint"), Title: al.text("labels.alertname"), GroupKey: group, OccurredAt: began, ObservedAt: orZero(began),
			Assets: al.texts("labels.instance"), URL: al.text("generatorURL"), Status: map[string]string{"resolved": "closed"}[al.text("status")]}
		key := a.ExternalID
		if key == "" {
			key = labelHash(al.obj("labels"))
		}
		if began != nil {
			key += "/" + began.Format(time.RFC3339Nano)
		}
		a.DedupKey = key
		severity(&a, "labels.severity", al.at("labels.severity"), alertmanagerWords)
		out = append(out, a)
	}
	return out, nil
}

// labelHash stands in for the fingerprint of older versions.
func labelHash(labels object) string {
	pairs := make([]string, 0, len(labels))
	for k, v := range labels {
		pairs = append(pairs, k+"="+str(v))
	}
	slices.Sort(pairs)
	return hash(strings.Join(pairs, "\n"))
}

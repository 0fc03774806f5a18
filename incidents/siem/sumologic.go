package siem

import (
	"strings"
	"time"

	"tocsin/incidents"
)

var sumoWords = words{"critical": critical, "warning": medium, "missingdata": low, "resolvedcritical": critical, "resolvedwarning": medium, "resolvedmissingdata": low}

// sumologic reads a monitor's webhook. The id is the monitor's, the same for
// every firing; the result rows are JSON inside a text.
func sumologic(r *reader, doc object) error {
	id := doc.text("id")
	if id == "" {
		return incidents.Invalid("an alert of a Sumo Logic monitor has no id")
	}
	a := incidents.Alert{ExternalID: id, Title: doc.text("name"), DedupKey: id + "/" + doc.text("triggerTimeStart"), GroupKey: id,
		OccurredAt: doc.time("triggerTimeStart"), ObservedAt: orZero(first(sumoTime(doc.text("triggerTime")), doc.time("triggerTime"))),
		Count: doc.count("numQueryResults"), URL: doc.text("alertResponseUrl")}
	if strings.HasPrefix(strings.ToLower(doc.text("triggerType")), "resolved") {
		a.Status = "closed"
	}
	word(&a, "triggerType", doc.at("triggerType"), sumoWords)
	if rows, err := documents([]byte(doc.text("resultsJson"))); err == nil {
		for _, row := range rows {
			a.IPs = append(a.IPs, row.text("client_ip"), row.text("src_ip"))
		}
	}
	r.add(a, doc)
	return nil
}

// sumoTime reads "07/13/2021 03:38:30 PM UTC". In another zone than UTC the
// letters do not say which: the time is then left out.
func sumoTime(s string) *time.Time {
	t, err := time.Parse("01/02/2006 03:04:05 PM UTC", s)
	if err != nil {
		return nil
	}
	return sane(t)
}

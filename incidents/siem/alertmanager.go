package siem

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

var alertmanagerWords = words{"critical": critical, "error": high, "high": high, "warning": medium, "info": info, "none": info}

// alertmanager reads a group of Prometheus Alertmanager: each alert of it has
// its own status. truncatedAlerts says how many are missing.
func alertmanager(r *reader, doc object) error { return promGroup(r, doc, "") }

// grafana reads a group of Grafana's unified alerting: the same shape, with an
// organisation, as ids are unique within one only.
func grafana(r *reader, doc object) error {
	org := clean(doc.text("orgId"), maxKey)
	if org == "" {
		org = "0"
	}
	return promGroup(r, doc, org+"/")
}

func promGroup(r *reader, doc object, prefix string) error {
	list := doc.objs("alerts")
	if len(list) == 0 {
		return incidents.Invalid("the body has no alerts").WithHint("send what Alertmanager's or Grafana's webhook sends without a template of your own")
	}
	extra := r.leftOut(doc.count("truncatedAlerts"))
	group := prefix + clean(doc.text("groupKey"), maxKey) // once: a group may hold many alerts
	for _, al := range list {
		began := al.time("startsAt")
		a := incidents.Alert{ExternalID: al.text("fingerprint"), Title: al.text("labels.alertname"), GroupKey: group, OccurredAt: began, ObservedAt: orZero(began),
			Assets: al.texts("labels.instance"), URL: al.text("generatorURL"), Extra: extra,
			Status: map[string]string{"resolved": "closed"}[strings.ToLower(al.text("status"))]}
		a.DedupKey = prefix + promKey(al, began)
		word(&a, "labels.severity", al.at("labels.severity"), alertmanagerWords)
		r.add(a, al)
	}
	return nil
}

// promKey is the fingerprint, or for older versions a hash of the labels, and
// when this firing began.
func promKey(al object, began *time.Time) string {
	id := al.text("fingerprint")
	if id == "" {
		id = labelHash(al.obj("labels"))
	}
	if at := stamp(began); at != "" {
		return id + "/" + at
	}
	return id + "/" + al.text("startsAt")
}

// leftOut notes how many alerts a sender says it left out of this body.
func (r *reader) leftOut(n *int64) map[string]string {
	if n == nil || *n == 0 {
		return nil
	}
	r.missing += int(min(*n, 1<<20))
	return map[string]string{"left_out_by_sender": strconv.FormatInt(*n, 10)}
}

func labelHash(labels object) string {
	pairs := make([]string, 0, len(labels))
	for k, v := range labels {
		pairs = append(pairs, k+"="+str(v))
	}
	slices.Sort(pairs)
	return hash(pairs...)
}

// grafanaLegacy reads a notification of Grafana before unified alerting: one
// rule and its state.
func grafanaLegacy(r *reader, doc object) error {
	id, state := doc.text("ruleId"), strings.ToLower(doc.text("state"))
	if id == "" {
		return incidents.Invalid("a notification of Grafana has no ruleId")
	}
	a := incidents.Alert{ExternalID: id, Title: doc.text("ruleName", "title"), DedupKey: id + "/" + state, GroupKey: id, URL: doc.text("ruleUrl"),
		Status: map[string]string{"ok": "closed", "paused": "suppressed"}[state]}
	for _, m := range doc.objs("evalMatches") {
		a.Assets = append(a.Assets, m.text("tags.instance"))
	}
	word(&a, "tags.severity", doc.at("tags.severity"), alertmanagerWords)
	r.add(a, doc)
	return nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// githubAlert reads what the three kinds of GitHub's security alerts share. The
// kind of an event is in a header, not in the body. done means there is none.
func githubAlert(r *reader, doc object) (a incidents.Alert, alert object, done bool, err error) {
	r.delivery = r.header("x-github-delivery")
	alert = doc.obj("alert")
	if alert == nil {
		if r.header("x-github-event") == "ping" || doc.text("zen") != "" {
			r.outcome = "ping"
			return a, nil, true, nil
		}
		return a, nil, false, incidents.Invalid("the webhook of GitHub holds no alert").WithHint("choose only alert events for this webhook")
	}
	repo, number := doc.text("repository.full_name"), alert.text("number")
	if repo == "" || number == "" {
		return a, nil, false, incidents.Invalid("an alert of GitHub needs repository.full_name and alert.number")
	}
	id := repo + "#" + number
	return incidents.Alert{ExternalID: id, DedupKey: id, GroupKey: repo, OccurredAt: alert.time("created_at"), Revision: alert.text("updated_at"),
		Assets: []string{repo}, URL: alert.text("html_url"), Status: githubStatus(doc.text("action"))}, alert, false, nil
}

func githubStatus(action string) string {
	switch strings.ToLower(action) {
	case "resolved", "fixed", "dismissed", "auto_dismissed", "closed_by_user":
		return "closed"
	}
	return "open"
}

// githubSecret reads an alert of secret scanning: a credential in a repository.
func githubSecret(r *reader, doc object) error {
	a, alert, done, err := githubAlert(r, doc)
	if done || err != nil {
		return err
	}
	a.Title = "Secret scanning: " + alert.text("secret_type_display_name", "secret_type")
	a.DataHints = []string{"credentials"}
	fixed(&a, high, "format-default")
	r.add(a, doc)
	return nil
}

// githubDependabot reads an alert about a vulnerable dependency.
func githubDependabot(r *reader, doc object) error {
	a, alert, done, err := githubAlert(r, doc)
	if done || err != nil {
		return err
	}
	a.Title = alert.text("security_advisory.summary")
	word(&a, "alert.security_advisory.severity", alert.at("security_advisory.severity"), words{"low": low, "medium": medium, "moderate": medium, "high": high, "critical": critical})
	r.add(a, doc)
	return nil
}

// githubCode reads an alert of code scanning.
func githubCode(r *reader, doc object) error {
	a, alert, done, err := githubAlert(r, doc)
	if done || err != nil {
		return err
	}
	a.Title = alert.text("rule.description", "rule.name", "rule.id")
	word(&a, "alert.rule.security_severity_level", alert.at("rule.security_severity_level"), fiveWords)
	word(&a, "alert.rule.severity", alert.at("rule.severity"), words{"error": high, "warning": medium, "note": low, "none": info})
	r.add(a, doc)
	return nil
}

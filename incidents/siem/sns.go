package siem

import (
	"strings"

	"tocsin/incidents"
)

// sns reads an envelope of Amazon SNS. Confirmations are kept for an operator
// and never fetched. The message inside is a CloudWatch alarm, a finding, or text.
func sns(r *reader, doc object) ([]incidents.Alert, error) {
	kind := doc.text("Type")
	if kind == "" {
		kind = r.header("x-amz-sns-message-type")
	}
	r.delivery = doc.text("MessageId")
	switch kind {
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
		r.outcome = "subscription-confirmation"
		return nil, nil
	case "Notification":
	default:
		return nil, incidents.Invalid("an SNS envelope has no known Type")
	}
	inner, err := documents([]byte(doc.text("Message")))
	if err != nil {
		a := incidents.Alert{ExternalID: r.delivery, Title: doc.text("Subject", "Message"), DedupKey: "message/" + r.delivery, GroupKey: "topic/" + doc.text("TopicArn"), ObservedAt: orZero(doc.time("Timestamp"))}
		return []incidents.Alert{a}, nil
	}
	m := inner[0]
	if m.text("AlarmName") == "" {
		if m.obj("detail") != nil {
			out, err := guardduty(r, m)
			r.delivery = doc.text("MessageId")
			return out, err
		}
		return generic(r, m)
	}
	return cloudwatch(r, doc, m)
}

// cloudwatch reads an alarm: ALARM opens, OK closes, INSUFFICIENT_DATA says nothing.
func cloudwatch(r *reader, doc, m object) ([]incidents.Alert, error) {
	state := strings.ToUpper(m.text("NewStateValue"))
	if state == "INSUFFICIENT_DATA" {
		r.outcome = "no-data"
		return nil, nil
	}
	changed := m.time("StateChangeTime")
	group := "cloudwatch/" + m.text("AWSAccountId") + "/" + m.text("Region") + "/" + m.text("AlarmName")
	a := incidents.Alert{ExternalID: m.text("AlarmName"), Title: m.text("AlarmName"), GroupKey: group, DedupKey: group, OccurredAt: changed, ObservedAt: orZero(doc.time("Timestamp")),
		Status: map[string]string{"OK": "closed"}[state]}
	if changed != nil {
		a.DedupKey += "/" + changed.Format("2006-01-02T15:04:05.999999999Z07:00")
	}
	for _, d := range m.objs("Trigger.Dimensions") {
		a.Assets = append(a.Assets, d.text("value", "Value"))
	}
	return []incidents.Alert{a}, nil
}

package siem

import (
	"strings"

	"tocsin/incidents"
)

// sns reads an envelope of Amazon SNS. Confirmations are kept for an operator
// and never fetched. The message inside is a CloudWatch alarm, a finding, or text.
func sns(r *reader, doc object) error {
	kind := doc.text("Type")
	if kind == "" {
		kind = r.header("x-amz-sns-message-type")
	}
	r.delivery = doc.text("MessageId")
	switch kind {
	case "SubscriptionConfirmation", "UnsubscribeConfirmation":
		r.outcome = "subscription-confirmation"
		return nil
	case "Notification":
	default:
		return incidents.Invalid("an SNS envelope has no known Type")
	}
	inner, err := documents([]byte(doc.text("Message")))
	if err != nil || len(inner) != 1 {
		r.add(snsText(r, doc), doc)
		return nil
	}
	err = snsMessage(r, doc, inner[0])
	r.delivery = doc.text("MessageId")
	return err
}

// snsMessage reads what an envelope carries.
func snsMessage(r *reader, doc, m object) error {
	switch {
	case m.text("AlarmName") != "":
		return cloudwatch(r, doc, m)
	case m.text("source") == "aws.securityhub" || m.objs("detail.findings") != nil:
		return asff(r, m)
	case m.text("source") == "aws.guardduty":
		return guardduty(r, m)
	case m.obj("finding_info") != nil:
		return ocsf(r, m)
	}
	if c := common(m); c.ExternalID != "" || c.Title != "" {
		return generic(r, m)
	}
	r.add(snsText(r, doc), doc)
	return nil
}

// snsText is the alert of a message that is plain text.
func snsText(r *reader, doc object) incidents.Alert {
	id := doc.text("MessageId")
	a := incidents.Alert{ExternalID: id, Title: doc.text("Subject", "Message"), DedupKey: "message/" + id, GroupKey: "topic/" + doc.text("TopicArn"), ObservedAt: orZero(doc.time("Timestamp"))}
	if id == "" {
		a.DedupKey = "message/" + hash(r.req.Source, doc.text("Message"), doc.text("Timestamp"))
	}
	return a
}

// cloudwatch reads an alarm: ALARM opens, OK closes, INSUFFICIENT_DATA says nothing.
func cloudwatch(r *reader, doc, m object) error {
	state := strings.ToUpper(m.text("NewStateValue"))
	if state == "INSUFFICIENT_DATA" {
		r.outcome = "no-data"
		return nil
	}
	changed := m.time("StateChangeTime")
	group := "cloudwatch/" + m.text("AWSAccountId") + "/" + m.text("Region") + "/" + m.text("AlarmName")
	a := incidents.Alert{ExternalID: m.text("AlarmName"), Title: m.text("AlarmName"), GroupKey: group, DedupKey: group, OccurredAt: changed, ObservedAt: orZero(doc.time("Timestamp")),
		Status: map[string]string{"OK": "closed"}[state]}
	if changed != nil {
		a.DedupKey += "/" + stamp(changed)
	}
	for _, d := range m.objs("Trigger.Dimensions") {
		a.Assets = append(a.Assets, d.text("value", "Value"))
	}
	r.add(a, doc)
	return nil
}

// unwrapped opens an envelope of SNS round something else. Confirmations have
// no alert: then done is true.
func (r *reader) unwrapped(doc object) (inner object, done bool, err error) {
	if doc.text("TopicArn") == "" || doc.text("MessageId") == "" {
		return doc, false, nil
	}
	if doc.text("Type") != "Notification" {
		return nil, true, sns(r, doc)
	}
	in, err := documents([]byte(doc.text("Message")))
	if err != nil || len(in) != 1 {
		return nil, false, incidents.Invalid("the message in the SNS envelope is not one JSON object")
	}
	return in[0], false, nil
}

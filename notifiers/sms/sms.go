// Package sms carries notices by text message through Twilio.
package sms

import (
	"context"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/twilio"
)

// A Channel sends text messages.
type Channel struct {
	Twilio *twilio.Client
	// Callback makes the address where the status of one attempt is reported; it
	// carries delivery, attempt and a MAC, so that the callback itself proves acceptance.
	Callback func(id incidents.DeliveryID, attempt int) string
	Validity time.Duration
	// Allow says whether a number may be texted at all; nil allows every one.
	Allow func(number string) bool
}

// Send asks for one message.
func (c Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	if c.Allow != nil && !c.Allow(m.To) {
		return incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: "country", Reason: "the number's country is not on the list of channels.sms.countries"}, nil
	}
	t := twilio.Text{To: m.To, Body: m.Text.SMS, Validity: c.Validity}
	if c.Callback != nil {
		t.Callback = c.Callback(m.Delivery, m.Attempt)
	}
	return c.Twilio.SendText(ctx, t), nil
}

// Find looks a message up by its number and verification code.
func (c Channel) Find(ctx context.Context, m notifiers.Message, since int64) (incidents.Receipt, bool, error) {
	sid, found, err := c.Twilio.FindText(ctx, m.To, m.Code, since)
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: sid}, found, err
}

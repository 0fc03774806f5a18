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
	// Bar says why a number is not texted at all, "" lets it; nil lets every one.
	Bar func(number string) string
}

// Send asks for one message.
func (c Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	if c.Bar != nil {
		switch why := c.Bar(m.To); why {
		case "":
		case "country":
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: why, Reason: "the number's country is not on the list of channels.sms.countries"}, nil
		case "type":
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: "number-" + why, Reason: "the number's type is not on the list of channels.sms.number-types"}, nil
		default:
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: "number-" + why, Reason: "numbers of this kind are never texted: premium, shared cost, satellite, short codes, emergency"}, nil
		}
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

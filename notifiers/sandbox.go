package notifiers

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"tocsin/incidents"
	"tocsin/templates"
)

// A Clock tells the time.
type Clock = func() time.Time

// Captured is a channel that keeps messages in the sandbox instead of sending
// them. It is what every channel is until a provider is configured, and what
// every channel of a drill is.
type Captured struct {
	Sandbox incidents.Sandbox
	Channel incidents.Channel
	Now     Clock
	// Build writes the message as it would have left, for e-mail as MIME; nil
	// keeps the text.
	Build func(Message) ([]byte, error)
}

// Send captures the message.
func (c Captured) Send(ctx context.Context, m Message) (incidents.Receipt, error) {
	body, err := capturedBody(m.Text)
	if err != nil {
		return incidents.Receipt{}, err
	}
	if c.Build != nil {
		b, err := c.Build(m)
		if err != nil {
			reason := "the message cannot be built"
			if e := (*incidents.Error)(nil); errors.As(err, &e) {
				reason = e.Msg
			}
			return incidents.Receipt{Outcome: incidents.OutcomeRefused, Reason: reason}, nil
		}
		body = b
	}
	subject := m.Text.Subject
	if m.Text.Letter != nil {
		subject = m.Text.Letter.Subject
	}
	if subject == "" {
		subject = m.Text.Title
	}
	err = c.Sandbox.Capture(ctx, incidents.Capture{ID: m.Delivery.String(), Delivery: m.Delivery, Channel: c.Channel, Mode: m.Mode,
		Lang: m.Text.Lang, At: c.Now().UTC(), Subject: subject, To: m.To, Body: body})
	if err != nil {
		return incidents.Receipt{}, err
	}
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "sandbox:" + m.Delivery.String(), Code: "sandbox"}, nil
}

// capturedBody is what is kept of a message: its text, and of a letter the
// pieces it is printed from, as JSON.
func capturedBody(r templates.Rendered) ([]byte, error) {
	if r.Letter != nil {
		return json.Marshal(r.Letter)
	}
	return []byte(plainText(r)), nil
}

func plainText(r templates.Rendered) string {
	switch {
	case r.SMS != "":
		return r.SMS
	case r.Text != "":
		return r.Text
	case r.Spoken.Notice != "":
		return r.Spoken.String()
	}
	return r.Title + "\n\n" + r.Body
}

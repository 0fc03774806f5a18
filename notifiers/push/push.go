// Package push carries notices to apps through Firebase Cloud Messaging. A
// push is a knock at the door: it holds no personal data, and its acceptance
// is never a legal notice by itself.
package push

import (
	"context"
	"net/http"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/messaging"
	"google.golang.org/api/option"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// Options is the project, and where it is reached.
type Options struct {
	BaseURL         string // empty: Google's own
	Project         string
	CredentialsFile string // service account; without one nothing is shown, which only a stand-in takes
	Timeout         time.Duration
}

// A Channel sends push messages.
type Channel struct {
	fcm     *messaging.Client
	timeout time.Duration
	http    *http.Transport
}

// New signs in to the project.
func New(ctx context.Context, o Options) (*Channel, error) {
	if o.Project == "" {
		return nil, incidents.Invalid("push needs the Firebase project").On("channels.push.project")
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost, base.IdleConnTimeout = together, time.Minute
	c := &Channel{timeout: o.Timeout, http: base}
	opts, err := c.options(ctx, o)
	if err != nil {
		return nil, err
	}
	app, err := firebase.NewApp(ctx, &firebase.Config{ProjectID: o.Project}, opts...)
	if err != nil {
		return nil, incidents.Invalid("Firebase does not take these settings").On("channels.push")
	}
	if c.fcm, err = app.Messaging(ctx); err != nil {
		return nil, incidents.Invalid("Firebase does not take these settings").On("channels.push")
	}
	return c, nil
}

// options says where Firebase is and who asks it, through the one transport.
func (c *Channel) options(ctx context.Context, o Options) (opts []option.ClientOption, err error) {
	if o.BaseURL != "" {
		opts = append(opts, option.WithEndpoint(o.BaseURL+"/v1"))
	}
	var way http.RoundTripper = once{c.http}
	switch {
	case o.CredentialsFile == "" && o.BaseURL == "":
		return nil, incidents.Invalid("push needs a service account").On("channels.push.credentials-file")
	case o.CredentialsFile != "":
		if way, err = signed(ctx, way, o.CredentialsFile); err != nil {
			return nil, err
		}
	}
	return append(opts, option.WithHTTPClient(&http.Client{Transport: way,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }})), nil
}

// Close closes idle connections.
func (c *Channel) Close() error {
	c.http.CloseIdleConnections()
	return nil
}

// together is how many messages SendEach has in flight at once.
const together = 50

// Batch is how many messages leave together: as many as need not wait for each
// other in the SDK.
func (c *Channel) Batch() int { return together }

// Send asks for one push; see SendAll.
func (c *Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	return c.SendAll(ctx, ctx, []notifiers.Message{m})[0], nil
}

// SendAll asks for pushes all at once, each by a request of its own that is made
// once; what was sent and not answered is doubt. Copies of one delivery replace
// each other on the device: the collapse key, tag and topic are the delivery's id.
func (c *Channel) SendAll(ctx, leave context.Context, ms []notifiers.Message) []incidents.Receipt {
	out := make([]incidents.Receipt, len(ms))
	if leave.Err() != nil {
		for i := range out {
			out[i] = notifiers.Kept
		}
		return out
	}
	asked, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	built := make([]*messaging.Message, len(ms))
	for i, m := range ms {
		built[i] = Build(m)
	}
	got, err := c.fcm.SendEach(asked, built)
	switch {
	case err == nil:
		for i, r := range got.Responses {
			out[i] = receipt(r)
		}
	case len(ms) == 1: // the SDK itself does not take it
		out[0] = incidents.Receipt{Outcome: incidents.OutcomeRefused, Reason: "the message or the token is not one Firebase takes"}
	default: // it takes all or none: the others must not suffer from one
		for i := range ms {
			out[i] = c.SendAll(ctx, leave, ms[i:i+1])[0]
		}
	}
	return out
}

// Build is the message as Firebase takes it.
func Build(m notifiers.Message) *messaging.Message {
	key := m.Delivery.String()
	return &messaging.Message{
		Token:        m.To,
		Notification: &messaging.Notification{Title: m.Text.Title, Body: m.Text.Body},
		Data:         map[string]string{"delivery": key, "notice": string(m.NoticeID)},
		Android:      &messaging.AndroidConfig{CollapseKey: key, Priority: "high", Notification: &messaging.AndroidNotification{Tag: key}},
		APNS:         &messaging.APNSConfig{Headers: map[string]string{"apns-collapse-id": key, "apns-priority": "10"}},
		Webpush:      &messaging.WebpushConfig{Headers: map[string]string{"Topic": key, "Urgency": "high"}},
	}
}

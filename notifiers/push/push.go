// Package push carries notices to apps through Firebase Cloud Messaging. A
// push is a knock at the door: it holds no personal data, and its acceptance
// is never a legal notice by itself.
package push

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	firebase "firebase.google.com/go/v4"
	"firebase.google.com/go/v4/errorutils"
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
	c := &Channel{timeout: o.Timeout}
	opts, err := c.options(o)
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

func (c *Channel) options(o Options) (opts []option.ClientOption, err error) {
	if o.BaseURL != "" {
		opts = append(opts, option.WithEndpoint(o.BaseURL+"/v1"))
	}
	if o.CredentialsFile == "" {
		if o.BaseURL == "" {
			return nil, incidents.Invalid("push needs a service account").On("channels.push.credentials-file")
		}
		c.http = &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute}
		return append(opts, option.WithHTTPClient(&http.Client{Transport: c.http})), nil
	}
	key, err := os.ReadFile(o.CredentialsFile)
	if err != nil {
		return nil, incidents.Invalid("the service account of push cannot be read").On("channels.push.credentials-file")
	}
	return append(opts, option.WithAuthCredentialsJSON(option.ServiceAccount, key)), nil
}

// Close closes idle connections.
func (c *Channel) Close() error {
	if c.http != nil {
		c.http.CloseIdleConnections()
	}
	return nil
}

// Send asks for one push. Copies of one delivery replace each other on the
// device: the collapse key, tag and topic are the delivery's id. The SDK tries
// again by itself: after an answer of 503 it may, within the deadline; what was
// sent and not answered is doubt.
func (c *Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	ctx, connected := notifiers.Connected(unrepeated(ctx, cancel))
	id, err := c.fcm.Send(ctx, Build(m))
	switch {
	case err == nil:
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: id}, nil
	case !connected():
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Reason: "Firebase cannot be reached"}, nil
	}
	return outcome(err), nil
}

// unrepeated ends a request that is about to be made again although it left
// whole before and was not answered.
func unrepeated(ctx context.Context, cancel context.CancelFunc) context.Context {
	var unanswered atomic.Bool
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GetConn: func(string) {
			if unanswered.Load() {
				cancel()
			}
		},
		WroteRequest:         func(x httptrace.WroteRequestInfo) { unanswered.Store(x.Err == nil) },
		GotFirstResponseByte: func() { unanswered.Store(false) },
	})
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

func outcome(err error) incidents.Receipt {
	resp := errorutils.HTTPResponse(err)
	code := ""
	if resp != nil {
		code = strconv.Itoa(resp.StatusCode)
	}
	switch {
	case messaging.IsUnregistered(err):
		return incidents.Receipt{Outcome: incidents.OutcomeGone, Code: code, Reason: "the app is no longer installed"}
	case messaging.IsQuotaExceeded(err):
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, RetryAfter: retryAfter(resp), Elsewhere: true, Code: code, Reason: "Firebase asks to slow down"}
	case messaging.IsInvalidArgument(err):
		return incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: code, Reason: "Firebase does not take the message or the token"}
	case messaging.IsSenderIDMismatch(err):
		return incidents.Receipt{Outcome: incidents.OutcomeRefused, Elsewhere: true, Code: code, Reason: "the token belongs to another sender"}
	case messaging.IsThirdPartyAuthError(err):
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Code: code, Reason: "the credentials for Apple or web push are wrong"}
	case resp != nil && (resp.StatusCode == http.StatusUnauthorized || resp.StatusCode == http.StatusForbidden):
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Code: code, Reason: "Firebase refuses the credentials"}
	case resp != nil && resp.StatusCode >= 400 && resp.StatusCode < 500 && resp.StatusCode != http.StatusRequestTimeout:
		return incidents.Receipt{Outcome: incidents.OutcomeRefused, Code: code, Reason: "Firebase refused the message"}
	}
	if errors.Is(err, context.Canceled) {
		code = "cancelled"
	}
	return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Code: code, Reason: "Firebase did not say whether it took the message"}
}

func retryAfter(resp *http.Response) time.Duration {
	if resp == nil {
		return time.Minute
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		return time.Duration(s) * time.Second
	}
	return time.Minute // Firebase asks for one minute when it names none
}

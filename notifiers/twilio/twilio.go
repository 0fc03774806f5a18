// Package twilio is the one door to Twilio's SDK: it asks for messages to be
// sent, looks up what became of them, and checks the signatures of callbacks.
// It refuses to guess: a timeout, a cut connection or a 5xx is doubt.
package twilio

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/twilio/twilio-go/client"
	api "github.com/twilio/twilio-go/rest/api/v2010"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// Options is the account, and where it is reached.
type Options struct {
	BaseURL          string // empty: Twilio's own
	AccountSID       string
	KeySID           string
	Secret           string
	AuthToken        string // signs callbacks
	MessagingService string
	From             string // E.164; without a messaging service
	Redaction        Redaction
	Timeout          time.Duration
}

// A Redaction is what Twilio blanks of a text message once it is sent. It needs
// Message Redaction on the account: one without it refuses every message that
// asks (errors 30029, 30030).
type Redaction string

// The redactions; "" is none. What the account itself is set to holds where we
// ask nothing.
const (
	RedactNone    Redaction = "none"
	RedactNumbers Redaction = "numbers" // the last four digits of the number
	RedactAll     Redaction = "all"     // these and the body: what is in doubt then can often not be looked up
)

// ask writes it into a request.
func (r Redaction) ask(p *api.CreateMessageParams) {
	switch r {
	case RedactAll:
		p.SetContentRetention("discard")
		fallthrough
	case RedactNumbers:
		p.SetAddressRetention("obfuscate")
	}
}

// A Client talks to one account.
type Client struct {
	o    Options
	base *url.URL
	http http.RoundTripper
}

// New checks the options; it opens no connection.
func New(o Options) (*Client, error) {
	if o.AccountSID == "" || o.KeySID == "" || o.Secret == "" {
		return nil, incidents.Invalid("Twilio needs account-sid, key-sid and secret").On("channels.twilio")
	}
	if o.MessagingService == "" && o.From == "" {
		return nil, incidents.Invalid("Twilio needs a messaging service or a number to send from").On("channels.twilio")
	}
	if o.Timeout <= 0 {
		o.Timeout = 10 * time.Second
	}
	c := &Client{o: o, http: &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}}
	if o.BaseURL == "" {
		return c, nil
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || base.Host == "" {
		return nil, incidents.Invalid("the base address of Twilio is not usable").On("channels.twilio.base-url")
	}
	c.base = base
	return c, nil
}

// Close closes idle connections.
func (c *Client) Close() error {
	c.http.(*http.Transport).CloseIdleConnections()
	return nil
}

// A call is one request: it carries the context in, which the SDK does not, and
// the status and Retry-After out, which the SDK hides.
type call struct {
	ctx    context.Context
	c      *Client
	status int
	after  time.Duration
	sent   func() bool // whether a connection was there to send on
}

// RoundTrip sends the request to the configured address. It reads the answer
// whole, up to a bound, since the SDK leaves the body of an error open.
func (k *call) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(k.ctx)
	if k.c.base != nil {
		r.URL.Scheme, r.URL.Host, r.Host = k.c.base.Scheme, k.c.base.Host, k.c.base.Host
	}
	resp, err := k.c.http.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	resp.Body.Close()
	if err != nil {
		return nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	k.status = resp.StatusCode
	k.after = notifiers.RetryAfter(resp.Header)
	return resp, nil
}

const maxAnswer = 8 << 20 // a thousand long messages

// call makes the SDK speak for one request; end must be called after it.
func (c *Client) call(ctx context.Context) (k *call, svc *api.ApiService, end func()) {
	ctx, end = context.WithTimeout(ctx, c.o.Timeout)
	k = &call{c: c}
	k.ctx, k.sent = notifiers.Connected(ctx)
	cl := &client.Client{Credentials: client.NewCredentials(c.o.KeySID, c.o.Secret),
		HTTPClient: &http.Client{Transport: k, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	cl.SetAccountSid(c.o.AccountSID)
	return k, api.NewApiService(client.NewRequestHandler(cl)), end
}

// A Text is one SMS.
type Text struct {
	To, Body string
	Callback string // where the status is reported
	Validity time.Duration
}

// SendText asks for one SMS.
func (c *Client) SendText(ctx context.Context, t Text) incidents.Receipt {
	k, svc, end := c.call(ctx)
	defer end()
	p := (&api.CreateMessageParams{}).SetTo(t.To).SetBody(t.Body)
	c.o.Redaction.ask(p)
	if c.o.MessagingService != "" {
		p.SetMessagingServiceSid(c.o.MessagingService)
	} else {
		p.SetFrom(c.o.From)
	}
	if t.Callback != "" {
		p.SetStatusCallback(t.Callback)
	}
	if t.Validity > 0 {
		p.SetValidityPeriod(int(t.Validity.Seconds()))
	}
	m, err := svc.CreateMessage(p)
	if err != nil {
		return k.outcome(err)
	}
	if m.Sid == nil || *m.Sid == "" {
		return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "Twilio's answer names no message"}
	}
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: *m.Sid, Code: strconv.Itoa(k.status)}
}

// outcome reads an error of the SDK with the status it hides.
func (k *call) outcome(err error) incidents.Receipt {
	var rest *client.TwilioRestError
	errors.As(err, &rest)
	switch {
	case k.status == 0 && !k.sent():
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Reason: "Twilio cannot be reached"}
	case k.status == 0, k.status == http.StatusRequestTimeout, k.status >= 500:
		return incidents.Receipt{Outcome: incidents.OutcomeDoubt, RetryAfter: k.after, Code: strconv.Itoa(k.status), Reason: "Twilio did not say whether it took the message"}
	case k.status == http.StatusTooManyRequests:
		return incidents.Receipt{Outcome: incidents.OutcomeRetry, RetryAfter: k.after, Elsewhere: true, Code: "429", Reason: "Twilio asks to slow down"}
	case k.status < 300:
		return incidents.Receipt{Outcome: incidents.OutcomeDoubt, Code: strconv.Itoa(k.status), Reason: "Twilio's answer cannot be read"}
	}
	code := k.status
	if rest != nil && rest.Code != 0 {
		code = rest.Code
	}
	x := ruled(code)
	return incidents.Receipt{Outcome: x.outcome, Elsewhere: x.whose == account, Code: strconv.Itoa(code), Reason: "Twilio refused the message: " + x.meaning}
}

// ValidCallback checks X-Twilio-Signature over the public address Twilio called.
func (c *Client) ValidCallback(publicURL string, form map[string]string, signature string) bool {
	if c.o.AuthToken == "" || signature == "" {
		return false
	}
	v := client.NewRequestValidator(c.o.AuthToken)
	return v.Validate(publicURL, form, signature)
}

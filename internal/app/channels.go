package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"os"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/notifiers/letter"
	"tocsin/notifiers/twilio"
)

// channels is how live messages leave, and how the team is told.
type channels struct {
	live    map[incidents.Channel]notifiers.Channel
	lanes   map[incidents.Channel]int
	window  map[incidents.Channel]int
	callers map[string]*twilio.Client // of telephone calls, by account; empty in the sandbox
	twilio  map[string]*twilio.Client // of text messages, the same
	team    []*email.Channel          // the relays of the team's own mail, the preferred one first; none in the sandbox
	letters []*letter.Channel         // a printer's folder each; none in the sandbox
}

// openChannels builds the live channels. What has no provider is the sandbox.
func (a *App) openChannels(ctx context.Context) (c channels, err error) {
	s := a.settings
	w := s.Limits.Window
	c = channels{
		live:   map[incidents.Channel]notifiers.Channel{},
		lanes:  map[incidents.Channel]int{incidents.Email: max(1, s.Channels.Email.SMTP.Connections), incidents.SMS: 8, incidents.Phone: 2, incidents.Push: 4},
		window: map[incidents.Channel]int{incidents.Email: w.Email, incidents.SMS: w.SMS, incidents.Phone: w.Phone, incidents.Push: w.Push, incidents.Letter: w.Letter},
		twilio: map[string]*twilio.Client{}, callers: map[string]*twilio.Client{},
	}
	for _, ch := range []incidents.Channel{incidents.Email, incidents.SMS, incidents.Phone, incidents.Push, incidents.Letter} {
		c.live[ch] = notifiers.Captured{Sandbox: a.store, Channel: ch, Now: a.now, Build: a.buildFor(ch)}
	}
	for _, open := range []func(context.Context, *channels) error{a.openEmail, a.openSMS, a.openPhone, a.openPush, a.openLetters} {
		if err := open(ctx, &c); err != nil {
			return c, err
		}
	}
	return c, nil
}

// buildFor captures e-mail as the MIME message it would have been, and a letter
// as what it would be printed from.
func (a *App) buildFor(ch incidents.Channel) func(notifiers.Message) ([]byte, error) {
	switch ch {
	case incidents.Email:
	case incidents.Letter:
		return a.captureLetter
	default:
		return nil
	}
	from := a.settings.Channels.Email.SMTP.From
	if from == "" {
		from = "notices@sandbox.invalid"
	}
	o := email.Options{From: mail.Address{Name: a.settings.Organisation.Name, Address: from}}
	return func(m notifiers.Message) ([]byte, error) { return o.Build(m, a.now()) }
}

func (a *App) openSMTP(account, key string, s settings.SMTP) (*email.Channel, error) {
	o := email.Options{Address: s.Address, TLS: s.StartTLS, Username: s.Username, Password: s.Password.Reveal(), Hello: s.Hello,
		From: mail.Address{Name: s.FromName, Address: s.From}, ReplyTo: s.ReplyTo, Bounce: s.Bounce, Connections: s.Connections, Timeout: s.Timeout.Std(), FinalTimeout: s.FinalTimeout.Std(), Now: a.now, ReturnPath: a.bounces.returnPath()}
	if o.From.Name == "" {
		o.From.Name = a.settings.Organisation.Name
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, incidents.Invalid("the relay's certificate cannot be read: %v", err).On(key + ".ca-file")
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, incidents.Invalid("the file holds no certificate").On(key + ".ca-file")
		}
		host, _, _ := net.SplitHostPort(s.Address)
		o.TLSConfig = &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	ch, err := email.New(o)
	if err != nil {
		return nil, err
	}
	a.stops.add(account, func(context.Context) error { return ch.Close() })
	return ch, nil
}

func (a *App) openTwilio(account string, t settings.Twilio, timeout settings.Duration) (*twilio.Client, error) {
	c, err := twilio.New(twilio.Options{BaseURL: t.BaseURL, AccountSID: t.AccountSID, KeySID: t.KeySID, Secret: t.Secret.Reveal(), AuthToken: t.AuthToken.Reveal(),
		MessagingService: t.MessagingService, From: t.From, Redaction: twilio.Redaction(t.Redaction), Timeout: timeout.Std()})
	if err != nil {
		return nil, err
	}
	a.stops.add(account, func(context.Context) error { return c.Close() })
	return c, nil
}

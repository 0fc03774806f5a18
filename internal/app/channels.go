package app

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/mail"
	"os"
	"slices"

	"tocsin/incidents"
	"tocsin/internal/roster"
	"tocsin/internal/settings"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/notifiers/letter"
	"tocsin/notifiers/push"
	"tocsin/notifiers/sms"
	"tocsin/notifiers/twilio"
)

// channels is how live messages leave, and how the team is told.
type channels struct {
	live    map[incidents.Channel]notifiers.Channel
	limits  map[incidents.Channel]*notifiers.Limiter
	lanes   map[incidents.Channel]int
	window  map[incidents.Channel]int
	twilio  *twilio.Client  // nil in the sandbox
	team    *email.Channel  // nil in the sandbox
	letters *letter.Channel // nil in the sandbox
}

// openChannels builds the live channels. What has no provider is the sandbox.
func (a *App) openChannels(ctx context.Context) (c channels, err error) {
	s := a.settings
	w := s.Limits.Window
	c = channels{
		live:   map[incidents.Channel]notifiers.Channel{},
		lanes:  map[incidents.Channel]int{incidents.Email: max(1, s.Channels.Email.SMTP.Connections), incidents.SMS: 8, incidents.Push: 32},
		window: map[incidents.Channel]int{incidents.Email: w.Email, incidents.SMS: w.SMS, incidents.Push: w.Push, incidents.Letter: w.Letter},
		limits: map[incidents.Channel]*notifiers.Limiter{},
	}
	for _, ch := range []incidents.Channel{incidents.Email, incidents.SMS, incidents.Push, incidents.Letter} {
		c.live[ch] = notifiers.Captured{Sandbox: a.store, Channel: ch, Now: a.now, Build: a.buildFor(ch)}
	}
	if c.letters, err = a.openLetters(); err != nil {
		return c, err
	}
	if c.letters != nil {
		c.live[incidents.Letter] = c.letters
	}
	if s.Channels.Email.Mode == settings.ModeSMTP {
		if c.team, err = a.openSMTP(s.Channels.Email.SMTP); err != nil {
			return c, err
		}
		c.live[incidents.Email] = c.team
		c.limits[incidents.Email] = notifiers.NewLimiter(s.Channels.Email.SMTP.RatePerSecond, a.now)
	}
	if s.Channels.SMS.Mode == settings.ModeTwilio {
		if c.twilio, err = a.openTwilio(s); err != nil {
			return c, err
		}
		c.live[incidents.SMS] = sms.Channel{Twilio: c.twilio, Callback: a.callbackURL, Validity: s.Channels.SMS.ValidityPeriod.Std(), Allow: allowed(s.Channels.SMS.Countries)}
		c.limits[incidents.SMS] = notifiers.NewLimiter(s.Channels.SMS.RatePerSecond, a.now)
	}
	if s.Channels.Push.Mode == settings.ModeFCM {
		p := s.Channels.Push
		ch, err := push.New(ctx, push.Options{BaseURL: p.BaseURL, Project: p.Project, CredentialsFile: p.CredentialsFile, Timeout: p.Timeout.Std()})
		if err != nil {
			return c, err
		}
		a.stops.add("push", func(context.Context) error { return ch.Close() })
		c.live[incidents.Push] = ch
		c.limits[incidents.Push] = notifiers.NewLimiter(p.RatePerSecond, a.now)
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

func (a *App) openSMTP(s settings.SMTP) (*email.Channel, error) {
	o := email.Options{Address: s.Address, TLS: s.StartTLS, Username: s.Username, Password: s.Password.Reveal(), Hello: s.Hello,
		From: mail.Address{Name: s.FromName, Address: s.From}, ReplyTo: s.ReplyTo, Bounce: s.Bounce, Connections: s.Connections, Timeout: s.Timeout.Std(), Now: a.now, ReturnPath: a.bounces.returnPath()}
	if o.From.Name == "" {
		o.From.Name = a.settings.Organisation.Name
	}
	if s.CAFile != "" {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return nil, incidents.Invalid("the relay's certificate cannot be read: %v", err).On("channels.email.smtp.ca-file")
		}
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(pem) {
			return nil, incidents.Invalid("the file holds no certificate").On("channels.email.smtp.ca-file")
		}
		host, _, _ := net.SplitHostPort(s.Address)
		o.TLSConfig = &tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12}
	}
	ch, err := email.New(o)
	if err != nil {
		return nil, err
	}
	a.stops.add("e-mail", func(context.Context) error { return ch.Close() })
	return ch, nil
}

func (a *App) openTwilio(s settings.Settings) (*twilio.Client, error) {
	t := s.Channels.Twilio
	c, err := twilio.New(twilio.Options{BaseURL: t.BaseURL, AccountSID: t.AccountSID, KeySID: t.KeySID, Secret: t.Secret.Reveal(), AuthToken: t.AuthToken.Reveal(),
		MessagingService: t.MessagingService, From: t.From, Timeout: s.Channels.SMS.Timeout.Std()})
	if err != nil {
		return nil, err
	}
	a.stops.add("twilio", func(context.Context) error { return c.Close() })
	return c, nil
}

// allowed lets SMS go to numbers of these countries only; an empty list allows all.
func allowed(countries []string) func(string) bool {
	if len(countries) == 0 {
		return nil
	}
	return func(number string) bool { return slices.Contains(countries, roster.PhoneCountry(number)) }
}

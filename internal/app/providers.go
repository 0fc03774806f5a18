package app

import (
	"context"

	"tocsin/incidents"
	"tocsin/internal/roster"
	"tocsin/internal/settings"
	"tocsin/notifiers"
	"tocsin/notifiers/push"
	"tocsin/notifiers/sms"
)

// The accounts of a channel: the preferred one, and the one that carries on
// while it cannot.
const (
	first  = "/first"
	second = "/second"
)

func accountName(ch incidents.Channel, which string) string { return string(ch) + which }

// provider is one account, within the rate that all processes share.
func (a *App) provider(ch incidents.Channel, which string, carries notifiers.Channel, perSecond float64) *notifiers.Provider {
	name := accountName(ch, which)
	return &notifiers.Provider{Account: name, Channel: carries, Limiter: notifiers.SharedLimiter(name, perSecond, a.store, a.now)}
}

// switched makes the providers of a channel one channel.
func (a *App) switched(ch incidents.Channel, ps []*notifiers.Provider) *notifiers.Switch {
	s := notifiers.NewSwitch(notifiers.Switch{Kind: ch, Providers: ps, Now: a.now, Report: a.store.ReportProvider})
	s.Announce()
	a.switches = append(a.switches, s)
	a.stops.add("figures of "+string(ch), func(ctx context.Context) error {
		a.mind(ctx, "write down what was sent last by "+string(ch), s.Settle(ctx))
		return nil
	})
	return s
}

func (a *App) openEmail(_ context.Context, c *channels) error {
	e := a.settings.Channels.Email
	if e.Mode != settings.ModeSMTP {
		return nil
	}
	var ps []*notifiers.Provider
	for _, x := range []struct {
		which, key string
		s          settings.SMTP
	}{{first, "channels.email.smtp", e.SMTP}, {second, "channels.email.second", e.Second}} {
		if x.s.Address == "" {
			continue
		}
		relay, err := a.openSMTP(accountName(incidents.Email, x.which), x.key, x.s)
		if err != nil {
			return err
		}
		c.team = append(c.team, relay)
		ps = append(ps, a.provider(incidents.Email, x.which, relay, x.s.RatePerSecond))
	}
	c.live[incidents.Email] = a.switched(incidents.Email, ps)
	return nil
}

func (a *App) openSMS(_ context.Context, c *channels) error {
	s := a.settings.Channels
	if s.SMS.Mode != settings.ModeTwilio {
		return nil
	}
	var ps []*notifiers.Provider
	for _, x := range []struct {
		which string
		t     settings.Twilio
	}{{first, s.Twilio}, {second, s.TwilioSecond}} {
		if x.t.AccountSID == "" {
			continue
		}
		name := accountName(incidents.SMS, x.which)
		client, err := a.openTwilio(name, x.t, s.SMS.Timeout)
		if err != nil {
			return err
		}
		c.twilio[name] = client
		back := func(id incidents.DeliveryID, attempt int) string { return a.callbackURL(name, id, attempt) }
		ps = append(ps, a.provider(incidents.SMS, x.which,
			sms.Channel{Twilio: client, Callback: back, Validity: s.SMS.ValidityPeriod.Std(), Bar: roster.Numbers{Types: s.SMS.NumberTypes, Countries: s.SMS.Countries}.Barred}, s.SMS.RatePerSecond))
	}
	c.live[incidents.SMS] = a.switched(incidents.SMS, ps)
	return nil
}

func (a *App) openPush(ctx context.Context, c *channels) error {
	p := a.settings.Channels.Push
	if p.Mode != settings.ModeFCM {
		return nil
	}
	var ps []*notifiers.Provider
	for _, x := range []struct {
		which string
		f     settings.FCM
	}{{first, settings.FCM{BaseURL: p.BaseURL, Project: p.Project, CredentialsFile: p.CredentialsFile, RatePerSecond: p.RatePerSecond}}, {second, p.Second}} {
		if x.f.Project == "" {
			continue
		}
		ch, err := push.New(ctx, push.Options{BaseURL: x.f.BaseURL, Project: x.f.Project, CredentialsFile: x.f.CredentialsFile, Timeout: p.Timeout.Std()})
		if err != nil {
			return err
		}
		a.stops.add(accountName(incidents.Push, x.which), func(context.Context) error { return ch.Close() })
		ps = append(ps, a.provider(incidents.Push, x.which, ch, x.f.RatePerSecond))
	}
	c.live[incidents.Push] = a.switched(incidents.Push, ps)
	return nil
}

// ProviderHealth lists how the providers' accounts were last found.
func (a *App) ProviderHealth(ctx context.Context, who incidents.Actor) ([]incidents.ProviderHealth, error) {
	if err := who.May(incidents.ActRead); err != nil {
		return nil, err
	}
	return a.store.ProviderHealth(ctx)
}

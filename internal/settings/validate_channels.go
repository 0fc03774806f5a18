package settings

import (
	"fmt"
	"net"
)

func (c *checker) channels(ch Channels) {
	c.emailChannel(ch.Email)
	c.smsChannel(ch)
	c.pushChannel(ch.Push)
	c.letterChannel(ch.Letter)
	if ch.SMS.Mode == ModeTwilio {
		c.twilio(ch.Twilio)
	}
}

func (c *checker) emailChannel(e Email) {
	const key = "channels.email."
	c.oneOf(key+"mode", e.Mode, ModeSandbox, ModeSMTP)
	s := e.SMTP
	c.oneOf(key+"smtp.starttls", s.StartTLS, StartTLSRequired, StartTLSOff, StartTLSImplicit)
	c.between(key+"smtp.connections", int64(s.Connections), 1, 256)
	c.rate(key+"smtp.rate-per-second", s.RatePerSecond)
	c.timeout(key+"smtp.timeout", s.Timeout)
	c.email(key+"smtp.from", s.From)
	c.email(key+"smtp.reply-to", s.ReplyTo)
	c.email(key+"smtp.bounce", s.Bounce)
	c.bounces(key+"bounces.", e.Bounces)
	if e.Mode != ModeSMTP {
		return
	}
	host := c.hostPort(key+"smtp.address", s.Address)
	c.needed(key+"smtp.from", s.From)
	if s.StartTLS == StartTLSOff && !isLoopback(host) {
		c.say(key+"smtp.starttls", "may be off only for a relay on this machine: personal data would travel in clear")
	}
	if s.Username != "" {
		c.secret(key+"smtp.password", "TOCSIN_SMTP_PASSWORD", s.Password)
	}
}

func (c *checker) bounces(key string, b Bounces) {
	if (b.TLSCert == "") != (b.TLSKey == "") {
		c.say(key+"tls-cert", "needs tls-key, and the other way round")
	}
	if !b.On() {
		return
	}
	if !domainName.MatchString(b.Domain) {
		c.say(key+"domain", "%q is not a domain like bounces.example.org; it is where bounces are sent to", b.Domain)
	}
	if b.Listen == "" {
		return
	}
	if host := c.hostPort(key+"listen", b.Listen); !isLoopback(host) && b.TLSCert == "" {
		c.say(key+"tls-cert", "is needed where others reach the listener: bounces name persons")
	}
}

func (c *checker) smsChannel(ch Channels) {
	const key = "channels.sms."
	c.oneOf(key+"mode", ch.SMS.Mode, ModeSandbox, ModeTwilio)
	c.rate(key+"rate-per-second", ch.SMS.RatePerSecond)
	c.timeout(key+"timeout", ch.SMS.Timeout)
	c.between(key+"validity-period (seconds)", int64(ch.SMS.ValidityPeriod.Std().Seconds()), 1, 36000)
	for i, country := range ch.SMS.Countries {
		if !countryCode.MatchString(country) {
			c.say(fmt.Sprintf("%scountries[%d]", key, i), "%q is not a country code like DE or CN", country)
		}
	}
	if ch.SMS.Mode == ModeTwilio && ch.Twilio.MessagingService == "" && ch.Twilio.From == "" {
		c.say("channels.twilio.messaging-service", "is needed for sms, or else channels.twilio.from")
	}
}

func (c *checker) pushChannel(p Push) {
	const key = "channels.push."
	c.oneOf(key+"mode", p.Mode, ModeSandbox, ModeFCM)
	c.provider(key+"base-url", p.BaseURL)
	c.rate(key+"rate-per-second", p.RatePerSecond)
	c.timeout(key+"timeout", p.Timeout)
	if p.Mode != ModeFCM {
		return
	}
	c.needed(key+"project", p.Project)
	if p.BaseURL == "" {
		c.needed(key+"credentials-file", p.CredentialsFile)
	}
}

// letterChannel leaves to the letter channel whether the sender's lines fit.
func (c *checker) letterChannel(l Letter) {
	const key = "channels.letter."
	c.oneOf(key+"mode", l.Mode, ModeSandbox, ModeFolder)
	c.oneOf(key+"paper", l.Paper, PaperA4, PaperLetter)
	c.oneOf(key+"window", l.Window, WindowDIN5008B, WindowUS10)
	if (l.Window == WindowUS10) != (l.Paper == PaperLetter) {
		c.say(key+"paper", "does not go with the window: use a4 with din5008b, letter with us10, or the address misses the window")
	}
	if l.Mode == ModeFolder && len(l.Sender) < 2 {
		c.say(key+"sender", "is needed: the name and the lines of the address the post returns letters to")
	}
	for i, s := range l.Sender {
		c.needed(fmt.Sprintf("%ssender[%d]", key, i), s)
	}
}

func (c *checker) twilio(t Twilio) {
	const key = "channels.twilio."
	c.provider(key+"base-url", t.BaseURL)
	c.needed(key+"account-sid", t.AccountSID)
	c.needed(key+"key-sid", t.KeySID)
	c.secret(key+"secret", "TOCSIN_TWILIO_SECRET", t.Secret)
	c.secret(key+"auth-token", "TOCSIN_TWILIO_AUTH_TOKEN", t.AuthToken)
	if t.From != "" && !e164.MatchString(t.From) {
		c.say(key+"from", "is not a number like +14155550100")
	}
}

func (c *checker) sources(s Settings) {
	seen := map[string]bool{}
	host, _, _ := net.SplitHostPort(s.Inside.Listen)
	for i, src := range s.Sources {
		key := fmt.Sprintf("sources[%d]", i)
		if !sourceName.MatchString(src.Name) {
			c.say(key+".name", "%q is not a source name: use a-z, 0-9, - and _", src.Name)
		} else {
			key = "sources[" + src.Name + "]"
		}
		if seen[src.Name] {
			c.say(key+".name", "%q is there twice", src.Name)
		}
		seen[src.Name] = true
		c.needed(key+".format", src.Format)
		c.oneOf(key+".default-severity", src.DefaultSeverity, "", "info", "low", "medium", "high", "critical")
		c.size(key+".max-body", src.MaxBody, 0, 3<<20)
		c.auth(key+".auth.", src, isLoopback(host))
	}
}

func (c *checker) auth(key string, src Source, loopback bool) {
	a := src.Auth
	c.oneOf(key+"style", a.Style, AuthNone, AuthBearer, AuthBasic, AuthHeader, AuthURLToken, AuthHMAC, AuthGitHub, AuthStandardWebhooks, AuthSNS)
	switch a.Style {
	case AuthNone:
		if !loopback {
			c.say(key+"style", "none is only for an inside listener on loopback")
		}
	case AuthBearer, AuthURLToken:
		c.secret(key+"token", sourceEnv(src.Name, "TOKEN"), a.Token)
	case AuthHeader:
		c.secret(key+"token", sourceEnv(src.Name, "TOKEN"), a.Token)
		c.header(key+"header", a.Header)
	case AuthBasic:
		c.needed(key+"user", a.User)
		c.secret(key+"password", sourceEnv(src.Name, "PASSWORD"), a.Password)
	case AuthHMAC:
		c.header(key+"header", a.Header)
		c.oneOf(key+"algorithm", a.Algorithm, "sha256", "sha512", "sha1")
		c.oneOf(key+"encoding", a.Encoding, "hex", "base64")
		if a.TimestampHeader != "" {
			c.header(key+"timestamp-header", a.TimestampHeader)
		}
		c.secrets(key, src)
	case AuthGitHub, AuthStandardWebhooks:
		c.secrets(key, src)
	case AuthSNS:
		if len(a.Topics) == 0 {
			c.say(key+"topics", "is needed: Amazon signs everybody's topics")
		}
	}
}

func (c *checker) header(key, got string) {
	if !headerName.MatchString(got) {
		c.say(key, "%q is not a header name", got)
	}
}

func (c *checker) secrets(key string, src Source) {
	if len(src.Auth.Secrets) == 0 {
		c.say(key+"secrets", "is needed; set %s, or name a file in secrets-file", sourceEnv(src.Name, "SECRETS"))
	}
	for i, s := range src.Auth.Secrets {
		if len(s) < 16 {
			c.say(fmt.Sprintf("%ssecrets[%d]", key, i), "needs 16 characters at least")
		}
	}
}

package settings

import (
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

func (c *checker) channels(ch Channels) {
	c.emailChannel(ch.Email)
	c.smsChannel(ch)
	c.phoneChannel(ch)
	c.pushChannel(ch.Push)
	c.letterChannel(ch.Letter)
	c.quiet(ch.Quiet)
	if ch.SMS.Mode == ModeTwilio || ch.Phone.Mode == ModeTwilio {
		c.twilio("channels.twilio.", "TOCSIN_TWILIO_", ch.Twilio)
	}
	c.secondTwilio(ch)
}

func (c *checker) emailChannel(e Email) {
	const key = "channels.email."
	c.oneOf(key+"mode", e.Mode, ModeSandbox, ModeSMTP)
	c.relay(key+"smtp.", "TOCSIN_SMTP_PASSWORD", e.SMTP, e.Mode == ModeSMTP)
	c.relay(key+"second.", "TOCSIN_SMTP_SECOND_PASSWORD", e.Second, e.Mode == ModeSMTP && e.Second.Address != "")
	c.bounces(key+"bounces.", e.Bounces)
	switch {
	case e.Second.Address == "":
	case e.Mode != ModeSMTP:
		c.say(key+"second.address", "is for channels.email.mode smtp")
	case e.Second.Address == e.SMTP.Address && e.Second.Username == e.SMTP.Username:
		c.say(key+"second.address", "is the first relay again")
	case e.Second.From != "" && domainOf(e.Second.From) != domainOf(e.SMTP.From):
		c.say(key+"second.from", "must be of the domain of channels.email.smtp.from: a message keeps its id whichever relay carries it")
	}
}

func domainOf(address string) string {
	return strings.ToLower(address[strings.LastIndexByte(address, '@')+1:])
}

// relay judges one relay; used is whether mail leaves by it.
func (c *checker) relay(key, env string, s SMTP, used bool) {
	c.oneOf(key+"starttls", s.StartTLS, StartTLSRequired, StartTLSOff, StartTLSImplicit)
	c.between(key+"connections", int64(s.Connections), 1, 256)
	c.rate(key+"rate-per-second", s.RatePerSecond)
	c.timeout(key+"timeout", s.Timeout)
	c.timeout(key+"final-timeout", s.FinalTimeout)
	c.email(key+"from", s.From)
	c.email(key+"reply-to", s.ReplyTo)
	c.email(key+"bounce", s.Bounce)
	if !used {
		return
	}
	host := c.hostPort(key+"address", s.Address)
	c.needed(key+"from", s.From)
	if s.StartTLS == StartTLSOff && !isLoopback(host) {
		c.say(key+"starttls", "may be off only for a relay on this machine: personal data would travel in clear")
	}
	if s.Username != "" {
		c.secret(key+"password", env, s.Password)
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
	c.countries(key, ch.SMS.Countries)
	c.oneOf("channels.twilio.redaction", ch.Twilio.Redaction, RedactNone, RedactNumbers, RedactAll)
	c.oneOf("channels.twilio-second.redaction", ch.TwilioSecond.Redaction, RedactNone, RedactNumbers, RedactAll)
	c.numberTypes(key, ch.SMS.NumberTypes)
	if ch.SMS.Mode == ModeTwilio && ch.Twilio.MessagingService == "" && ch.Twilio.From == "" {
		c.say("channels.twilio.messaging-service", "is needed for sms, or else channels.twilio.from")
	}
}

func (c *checker) countries(key string, list []string) {
	for i, country := range list {
		if !countryCode.MatchString(country) {
			c.say(fmt.Sprintf("%scountries[%d]", key, i), "%q is not a country code like DE or CN", country)
		}
	}
}

func (c *checker) numberTypes(key string, list []incidents.NumberType) {
	all := incidents.NumberTypes()
	if len(list) == 0 {
		c.say(key+"number-types", "lets no number through; leave it out, or name some of %v", all)
	}
	for i, t := range list {
		if !slices.Contains(all, t) {
			c.say(fmt.Sprintf("%snumber-types[%d]", key, i), "%q is not a type of number that can be allowed: those are %v", t, all)
		}
	}
}

func (c *checker) phoneChannel(ch Channels) {
	const key = "channels.phone."
	p := ch.Phone
	c.oneOf(key+"mode", p.Mode, ModeSandbox, ModeTwilio)
	c.rate(key+"rate-per-second", p.RatePerSecond)
	c.timeout(key+"timeout", p.Timeout)
	c.between(key+"tries-per-day", int64(p.TriesPerDay), 1, 5)
	c.between(key+"gap (minutes)", int64(p.Gap.Std().Minutes()), 10, 24*60)
	c.countries(key, p.Countries)
	c.numberTypes(key, p.NumberTypes)
	if p.Hours.Until()-p.Hours.From() < time.Hour {
		c.say(key+"hours", "%s is less than an hour of the day", p.Hours)
	}
	if p.From != "" && !e164.MatchString(p.From) {
		c.say(key+"from", "is not a number like +14155550100")
	}
	switch {
	case p.SecondFrom == "":
	case !e164.MatchString(p.SecondFrom):
		c.say(key+"second-from", "is not a number like +14155550100")
	case p.Mode != ModeTwilio:
		c.say(key+"second-from", "is for channels.phone.mode twilio")
	case ch.TwilioSecond.AccountSID == "":
		c.say(key+"second-from", "is a number of channels.twilio-second: set that account up, or leave it out")
	}
	if p.Mode == ModeTwilio {
		c.needed(key+"from", p.From)
	}
}

func (c *checker) pushChannel(p Push) {
	const key = "channels.push."
	c.oneOf(key+"mode", p.Mode, ModeSandbox, ModeFCM)
	c.provider(key+"base-url", p.BaseURL)
	c.rate(key+"rate-per-second", p.RatePerSecond)
	c.timeout(key+"timeout", p.Timeout)
	c.provider(key+"second.base-url", p.Second.BaseURL)
	c.rate(key+"second.rate-per-second", p.Second.RatePerSecond)
	if p.Mode != ModeFCM {
		if p.Second.Project != "" {
			c.say(key+"second.project", "is for channels.push.mode fcm")
		}
		return
	}
	c.needed(key+"project", p.Project)
	if p.Second.Project != "" && p.Second.Project == p.Project {
		c.say(key+"second.project", "is the first project again")
	}
	if p.Second.Project != "" && p.Second.BaseURL == "" {
		c.needed(key+"second.credentials-file", p.Second.CredentialsFile)
	}
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

// letterFolders judges the folder that stands by.
func (c *checker) letterFolders(s Settings) {
	const key = "channels.letter.second-folder"
	switch l := s.Channels.Letter; {
	case l.SecondFolder == "":
	case l.Mode != ModeFolder:
		c.say(key, "is for channels.letter.mode folder")
	case filepath.Clean(l.SecondFolder) == filepath.Clean(s.LetterFolder()):
		c.say(key, "is the first folder again")
	}
}

// shortestDay is how long a channel must be open each day: less, and the hours
// of a country with several zones would leave no time to tell anybody.
const shortestDay = 4 * 60 // minutes

func (c *checker) quiet(q Quiet) {
	const key = "channels.quiet-hours."
	for i, ch := range q.Channels {
		c.oneOf(fmt.Sprintf("%schannels[%d]", key, i), string(ch), string(incidents.SMS), string(incidents.Phone), string(incidents.Push))
	}
	for _, x := range [][2]string{{"from", q.From}, {"to", q.To}} {
		if _, err := incidents.ParseClockTime(x[1]); err != nil {
			c.say(key+x[0], "%q is not a time of day like 21:00", x[1])
			return
		}
	}
	h, err := q.Hours("")
	if open := int(h.From-h.To+24*60) % (24 * 60); err == nil && h.From != h.To && open < shortestDay {
		c.say(key+"to", "leaves %d minutes a day to reach people; leave 4 hours at least", open)
	}
}

func (c *checker) persons(p Persons) {
	c.oneOf("persons.minors-without-guardian", p.Minors, incidents.MinorsTold, incidents.MinorsSuppressed)
	c.oneOf("persons.deceased", p.Deceased, DeceasedSuppress, DeceasedRepresentative)
}

// secondTwilio judges the account that stands by.
func (c *checker) secondTwilio(ch Channels) {
	const key = "channels.twilio-second."
	t := ch.TwilioSecond
	switch {
	case t.AccountSID == "" && (t.KeySID != "" || t.From != "" || t.MessagingService != ""):
		c.say(key+"account-sid", "is needed, or leave the whole of channels.twilio-second out")
	case t.AccountSID == "":
	case ch.SMS.Mode != ModeTwilio && ch.Phone.Mode != ModeTwilio:
		c.say(key+"account-sid", "is for channels.sms.mode or channels.phone.mode twilio")
	case t.AccountSID == ch.Twilio.AccountSID:
		c.say(key+"account-sid", "is the first account again")
	case ch.SMS.Mode == ModeTwilio && t.MessagingService == "" && t.From == "":
		c.say(key+"messaging-service", "is needed, or else channels.twilio-second.from")
	case ch.SMS.Mode != ModeTwilio && ch.Phone.SecondFrom == "":
		c.say("channels.phone.second-from", "is needed: the number channels.twilio-second calls from")
	default:
		c.twilio(key, "TOCSIN_TWILIO_SECOND_", t)
	}
}

func (c *checker) twilio(key, env string, t Twilio) {
	c.provider(key+"base-url", t.BaseURL)
	c.needed(key+"account-sid", t.AccountSID)
	c.needed(key+"key-sid", t.KeySID)
	c.secret(key+"secret", env+"SECRET", t.Secret)
	c.secret(key+"auth-token", env+"AUTH_TOKEN", t.AuthToken)
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

package settings

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/mail"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
)

// Validate checks what a type cannot say. It names every problem at once, each
// with its key.
func (s Settings) Validate() error {
	var c checker
	c.organisation(s.Organisation)
	c.listener("inside", s.Inside)
	c.listener("public", s.Public)
	c.apart(s.Inside.Listen, s.Public.Listen)
	c.reachable(s)
	c.database("database", s.Database)
	c.database("key-database", s.KeyDatabase)
	c.bus(s.Bus)
	c.collectors(s)
	c.channels(s.Channels)
	c.letterFolders(s)
	c.persons(s.Persons)
	c.limits(s.Limits)
	c.sources(s)
	c.rest(s)
	return errors.Join(c.problems...)
}

// A checker gathers problems.
type checker struct{ problems []error }

func (c *checker) say(key, format string, args ...any) {
	c.problems = append(c.problems, incidents.Invalid(format, args...).On(key))
}

func (c *checker) oneOf(key, got string, allowed ...string) {
	if !slices.Contains(allowed, got) {
		c.say(key, "%q is not one of %s", got, strings.Join(allowed, ", "))
	}
}

func (c *checker) needed(key, got string) {
	if strings.TrimSpace(got) == "" {
		c.say(key, "is needed")
	}
}

// secret is needed, without ever being shown.
func (c *checker) secret(key, env string, got Secret) {
	if !got.Set() {
		c.say(key, "is needed; set %s, or name a file in %s-file", env, key[strings.LastIndex(key, ".")+1:])
	}
}

func (c *checker) between(key string, got, low, high int64) {
	if got < low || got > high {
		c.say(key, "%d is not between %d and %d", got, low, high)
	}
}

func (c *checker) rate(key string, got float64) {
	if !(got >= 0 && got <= 1e6) {
		c.say(key, "%v is not a rate per second", got)
	}
}

func (c *checker) timeout(key string, got Duration) {
	if got.Std() < time.Second || got.Std() > 10*time.Minute {
		c.say(key, "%s is not between 1s and 10m", got)
	}
}

func (c *checker) email(key, got string) {
	if got == "" {
		return
	}
	if a, err := mail.ParseAddress(got); err != nil || a.Address != got {
		c.say(key, "is not an e-mail address")
	}
}

func (c *checker) web(key, got string) {
	if got == "" {
		return
	}
	u, err := url.Parse(got)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		c.say(key, "is not an address like https://example.org")
	}
}

// provider is where secrets and personal data are sent: in clear only on this machine.
func (c *checker) provider(key, got string) {
	c.web(key, got)
	if u, err := url.Parse(got); err == nil && u.Scheme == "http" && !isLoopback(u.Hostname()) {
		c.say(key, "must be https: credentials and personal data go there")
	}
}

// webhook is an address that may hold a secret, so that nothing of it is said.
func (c *checker) webhook(key string, w Webhook) {
	if !w.URL.Set() {
		if w.Secret.Set() {
			c.say(key+"url", "is needed to have something to sign")
		}
		return
	}
	u, err := url.Parse(w.URL.Reveal())
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		c.say(key+"url", "is not an address like https://example.org/hook")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		c.say(key+"url", "must be https: what the team is told goes there")
	}
}

func (c *checker) hostPort(key, got string) (host string) {
	host, port, err := net.SplitHostPort(got)
	if n, numErr := strconv.Atoi(port); err != nil || numErr != nil || n < 0 || n > 65535 {
		c.say(key, "%q is not host:port", got)
	}
	return host
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

var (
	languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|[0-9]{3}))?$`)
	domainName  = regexp.MustCompile(`^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*$`)
	countryCode = regexp.MustCompile(`^[A-Z]{2}$`)
	sourceName  = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	headerName  = regexp.MustCompile(`^[A-Za-z0-9-]+$`)
	e164        = regexp.MustCompile(`^\+[1-9][0-9]{6,14}$`)
	publicKey   = regexp.MustCompile(`^[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}={0,2}$`)
	clock       = regexp.MustCompile(`^([01][0-9]|2[0-3]):[0-5][0-9]$`)
)

func (c *checker) organisation(o Organisation) {
	c.needed("organisation.name", o.Name)
	if o.Country != "" && !countryCode.MatchString(string(o.Country)) {
		c.say("organisation.country", "%q is not a country code like DE or CN", o.Country)
	}
	for i, d := range o.Domains {
		if !domainName.MatchString(d) {
			c.say(fmt.Sprintf("organisation.domains[%d]", i), "%q is not a domain like example.org", d)
		}
	}
	c.email("organisation.contact.email", o.Contact.Email)
	c.email("organisation.dpo.email", o.DPO.Email)
	if _, err := o.Known(); err != nil {
		c.say("organisation.facts", "%s", err)
	}
	if len(o.Languages) == 0 {
		c.say("organisation.languages", "is needed: at least one, the default first")
	}
	for i, l := range o.Languages {
		if !languageTag.MatchString(string(l)) {
			c.say(fmt.Sprintf("organisation.languages[%d]", i), "%q is not a language like en, fr or zh-Hans", l)
		}
		if slices.Index(o.Languages, l) != i {
			c.say(fmt.Sprintf("organisation.languages[%d]", i), "%q is there twice", l)
		}
	}
}

func (c *checker) listener(key string, l Listener) {
	c.hostPort(key+".listen", l.Listen)
	c.web(key+".url", l.URL)
	if (l.TLSCert == "") != (l.TLSKey == "") {
		c.say(key+".tls-cert", "needs tls-key, and the other way round")
	}
	for i, p := range l.TrustedProxies {
		_, errAddr := netip.ParseAddr(p)
		_, errNet := netip.ParsePrefix(p)
		if errAddr != nil && errNet != nil {
			c.say(fmt.Sprintf("%s.trusted-proxies[%d]", key, i), "%q is not an address or network like 10.0.0.0/8", p)
		}
	}
}

// apart wants the console and the public site on two ports, unless they listen
// on two addresses of the machine. Port 0 is whichever is free.
func (c *checker) apart(inside, public string) {
	hostIn, portIn, errIn := net.SplitHostPort(inside)
	hostOut, portOut, errOut := net.SplitHostPort(public)
	if errIn != nil || errOut != nil || portIn != portOut || portIn == "0" {
		return
	}
	if hostIn == hostOut || everyAddress(hostIn) || everyAddress(hostOut) {
		c.say("public.listen", "port %s is that of inside.listen already", portOut)
	}
}

func everyAddress(host string) bool {
	ip := net.ParseIP(host)
	return host == "" || ip != nil && ip.IsUnspecified()
}

func (c *checker) database(key string, d Database) {
	if d.URL.Set() && !slices.Contains([]string{"postgres", "postgresql"}, scheme(d.URL.Reveal())) {
		c.say(key+".url", "is not a postgres:// address; leave it empty for the embedded database")
	}
}

func (c *checker) bus(b Bus) {
	for _, one := range strings.Split(b.URL, ",") {
		if b.URL != "" && !slices.Contains([]string{"nats", "tls", "ws", "wss"}, scheme(strings.TrimSpace(one))) {
			c.say("bus.url", "is not a nats:// address; leave it empty for the embedded bus")
		}
		if u, err := url.Parse(strings.TrimSpace(one)); err == nil && u.User != nil {
			c.say("bus.url", "must not hold credentials: use bus.user and bus.password")
		}
	}
	c.between("bus.replicas", int64(b.Replicas), 0, 5)
	c.size("bus.max-intake", b.MaxIntake, 16<<20, 1<<40)
	if b.URL == "" && b.MaxIntake > 4<<30 {
		c.say("bus.max-intake", "the embedded bus leaves 4GiB to it at most")
	}
	if (b.TLSCert == "") != (b.TLSKey == "") {
		c.say("bus.tls-cert", "needs bus.tls-key beside it, and the other way round")
	}
	if b.CredentialsFile != "" && b.User != "" {
		c.say("bus.credentials-file", "names a user already: leave bus.user empty")
	}
	if b.URL == "" && b.CAFile+b.TLSCert+b.CredentialsFile+b.User != "" {
		c.say("bus.url", "is needed for the certificates and accounts named beside it: the embedded bus has none")
	}
	if b.URL == "" && b.Replicas > 1 {
		c.say("bus.replicas", "the embedded bus has one replica")
	}
	if b.CollectorListen != "" {
		if host := c.hostPort("bus.collector-listen", b.CollectorListen); !isLoopback(host) || host == "localhost" {
			c.say("bus.collector-listen", "%q is not a loopback address; collectors elsewhere post to the alert hook", host)
		}
		if b.URL != "" {
			c.say("bus.collector-listen", "collectors of an external bus have their accounts there")
		}
	}
}

// collectors wants each to speak for a source, whose format says how to read it.
func (c *checker) collectors(s Settings) {
	for _, source := range slices.Sorted(maps.Keys(s.Bus.Collectors)) {
		key, col := "bus.collectors."+source, s.Bus.Collectors[source]
		if !slices.ContainsFunc(s.Sources, func(src Source) bool { return src.Name == source }) {
			c.say(key, "there is no source of this name under sources")
		}
		if len(col.Password) < 16 {
			c.say(key+".password", "needs 16 characters at least; set TOCSIN_COLLECTOR_%s", shout(source))
		}
	}
}

func (c *checker) limits(l Limits) {
	c.between("limits.two-approvers-above", l.TwoApproversAbove, 0, 1e12)
	c.between("limits.window.email", int64(l.Window.Email), 1, 4096)
	c.between("limits.window.sms", int64(l.Window.SMS), 1, 1024)
	c.between("limits.window.push", int64(l.Window.Push), 1, 500)
	c.between("limits.window.letter", int64(l.Window.Letter), 1, 1000) // a chunk has 1,000 persons
	c.between("limits.window.phone", int64(l.Window.Phone), 1, 64)
	c.spend(l.Spend)
	c.size("limits.max-body", l.MaxBody, 1<<10, 3<<20) // a bus message has 4 MiB
	c.size("limits.max-import", l.MaxImport, 1<<20, 1<<40)
	c.size("limits.max-upload", l.MaxUpload, 1<<10, 1<<30)
}

func (c *checker) size(key string, got, low, high Size) {
	if got < low || got > high {
		c.say(key, "%s is not between %s and %s", got, low, high)
	}
}

func (c *checker) rest(s Settings) {
	c.needed("data-dir", s.DataDir)
	c.between("targets.individuals-hours", int64(s.Targets.IndividualsHours), 1, 24*365)
	c.between("targets.regulator-hours", int64(s.Targets.RegulatorHours), 1, 24*365)
	for i, a := range s.Escalation.Email {
		c.email(fmt.Sprintf("escalation.email[%d]", i), a)
	}
	c.webhook("escalation.webhook.", s.Escalation.Webhook)
	if d := s.Session.Idle.Std(); d < time.Minute || d > s.Session.Absolute.Std() {
		c.say("session.idle", "%s is not between 1m and session.absolute", s.Session.Idle)
	}
	if d := s.Session.Absolute.Std(); d > 24*time.Hour {
		c.say("session.absolute", "%s is more than a day", s.Session.Absolute)
	}
	c.between("dispatch.workers", int64(s.Dispatch.Workers), 1, 256)
	for key, d := range map[string]Duration{"dispatch.lease": s.Dispatch.Lease, "dispatch.sweep": s.Dispatch.Sweep} {
		if d.Std() < time.Second || d.Std() > 10*time.Minute {
			c.say(key, "%s is not between 1s and 10m", d)
		}
	}
	if d := s.Dispatch.DoubtWait.Std(); d < 0 || d > 24*time.Hour {
		c.say("dispatch.doubt-wait", "%s is not between 0s and 1d", s.Dispatch.DoubtWait)
	}
	c.between("dispatch.first-wave", int64(s.Dispatch.FirstWave), 0, 1000)
	if d := s.Dispatch.FirstWaveWait.Std(); d < 10*time.Second || d > time.Hour {
		c.say("dispatch.first-wave-wait", "%s is not between 10s and 1h", s.Dispatch.FirstWaveWait)
	}
	if d := s.Correlation.JoinWithin.Std(); d > 90*24*time.Hour {
		c.say("correlation.join-within", "%s is more than 90 days", s.Correlation.JoinWithin)
	}
	c.rules(s)
	c.oneOf("log.level", s.Log.Level, "debug", "info", "warn", "error")
	c.oneOf("log.format", s.Log.Format, "text", "json")
}

// rules wants a pack to be signed by somebody. A key that is none is never
// shown: it may be the secret one.
func (c *checker) rules(s Settings) {
	if s.RulesPack != "" && len(s.RulesKeys) == 0 {
		c.say("rules-keys", "is needed beside rules-pack: the public key of whoever signs the rules")
	}
	for i, k := range s.RulesKeys {
		if !publicKey.MatchString(strings.TrimSpace(k)) {
			c.say(fmt.Sprintf("rules-keys[%d]", i), "is not a public key like law.example.org+1a2b3c4d+base64")
		}
	}
}

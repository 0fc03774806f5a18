package settings

import (
	"net/url"
	"slices"
	"strings"
)

// Live names the channels that reach people through a provider.
func (c Channels) Live() (names []string) {
	for _, ch := range []struct{ name, mode string }{{"email", c.Email.Mode}, {"sms", c.SMS.Mode}, {"phone", c.Phone.Mode}, {"push", c.Push.Mode}, {"letter", c.Letter.Mode}} {
		if ch.mode != ModeSandbox {
			names = append(names, ch.name)
		}
	}
	return names
}

// reachable wants the address every message leads to, public.url, to be one that
// people elsewhere can open and that messages may lead to, once a channel is live.
func (c *checker) reachable(s Settings) {
	live := s.Channels.Live()
	u, err := url.Parse(s.Public.URL)
	if len(live) == 0 || err != nil || u.Host == "" {
		return // what is no address is said elsewhere
	}
	why := ""
	switch host := strings.ToLower(u.Hostname()); {
	case isLoopback(host):
		why = s.Public.URL + " leads to this machine"
	case u.Scheme != "https":
		why = s.Public.URL + " is not https"
	case !slices.ContainsFunc(s.Organisation.Domains, func(d string) bool {
		d = strings.ToLower(d)
		return host == d || strings.HasSuffix(host, "."+d)
	}):
		why = "is on " + host + ", which is none of organisation.domains"
	}
	if why != "" {
		c.say("public.url", "%s, and messages by %s lead people there to check them: set it to the https address of the public site, on one of organisation.domains, like https://security.example.org",
			why, strings.Join(live, ", "))
	}
}

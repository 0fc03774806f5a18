package templates

import (
	"net"
	"net/url"
	"strings"

	"tocsin/incidents"
)

// Org is who speaks: the organisation in whose name every text is written.
type Org struct {
	Name    string
	Domains []string // the only domains a link may lead to; subdomains count
	Contact string   // one or more lines: address, e-mail, telephone
	Verify  string   // address of the public page where a person's code is checked
}

// VerifyURL is where a code is checked: what a message's link leads to.
func (o Org) VerifyURL(code string) string { return o.Verify + "?code=" + url.QueryEscape(code) }

func (o Org) check() error {
	if strings.TrimSpace(o.Name) == "" {
		return incidents.Invalid("the organisation has no name").On("organisation.name").WithHint("set it in the settings: every notice names its sender")
	}
	for _, d := range o.Domains {
		if d == "" || strings.ContainsAny(d, "/:@ ") || !strings.Contains(d, ".") {
			return incidents.Invalid("%q is not a domain name", d).On("organisation.domains").WithHint("write it like example.org, without https://")
		}
	}
	return nil
}

// owns tells whether host is one of the organisation's domains or below one.
func (o Org) owns(host string) bool {
	return below(strings.TrimSuffix(strings.ToLower(host), "."), o.Domains)
}

// unsafeInAddress could end an address early where it stands in a message.
const unsafeInAddress = " \"'<>\\`"

// checkVerifyURL allows https on the organisation's domains, and loopback for
// trying things out.
func (o Org) checkVerifyURL(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, unsafeInAddress) {
		return incidents.Invalid("the verification page has no usable address").On("verify_url")
	}
	if loopback(u.Hostname()) && (u.Scheme == "http" || u.Scheme == "https") {
		return nil
	}
	if u.Scheme != "https" {
		return incidents.Invalid("the verification page is not an https address").On("verify_url")
	}
	if !o.owns(u.Hostname()) {
		return incidents.Invalid("the verification page is on %s, which is not a domain of the organisation", u.Hostname()).
			On("verify_url").WithHint("add the domain to organisation.domains in the settings")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

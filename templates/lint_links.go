package templates

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

var (
	linkPattern  = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.-]{1,15}://[^\s<>"'，。；！？（）【】、]+|\bwww\.[^\s<>"'，。；！？（）【】、]+`)
	bareDomain   = regexp.MustCompile(`(?i)(?:^|[^\p{L}\p{N}@.\-/])((?:[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?\.)+(?:com|net|org|info|io|co|cn|de|eu|uk|us|app|dev|xyz|top|site|online|ly|gl|me|to|cc|im|example|test))(?:[/?#][^\s<>"'，。；！？（）【】、]*)?(?:$|[^\p{L}\p{N}.@-]|\.(?:\s|$))`)
	loginPattern = regexp.MustCompile(`(?i)log-?in|sign-?in|signon|password|passwd|reset|account|verify-identity|confirm|auth|webscr|denglu|登录|登陆`)
)

// Shorteners hide where a link leads.
var shorteners = []string{"bit.ly", "t.co", "goo.gl", "tinyurl.com", "ow.ly", "is.gd", "buff.ly", "rebrand.ly", "cutt.ly", "lnkd.in", "rb.gy", "t.cn", "dwz.cn", "url.cn", "suo.im", "shorturl.at", "t.ly", "tiny.cc", "w.url.cn", "v.gd"}

// authorities are pages a law wants named or that help people; a link to them is
// no link away from us.
var authorities = []string{"equifax.com", "experian.com", "transunion.com", "annualcreditreport.com", "identitytheft.gov", "ftc.gov", "hhs.gov",
	"cac.gov.cn", "12377.cn", "edpb.europa.eu", "ico.org.uk", "ppc.go.jp", "pdpc.gov.sg"}

// links checks every address of a text.
func (l *linter) links(fd field) {
	text := withoutSlots(fd.text)
	for _, s := range linkPattern.FindAllString(text, -1) {
		l.link(fd, strings.TrimRight(s, ".,;:)]"))
	}
	rest := linkPattern.ReplaceAllString(text, " ")
	for _, m := range bareDomain.FindAllStringSubmatch(rest, -1) {
		l.host(fd, strings.ToLower(m[1]))
	}
	if strings.Contains(strings.ToLower(text), "javascript:") {
		l.add("link", levelError, fd.where(), "the text holds a script address", "")
	}
}

func (l *linter) link(fd field, raw string) {
	s := raw
	if !strings.Contains(s, "://") {
		s = "https://" + s
	}
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" {
		l.add("link", levelError, fd.where(), "an address cannot be read", "write it in full")
		return
	}
	if u.Scheme != "https" {
		l.add("link", levelError, fd.where(), fmt.Sprintf("the link to %s is not https", u.Hostname()), "")
	}
	if u.User != nil {
		l.add("link-lookalike", levelError, fd.where(), "a link has an @ in it, which hides where it leads", "")
	}
	l.host(fd, strings.ToLower(u.Hostname()))
	if l.b.org.owns(u.Hostname()) && loginPattern.MatchString(u.Path+"?"+u.RawQuery) {
		l.add("link-login", levelError, fd.where(), "a link asks people to sign in or change an account", "tell them to type the address themselves")
	}
}

// host judges where a link leads.
func (l *linter) host(fd field, host string) {
	host = strings.TrimSuffix(host, ".")
	switch {
	case l.b.org.owns(host), below(host, authorities):
	case below(host, shorteners):
		l.add("link-shortener", levelError, fd.where(), fmt.Sprintf("%s hides where a link leads", host), "give the full address on your own domain")
	case l.lookalike(host):
		l.add("link-lookalike", levelError, fd.where(), fmt.Sprintf("%s can be mistaken for another domain", host), "use the organisation's main domain")
	default:
		l.add("link", levelError, fd.where(), fmt.Sprintf("%s is not a domain of the organisation", host), "link to "+strings.Join(l.b.org.Domains, ", ")+" only")
	}
}

// below tells whether host, in lower case, is one of the domains or below one.
func below(host string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool {
		rest, ok := strings.CutSuffix(host, strings.ToLower(d))
		return ok && (rest == "" || strings.HasSuffix(rest, "."))
	})
}

// lookalike tells whether host is written in letters that pass for others, in
// punycode, or so that it reads like a domain of the organisation.
func (l *linter) lookalike(host string) bool {
	for label := range strings.SplitSeq(host, ".") {
		if strings.HasPrefix(label, "xn--") {
			return true
		}
	}
	if strings.IndexFunc(host, func(r rune) bool { return r > 0x7f && !wide(r) }) >= 0 {
		return true
	}
	skel := skeleton(host)
	for _, d := range l.b.org.Domains {
		own := skeleton(strings.ToLower(d))
		name, _, _ := strings.Cut(own, ".")
		if skel == own || (len(name) >= 4 && strings.Contains(skel, name)) || distanceOne(skel, own) {
			return true
		}
	}
	return false
}

var confusables = strings.NewReplacer("0", "o", "1", "l", "i", "l", "|", "l", "5", "s", "3", "e", "rn", "m", "vv", "w", "cl", "d", "-", "", "_", "")

// skeleton writes alike what looks alike.
func skeleton(host string) string { return confusables.Replace(host) }

// distanceOne tells whether a and b differ by one letter put in, taken out,
// changed or swapped with its neighbour.
func distanceOne(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) < 6 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:]
	}
	if i == len(a) || a[i+1:] == b[i+1:] {
		return true
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

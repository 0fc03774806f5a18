package web

import (
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"
)

// A turnstile lets each network through so many times in a while. It remembers
// a bounded number of networks.
type turnstile struct {
	most int
	span time.Duration
	now  func() time.Time

	mu   sync.Mutex // guards seen
	seen map[netip.Prefix]visits
}

type visits struct {
	n     int
	since time.Time
}

const maxNetworks = 10_000

func newTurnstile(most int, span time.Duration, now func() time.Time) *turnstile {
	return &turnstile{most: most, span: span, now: now, seen: map[netip.Prefix]visits{}}
}

// pass counts a visit and tells whether it may go on.
func (t *turnstile) pass(from netip.Addr) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	key, now := networkOf(from), t.now()
	v, known := t.seen[key]
	if !known || now.Sub(v.since) >= t.span || now.Before(v.since) {
		t.room(now)
		v = visits{since: now}
	}
	v.n++
	t.seen[key] = v
	return v.n <= t.most
}

// room forgets what is over, then whatever comes first.
func (t *turnstile) room(now time.Time) {
	if len(t.seen) < maxNetworks {
		return
	}
	for k, v := range t.seen {
		if now.Sub(v.since) >= t.span {
			delete(t.seen, k)
		}
	}
	for k := range t.seen {
		if len(t.seen) < maxNetworks {
			return
		}
		delete(t.seen, k)
	}
}

// networkOf is what counts as one visitor: an IPv6 customer has a whole /64.
func networkOf(a netip.Addr) netip.Prefix {
	bits := 32
	if a = a.Unmap().WithZone(""); !a.Is4() {
		bits = 64
	}
	p, err := a.Prefix(bits)
	if err != nil { // no address: all of those are one visitor
		return netip.Prefix{}
	}
	return p
}

// clientAddr is who sent a request: the connection's other end, or, when that
// is a trusted proxy, the last address in X-Forwarded-For that is none.
func clientAddr(r *http.Request, trusted []netip.Prefix) netip.Addr {
	at := remote(r.RemoteAddr)
	if !within(at, trusted) {
		return at
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			return at
		}
		at = hop.Unmap().WithZone("")
		if !within(at, trusted) {
			return at
		}
	}
	return at
}

func remote(hostport string) netip.Addr {
	ap, err := netip.ParseAddrPort(hostport)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

func within(a netip.Addr, list []netip.Prefix) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// networks reads addresses and networks; the settings have checked them.
func networks(list []string) (out []netip.Prefix) {
	for _, s := range list {
		if p, err := netip.ParsePrefix(s); err == nil {
			out = append(out, p.Masked())
		} else if a, err := netip.ParseAddr(s); err == nil {
			out = append(out, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		}
	}
	return out
}

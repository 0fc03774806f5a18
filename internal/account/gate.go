package account

import (
	"net/netip"
	"sync"
	"time"

	"tocsin/incidents"
)

// A gate counts tries by network address and stops an address that had too
// many within a while. It remembers a bounded number of addresses.
type gate struct {
	max  int
	span time.Duration
	now  func() time.Time

	mu   sync.Mutex // guards seen
	seen map[string]*tries
}

type tries struct {
	n     int
	since time.Time
}

const maxAddresses = 10_000

func newGate(max int, span time.Duration, now func() time.Time) *gate {
	return &gate{max: max, span: span, now: now, seen: map[string]*tries{}}
}

// network is what counts as one address: an IPv6 customer has a whole /64.
func network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return "unknown"
	}
	a = a.Unmap().WithZone("")
	if a.Is4() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return "unknown"
	}
	return p.String()
}

// enter counts a try, or refuses it.
func (g *gate) enter(ip string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	key, now := network(ip), g.now()
	t := g.seen[key]
	if t == nil || now.Sub(t.since) >= g.span {
		g.room(now)
		t = &tries{since: now}
		g.seen[key] = t
	}
	if t.n >= g.max {
		return incidents.Throttled("too many tries from this network").WithHint("try again in %d minutes", int(g.span.Minutes()))
	}
	t.n++
	return nil
}

// forgive takes a try back that turned out right.
func (g *gate) forgive(ip string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.seen[network(ip)]; t != nil && t.n > 0 {
		t.n--
	}
}

// room keeps the memory bounded: first what is over, then whatever comes.
func (g *gate) room(now time.Time) {
	if len(g.seen) < maxAddresses {
		return
	}
	for k, t := range g.seen {
		if now.Sub(t.since) >= g.span {
			delete(g.seen, k)
		}
	}
	for k := range g.seen {
		if len(g.seen) < maxAddresses {
			return
		}
		delete(g.seen, k)
	}
}

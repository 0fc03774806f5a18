package web

import (
	"slices"

	"tocsin/incidents"
)

type providersPage struct {
	Frame
	Rows []providerRow
}

// A providerRow is one account of a provider, as it was last found.
type providerRow struct {
	incidents.ProviderHealth
	Is    stateView
	Other string // the account of the same channel that can be used meanwhile
}

// providers lists the accounts messages leave by.
func (c *console) providers(p *page) (err error) {
	v := providersPage{Frame: c.frame(p, "providers", "Providers")}
	if v.Rows, err = c.providerRows(p); err != nil {
		return err
	}
	return c.show(p, "providers", v)
}

func (c *console) providerRows(p *page) (out []providerRow, err error) {
	all, err := c.Providers.ProviderHealth(p.r.Context())
	for _, h := range all {
		row := providerRow{ProviderHealth: h, Is: providerState(h)}
		for _, x := range all {
			if x.Channel == h.Channel && x.Account != h.Account && usable(x) {
				row.Other = x.Account
			}
		}
		out = append(out, row)
	}
	return out, err
}

// illFor lists the accounts of a notice's channels that cannot be used as they
// should, while it is being sent.
func (c *console) illFor(p *page, n incidents.Notice) ([]providerRow, error) {
	if n.Status != incidents.NoticeSending || n.Content.Mode != incidents.Live {
		return nil, nil
	}
	all, err := c.providerRows(p)
	return slices.DeleteFunc(all, func(r providerRow) bool {
		return usable(r.ProviderHealth) || !slices.Contains(n.Content.Channels(), r.Channel)
	}), err
}

func usable(h incidents.ProviderHealth) bool {
	return h.State == incidents.ProviderWell && h.PausedUntil == nil
}

func providerState(h incidents.ProviderHealth) stateView {
	switch {
	case h.State == incidents.ProviderAway:
		return stateView{"red", "x", "cannot be used"}
	case h.State == incidents.ProviderProbing:
		return stateView{"amber", "half", "being tried"}
	case h.PausedUntil != nil:
		return stateView{"amber", "pause", "asked to be left alone"}
	}
	return stateView{"green", "okay", "works"}
}

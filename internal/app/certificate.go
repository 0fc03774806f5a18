package app

import (
	"crypto/tls"
	"errors"
	"time"

	"tocsin/incidents"
)

// certificates reads those of the listeners: which cannot be used stops a start,
// which ended does not. A worker listens nowhere.
func (a *App) certificates() (unusable, ended error) {
	s := a.settings
	if a.worker {
		return nil, nil
	}
	for _, c := range []struct{ key, cert, private string }{
		{"inside", s.Inside.TLSCert, s.Inside.TLSKey}, {"public", s.Public.TLSCert, s.Public.TLSKey},
		{"channels.email.bounces", s.Channels.Email.Bounces.TLSCert, s.Channels.Email.Bounces.TLSKey},
	} {
		if c.cert == "" {
			continue
		}
		pair, err := tls.LoadX509KeyPair(c.cert, c.private)
		switch {
		case err != nil:
			unusable = errors.Join(unusable, incidents.Invalid("the certificate cannot be used: %v", err).On(c.key+".tls-cert"))
		case a.now().After(pair.Leaf.NotAfter):
			ended = errors.Join(ended, incidents.Invalid("the certificate ended on %s", pair.Leaf.NotAfter.UTC().Format(time.DateOnly)).On(c.key+".tls-cert").
				WithHint("put a new one in its place; it is read again without a restart"))
		}
	}
	return unusable, ended
}

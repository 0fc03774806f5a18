package app

import (
	"context"
	"net"
	"strings"

	"tocsin/internal/settings"
	"tocsin/web"
)

func (a *App) openWeb(version string) (err error) {
	o := a.settings.Organisation
	a.web, err = web.New(web.Deps{Desk: a.Desk, Accounts: a.Accounts, Sessions: a.sessions, Hook: a.receiver, Rules: a.rules, Book: a.book,
		News: a.hub, Works: a.board, Evidence: a, Status: a, Sandbox: a.store, Providers: a.store, Letters: a, Callbacks: a, Checkpoint: a, Ready: a.Ready,
		PublicURL: a.settings.Public.URL, InsideURL: a.settings.Inside.URL,
		Org:            web.Org{Name: o.Name, Contact: lines(contactLines(o.Contact)), Languages: o.Languages},
		TrustedProxies: a.settings.Public.TrustedProxies, MaxImport: int64(a.settings.Limits.MaxImport), MaxUpload: int64(a.settings.Limits.MaxUpload),
		Now: a.now, Log: a.log, Version: version})
	if err != nil {
		return err
	}
	a.stops.add("console", func(context.Context) error { a.web.Wait(); return nil })
	return nil
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// insecure tells whether the console is plain HTTP on loopback, where a cookie
// cannot be marked Secure.
func insecure(l settings.Listener) bool {
	if strings.HasPrefix(l.URL, "https://") {
		return false
	}
	host, _, err := net.SplitHostPort(l.Listen)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || (ip != nil && ip.IsLoopback()))
}

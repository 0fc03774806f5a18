package web

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"tocsin/incidents"
)

// events streams that something happened, by id; pages ask for what they show.
func (c *console) events(p *page) error {
	var in incidents.IncidentID
	if ref := p.vars["incident"]; ref != "" {
		found, err := c.Desk.Find(p.r.Context(), p.actor, ref)
		if err != nil {
			return err
		}
		in = found.ID
	}
	out := http.NewResponseController(p.w)
	p.w.Header().Set("Content-Type", "text/event-stream")
	p.w.WriteHeader(http.StatusOK)
	news, end := c.News.Subscribe(p.r.Context(), in)
	defer end()
	beat := time.NewTicker(c.beat)
	defer beat.Stop()
	for {
		if err := out.Flush(); err != nil {
			return nil // the reader left
		}
		select {
		case <-p.r.Context().Done():
			return nil
		case <-beat.C:
			if !c.stillIn(p.r) {
				return nil // what the page asks for next leads to the sign-in
			}
			fmt.Fprint(p.w, ": beat\n\n")
		case n, ok := <-news:
			if !ok {
				return nil
			}
			fmt.Fprintf(p.w, "event: news\ndata: %s\n\n", n.Event)
		}
	}
}

// stillIn tells whether a new request with these cookies would be let in: who
// signed out, was disabled or idled too long would not. It is no use of the
// session: the look is cut off before the session is saved, so an open page does
// not keep anybody signed in.
func (c *console) stillIn(r *http.Request) (in bool) {
	defer func() {
		if p := recover(); p != nil && p != http.ErrAbortHandler { //nolint:errorlint // the value is compared by net/http too
			panic(p)
		}
	}()
	look := (&http.Request{Method: http.MethodGet, URL: r.URL, Header: http.Header{"Cookie": r.Header["Cookie"]}}).WithContext(context.Background())
	c.Sessions.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, in = c.Sessions.Actor(r.Context())
		panic(http.ErrAbortHandler)
	})).ServeHTTP(nowhere{}, look)
	return in
}

// nowhere takes an answer nobody reads.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) WriteHeader(int)             {}

// rail is the navigation alone, for live counts.
func (c *console) rail(p *page) error {
	f := c.frame(p, p.query("at"), "")
	f.Counts = c.counts(p)
	var b bytes.Buffer
	if err := c.pages["overview"].ExecuteTemplate(&b, "rail", f); err != nil {
		return err
	}
	p.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = p.w.Write(b.Bytes())
	return nil
}

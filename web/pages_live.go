package web

import (
	"fmt"
	"net/http"
	"strings"
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
			if !c.Sessions.Still(p.r.Context()) {
				return nil // what the page asks for next leads to the sign-in
			}
			fmt.Fprint(p.w, ": beat\n\n")
		case n, ok := <-news:
			if !ok {
				return nil
			}
			kind := "news"
			if of, progress := strings.CutSuffix(n.Event, ".progress"); progress {
				kind = of // "list", "release", "evidence", twice a second: only who shows them asks for more
			}
			fmt.Fprintf(p.w, "event: %s\ndata: %s\n\n", kind, n.Event)
		}
	}
}

// rail is the navigation alone, for live counts.
func (c *console) rail(p *page) error {
	f := c.frame(p, p.query("at"), "")
	f.Counts = c.counts(p)
	return c.part(p, "overview", "rail", f)
}

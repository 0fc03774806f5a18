package web

import (
	"io"

	"tocsin/incidents"
)

// file downloads a file kept with an incident.
func (c *console) file(p *page) error {
	return downloadKept(p.r.Context(), p.w, c.Desk, p.actor, incidents.FileID(p.vars["file"]))
}

// evidence downloads the evidence bundle of an incident.
func (c *console) evidence(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	return download(p.w, "application/zip", in.Ref+"-evidence.zip", func(w io.Writer) error {
		return c.Evidence.Bundle(p.r.Context(), p.actor, in.ID, w)
	})
}

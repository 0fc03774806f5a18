package web

import (
	"io"

	"tocsin/incidents"
)

func (a api) evidence(c *call) (any, error) {
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	return written{}, download(c.w, "application/zip", in.Ref+"-evidence.zip", func(w io.Writer) error {
		return a.Evidence.Bundle(c.ctx, c.actor, in.ID, w)
	})
}

func (a api) file(c *call) (any, error) {
	return written{}, downloadKept(c.ctx, c.w, a.Desk, c.actor, incidents.FileID(c.vars["file"]))
}

func (a api) claimedStatus(c *call) (any, error) {
	n, err := a.noticeOf(c, c.vars["notice"])
	if err != nil {
		return nil, err
	}
	return written{}, downloadStatus(c.ctx, c.w, a.Status, c.actor, n)
}

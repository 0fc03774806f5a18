package web

import (
	"io"
	"net/http"

	"tocsin/incidents"
	"tocsin/web/patience"
)

// file downloads a file kept with an incident, under a name of our own: the
// given one is data.
func (c *console) file(p *page) error {
	ref, rc, err := c.Desk.OpenFile(p.r.Context(), p.actor, incidents.FileID(p.vars["file"]))
	if err != nil {
		return err
	}
	defer rc.Close()
	mediaType, name := "application/octet-stream", "file.bin"
	switch ref.Kind {
	case "rejects":
		mediaType, name = "text/csv; charset=utf-8", "rejected-rows.csv"
	case "receipt":
		name = "receipt.bin"
	}
	return p.download(mediaType, name, func(w io.Writer) error {
		_, err := io.Copy(w, rc)
		return err
	})
}

// evidence downloads the evidence bundle of an incident.
func (c *console) evidence(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	return p.download("application/zip", in.Ref+"-evidence.zip", func(w io.Writer) error {
		return c.Evidence.Bundle(p.r.Context(), p.actor, in.ID, w)
	})
}

// download streams what fill writes. Until its first byte a failure still
// becomes a page; after that it cuts the connection, so that half a file never
// looks whole.
func (p *page) download(mediaType, name string, fill func(io.Writer) error) error {
	d := &downloadWriter{p: p, mediaType: mediaType, name: name}
	err := fill(d)
	if err != nil && d.began {
		panic(http.ErrAbortHandler)
	}
	if err == nil && !d.began {
		d.begin()
	}
	return err
}

type downloadWriter struct {
	p               *page
	mediaType, name string
	began           bool
}

func (d *downloadWriter) begin() {
	d.began = true
	h := d.p.w.Header()
	h.Set("Content-Type", d.mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+d.name+`"`)
	d.p.w.WriteHeader(http.StatusOK)
}

func (d *downloadWriter) Write(b []byte) (int, error) {
	if !d.began {
		d.begin()
	}
	// A reader that stands still must not hold us for ever.
	slow := patience.New(slowBody, http.NewResponseController(d.p.w).SetWriteDeadline)
	defer slow.End()
	return d.p.w.Write(b)
}

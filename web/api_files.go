package web

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strconv"

	"tocsin/incidents"
	"tocsin/web/patience"
)

// A stream writes a large answer as it is made. Until its first byte it can
// still become a problem; after that a failure cuts the connection, so that
// half an answer never looks whole.
type stream struct {
	c      *call
	header map[string]string
	began  bool
}

func (s *stream) Write(b []byte) (int, error) {
	if !s.began {
		s.began = true
		for k, v := range s.header {
			s.c.w.Header().Set(k, v)
		}
		s.c.w.Header().Set("Cache-Control", "no-store")
		s.c.w.Header().Set("X-Content-Type-Options", "nosniff")
		s.c.w.WriteHeader(http.StatusOK)
	}
	// A client that stops reading must not hold us for ever.
	slow := patience.New(slowBody, http.NewResponseController(s.c.w).SetWriteDeadline)
	defer slow.End()
	return s.c.w.Write(b)
}

// download streams what fill writes under a generated file name.
func (c *call) download(mediaType, name string, fill func(io.Writer) error) (any, error) {
	s := &stream{c: c, header: map[string]string{"Content-Type": mediaType, "Content-Disposition": `attachment; filename="` + name + `"`}}
	if err := fill(s); err != nil {
		if s.began {
			panic(http.ErrAbortHandler)
		}
		return nil, err
	}
	if !s.began {
		_, _ = s.Write(nil)
	}
	return written{}, nil
}

func (a api) evidence(c *call) (any, error) {
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	return c.download("application/zip", in.Ref+"-evidence.zip", func(w io.Writer) error {
		return a.Evidence.Bundle(c.ctx, c.actor, in.ID, w)
	})
}

// file downloads a file kept with an incident. Its given name is data: the
// download is named by us.
func (a api) file(c *call) (any, error) {
	ref, rc, err := a.Desk.OpenFile(c.ctx, c.actor, incidents.FileID(c.vars["file"]))
	if err != nil {
		return nil, err
	}
	defer rc.Close()
	mediaType, name := "application/octet-stream", "file.bin"
	switch ref.Kind {
	case "rejects":
		mediaType, name = "text/csv; charset=utf-8", "rejected-rows.csv"
	case "receipt":
		name = "receipt.bin"
	}
	return c.download(mediaType, name, func(w io.Writer) error {
		_, err := io.Copy(w, rc)
		return err
	})
}

// A statusLine is what we claim of one delivery. Ref is the list's own id.
type statusLine struct {
	Ref     string                  `json:"ref"`
	Channel incidents.Channel       `json:"channel"`
	Status  incidents.DeliveryState `json:"status"`
}

func (a api) claimedStatus(c *call) (any, error) {
	n, err := a.noticeOf(c, c.vars["notice"])
	if err != nil {
		return nil, err
	}
	return c.download("application/jsonl", "N-"+strconv.FormatInt(n.No, 10)+"-status.jsonl", func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		lines := json.NewEncoder(out)
		err := a.Status.ClaimedStatus(c.ctx, c.actor, n.No, func(ref string, ch incidents.Channel, s incidents.DeliveryState) error {
			return lines.Encode(statusLine{ref, ch, s})
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

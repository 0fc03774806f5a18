package web

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"

	"tocsin/incidents"
	"tocsin/web/patience"
)

// download streams what fill writes under a file name of our own. Until its
// first byte a failure still becomes an answer; after that it cuts the
// connection, so that half a file never looks whole.
func download(w http.ResponseWriter, mediaType, name string, fill func(io.Writer) error) error {
	s := &stream{w: w, mediaType: mediaType, name: name}
	err := fill(s)
	if err != nil && s.began {
		panic(http.ErrAbortHandler)
	}
	if err == nil && !s.began {
		s.begin()
	}
	return err
}

type stream struct {
	w               http.ResponseWriter
	mediaType, name string
	began           bool
}

func (s *stream) begin() {
	s.began = true
	h := s.w.Header()
	h.Set("Content-Type", s.mediaType)
	h.Set("Content-Disposition", `attachment; filename="`+s.name+`"`)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	s.w.WriteHeader(http.StatusOK)
}

func (s *stream) Write(b []byte) (int, error) {
	if !s.began {
		s.begin()
	}
	// A client that stops reading must not hold us for ever.
	slow := patience.New(slowBody, http.NewResponseController(s.w).SetWriteDeadline)
	defer slow.End()
	return s.w.Write(b)
}

// downloadKept streams a file kept with an incident. Its given name is data.
func downloadKept(ctx context.Context, w http.ResponseWriter, desk *incidents.Desk, a incidents.Actor, id incidents.FileID) error {
	ref, rc, err := desk.OpenFile(ctx, a, id)
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
	return download(w, mediaType, name, func(out io.Writer) error {
		_, err := io.Copy(out, rc)
		return err
	})
}

// A statusLine is what we claim of one delivery. Ref is the list's own id.
type statusLine struct {
	Ref     string                  `json:"ref"`
	Channel incidents.Channel       `json:"channel"`
	Status  incidents.DeliveryState `json:"status"`
}

// downloadStatus streams what we claim of every delivery of a notice.
func downloadStatus(ctx context.Context, w http.ResponseWriter, status Status, a incidents.Actor, n incidents.Notice) error {
	return download(w, "application/jsonl", fmt.Sprintf("N-%d-status.jsonl", n.No), func(w io.Writer) error {
		out := bufio.NewWriterSize(w, 64<<10)
		lines := json.NewEncoder(out)
		err := status.ClaimedStatus(ctx, a, n.No, func(ref string, ch incidents.Channel, s incidents.DeliveryState) error {
			return lines.Encode(statusLine{ref, ch, s})
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

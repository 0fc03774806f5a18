package web

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"strconv"
	"strings"

	"tocsin/incidents"
)

type outboxPage struct {
	Frame
	Rows   []incidents.Capture
	Notice int64
	Typed  string
	More   string
}

const capturesPerPage = 50

// outbox lists what was captured instead of sent: no addresses, no words.
func (c *console) outbox(p *page) error {
	v := outboxPage{Frame: c.frame(p, "outbox", "Sandbox outbox"), Typed: p.query("notice")}
	if n, err := strconv.ParseInt(strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(v.Typed)), "N-"), 10, 64); err == nil && n > 0 {
		v.Notice = n
	}
	var err error
	if v.Rows, err = c.Sandbox.Captures(p.r.Context(), v.Notice, p.query("before"), capturesPerPage); err != nil {
		return err
	}
	if len(v.Rows) == capturesPerPage {
		q := url.Values{"before": {v.Rows[len(v.Rows)-1].ID}}
		if v.Typed != "" {
			q.Set("notice", v.Typed)
		}
		v.More = "/outbox?" + q.Encode()
	}
	return c.show(p, "outbox", v)
}

type capturePage struct {
	Frame
	ID       string
	Delivery incidents.DeliveryID
	Open     bool
	Reason   string
	Capture  incidents.Capture
	Text     string
	HTML     bool
	Letter   bool // it can be had on its pages
	Head     []shownField
}

func (c *console) captureView(p *page) (v capturePage, err error) {
	id, err := incidents.ParseDeliveryID(p.vars["capture"])
	if err != nil {
		return v, incidents.NotFound("there is no such message")
	}
	v = capturePage{Frame: c.frame(p, "outbox", "Captured message "+id.String()), ID: id.String(), Delivery: id, Reason: p.form("reason")}
	return v, nil
}

// capture asks for the reason before a message is opened.
func (c *console) capture(p *page) error {
	v, err := c.captureView(p)
	if err != nil {
		return err
	}
	return c.show(p, "capture", v)
}

// openCapture shows one message as it would have left.
func (c *console) openCapture(p *page) error {
	v, err := c.captureView(p)
	if err != nil {
		return err
	}
	if v.Capture, err = c.openCaptured(p.r.Context(), p.actor, v.ID, v.Reason); err != nil {
		return c.again(p, err, "capture", &v)
	}
	v.Open, v.Text = true, string(v.Capture.Body)
	if v.Capture.Channel == incidents.Email {
		m := readMail(v.Capture.Body)
		v.Head, v.Text, v.HTML = m.head, m.text, m.html != ""
		c.Sessions.PutString(p.r.Context(), "capture", v.ID) // good for one look at the HTML
	}
	if l, err := readLetter(v.Capture); err == nil {
		v.Text, v.Letter = l.Text(), true
		c.Sessions.PutString(p.r.Context(), "capture", v.ID) // good for one look at the pages
	}
	return c.show(p, "capture", v)
}

// captureHTML is the HTML of the message just opened, in a frame that may load
// and run nothing. It is shown once: looking again asks for the reason again.
func (c *console) captureHTML(p *page) error {
	if p.vars["capture"] == "" || c.Sessions.PopString(p.r.Context(), "capture") != p.vars["capture"] {
		return incidents.Forbidden("this message was not opened just now").WithHint("open it with a reason")
	}
	got, err := c.Sandbox.OpenCapture(p.r.Context(), p.vars["capture"])
	if err != nil {
		return err
	}
	p.sealed(readMail(got.Body).html)
	return nil
}

// sealed writes foreign HTML so that it can run, load and send nothing.
func (p *page) sealed(html string) {
	h := p.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = io.WriteString(p.w, html)
}

// openCaptured opens one message of the sandbox. It names a person, so who
// looked and why is written down before anything is shown.
func (d Deps) openCaptured(ctx context.Context, a incidents.Actor, id, why string) (m incidents.Capture, err error) {
	if len(why) < 3 || len(why) > 2000 {
		return m, incidents.Invalid("say why, in 3 to 2,000 characters").On("reason")
	}
	if m, err = d.Sandbox.OpenCapture(ctx, id); err != nil {
		return m, err
	}
	n, err := d.Desk.NoticeByNo(ctx, a, m.Delivery.Notice)
	if err != nil {
		return m, err
	}
	return m, d.Desk.Record(ctx, a, "capture.opened", n.IncidentID, m.ID, "Opened one captured message: “"+why+"”.", map[string]string{"delivery": m.Delivery.String()})
}

type mailView struct {
	head       []shownField
	text, html string
}

// readMail takes a message apart for reading. What does not read as mail is
// shown as it is.
func readMail(raw []byte) (v mailView) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return mailView{text: string(raw)}
	}
	words := &mime.WordDecoder{}
	for _, k := range []string{"From", "To", "Subject", "Date", "Message-Id"} {
		if s := m.Header.Get(k); s != "" {
			if plain, err := words.DecodeHeader(s); err == nil {
				s = plain
			}
			v.head = append(v.head, shownField{k, s})
		}
	}
	v.part(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), m.Body, 0)
	if v.text == "" && v.html == "" {
		v.text = string(raw)
	}
	return v
}

// part reads one part and, a few levels deep, its parts.
func (v *mailView) part(contentType, encoding string, body io.Reader, depth int) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		kind = "text/plain"
	}
	if strings.HasPrefix(kind, "multipart/") && depth < 4 {
		parts := multipart.NewReader(body, params["boundary"])
		for {
			p, err := parts.NextRawPart()
			if err != nil {
				return
			}
			v.part(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p, depth+1)
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(io.LimitReader(body, 2<<20))
	if err != nil {
		return
	}
	switch {
	case kind == "text/html" && v.html == "":
		v.html = string(b)
	case kind == "text/plain" && v.text == "":
		v.text = string(b)
	}
}

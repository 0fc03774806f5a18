package web

import (
	"strconv"
	"time"
	"unicode/utf8"

	"tocsin/incidents"
)

func (a api) audit(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	before, err := c.number("before", 0)
	if err != nil {
		return nil, err
	}
	f := incidents.AuditFilter{Actor: incidents.AccountID(c.query("actor")), Event: c.query("event"), Before: before, Limit: limit}
	if ref := c.query("incident"); ref != "" {
		in, err := a.Desk.Find(c.ctx, c.actor, ref)
		if err != nil {
			return nil, err
		}
		f.Incident = in.ID
	}
	list, err := a.Desk.AuditLog(c.ctx, c.actor, f)
	if err != nil {
		return nil, err
	}
	return paged(list, limit, func(e incidents.AuditEntry) string { return strconv.FormatInt(e.Seq, 10) }), nil
}

// A captureView is a message of the sandbox, without what it says.
type captureView struct {
	ID       string            `json:"id"`
	Delivery string            `json:"delivery"`
	Channel  incidents.Channel `json:"channel"`
	Mode     incidents.Mode    `json:"mode"`
	Lang     incidents.Lang    `json:"lang"`
	At       time.Time         `json:"at"`
}

func viewCapture(m incidents.Capture) captureView {
	return captureView{m.ID, m.Delivery.String(), m.Channel, m.Mode, m.Lang, m.At}
}

func (a api) outbox(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	var no int64
	if s := c.query("notice"); s != "" {
		n, err := a.noticeOf(c, s)
		if err != nil {
			return nil, err
		}
		no = n.No
	}
	list, err := a.Sandbox.Captures(c.ctx, no, c.query("before"), limit)
	if err != nil {
		return nil, err
	}
	return paged(views(list, viewCapture), limit, func(m captureView) string { return m.ID }), nil
}

// An openedCapture is a message as it would have left.
type openedCapture struct {
	captureView
	To      string `json:"to"`
	Subject string `json:"subject,omitempty"`
	Text    string `json:"text,omitempty"`  // when it is UTF-8
	Bytes   []byte `json:"bytes,omitempty"` // in base64, when it is not
}

// openCapture shows one person's message.
func (a api) openCapture(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	m, err := a.openCaptured(c.ctx, c.actor, c.vars["capture"], why)
	if err != nil {
		return nil, err
	}
	out := openedCapture{captureView: viewCapture(m), To: m.To, Subject: m.Subject}
	if utf8.Valid(m.Body) {
		out.Text = string(m.Body)
	} else {
		out.Bytes = m.Body
	}
	return out, nil
}

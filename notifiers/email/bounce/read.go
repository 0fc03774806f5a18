package bounce

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"strings"

	"tocsin/incidents"
)

// A Kind is what a mail that came back means.
type Kind string

// The kinds of mail that comes back.
const (
	Failed    Kind = "failed"    // a mail system gave the message up
	Delayed   Kind = "delayed"   // it still tries
	Complaint Kind = "complaint" // the person called the message spam
	AutoReply Kind = "autoreply" // a program answered for the person
	Other     Kind = "other"     // anything else: it says nothing of the delivery
)

// A Report is one mail that came back, without anything personal.
type Report struct {
	Kind Kind
	// Code is what the mail system said: "550 5.1.1", "5.1.1" or "550"; empty
	// when the mail kept to no standard. See RFC 5321 and RFC 3463.
	Code   string
	Reason string // one sentence
	// Weak is a bounce known by its address, its sender and its words alone.
	Weak bool
	// Envelope is the id the report gives to the message, if it gives one (RFC
	// 3464 §2.2.1): the delivery's own, where the relay passed it on.
	Envelope string
	Hash     string // SHA-256 of the mail, in hex
}

// Bounds of what is read of one mail.
const (
	MaxRead  = 1 << 20 // bytes of it; a report comes before the returned message
	maxDepth = 4       // of parts within parts
	maxParts = 32
	maxPart  = 64 << 10 // bytes of the part that holds the report
	maxText  = 8 << 10  // bytes of prose
)

// Read says what a mail means. nullSender tells that it came from <>, as a
// bounce must (RFC 5321 §4.5.5). An error says that it is no mail at all.
func Read(raw []byte, nullSender bool) (Report, error) {
	if len(raw) > MaxRead {
		raw = raw[:MaxRead]
	}
	sum := sha256.Sum256(raw)
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Report{}, incidents.Invalid("this is no mail: its header cannot be read")
	}
	body, err := io.ReadAll(m.Body)
	if err != nil {
		return Report{}, incidents.Invalid("this is no mail: its body cannot be read")
	}
	s := search{left: maxParts}
	s.part(textproto.MIMEHeader(m.Header), body, 0)
	r := s.report(m.Header, nullSender)
	r.Hash = hex.EncodeToString(sum[:])
	return r, nil
}

// A search goes through the parts of a mail for a report and the first prose.
type search struct {
	left     int
	status   []byte // message/delivery-status
	feedback []byte // message/feedback-report
	prose    []byte
}

// part looks at one part. It never opens a returned message: what a person was
// sent, or wrote, is not searched for reports.
func (s *search) part(h textproto.MIMEHeader, body []byte, depth int) {
	kind, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		kind = "text/plain"
	}
	switch {
	case strings.HasPrefix(kind, "multipart/") && depth < maxDepth:
		s.parts(multipart.NewReader(bytes.NewReader(body), params["boundary"]), depth)
	case (kind == "message/delivery-status" || kind == "message/global-delivery-status") && s.status == nil:
		s.status = decoded(h, body, maxPart)
	case kind == "message/feedback-report" && s.feedback == nil:
		s.feedback = decoded(h, body, maxPart)
	case kind == "text/plain" && s.prose == nil:
		s.prose = decoded(h, body, maxText)
	}
}

func (s *search) parts(r *multipart.Reader, depth int) {
	for s.left > 0 {
		p, err := r.NextRawPart()
		if err != nil {
			return // what is there of a mail cut short counts
		}
		s.left--
		b, _ := io.ReadAll(p) // as much as is there
		s.part(p.Header, b, depth+1)
	}
}

// decoded undoes the transfer encoding (RFC 2045 §6), as far as it goes.
func decoded(h textproto.MIMEHeader, body []byte, most int64) []byte {
	var r io.Reader = bytes.NewReader(body)
	switch strings.ToLower(strings.TrimSpace(h.Get("Content-Transfer-Encoding"))) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	b, _ := io.ReadAll(io.LimitReader(r, most))
	if b == nil {
		b = []byte{}
	}
	return b
}

// report weighs what was found: what a standard defines comes first, then what
// says that a program answered, last what only looks like a bounce.
func (s *search) report(h mail.Header, nullSender bool) Report {
	switch {
	case s.feedback != nil:
		return feedback(s.feedback)
	case s.status != nil:
		return status(s.status)
	case !nullSender && !fromDaemon(h):
		return Report{Kind: answer(h), Reason: "not from a mail system"}
	}
	return prose(h, s.prose)
}

func answer(h mail.Header) Kind {
	if automatic(h) {
		return AutoReply
	}
	return Other
}

// automatic tells that a program answered (RFC 3834 §5, and what was usual before).
func automatic(h mail.Header) bool {
	if auto, _, _ := strings.Cut(h.Get("Auto-Submitted"), ";"); auto != "" && !strings.EqualFold(strings.TrimSpace(auto), "no") {
		return true
	}
	for _, name := range []string{"X-Autoreply", "X-Autorespond", "X-Autoresponder", "X-Auto-Response-Suppress"} {
		if h.Get(name) != "" {
			return true
		}
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	return false
}

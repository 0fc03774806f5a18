package email

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"mime"
	"net/mail"
	"slices"
	"strings"
	"time"

	jw "github.com/jordan-wright/email"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// Build writes the whole message: headers in a fixed order, folded to 76
// columns, a text and, if there is one, an HTML part. Its Message-ID and
// boundary are functions of notice and delivery, so an attempt made again is
// recognised as the same.
func (o Options) Build(m notifiers.Message, date time.Time) ([]byte, error) {
	m.Text = m.Text.Whole()
	to, err := recipient(m)
	if err != nil {
		return nil, err
	}
	head, body, err := parts(m.Text.Text, m.Text.HTML, "=_tocsin_"+boundary(m.NoticeID, m.Text.Lang))
	if err != nil {
		return nil, fmt.Errorf("build the message of delivery %s: %w", m.Delivery, err)
	}
	b := o.address(make([]byte, 0, len(body)+1024), &m, to, date)
	b = header(b, "Subject", encodeWords(m.Text.Subject))
	b = append(b, o.fixed(m.Text.Lang, head.content)...)
	if head.coding != "" {
		b = b[:len(b)-2] // before the empty line
		b = header(b, "Content-Transfer-Encoding", head.coding)
		b = append(b, "\r\n"...)
	}
	return append(b, body...), nil
}

// A mimeHead is how a body says what it is.
type mimeHead struct{ content, coding string }

// parts has jordan-wright/email write the parts, and gives its random boundary
// a fixed one.
func parts(text, html, boundary string) (h mimeHead, body []byte, err error) {
	raw, err := (&jw.Email{Text: []byte(text), HTML: []byte(html)}).Bytes()
	if err != nil {
		return h, nil, err
	}
	head, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return h, nil, fmt.Errorf("read back: %w", err)
	}
	h = mimeHead{head.Header.Get("Content-Type"), head.Header.Get("Content-Transfer-Encoding")}
	kind, params, err := mime.ParseMediaType(h.content)
	if err != nil {
		return h, nil, fmt.Errorf("read back: %w", err)
	}
	_, body, _ = bytes.Cut(raw, []byte("\r\n\r\n"))
	if random := params["boundary"]; random != "" { // text alone has no parts
		h.content = kind + "; boundary=\"" + boundary + "\""
		body = bytes.ReplaceAll(body, []byte(random), []byte(boundary))
	}
	return h, body, nil
}

// address adds the headers of one person's message.
func (o *Options) address(b []byte, m *notifiers.Message, to mail.Address, date time.Time) []byte {
	b = folded(date.UTC().AppendFormat(append(b, "Date: "...), time.RFC1123Z), len(b))
	if o.from != "" {
		b = append(b, o.from...)
	} else {
		b = header(b, "From", o.From.String())
	}
	b = folded(mailbox(append(b, "To: "...), to), len(b))
	b = folded(o.messageID(append(b, "Message-ID: "...), m), len(b))
	b = header(b, "X-Notice-Id", string(m.NoticeID))
	return folded(m.Delivery.Append(append(b, "X-Delivery-Id: "...)), len(b))
}

// fixed is the headers that are the same for everybody, and the empty line.
func (o *Options) fixed(lang incidents.Lang, content string) string {
	var b []byte
	if o.ReplyTo != "" {
		b = header(b, "Reply-To", (&mail.Address{Address: o.ReplyTo}).String())
	}
	b = header(b, "Auto-Submitted", "auto-generated")
	b = header(b, "Content-Language", string(lang))
	b = header(b, "MIME-Version", "1.0")
	b = header(b, "Content-Type", content)
	return string(append(b, "\r\n"...))
}

// messageID adds the message's id, which is the same for every attempt of one delivery.
func (o *Options) messageID(b []byte, m *notifiers.Message) []byte {
	var room [128]byte
	what := append(append(append(room[:0], "message-id "...), m.NoticeID...), ' ')
	sum := sha256.Sum256(m.Delivery.Append(what))
	_, domain, _ := strings.Cut(o.From.Address, "@")
	b = append(hex.AppendEncode(append(b, '<'), sum[:16]), '.')
	return append(append(append(m.Delivery.Append(b), '@'), domain...), '>')
}

// maxName is how many bytes of a name stand in the To header: a line has at
// most 998 (RFC 5322 §2.1.1), and a word is not broken.
const maxName = 256

// recipient refuses what could end a header or an SMTP command early.
func recipient(m notifiers.Message) (mail.Address, error) {
	if strings.ContainsAny(m.To, "\r\n\x00<> ") || strings.Count(m.To, "@") != 1 {
		return mail.Address{}, incidents.Invalid("the e-mail address of delivery %s is not usable", m.Delivery)
	}
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, m.Name)
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	if strings.ContainsAny(m.Text.Subject, "\r\n\x00") {
		return mail.Address{}, incidents.Invalid("the subject of delivery %s has a line break", m.Delivery)
	}
	return mail.Address{Name: name, Address: m.To}, nil
}

// mailbox adds an address with its name. net/mail puts a backslash into an
// encoded word as it is, where RFC 2047 §5 (3) forbids it and readers stumble.
func mailbox(b []byte, a mail.Address) []byte {
	switch {
	case simple(a):
		if a.Name != "" {
			b = append(append(append(b, '"'), a.Name...), `" `...)
		}
		return append(append(append(b, '<'), a.Address...), '>')
	case ascii(a.Name) || !strings.Contains(a.Name, `\`):
		return append(b, a.String()...)
	}
	return append(b, mime.BEncoding.Encode("utf-8", a.Name)+" "+(&mail.Address{Address: a.Address}).String()...)
}

// simple tells what net/mail writes as it stands, the name in quotes: most
// persons are that.
func simple(a mail.Address) bool {
	for i := range len(a.Name) {
		if c := a.Name[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	before := byte('.')
	for i := range len(a.Address) {
		switch c := a.Address[i]; {
		case c == '@':
			return before != '.'
		case c == '.' && before != '.', c == '_', c == '-', c == '+', c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
			before = c
		default:
			return false
		}
	}
	return false
}

// encodeWords encodes a subject so that every encoded word fits a folded line
// (RFC 2047 §2), and also one that has no place where a line can be broken.
func encodeWords(s string) string {
	if len(s) <= maxUnbroken || !ascii(s) {
		return mime.QEncoding.Encode("utf-8", s)
	}
	var b strings.Builder
	for part := range slices.Chunk([]byte(s), 45) {
		b.WriteString(" =?utf-8?b?" + base64.StdEncoding.EncodeToString(part) + "?=")
	}
	return b.String()[1:]
}

// maxUnbroken is below the longest line of a header, 998 (RFC 5322 §2.1.1).
const maxUnbroken = 900

// header adds one field, folded.
func header(b []byte, name, value string) []byte {
	return folded(append(append(append(b, name...), ": "...), value...), len(b))
}

// maxLine is how many columns a header is folded to.
const maxLine = 76

// folded ends the field that begins at from: a line that is too long is broken
// at spaces.
func folded(b []byte, from int) []byte {
	if len(b)-from > maxLine {
		b = fold(b[:from], string(b[from:]))
	}
	return append(b, "\r\n"...)
}

// fold adds a field with its lines broken. No line is broken beside a second
// blank, which readers lose, nor before the first word of the value.
func fold(b []byte, field string) []byte {
	line, before := 0, ""
	for i, word := range strings.Split(field, " ") {
		switch {
		case i == 0:
		case i > 1 && word != "" && before != "" && line+1+len(word) > maxLine:
			b = append(b, "\r\n "...)
			line = 1
		default:
			b = append(b, ' ')
			line++
		}
		b = append(b, word...)
		line += len(word)
		before = word
	}
	return b
}

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
	var b bytes.Buffer
	b.Grow(len(body) + 1024)
	o.address(&b, m, to, date)
	header(&b, "Subject", encodeWords(m.Text.Subject))
	b.WriteString(o.fixed(m.Text.Lang, head.content))
	if head.coding != "" {
		b.Truncate(b.Len() - 2) // before the empty line
		header(&b, "Content-Transfer-Encoding", head.coding)
		b.WriteString("\r\n")
	}
	b.Write(body)
	return b.Bytes(), nil
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

// address writes the headers of one person's message.
func (o Options) address(b *bytes.Buffer, m notifiers.Message, to mail.Address, date time.Time) {
	header(b, "Date", date.UTC().Format(time.RFC1123Z))
	if o.from == "" {
		o.from = field("From", o.From.String())
	}
	b.WriteString(o.from)
	header(b, "To", mailbox(to))
	header(b, "Message-ID", o.messageID(m))
	header(b, "X-Notice-Id", string(m.NoticeID))
	header(b, "X-Delivery-Id", m.Delivery.String())
}

// fixed is the headers that are the same for everybody, and the empty line.
func (o Options) fixed(lang incidents.Lang, content string) string {
	var b bytes.Buffer
	if o.ReplyTo != "" {
		header(&b, "Reply-To", (&mail.Address{Address: o.ReplyTo}).String())
	}
	header(&b, "Auto-Submitted", "auto-generated")
	header(&b, "Content-Language", string(lang))
	header(&b, "MIME-Version", "1.0")
	header(&b, "Content-Type", content)
	b.WriteString("\r\n")
	return b.String()
}

// messageID is the same for every attempt of one delivery.
func (o Options) messageID(m notifiers.Message) string {
	sum := sha256.Sum256([]byte("message-id " + string(m.NoticeID) + " " + m.Delivery.String()))
	_, domain, _ := strings.Cut(o.From.Address, "@")
	return "<" + hex.EncodeToString(sum[:16]) + "." + m.Delivery.String() + "@" + domain + ">"
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

// mailbox is an address with its name. net/mail puts a backslash into an
// encoded word as it is, where RFC 2047 §5 (3) forbids it and readers stumble.
func mailbox(a mail.Address) string {
	if ascii(a.Name) || !strings.Contains(a.Name, `\`) {
		return a.String()
	}
	return mime.BEncoding.Encode("utf-8", a.Name) + " " + (&mail.Address{Address: a.Address}).String()
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

// header writes one field, folded at spaces to 76 columns.
func header(b *bytes.Buffer, name, value string) {
	line := len(name) + 2
	b.WriteString(name)
	b.WriteString(": ")
	before := "" // the word before: no line is broken beside a second blank, which readers lose
	for i, word := range strings.Split(value, " ") {
		switch {
		case i == 0:
		case word != "" && before != "" && line+1+len(word) > 76:
			b.WriteString("\r\n ")
			line = 1
		default:
			b.WriteByte(' ')
			line++
		}
		b.WriteString(word)
		line += len(word)
		before = word
	}
	b.WriteString("\r\n")
}

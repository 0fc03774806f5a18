package notifiers

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"

	"tocsin/incidents"
	"tocsin/templates"
)

// judged tells whether the first wave of a notice is no longer in the way. What
// cannot be judged now is judged by the sweeper.
func (d *Dispatcher) judged(ctx context.Context, notice int64) bool {
	passed, err := d.Journal.JudgeFirstWave(ctx, notice)
	if err != nil && ctx.Err() == nil {
		d.Log.Warn("the first wave could not be judged yet", "notice", notice, "cause", err)
	}
	return err == nil && passed
}

// waves remembers, by notice, what only one person of its first wave has.
type waves struct {
	mu sync.Mutex
	by map[int64]map[int64]marks // notice, seq
}

// marks are an address and a code that belong in the messages of one person.
type marks struct{ address, code string }

const maxWaves = 64

// others returns the marks of everybody else of the wave so far, and keeps these.
func (w *waves) others(notice, seq int64, m marks) (out []marks) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.by == nil || len(w.by) > maxWaves {
		w.by = map[int64]map[int64]marks{}
	}
	if w.by[notice] == nil {
		w.by[notice] = map[int64]marks{}
	}
	for k, x := range w.by[notice] {
		if k != seq {
			out = append(out, x)
		}
	}
	w.by[notice][seq] = m
	return out
}

// inspected looks at a message of a first wave as it would leave, without what
// made it: does it belong to its person, and is it whole? What does not is not
// sent, and the wave stops.
func (d *Dispatcher) inspected(ctx context.Context, j *job, c incidents.Claimed, m Message) (r incidents.Receipt, wrong bool) {
	found, err := guarded(func() (string, error) { return d.inspect(ctx, j, c, m) })
	switch {
	case err != nil:
		r = d.unsent(c, err)
		return r, true
	case found != "":
		d.Log.Error("a message of a first wave is not what it should be", "delivery", c.Delivery.ID.String(), "found", found)
		return incidents.Receipt{Outcome: incidents.OutcomeBroken, Code: incidents.CodeWrong, Reason: "the check before the first wave: " + found}, true
	}
	return incidents.Receipt{}, false
}

// inspect says what is wrong with a message, without personal data; "" for nothing.
func (d *Dispatcher) inspect(ctx context.Context, j *job, c incidents.Claimed, m Message) (string, error) {
	who, err := d.Opener.OpenContact(ctx, c.Person)
	if err != nil {
		return "", err
	}
	reader := incidents.ReaderOf(c.Person.Flags)
	to := addressee(who, reader)
	if want := addressOf(to, c.Delivery.ID.Channel, c.Person.Place, d.Home); m.To != want || want == "" {
		return "it is addressed to somebody else", nil
	}
	said, err := saidIn(m)
	if err != nil {
		return "it cannot be read back", nil
	}
	switch {
	case said.to != "" && said.to != m.To:
		return "its To header names another address", nil
	case strings.Contains(said.text, "{{") || strings.Contains(said.text, "}}"):
		return "a placeholder was not filled in", nil
	}
	ch := c.Delivery.ID.Channel
	if long := ch == incidents.Email || ch == incidents.Letter; long {
		flat := squeezed(said.text)
		code := d.Codes.Code(m.Delivery.Notice, m.Delivery.Seq)
		if !strings.Contains(flat, squeezed(code)) || !strings.Contains(flat, squeezed(j.ref)) {
			return "the code or the reference of this person is not in it", nil
		}
	}
	if ch == incidents.Email && reader == incidents.ReaderPerson && to.Name != "" && !strings.Contains(squeezed(said.text), squeezed(templates.Clean(to.Name))) {
		return "the name of this person is not in it", nil
	}
	if link := badLink(said.text); link {
		return "it holds a link that is not well-formed", nil
	}
	if d.strange(j, m, said.text) {
		return "it holds the address or the code of another person", nil
	}
	return "", nil
}

// addressOf is where a channel must carry a message to this person.
func addressOf(to incidents.Contact, ch incidents.Channel, place, home incidents.Place) string {
	switch ch {
	case incidents.Email:
		return to.Email
	case incidents.SMS, incidents.Phone:
		return to.Phone
	case incidents.Push:
		return to.PushToken
	case incidents.Letter:
		return postalAddress(to, place, home)
	}
	return ""
}

// strange tells that a text holds what belongs to another person of the wave.
// Addresses that are in the words of the notice are everybody's.
func (d *Dispatcher) strange(j *job, m Message, text string) bool {
	flat := squeezed(text)
	words := ""
	for _, x := range d.waves.others(m.Delivery.Notice, m.Delivery.Seq, marks{m.To, m.Code}) {
		if x.code != m.Code && strings.Contains(flat, squeezed(x.code)) {
			return true
		}
		if at := squeezed(x.address); at == squeezed(m.To) || !strings.Contains(flat, at) || strings.Contains(squeezed(m.To), at) {
			continue
		}
		if words == "" {
			b, _ := json.Marshal(j.notice.Notice().Content.Langs) // maps of texts always marshal
			words = squeezed(string(b))
		}
		if !strings.Contains(words, squeezed(x.address)) {
			return true
		}
	}
	return false
}

var linkLike = regexp.MustCompile(`https?:[^\s<>"']*`)

// badLink tells that a text holds a link without a host, or that cannot be read.
func badLink(text string) bool {
	for _, l := range linkLike.FindAllString(text, -1) {
		u, err := url.Parse(strings.TrimRight(l, ".,;:!?)。，；：！？）"))
		if err != nil || u.Host == "" || strings.Contains(u.Host, "..") {
			return true
		}
	}
	return false
}

// squeezed is a text without any space: lines are broken where they must.
func squeezed(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
}

// What a message says to who gets it.
type said struct{ to, text string }

// saidIn reads a message back: of e-mail the bytes that leave.
func saidIn(m Message) (said, error) {
	if len(m.Wire) > 0 && m.Delivery.Channel == incidents.Email {
		return readMail(m.Wire)
	}
	t := m.Text.Whole()
	return said{text: strings.Join([]string{t.Subject, t.Text, t.HTML, t.SMS, t.Title, t.Body, t.Spoken.String(), t.Letter.Text()}, "\n")}, nil
}

func readMail(wire []byte) (said, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(wire))
	if err != nil {
		return said{}, err
	}
	to, err := msg.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		return said{}, fmt.Errorf("%d addresses in To: %w", len(to), err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
	if err != nil {
		return said{}, err
	}
	body, err := readPart(msg.Header.Get("Content-Type"), msg.Header.Get("Content-Transfer-Encoding"), msg.Body)
	return said{to[0].Address, subject + "\n" + body}, err
}

// readPart decodes a body and all that is inside it.
func readPart(kind, encoding string, body io.Reader) (string, error) {
	if media, params, err := mime.ParseMediaType(kind); err == nil && strings.HasPrefix(media, "multipart/") {
		var b strings.Builder
		for r := multipart.NewReader(body, params["boundary"]); ; {
			p, err := r.NextRawPart()
			if err == io.EOF {
				return b.String(), nil
			}
			if err != nil {
				return "", err
			}
			text, err := readPart(p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p)
			if err != nil {
				return "", err
			}
			b.WriteString(text + "\n")
		}
	}
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	}
	b, err := io.ReadAll(body)
	return string(b), err
}

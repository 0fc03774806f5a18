package notifiers_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/templates"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// compiled is a notice in every language there are words in.
func compiled(t testing.TB) (*templates.Compiled, []incidents.Lang) {
	t.Helper()
	b, err := templates.New(templates.Org{Name: "Quillfeather Parcel", Domains: []string{"quillfeather.example"}, Contact: "privacy@quillfeather.example"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	langs := map[incidents.Lang]incidents.Words{}
	for _, l := range b.Languages() {
		langs[l] = incidents.Words{Subject: "About your data, {{ref}}", Happened: "A backup was copied. It held {{data}}.\n\n- one = one\n- two\n", Measures: "Wir haben alles geändert, {{name}}.",
			Advice: "请更改您的密码。{{code}}", Remedies: ".\nA line of dots: ...", Contact: "privacy@quillfeather.example"}
	}
	c, err := b.Compile(incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Langs: langs, Default: "en", Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err != nil {
		t.Fatal(err)
	}
	return c, b.Languages()
}

// canary is what only person i has; its figures end with a letter, so that
// none is a part of another.
func canary(kind string, i int) string { return fmt.Sprintf("%s%06dz", kind, i) }

func mailer(t testing.TB) *email.Channel {
	t.Helper()
	c, err := email.New(email.Options{Address: "localhost:25", TLS: email.TLSOff, From: mail.Address{Name: "Quillfeather", Address: "notices@quillfeather.example"},
		Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// written makes the message to person i as the dispatcher does.
func written(c *templates.Compiled, ch *email.Channel, lang incidents.Lang, i int) (notifiers.Message, error) {
	p := templates.Slots{Name: canary("Canaryname", i) + " 何 <&>", Data: canary("Canarydata", i), Code: canary("Canarycode", i), Ref: "INC-2026-0147",
		VerifyURL: "https://www.quillfeather.example/verify?code=" + canary("Canarycode", i)}
	text, err := c.Fill(lang, p)
	if err != nil {
		return notifiers.Message{}, err
	}
	m := notifiers.Message{Delivery: incidents.DeliveryID{Notice: 7, Seq: int64(i), Channel: incidents.Email}, Attempt: 1, Mode: incidents.Live, To: canary("canarymail", i) + "@example.com",
		Name: p.Name, Code: p.Code, NoticeID: "notice-7", Text: text}
	if err := ch.Encode(&m, noon); err != nil {
		return m, err
	}
	m.Seal([]byte("key"))
	return m, nil
}

// decoded is everything a message says, as a mail program shows it.
func decoded(wire []byte) (string, error) {
	msg, err := mail.ReadMessage(bytes.NewReader(wire))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	to, err := msg.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		return "", fmt.Errorf("%d recipients, %w", len(to), err)
	}
	b.WriteString(to[0].Name + "\n" + to[0].Address + "\n" + msg.Header.Get("X-Delivery-Id") + "\n" + msg.Header.Get("Subject") + "\n")
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		return "", err
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := r.NextRawPart()
		if err == io.EOF {
			return b.String(), nil
		}
		if err != nil {
			return "", err
		}
		if _, err := io.Copy(&b, quotedprintable.NewReader(p)); err != nil {
			return "", err
		}
		b.WriteByte('\n')
	}
}

// Nobody gets a word of anybody else's: 100 000 messages, made by eight at once
// from the same skeletons, hold the canaries of their person and no other.
func TestNobodyGetsAnothersCanary(t *testing.T) {
	n := 100_000
	if raceEnabled {
		n = 24_000
	}
	if testing.Short() {
		n = min(n, 20_000)
	}
	c, langs := compiled(t)
	ch := mailer(t)
	set := notifiers.LiveSet([]byte("key"), map[incidents.Channel]notifiers.Channel{incidents.Email: took{}})
	var wg sync.WaitGroup
	for hand := range 8 {
		wg.Go(func() {
			for i := hand; i < n; i += 8 {
				m, err := written(c, ch, langs[i/8%len(langs)], i)
				if err != nil {
					t.Error(err)
					return
				}
				if err := own(m.Wire, i); err != nil {
					t.Errorf("message %d: %v", i, err)
					return
				}
				if r := set.SendAll(t.Context(), t.Context(), incidents.Email, []notifiers.Message{m}); r[0].Outcome != incidents.OutcomeAccepted {
					t.Errorf("message %d: %s", i, r[0].Outcome)
					return
				}
			}
		})
	}
	wg.Wait()
}

// own checks that a message holds every canary of person i and none of others.
// The canaries are letters and figures, which quoted-printable leaves as they
// are; every sixteenth message is read as a mail program does.
func own(wire []byte, i int) error {
	names := 4 // in greeting and measures of two parts; the To header is in base64
	text := string(bytes.ReplaceAll(wire, []byte("=\r\n"), nil))
	if i%16 == 0 {
		var err error
		if text, err = decoded(wire); err != nil {
			return err
		}
		names++
	}
	me := fmt.Sprintf("%06dz", i)
	seen := map[string]int{}
	for rest := text; ; {
		at := strings.Index(rest, "anary")
		if at < 0 {
			break
		}
		rest = rest[at:]
		if len(rest) < 16 || rest[9:16] != me {
			return fmt.Errorf("it holds %.16s", rest)
		}
		seen[strings.ToLower(rest[5:9])]++
		rest = rest[16:]
	}
	// the code in two parts and two links, the data in two parts
	if seen["name"] < names || seen["mail"] < 1 || seen["code"] < 4 || seen["data"] < 2 {
		return fmt.Errorf("it holds of its own only %v", seen)
	}
	if !strings.Contains(text, fmt.Sprintf("7-%d-e", i)) {
		return fmt.Errorf("it is of another delivery")
	}
	return nil
}

// took takes everything.
type took struct{}

func (took) Send(context.Context, notifiers.Message) (incidents.Receipt, error) {
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted}, nil
}

// A shifted column, a mixed-up buffer: whatever of a message is another's when
// it comes to leave, it does not leave.
func TestASetRefusesWhatIsAnothers(t *testing.T) {
	c, langs := compiled(t)
	ch := mailer(t)
	set := notifiers.LiveSet([]byte("key"), map[incidents.Channel]notifiers.Channel{incidents.Email: took{}})
	mine, err := written(c, ch, langs[0], 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := written(c, ch, langs[0], 2)
	if err != nil {
		t.Fatal(err)
	}
	sends := func(m notifiers.Message) bool {
		batch := set.SendAll(t.Context(), t.Context(), incidents.Email, []notifiers.Message{other, m, other})
		if batch[0].Outcome != incidents.OutcomeAccepted || batch[2].Outcome != incidents.OutcomeAccepted {
			t.Error("its neighbours did not leave")
		}
		return batch[1].Outcome == incidents.OutcomeAccepted
	}
	if !sends(mine) {
		t.Fatal("the message itself does not leave")
	}
	for name, swap := range map[string]func(m *notifiers.Message){
		"another's bytes":         func(m *notifiers.Message) { m.Wire = other.Wire },
		"one byte":                func(m *notifiers.Message) { m.Wire = bytes.Clone(m.Wire); m.Wire[len(m.Wire)/2] ^= 1 },
		"no bytes":                func(m *notifiers.Message) { m.Wire = nil },
		"another's address":       func(m *notifiers.Message) { m.To = other.To },
		"another's delivery":      func(m *notifiers.Message) { m.Delivery = other.Delivery },
		"another's name":          func(m *notifiers.Message) { m.Name = other.Name },
		"another's code":          func(m *notifiers.Message) { m.Code = other.Code },
		"another's notice":        func(m *notifiers.Message) { m.NoticeID = "notice-8" },
		"another's values":        func(m *notifiers.Message) { m.Text.Filled = other.Text.Filled; m.Wire = nil },
		"a drill":                 func(m *notifiers.Message) { m.Mode = incidents.Drill },
		"sealed by somebody else": func(m *notifiers.Message) { m.Seal([]byte("another key")) },
	} {
		m := mine
		swap(&m)
		if sends(m) {
			t.Errorf("with %s it left", name)
		}
	}
}

package email_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/templates"
)

// What authors and lists hold, at its worst.
var nasty = rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,200}`), rapid.SampledFrom([]string{
	"Zoë Müller", "何霞", "نورة الخطيب", "נועה לדוגמה", "🧑‍🚀 Ağa 👩‍👩‍👧", `Ann "x" <evil@example.com>`, `&<>"'`, "O'Hara & \"Söhne\"", "=3D=\t= ==", "=",
	".", "..", ".\n.\n", "a\r\n.\r\nMAIL FROM:<x@example.com>", "a\r\nBcc: x@example.com", "tab\tand\ttab\t", "blank at the end ", "  two  blanks  ",
	strings.Repeat("x", 74) + ". " + strings.Repeat("y", 75) + " .z", strings.Repeat("long ", 400), strings.Repeat("x", 3000), strings.Repeat("ж", 900),
	strings.Repeat("a", 73) + "=" + strings.Repeat("b", 75) + ".", "From me\nFrom you", "--=_tocsin_notice_7_en--", "a  " + strings.Repeat("w", 90) + "  " + strings.Repeat("v", 90), "=?utf-8?q?x?=", "back\\slash \u00e9", "\u202egnp.exe", "\x00\x1b[31m", "\xff\xfe"}))

// words joins a few nasty pieces and placeholders to a text without {{, }} and [[.
func words(t *rapid.T, label string, slots ...string) string {
	bare := strings.NewReplacer("{", "(", "}", ")", "[", "(", "]", ")", "qZ7slotX", "")
	var b strings.Builder
	for range rapid.IntRange(1, 2).Draw(t, label+" pieces") {
		b.WriteString(bare.Replace(nasty.Draw(t, label)))
		b.WriteString(rapid.SampledFrom(append([]string{"", " ", "\n", "\n\n- "}, slots...)).Draw(t, label+" slot"))
	}
	if strings.TrimSpace(templates.Clean(b.String())) == "" {
		b.WriteString("x")
	}
	return b.String()
}

var house = templates.Org{Name: "Quillfeather Parcel", Domains: []string{"quillfeather.example"}, Contact: "privacy@quillfeather.example"}

func book(t testing.TB) *templates.Book {
	t.Helper()
	b, err := templates.New(house, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// What is written from a skeleton is the message built whole, byte by byte in
// its headers and in what its parts say.
func TestASkeletonIsTheMessageBuiltWhole(t *testing.T) {
	b := book(t)
	o := options("localhost:25")
	o.ReplyTo = "care@example.com"
	tried, made := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		tried++
		lang := rapid.SampledFrom(b.Languages()).Draw(t, "language")
		slots := []string{"{{name}}", "{{data}}", "{{code}}", "{{ref}}", "{{org}}", "{{end_date}}", "{{verify_url}}", " {{name}} ", "{{code}}\n"}
		subject := words(t, "subject", "{{code}}", " {{name}} ")
		w := incidents.Words{Subject: subject[:min(len(subject), 700)], Happened: words(t, "happened", slots...), Measures: words(t, "measures", slots...),
			Advice: words(t, "advice", slots...), Remedies: words(t, "remedies", slots...), Contact: words(t, "contact", slots...)}
		kind := rapid.SampledFrom([]incidents.NoticeKind{incidents.NoticeBreach, incidents.NoticeTermination}).Draw(t, "kind")
		mode := rapid.SampledFrom([]incidents.Mode{incidents.Live, incidents.Drill}).Draw(t, "mode")
		c, err := b.Compile(incidents.Content{Kind: kind, Mode: mode, Langs: map[incidents.Lang]incidents.Words{lang: w}, Default: lang, EndDate: "2027-01-31",
			Plan: []incidents.Step{{Channel: incidents.Email}}})
		if err != nil {
			return // an author who wrote this is told so
		}
		ch, err := email.New(o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 3 { // the second is made from a skeleton that was there
			p := templates.Slots{Name: nasty.Draw(t, "name"), Data: nasty.Draw(t, "data") + "x", Code: nasty.Draw(t, "code") + "x", Ref: nasty.Draw(t, "ref") + "x",
				VerifyURL: "https://www.quillfeather.example/verify?code=AB" + fmt.Sprint(i)}
			filled, err := c.Fill(lang, p)
			if err != nil {
				return
			}
			m := notifiers.Message{Delivery: incidents.DeliveryID{Notice: 7, Seq: int64(i + 1), Channel: incidents.Email}, Mode: mode, To: fmt.Sprintf("p%d@example.com", i),
				Name: p.Name, Code: p.Code, NoticeID: "notice-7", Text: filled}
			if err := ch.Encode(&m, noon); err != nil {
				t.Fatal(err)
			}
			whole, err := o.Build(m, noon)
			if err != nil {
				t.Fatal(err)
			}
			same(t, m, whole)
			rendered, err := c.Render(incidents.Email, lang, p)
			if err != nil || rendered != filled.Whole() {
				t.Fatalf("Render and Fill differ (%v)", err)
			}
			made++
		}
	})
	if made < tried {
		t.Errorf("%d messages of %d notices: the property says little", made, tried)
	}
}

// same compares what leaves with the message built whole.
func same(t *rapid.T, m notifiers.Message, whole []byte) {
	t.Helper()
	lineByLine(t, m.Wire)
	head, _, _ := bytes.Cut(m.Wire, []byte("\r\n\r\n"))
	wantHead, _, _ := bytes.Cut(whole, []byte("\r\n\r\n"))
	if string(head) != string(wantHead) {
		t.Fatalf("headers\n%s\nand built whole\n%s", head, wantHead)
	}
	got, parts := readBack(t, m.Wire)
	_, want := readBack(t, whole)
	if len(parts) != 2 || len(want) != 2 {
		t.Fatalf("%d parts and %d", len(parts), len(want))
	}
	for i := range parts {
		if !maps.EqualFunc(parts[i].head, want[i].head, slices.Equal) {
			t.Fatalf("part %d is %v, built whole %v", i, parts[i].head, want[i].head)
		}
		if parts[i].text != want[i].text {
			t.Fatalf("part %d reads\n%q\nbuilt whole\n%q", i, parts[i].text, want[i].text)
		}
	}
	known := []string{"Date", "From", "To", "Subject", "Message-Id", "X-Notice-Id", "X-Delivery-Id", "Reply-To", "Auto-Submitted", "Content-Language", "Mime-Version", "Content-Type"}
	for k, v := range got {
		if !slices.Contains(known, k) || len(v) != 1 {
			t.Fatalf("a header %s came in %d times", k, len(v))
		}
	}
	if to, err := got.AddressList("To"); err != nil || len(to) != 1 || to[0].Address != m.To {
		t.Fatalf("To has %d addresses (%v)", len(to), err)
	}
	text := m.Text.Whole()
	if parts[0].text != strings.ReplaceAll(text.Text, "\n", "\r\n") || parts[1].text != strings.ReplaceAll(text.HTML, "\n", "\r\n") {
		t.Fatalf("the parts do not say what was rendered:\n%q\n%q", parts[0].text, text.Text)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(got.Get("Subject"))
	if err != nil || subject != text.Subject && !strings.Contains(text.Subject, "=?") {
		t.Fatalf("Subject reads %q (%v), want %q", subject, err, text.Subject)
	}
}

// lineByLine checks what every relay demands of a message.
func lineByLine(t *rapid.T, wire []byte) {
	t.Helper()
	header := true
	for i, line := range strings.Split(string(wire), "\r\n") {
		most := 78
		if header {
			most = 998
			if couldBeFolded(line) {
				t.Fatalf("header line %d has %d octets and could be folded: %q", i, len(line), line)
			}
			if line != "" && strings.TrimSpace(line) == "" {
				t.Fatalf("header line %d is blank", i)
			}
		}
		header = header && line != ""
		if len(line) > most || strings.HasPrefix(line, ".") || strings.ContainsAny(line, "\r\n") {
			t.Fatalf("line %d: %q", i, line)
		}
		for j := range len(line) {
			if line[j] >= 0x80 {
				t.Fatalf("line %d is not 7-bit", i)
			}
		}
	}
}

// couldBeFolded tells that a word stands after column 76 that could begin a
// line: after a single blank, and not as the first of its header.
func couldBeFolded(line string) bool {
	words := strings.Split(line, " ")
	end := len(words[0])
	for i, word := range words[1:] {
		end += 1 + len(word)
		first := i == 0 && strings.HasSuffix(words[0], ":")
		if end > 76 && word != "" && words[i] != "" && !first {
			return true
		}
	}
	return false
}

type readPart struct {
	head map[string][]string
	text string
}

// readBack reads a message as a mail program does.
func readBack(t *rapid.T, wire []byte) (mail.Header, []readPart) {
	t.Helper()
	msg, err := mail.ReadMessage(bytes.NewReader(wire))
	if err != nil {
		t.Fatalf("it does not read back: %v\n%s", err, wire)
	}
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	var out []readPart
	for {
		p, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return msg.Header, out
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Header.Get("Content-Transfer-Encoding") != "quoted-printable" {
			t.Fatalf("a part in %q", p.Header.Get("Content-Transfer-Encoding"))
		}
		text, err := io.ReadAll(quotedprintable.NewReader(p))
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, readPart{p.Header, string(text)})
	}
}

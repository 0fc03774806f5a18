package email_test

import (
	"bufio"
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
)

func TestBuildReadsBackAsItWasWritten(t *testing.T) {
	for _, tc := range []struct{ name, person, subject, text string }{
		{"plain", "Ada Example", "About your data", "Hello.\n"},
		{"Chinese", "何霞", "关于您的个人信息的一起安全事件，请您仔细阅读以下内容并采取措施", "您好：\n发生了什么\n"},
		{"a comma in the name", "Doe, Jane", "About your data", "Hello.\n"},
		{"quotes and brackets in the name", `Ann "x" <evil@example.com>`, "About your data", "Hello.\n"},
		{"dots that end a message", "Ada", "Dots", ".\n..\n.dot\n"},
		{"very long lines", "Ada", strings.Repeat("word ", 60) + "end", strings.Repeat("x", 5000) + "\n"},
		{"right to left", "נועה לדוגמה", "About your data", "שלום\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := channeltest.Message(incidents.Email, "ada@example.com", 1)
			m.Name, m.Text.Subject, m.Text.Text = tc.person, tc.subject, tc.text
			raw, msg := built(t, m)
			to, err := msg.Header.AddressList("To")
			if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" || to[0].Name != tc.person {
				t.Errorf("To reads %v (%v)", to, err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(msg.Header.Get("Subject"))
			if err != nil || subject != tc.subject {
				t.Errorf("Subject reads %q (%v)", subject, err)
			}
			if msg.Header.Get("X-Notice-Id") != "notice-7" || msg.Header.Get("Cc")+msg.Header.Get("Bcc") != "" {
				t.Error("the headers are not what they should be")
			}
			if text := part(t, msg, "text/plain"); strings.ReplaceAll(text, "\r\n", "\n") != tc.text {
				t.Errorf("the text reads %.80q", text)
			}
			lines := bufio.NewScanner(bytes.NewReader(raw))
			for lines.Scan() {
				if len(lines.Bytes()) > 998 {
					t.Errorf("a line of %d bytes", len(lines.Bytes()))
				}
			}
		})
	}
}

func built(t *testing.T, m notifiers.Message) ([]byte, *mail.Message) {
	t.Helper()
	raw, err := options("localhost:25").Build(m, noon)
	if err != nil {
		t.Fatal(err)
	}
	msg, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	return raw, msg
}

// What the team gets is text alone.
func TestTextAloneReadsBack(t *testing.T) {
	m := channeltest.Message(incidents.Email, "team@example.com", 1)
	m.Text.HTML, m.Text.Text = "", "50 % of the time is gone – hurry.\n"
	_, msg := built(t, m)
	text, err := io.ReadAll(quotedprintable.NewReader(msg.Body))
	if kind, params, _ := mime.ParseMediaType(msg.Header.Get("Content-Type")); err != nil || kind != "text/plain" || params["charset"] != "UTF-8" ||
		msg.Header.Get("Content-Transfer-Encoding") != "quoted-printable" || strings.TrimSpace(string(text)) != strings.TrimSpace(m.Text.Text) {
		t.Errorf("it reads %s %v %q, %v", kind, params, text, err)
	}
}

func part(t *testing.T, msg *mail.Message, want string) string {
	_, params, err := mime.ParseMediaType(msg.Header.Get("Content-Type"))
	if err != nil {
		t.Fatal(err)
	}
	r := multipart.NewReader(msg.Body, params["boundary"])
	for {
		p, err := r.NextPart()
		if err != nil {
			t.Fatalf("no part %s: %v", want, err)
		}
		if strings.HasPrefix(p.Header.Get("Content-Type"), want) {
			b, err := io.ReadAll(p)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
}

// What a stranger writes into a name or an address adds no header and no recipient.
func FuzzBuild(f *testing.F) {
	for _, s := range []string{"Ada", "Ada\r\nBcc: x@example.com", "a\x00b", "=?utf-8?q?x?=", "\u202eabc", `"`} {
		f.Add(s, s, "ada@example.com")
	}
	f.Fuzz(func(t *testing.T, name, subject, to string) {
		m := channeltest.Message(incidents.Email, to, 1)
		m.Name, m.Text.Subject = name, subject
		raw, err := options("localhost:25").Build(m, noon)
		if err != nil {
			return
		}
		msg, err := mail.ReadMessage(bytes.NewReader(raw))
		if err != nil {
			t.Fatalf("it does not read back: %v", err)
		}
		for key := range msg.Header {
			switch key {
			case "Date", "From", "To", "Subject", "Message-Id", "X-Notice-Id", "X-Delivery-Id", "Auto-Submitted", "Content-Language", "Mime-Version", "Content-Type":
			default:
				t.Fatalf("a header %q came in", key)
			}
		}
		if n := len(msg.Header["To"]); n != 1 {
			t.Fatalf("%d To headers", n)
		}
	})
}

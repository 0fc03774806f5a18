package email

import (
	"net/mail"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// What stands in headers at its worst.
var worst = rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,120}`), rapid.StringMatching(`[a-zA-Z0-9._+-]{0,40}`), rapid.SampledFrom([]string{
	"", "Ada Example", "Zoë Müller", "何霞", `Ann "x" <evil@example.com>`, `back\slash`, "back\\slash é", "O'Hara & \"Söhne\"", "=?utf-8?q?x?=", "two  blanks", " blank first", "blank last ",
	"tab\there", ".", "a..b", ".a", "a.", "a.b", "a+b-c_d", "a!b", strings.Repeat("long ", 60), strings.Repeat("x", 200), strings.Repeat("x", 62) + " y", strings.Repeat("x", 70) + "  " + strings.Repeat("y", 70),
	strings.Repeat("ж", 90), "del\x7f", "\x00\x1b", "\xff"}))

// plainly writes a field word by word, in the long way.
func plainly(name, value string) string {
	var b strings.Builder
	line := len(name) + 2
	b.WriteString(name + ": ")
	before := ""
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
	return b.String() + "\r\n"
}

func TestAHeaderIsFoldedAsWordByWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name, value := rapid.SampledFrom([]string{"To", "Subject", "X-Delivery-Id"}).Draw(t, "name"), worst.Draw(t, "value")
		if got, want := string(header([]byte("before\r\n"), name, value)), "before\r\n"+plainly(name, value); got != want {
			t.Fatalf("%q\nword by word\n%q", got, want)
		}
	})
}

// Most addresses are written without net/mail, and none otherwise than it does.
func TestAnAddressIsWrittenAsNetMailDoes(t *testing.T) {
	short := 0
	rapid.Check(t, func(t *rapid.T) {
		a := mail.Address{Name: worst.Draw(t, "name"), Address: worst.Draw(t, "local") + "@" + worst.Draw(t, "domain")}
		if strings.Count(a.Address, "@") != 1 {
			return // recipient refuses it
		}
		if simple(a) {
			short++
		}
		if strings.Contains(a.Name, `\`) && !ascii(a.Name) {
			a.Name = strings.ReplaceAll(a.Name, `\`, "") // where net/mail is wrong
		}
		if got := string(mailbox(nil, a)); got != a.String() {
			t.Fatalf("%q, net/mail writes %q", got, a.String())
		}
	})
	if short == 0 {
		t.Error("no address was a simple one: the property says little")
	}
}

// The headers of a message are what they were before they were written in one
// go: a message that is sent again after an upgrade is the same message.
func TestHeadersStayWhatTheyWere(t *testing.T) {
	o := Options{From: mail.Address{Name: "Käfer & Söhne", Address: "notices@example.com"}, ReplyTo: "care@example.com"}
	m := notifiers.Message{Delivery: incidents.DeliveryID{Notice: 12, Seq: 345678, Channel: incidents.Email}, NoticeID: "0190f6c2-7b1e-7c3a-9d2f-2f1f6b8f0a11", To: "zoe@example.com",
		Name: "Zoë Müller of a house whose name is much longer than a line of a header may be", Attempt: 3}
	m.Text.Lang, m.Text.Subject, m.Text.Text = "de", "Ihre Daten: was geschehen ist, was wir getan haben, und was Sie jetzt tun können – bitte lesen Sie dies", "Guten Tag.\n"
	raw, err := o.Build(m, time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	was := `Date: Tue, 24 Nov 2026 12:00:00 +0000
From: =?utf-8?b?S8OkZmVyICYgU8O2aG5l?= <notices@example.com>
To: =?utf-8?q?Zo=C3=AB_M=C3=BCller_of_a_house_whose_name_is_much_longer_than_?=
 =?utf-8?q?a_line_of_a_header_may_be?= <zoe@example.com>
Message-ID: <d55e470e63392ac742e90e7ab7d345e9.12-345678-e@example.com>
X-Notice-Id: 0190f6c2-7b1e-7c3a-9d2f-2f1f6b8f0a11
X-Delivery-Id: 12-345678-e
Subject: =?utf-8?q?Ihre_Daten:_was_geschehen_ist,_was_wir_getan_haben,_und_was_Sie?=
 =?utf-8?q?_jetzt_tun_k=C3=B6nnen_=E2=80=93_bitte_lesen_Sie_dies?=
Reply-To: <care@example.com>
Auto-Submitted: auto-generated
Content-Language: de
MIME-Version: 1.0
Content-Type: text/plain; charset=UTF-8
Content-Transfer-Encoding: quoted-printable`
	if got := strings.ReplaceAll(head, "\r\n", "\n"); got != was {
		t.Errorf("they are\n%s\nand were\n%s", got, was)
	}
}

package email_test

import (
	"bufio"
	"bytes"
	"net"
	"strconv"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
	"tocsin/templates"
)

// letters makes messages of one notice, filled and not yet written, as a hand gets them.
func letters(b *testing.B, n int) []notifiers.Message {
	b.Helper()
	text := "Between 1 and 3 March somebody read what we keep of our customers. We closed the way they came in on the day we found it, and told the authority. "
	words := incidents.Words{Subject: "About your data", Happened: text + "Of you they read {{data}}.", Measures: text, Advice: text + "Look at {{verify_url}}.",
		Remedies: text, Contact: "Write to privacy@quillfeather.example and name {{ref}}."}
	c, err := book(b).Compile(incidents.Content{Kind: incidents.NoticeBreach, Mode: incidents.Live, Langs: map[incidents.Lang]incidents.Words{"en": words}, Default: "en",
		EndDate: "2027-01-31", Plan: []incidents.Step{{Channel: incidents.Email}}})
	if err != nil {
		b.Fatal(err)
	}
	ms := make([]notifiers.Message, n)
	for i := range ms {
		no := strconv.Itoa(10_000 + i)
		filled, err := c.Fill("en", templates.Slots{Name: "Ada Example " + no, Data: "your name and address", Code: "04H2-9K3M-QX7A-C1", Ref: "INC-2026-0001",
			VerifyURL: "https://www.quillfeather.example/verify?code=04H2-9K3M-QX7A-C1"})
		if err != nil {
			b.Fatal(err)
		}
		ms[i] = notifiers.Message{Delivery: incidents.DeliveryID{Notice: 7, Seq: int64(10_000 + i), Channel: incidents.Email}, Attempt: 1, Mode: incidents.Live,
			To: "person" + no + "@example.com", Name: "Ada Example " + no, Code: "04H2-9K3M-QX7A-C1", NoticeID: "0190f6c2-7b1e-7c3a-9d2f-2f1f6b8f0a11", Text: filled}
	}
	return ms
}

func channel(b *testing.B, addr string) *email.Channel {
	b.Helper()
	c, err := email.New(options(addr))
	if err != nil {
		b.Fatal(err)
	}
	return c
}

func BenchmarkEncode(b *testing.B) {
	c, ms := channel(b, "localhost:25"), letters(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		ms[0].Wire = ms[0].Wire[:0] // as when a buffer is used again
		if err := c.Encode(&ms[0], noon); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(len(ms[0].Wire)))
}

// BenchmarkSendAll sends batches of sixteen to a relay that reads and says yes.
func BenchmarkSendAll(b *testing.B) {
	c, ms := channel(b, yesman(b)), letters(b, 16)
	defer c.Close()
	for i := range ms {
		if err := c.Encode(&ms[i], noon); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, r := range c.SendAll(b.Context(), b.Context(), ms) {
			if r.Outcome != incidents.OutcomeAccepted {
				b.Fatalf("%+v", r)
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ms)), "ns/message")
}

// yesman is a relay that does no work of its own: it says yes to everything.
func yesman(b *testing.B) (addr string) {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	b.Cleanup(func() { ln.Close(); <-done })
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		r, w := bufio.NewReaderSize(c, 1<<17), bufio.NewWriter(c)
		w.WriteString("220 yes\r\n")
		for {
			if r.Buffered() == 0 && w.Flush() != nil {
				return
			}
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			switch {
			case bytes.HasPrefix(line, []byte("EHLO")):
				w.WriteString("250-yes\r\n250-PIPELINING\r\n250 CHUNKING\r\n")
			case bytes.HasPrefix(line, []byte("BDAT ")):
				n := 0
				for _, d := range line[len("BDAT "):] {
					if d == ' ' {
						break
					}
					n = 10*n + int(d-'0')
				}
				r.Discard(n)
				w.WriteString("250 2.0.0 OK: queued as 4a7f\r\n")
			default:
				w.WriteString("250 2.1.0 Ok\r\n")
			}
		}
	}()
	return ln.Addr().String()
}

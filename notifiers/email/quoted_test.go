package email

import (
	"bytes"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
)

// What is written in pieces, with lines broken between them, reads back as the
// pieces together.
func FuzzQuoted(f *testing.F) {
	for _, s := range []string{"", "plain", "..\n.", " \t\n ", "=", "é\u202e", strings.Repeat("x", 76) + ".", strings.Repeat("=", 26), "a\r\nb\nc\rd", "x ", "\xff\x00"} {
		f.Add(s, s, true)
		f.Add(s, "next", false)
	}
	f.Fuzz(func(t *testing.T, a, b string, soft bool) {
		var q quoted
		q.write([]byte(a))
		if soft {
			q.soft()
		}
		joined := !soft && strings.HasSuffix(a, "\r") && strings.HasPrefix(b, "\n") // a line break is never cut in two
		q.write([]byte(b))
		for line := range bytes.SplitSeq(q.b, []byte("\r\n")) {
			if len(line) > 76 || bytes.HasPrefix(line, []byte(".")) || bytes.ContainsAny(line, "\r\n") || strings.TrimRight(string(line), " \t") != string(line) {
				t.Fatalf("the line %q", line)
			}
		}
		got, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(q.b)))
		if err != nil {
			t.Fatalf("%v in %q", err, q.b)
		}
		breaks := func(s string) string { return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n") }
		if want := breaks(a) + breaks(b); string(got) != want && !joined {
			t.Fatalf("%q reads back as %q", want, got)
		}
	})
}

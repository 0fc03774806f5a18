package email

import (
	"bufio"
	"strings"
	"testing"
)

func TestReadReply(t *testing.T) {
	for _, c := range []struct {
		said     string
		code     int // 0: it is no SMTP
		enhanced [3]int
		text     string
	}{
		{"250 2.1.0 Sender ok\r\n", 250, [3]int{2, 1, 0}, "Sender ok"},
		{"250 OK: queued as 12.34\r\n", 250, [3]int{}, "OK: queued as 12.34"},
		{"250\r\n", 250, [3]int{}, ""},
		{"250 \r\n", 250, [3]int{}, ""},
		{"250 2.0.0\n", 250, [3]int{2, 0, 0}, ""},
		{"250-2.0.0 first\r\n250 5.1.10 last\r\n", 250, [3]int{5, 1, 10}, "last"},
		{"550 5.1 unknown\r\n", 550, [3]int{}, "5.1 unknown"},
		{"550 5.1.1.1 unknown\r\n", 550, [3]int{}, "5.1.1.1 unknown"},
		{"550 5.1.1000 unknown\r\n", 550, [3]int{}, "5.1.1000 unknown"},
		{"550 5.-1.1 unknown\r\n", 550, [3]int{}, "5.-1.1 unknown"},
		{"550 5..1 unknown\r\n", 550, [3]int{}, "5..1 unknown"},
		{said: "25\r\n"},
		{said: "\r\n"},
		{said: "2500 ok\r\n"},
		{said: "2 0 ok\r\n"},
		{said: "+25 ok\r\n"},
		{said: "199 ok\r\n"},
		{said: "600 ok\r\n"},
		{said: "HTTP/1.1 400 Bad Request\r\n"},
		{said: strings.Repeat("250-more\r\n", maxReplyLines+1)},
	} {
		p, err := readReply(bufio.NewReader(strings.NewReader(c.said)), nil)
		if (err == nil) != (c.code != 0) || err == nil && (p.code != c.code || p.enhanced != c.enhanced || p.text != c.text) {
			t.Errorf("%.40q is read as %+v, %v", c.said, p, err)
		}
	}
}

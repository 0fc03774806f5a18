package email

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"errors"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// A reply is what the relay said to one command (RFC 5321 §4.2).
type reply struct {
	code     int
	enhanced [3]int // RFC 3463; zeros when there is none
	text     string // of the last line, after the codes
}

// errNoReply is the error of an answer that is not SMTP.
var errNoReply = errors.New("the relay's answer is not SMTP")

const maxReplyLines = 64

// readReply reads one reply, of one or more lines. each is told every line.
func readReply(r *bufio.Reader, each func(text string)) (p reply, err error) {
	for range maxReplyLines {
		line, err := r.ReadSlice('\n') // bounded by the reader's buffer
		if err != nil {
			return p, err
		}
		line = bytes.TrimRight(line, "\r\n")
		if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
			return p, errNoReply
		}
		if p.code = codeOf(line[:3]); p.code < 200 || p.code > 599 {
			return p, errNoReply
		}
		text := string(line[min(4, len(line)):])
		if each != nil {
			each(text)
		}
		if len(line) == 3 || line[3] == ' ' {
			p.enhanced, p.text = enhancedOf(text)
			return p, nil
		}
	}
	return p, errNoReply
}

// codeOf reads digits; -1 of anything else.
func codeOf(b []byte) (n int) {
	for _, c := range b {
		if c < '0' || c > '9' {
			return -1
		}
		n = 10*n + int(c-'0')
	}
	return n
}

// enhancedOf cuts an enhanced status code off a text.
func enhancedOf(s string) (e [3]int, rest string) {
	first, rest, _ := strings.Cut(s, " ")
	class, more, _ := strings.Cut(first, ".")
	subject, detail, ok := strings.Cut(more, ".")
	if !ok {
		return e, s
	}
	for i, p := range [...]string{class, subject, detail} {
		n, err := strconv.Atoi(p)
		if err != nil || n < 0 || n > 999 {
			return [3]int{}, s
		}
		e[i] = n
	}
	return e, rest
}

func (p reply) ok() bool { return p.code >= 200 && p.code < 300 }

// String is the codes alone: a relay's text may name the person.
func (p reply) String() string {
	out := strconv.Itoa(p.code)
	if p.enhanced != [3]int{} {
		out += " " + strconv.Itoa(p.enhanced[0]) + "." + strconv.Itoa(p.enhanced[1]) + "." + strconv.Itoa(p.enhanced[2])
	}
	return out
}

// refusal is what a reply that is not a yes means for a message.
func (p reply) refusal() incidents.Receipt {
	r := incidents.Receipt{Outcome: incidents.OutcomeRetry, Code: p.String(), Reason: "the relay said " + p.String(), Elsewhere: p.code == 421} // 421: the relay closes (RFC 5321 §3.8)
	if p.code >= 500 {
		r.Outcome = incidents.OutcomeRefused
		// 5.1.1, 5.1.2, 5.1.3, 5.1.6, 5.1.10: the address does not exist (RFC 3463).
		switch e := p.enhanced; e {
		case [3]int{5, 1, 1}, [3]int{5, 1, 2}, [3]int{5, 1, 3}, [3]int{5, 1, 6}, [3]int{5, 1, 10}:
			r.Outcome = incidents.OutcomeGone
		}
	}
	return r
}

// ours is a refusal that says nothing of the person: of our sender address, of
// our password. However final the relay calls it, somebody can mend it.
func (p reply) ours() incidents.Receipt {
	r := p.refusal()
	r.Outcome, r.Elsewhere = incidents.OutcomeRetry, true
	return r
}

// unreachable is a message that never left.
var unreachable = incidents.Receipt{Outcome: incidents.OutcomeRetry, Elsewhere: true, Reason: "the relay cannot be reached"}

// notOpened is what became of a message for which no connection could be opened.
// Its reason is the same for all of them: addresses and ports stay out of it.
func notOpened(err error) incidents.Receipt {
	out := unreachable
	var said refused
	var not unfit
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &said):
		return said.ours()
	case errors.As(err, &not):
		out.Reason = string(not)
	case errors.As(err, &untrusted):
		out.Reason = "the relay's certificate is not to be trusted: " + untrusted.Err.Error()
	}
	return out
}

// unanswered is a message that the relay may have taken.
var unanswered = incidents.Receipt{Outcome: incidents.OutcomeDoubt, Reason: "the relay did not answer after the message"}

// queued keeps the relay's own queue id, when its answer is short and plain.
func queued(s string) string {
	if len(s) > 80 || !ascii(s) || strings.Contains(s, "@") {
		return ""
	}
	return s
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

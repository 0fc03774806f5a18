package bounce

import (
	"bytes"
	"mime"
	"net/mail"
	"regexp"
	"strings"
)

// prose judges a mail from a mail system without a report. A bounce among
// them is weak evidence: it has no status that could be trusted.
func prose(h mail.Header, text []byte) Report {
	delayed := Report{Kind: Delayed, Weak: true, Reason: "delivery is delayed, says a mail without a report"}
	subject := subjectOf(h)
	switch {
	case delayedSubject.MatchString(subject):
		return delayed
	case h.Get("X-Failed-Recipients") != "": // Exim
		return weak()
	case bytes.HasPrefix(bytes.TrimLeft(text, " \r\n"), []byte("Hi. This is the")): // qmail's QSBMF
		return weak()
	case fromDaemon(h) && failedSubject.MatchString(subject):
		return weak()
	case automatic(h):
		return Report{Kind: AutoReply, Reason: "a program answered"}
	case failedSubject.MatchString(subject):
		return weak()
	}
	return Report{Kind: Other, Reason: "a mail system wrote, and not of a failure"}
}

func weak() Report {
	return Report{Kind: Failed, Weak: true, Reason: "the message came back, without a report that says why"}
}

// Subjects as Postfix, sendmail, Exim, qmail, Exchange, Domino and Gmail write them.
var (
	delayedSubject = regexp.MustCompile(`(?i)^\s*(warning: (message|could not send)|delayed:|delayed mail|delivery (status notification \()?delay|.*\bdelayed \d+ hours)`)
	failedSubject  = regexp.MustCompile(`(?i)^\s*(undeliver|undelivered|returned mail|mail delivery (failed|failure)|failure notice|delivery (failure|has failed|status notification \(failure\))|` +
		`(mail|message) (could not be delivered|delivery failed|undeliverable)|non remis|unzustellbar|nondeliverable|postmaster notify)`)
)

func subjectOf(h mail.Header) string {
	s := h.Get("Subject")
	if words, err := new(mime.WordDecoder).DecodeHeader(s); err == nil {
		return words
	}
	return s
}

// fromDaemon tells that the From header names a mail system.
func fromDaemon(h mail.Header) bool {
	a, err := mail.ParseAddress(h.Get("From"))
	if err != nil {
		return false
	}
	local, _, _ := strings.Cut(strings.ToLower(a.Address), "@")
	return local == "mailer-daemon" || local == "postmaster" || strings.HasPrefix(local, "microsoftexchange")
}

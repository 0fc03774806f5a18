package bounce

import (
	"bufio"
	"bytes"
	"regexp"
	"strings"
)

// fields are the named lines of one group of a report, names in lower case.
type fields map[string]string

// groups reads a message/delivery-status or feedback-report: fields as in a
// header, in groups separated by empty lines (RFC 3464 §2.1).
func groups(b []byte) (out []fields) {
	var now fields
	last := ""
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, maxPart+1)
	for lines.Scan() && len(out) < 100 {
		line := strings.TrimRight(lines.Text(), "\r")
		if strings.TrimSpace(line) == "" {
			now, last = nil, ""
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			if last != "" {
				now[last] += " " + strings.TrimSpace(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			last = ""
			continue
		}
		if now == nil {
			now = fields{}
			out = append(out, now)
		}
		last = strings.ToLower(strings.TrimSpace(name))
		now[last] = strings.TrimSpace(value)
	}
	return out
}

// status reads a delivery status notification. Of several recipients (a
// forwarding address has them) the best news counts least: whoever gave the
// message up has to be heard, since nobody else will tell.
func status(b []byte) Report {
	out := Report{Kind: Other, Reason: "a report of something else than a failure"}
	envelope := ""
	for _, g := range groups(b) {
		if id := g["original-envelope-id"]; id != "" && envelope == "" {
			envelope = id
		}
		if r := recipient(g); weight(r.Kind) > weight(out.Kind) {
			out = r
		}
	}
	out.Envelope = envelope
	return out
}

func weight(k Kind) int {
	switch k {
	case Failed:
		return 2
	case Delayed:
		return 1
	}
	return 0
}

// recipient reads the group of one recipient (RFC 3464 §2.3). The action
// decides: a system that gave up after a transient error gave up.
func recipient(g fields) Report {
	code := codeOf(g["status"], g["diagnostic-code"])
	switch word, _, _ := strings.Cut(strings.ToLower(g["action"]), " "); word {
	case "failed":
		if strings.HasPrefix(enhanced(code), "2.") {
			return Report{Kind: Other, Reason: "a report that contradicts itself"}
		}
		return Report{Kind: Failed, Code: code, Reason: meaning(code)}
	case "delayed":
		return Report{Kind: Delayed, Code: code, Reason: "delivery is delayed; the mail system still tries"}
	case "":
		switch class := enhanced(code); { // the field is missing though it must be there
		case strings.HasPrefix(class, "5."):
			return Report{Kind: Failed, Code: code, Reason: meaning(code)}
		case strings.HasPrefix(class, "4."):
			return Report{Kind: Delayed, Code: code, Reason: "delivery is delayed; the mail system still tries"}
		}
	}
	return Report{Kind: Other}
}

var (
	enhancedCode = regexp.MustCompile(`\b([245])\.(\d{1,3})\.(\d{1,3})\b`)        // RFC 3463 §2
	replyCode    = regexp.MustCompile(`(?i)^\s*(?:smtp\s*;)?\s*([245][0-5]\d)\b`) // RFC 5321 §4.2
)

// codeOf is the code of a recipient in the form the channel itself uses. A
// status that says nothing ("5.0.0") gives way to what the other host said.
func codeOf(status, diagnostic string) string {
	code := enhancedCode.FindString(status)
	said := ""
	if r := replyCode.FindStringSubmatch(diagnostic); r != nil {
		said = r[1]
		// Only beside the reply: further on there may be versions and addresses of hosts.
		rest := diagnostic[strings.Index(diagnostic, said)+len(said):]
		near := enhancedCode.FindStringIndex(rest)
		if near != nil && near[0] <= 2 && rest[near[0]] == said[0] && (code == "" || strings.HasSuffix(code, ".0.0")) {
			code = rest[near[0]:near[1]]
		}
	}
	switch {
	case said == "" || code != "" && code[0] != said[0]:
		return code
	case code == "":
		return said
	}
	return said + " " + code
}

// enhanced is the enhanced code within a code, or the class of the reply.
func enhanced(code string) string {
	if e := enhancedCode.FindString(code); e != "" {
		return e
	}
	if code != "" {
		return code[:1] + ".0.0"
	}
	return ""
}

// meanings of enhanced codes without their class (RFC 3463 §3, RFC 7505).
var meanings = map[string]string{
	"1.1": "the address does not exist", "1.2": "the domain of the address does not exist", "1.3": "the address is not valid",
	"1.4": "the address is not unique", "1.6": "the person has moved and left no address", "1.10": "the address does not exist, or its domain takes no mail",
	"2.0": "the mailbox cannot be used", "2.1": "the mailbox is closed", "2.2": "the mailbox is full", "2.3": "the message is too large for the mailbox",
	"2.4": "the mailing list behind the address failed",
	"3.2": "the mail system takes no mail now", "3.4": "the message is too large for the mail system",
	"4.1": "the host did not answer", "4.3": "the name service failed", "4.4": "there is no way to the host", "4.6": "the mail went in a circle",
	"4.7": "the time for delivery ran out",
	"6.7": "the mail system does not take addresses outside ASCII",
	"7.1": "the mail system refused the message", "7.23": "the mail system refused the sender's domain (SPF)", "7.26": "the mail system refused the sender (authentication)",
}

// subjects of enhanced codes (RFC 3463 §3).
var subjects = map[string]string{
	"1": "the address cannot be used", "2": "the mailbox cannot be used", "3": "the mail system failed", "4": "the way to the host failed",
	"5": "the mail systems did not understand each other", "6": "the content cannot be delivered", "7": "the mail system refused the message",
}

// meaning is a code in words.
func meaning(code string) string {
	if _, detail, ok := strings.Cut(enhanced(code), "."); ok {
		if said, ok := meanings[detail]; ok {
			return said
		}
		subject, _, _ := strings.Cut(detail, ".")
		if said, ok := subjects[subject]; ok {
			return said
		}
	}
	return "the mail system gave the message up"
}

// feedback reads a feedback report (RFC 5965). Only abuse is a complaint of the person.
func feedback(b []byte) Report {
	for _, g := range groups(b) {
		switch strings.ToLower(g["feedback-type"]) {
		case "abuse", "fraud", "opt-out":
			return Report{Kind: Complaint, Reason: "the person called the message spam", Envelope: g["original-envelope-id"]}
		}
	}
	return Report{Kind: Other, Reason: "a feedback report that is no complaint"}
}

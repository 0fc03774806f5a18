package hook

import (
	"crypto/sha256"
	"encoding/hex"
	"mime"
	"net/http"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/incidents/siem"
)

// read turns a body into an intake: with its alerts, or with the reason why it
// waits in quarantine and the status its sender gets.
func read(src Source, via string, header http.Header, body []byte, at time.Time) (incidents.Intake, error) {
	if err := readable(header, body); err != nil {
		return unread(src, via, header, body, at, err.status, err.why), err.why
	}
	got, err := siem.Parse(siem.Request{Source: src.Name, Format: src.Format, MediaType: header.Get("Content-Type"), Header: header, Body: body,
		Received: at, DefaultSeverity: src.DefaultSeverity})
	if err != nil {
		status := http.StatusUnprocessableEntity // it is JSON, but not what this format looks like
		if !looksWhole(body) {
			status = http.StatusBadRequest
		}
		return unread(src, via, header, body, at, status, err), err
	}
	in := arrived(src, via, header, at)
	in.DeliveryID, in.Body, in.Alerts, in.Status = deliveryID(header, got.DeliveryID), got.Redacted, got.Alerts, http.StatusAccepted
	if len(in.Alerts) == 0 {
		in.Reason = setAside(got.Outcome)
		in.MediaType = "" // what is kept is the JSON of it, also when it came in a form
	}
	return in, nil
}

// setAside tells why a body that reads well holds no alert. Nothing is wrong for
// its sender, but a person has to look at it: to confirm a subscription, say.
func setAside(outcome string) string {
	if outcome == "" {
		return "the body holds no alert"
	}
	return "the body holds no alert: " + strings.ReplaceAll(outcome, "-", " ")
}

func arrived(src Source, via string, header http.Header, at time.Time) incidents.Intake {
	return incidents.Intake{Source: src.Name, Via: via, ReceivedAt: at.UTC().Truncate(time.Second), MediaType: bounded(header.Get("Content-Type")), Headers: kept(header)}
}

// unread is the intake of a body that cannot be read. The same body twice is
// one entry in quarantine, and never stands in the way of a later delivery.
func unread(src Source, via string, header http.Header, body []byte, at time.Time, status int, why error) incidents.Intake {
	in := arrived(src, via, header, at)
	sum := sha256.Sum256(body)
	in.DeliveryID = "unread:" + hex.EncodeToString(sum[:])
	in.Body, in.Status, in.Reason = siem.Redact(header.Get("Content-Type"), body), status, why.Error()
	return in
}

// A refused body has the status its sender gets.
type refused struct {
	status int
	why    *incidents.Error
}

// readable checks what can be told without reading the body.
func readable(header http.Header, body []byte) *refused {
	if enc := header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return &refused{http.StatusUnsupportedMediaType, incidents.Invalid("the body is packed").WithHint("send it without Content-Encoding")}
	}
	if t := header.Get("Content-Type"); t != "" && !acceptable(t) {
		return &refused{http.StatusUnsupportedMediaType, incidents.Invalid("alerts are JSON").WithHint("send it as application/json")}
	}
	if len(strings.TrimSpace(string(body))) == 0 {
		return &refused{http.StatusBadRequest, incidents.Invalid("the body is empty")}
	}
	return nil
}

// acceptable lists the media types senders put round JSON. No type at all is
// accepted too.
func acceptable(contentType string) bool {
	kind, _, err := mime.ParseMediaType(contentType)
	if err != nil {
		return false
	}
	switch kind {
	case "application/json", "text/json", "text/plain", "application/x-www-form-urlencoded", "application/x-ndjson", "application/jsonl":
		return true
	}
	return strings.HasPrefix(kind, "application/") && strings.HasSuffix(kind, "+json")
}

// looksWhole tells a body that is JSON of another shape from one that is no
// JSON, or was cut off.
func looksWhole(body []byte) bool {
	s := strings.TrimSpace(string(body))
	return (strings.HasPrefix(s, "{") && strings.HasSuffix(s, "}")) || (strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]"))
}

// deliveryID is the sender's own id of this delivery. The adapter knows it when
// it is in the body or signed with it; some schemes have it in a header only.
func deliveryID(header http.Header, known string) string {
	if !strings.HasPrefix(known, "sha256:") {
		return bounded(known)
	}
	if v := header.Get("X-Github-Delivery"); v != "" {
		return bounded("github:" + v)
	}
	if id, source := header.Get("Ce-Id"), header.Get("Ce-Source"); id != "" && source != "" {
		return bounded("ce:" + source + "#" + id)
	}
	return known
}

// bounded keeps a stranger's text in one short line of UTF-8.
func bounded(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if len(s) > 500 {
		sum := sha256.Sum256([]byte(s))
		return "sha256:" + hex.EncodeToString(sum[:])
	}
	return s
}

// keptHeaders are the headers worth keeping: none of them proves who sent it.
var keptHeaders = []string{"User-Agent", "Webhook-Id", "Webhook-Timestamp", "X-Github-Event", "X-Github-Delivery", "X-Amz-Sns-Message-Type",
	"X-Amz-Sns-Topic-Arn", "Content-Encoding"}

func kept(header http.Header) map[string]string {
	out := map[string]string{}
	for _, name := range keptHeaders {
		if v := header.Get(name); v != "" {
			out[name] = bounded(v)
		}
	}
	for name, v := range header { // CloudEvents in binary mode: the attributes are headers
		if strings.HasPrefix(name, "Ce-") && len(v) > 0 && len(out) < 64 {
			out[name] = bounded(v[0])
		}
	}
	return out
}

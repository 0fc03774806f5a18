package siem

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/url"
	"regexp"
	"strings"
)

// gone stands where a secret stood.
const gone = "[redacted]"

// redacted is a copy of a document, or of a part of it, without the secrets
// senders put inside payloads. It is always one JSON value.
func redacted(v any) []byte {
	return compact(redact(v, maxTexts))
}

// Redact removes secrets from a body that is to be kept although no adapter
// could read it. JSON and forms are redacted by their structure; of anything
// else, what looks like a secret goes.
func Redact(mediaType string, body []byte) []byte {
	if kind, _, err := mime.ParseMediaType(mediaType); err == nil && kind == "application/x-www-form-urlencoded" {
		if form, err := url.ParseQuery(string(body)); err == nil {
			return []byte(redactForm(form).Encode())
		}
	}
	if values, ok := jsonValues(body); ok {
		var out []byte
		for _, v := range values {
			out = append(append(out, redacted(v)...), '\n')
		}
		return out
	}
	return []byte(redactLoose(string(body)))
}

func redactForm(form url.Values) url.Values {
	out := make(url.Values, len(form))
	for k, list := range form {
		for _, v := range list {
			if secretKey(k) {
				v = gone
			}
			out.Add(k, string(Redact("", []byte(v))))
		}
	}
	return out
}

// jsonValues reads a body that is JSON as a whole, whatever its values are.
func jsonValues(body []byte) (out []any, ok bool) {
	if shallow(body) != nil {
		return nil, false
	}
	dec := json.NewDecoder(bytes.NewReader(withoutMark(body)))
	dec.UseNumber()
	for {
		var v any
		if err := dec.Decode(&v); err != nil {
			return out, errors.Is(err, io.EOF) && len(out) > 0
		}
		out = append(out, v)
	}
}

// maxTexts is how deep texts that hold JSON are read.
const maxTexts = 4

// compact writes a value as JSON with sorted keys and no blanks.
func compact(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil { // only values the decoder made
		return []byte(`null`)
	}
	return bytes.TrimSpace(b.Bytes())
}

// redact copies a value. Texts that hold JSON are read too, as deep as said:
// Amazon's envelopes carry a message within a text.
func redact(v any, texts int) any {
	switch x := v.(type) {
	case object:
		return redactObject(x, texts)
	case map[string]any:
		return redactObject(x, texts)
	case []any:
		out := make([]any, len(x))
		for i, sub := range x {
			out[i] = redact(sub, texts)
		}
		return out
	case string:
		return redactText(x, texts)
	}
	return v
}

func redactObject(o map[string]any, texts int) map[string]any {
	out := make(map[string]any, len(o))
	for k, v := range o {
		if secretKey(k) {
			out[k] = gone
			continue
		}
		out[k] = redact(v, texts)
	}
	// Headers may come as a list of names and values.
	for _, name := range []string{"name", "key"} {
		if n, ok := o[name].(string); ok && secretKey(n) && o["value"] != nil {
			out["value"] = gone
		}
	}
	return out
}

func redactText(s string, texts int) any {
	if t := strings.TrimSpace(s); texts > 0 && (strings.HasPrefix(t, "{") || strings.HasPrefix(t, "[")) && shallow([]byte(t)) == nil {
		dec := json.NewDecoder(strings.NewReader(t))
		dec.UseNumber()
		var v any
		if dec.Decode(&v) == nil && !dec.More() {
			return string(compact(redact(v, texts-1)))
		}
	}
	return scrub(s)
}

// secretKey lists the keys whose values are never kept. A webhook of GitHub
// can carry the leaked secret itself, one of a data loss product the leaked value.
func secretKey(k string) bool {
	k = strings.ReplaceAll(strings.ToLower(k), "-", "_")
	switch k[strings.LastIndexByte(k, '.')+1:] {
	case "secret", "routing_key", "service_key", "pattern_match", "token", "subscribeurl", "authorization", "proxy_authorization", "cookie", "cookies", "set_cookie",
		"password", "passwd", "api_key", "apikey", "x_api_key", "access_token", "refresh_token", "id_token", "client_secret", "clientstate", "validationtokens":
		return true
	}
	return false
}

// In what is no whole JSON, keys of secrets are found as text: as they are, and
// in a text within a text, where the value ends at a quote before a mark. More
// than the secret may go.
const looseKey = `(?:[a-z0-9_.-]+[_.-])?(?:secret|routing[_-]key|service[_-]key|pattern[_-]match|token|validationtokens|subscribeurl|authorization|cookies?|passw(?:or)?d|api[_-]?key|clientstate)`

var (
	loose       = regexp.MustCompile(`(?i)("` + looseKey + `"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?$)|[^"\s,{}\[\]]+)`)
	looseInText = regexp.MustCompile(`(?i)(\\+"` + looseKey + `\\+"\s*:\s*)\\+"(?:[^"]|"[^,}\]\s])*"?`)
	loosePair   = regexp.MustCompile(`(?i)\b(` + looseKey + `=)[^&\s"',;]+`)
)

func redactLoose(s string) string {
	for _, find := range []*regexp.Regexp{looseInText, loose} {
		s = find.ReplaceAllString(s, `${1}"`+gone+`"`)
	}
	return scrub(loosePair.ReplaceAllString(s, "${1}"+gone))
}

var (
	inQuery  = regexp.MustCompile(`(?i)([?&;](?:[a-z_-]*token|api[_-]?key|sig|signature|secret|password|code)=)[^&\s"'<>#]+`)
	inLogin  = regexp.MustCompile(`(://[^/\s:@"]*:)[^/\s@"]+@`)
	inHeader = regexp.MustCompile(`(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)("?\s*[:=]\s*"?)[^\r\n"]+`)
)

// scrub removes secrets from running text: tokens in addresses, and headers
// that prove who somebody is.
func scrub(s string) string {
	if !strings.ContainsAny(s, "=:") {
		return s
	}
	s = inQuery.ReplaceAllString(s, "${1}"+gone)
	s = inLogin.ReplaceAllString(s, "${1}"+gone+"@")
	return inHeader.ReplaceAllString(s, "${1}${2}"+gone)
}

package hook

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // some senders sign with HMAC-SHA1 only
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tocsin/incidents"
)

// A Secret prints as nothing, however it is printed.
type Secret string

// String, GoString, LogValue and MarshalJSON hide what it is.
func (Secret) String() string               { return "[secret]" }
func (Secret) GoString() string             { return "[secret]" }
func (Secret) LogValue() slog.Value         { return slog.StringValue("[secret]") }
func (Secret) MarshalJSON() ([]byte, error) { return []byte(`"[secret]"`), nil }

// The styles of authentication.
const (
	None             = "none"
	Bearer           = "bearer"
	Basic            = "basic"
	Header           = "header"
	URLToken         = "url-token"
	HMAC             = "hmac"
	GitHub           = "github"
	StandardWebhooks = "standard-webhooks"
	SNS              = "sns"
)

// window is how old, or how far ahead, a signed timestamp may be.
const window = 300 * time.Second

// Auth is how a source proves itself. Every one of Secrets counts, so that one
// can follow the other without a gap.
type Auth struct {
	Style           string
	User            string   // basic
	Secrets         []Secret // token, password or keys
	Header          string   // header, hmac
	Algorithm       string   // hmac: sha1, sha256, sha512
	Encoding        string   // hmac: hex, base64
	Prefix          string   // before the signature: "sha256="
	TimestampHeader string   // hmac: signed as <timestamp>:<body>
	Topics          []string // sns: ARNs that may post
	Certificate     []byte   // sns: PEM of Amazon's signing certificates, old and new; never fetched
}

// Validate refuses settings that could not protect anything.
func (a Auth) Validate() error {
	for _, s := range a.Secrets {
		if len(strings.TrimPrefix(string(s), "whsec_")) < a.least() {
			return incidents.Invalid("a secret of the source is shorter than %d characters", a.least())
		}
	}
	switch a.Style {
	case None:
		return nil
	case Basic:
		if a.User == "" {
			return incidents.Invalid("basic authentication needs a user")
		}
	case Bearer, URLToken, GitHub:
	case Header:
		if a.Header == "" {
			return incidents.Invalid("header authentication needs the name of the header")
		}
	case HMAC:
		if a.Header == "" || a.newHash() == nil || (a.Encoding != "hex" && a.Encoding != "base64") {
			return incidents.Invalid("hmac needs a header, an algorithm (sha1, sha256, sha512) and an encoding (hex, base64)")
		}
	case StandardWebhooks:
		for _, s := range a.Secrets {
			if _, err := standardwebhooks.NewWebhook(string(s)); err != nil {
				return incidents.Invalid("a secret of standard-webhooks is whsec_ and base64")
			}
		}
	case SNS:
		if len(a.Topics) == 0 {
			return incidents.Invalid("sns needs the ARNs of the topics that may post")
		}
		_, err := snsKeys(a.Certificate)
		return err
	default:
		return incidents.Invalid("there is no authentication style %q", a.Style)
	}
	if len(a.Secrets) == 0 {
		return incidents.Invalid("the style %s needs a secret", a.Style)
	}
	return nil
}

// least is how long a secret has to be. Keys of signatures can be tried without
// asking us, so they are longer than what only we can check.
func (a Auth) least() int {
	switch a.Style {
	case None, SNS:
		return 0
	case HMAC, GitHub:
		return 16
	case StandardWebhooks:
		return 22 // 16 bytes in base64
	}
	return 8
}

// Check proves who sent a request with this body. Its error is always the same.
func (a Auth) Check(r *http.Request, body []byte, now time.Time) error {
	if a.ok(r, body, now) {
		return nil
	}
	return errWho
}

func (a Auth) ok(r *http.Request, body []byte, now time.Time) bool {
	switch a.Style {
	case None:
		return true
	case Bearer:
		scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		return strings.EqualFold(scheme, "Bearer") && a.isSecret(strings.TrimSpace(token))
	case Basic:
		user, password, ok := r.BasicAuth()
		known, right := equal(user, a.User), a.isSecret(password) // both, whichever fails
		return ok && known && right
	case Header:
		return a.isSecret(r.Header.Get(a.Header))
	case URLToken:
		return a.isSecret(urlToken(r))
	case GitHub:
		return Auth{Secrets: a.Secrets, Header: "X-Hub-Signature-256", Algorithm: "sha256", Encoding: "hex", Prefix: "sha256="}.signed(r, body, now)
	case HMAC:
		return a.signed(r, body, now)
	case StandardWebhooks:
		return a.standard(r, body, now)
	case SNS:
		return a.sns(body)
	}
	return false
}

// mayBe tells, before the body is read, whether the request can be of this
// source at all: it refuses what brings no proof, or, where the proof is not
// over the body, a wrong one.
func (a Auth) mayBe(r *http.Request) bool {
	switch a.Style {
	case Bearer, Basic, Header, URLToken:
		return a.ok(r, nil, time.Time{})
	case HMAC:
		return r.Header.Get(a.Header) != ""
	case GitHub:
		return r.Header.Get("X-Hub-Signature-256") != ""
	case StandardWebhooks:
		return r.Header.Get("webhook-signature") != ""
	}
	return a.Style == None || a.Style == SNS
}

// byHeader tells whether the proof needs no body.
func (a Auth) byHeader() bool {
	switch a.Style {
	case None, Bearer, Basic, Header, URLToken:
		return true
	}
	return false
}

// urlToken is the token in an address: ?token=, CloudEvents' ?access_token=, or
// what follows the source's name in the path.
func urlToken(r *http.Request) string {
	q := r.URL.Query()
	if t := cmp.Or(q.Get("token"), q.Get("access_token")); t != "" {
		return t
	}
	_, t := named(r.URL.Path)
	return t
}

// named parts /hooks/<source>/<token>; most addresses have no token there.
func named(path string) (source, token string) {
	source, token, _ = strings.Cut(strings.TrimPrefix(path, "/hooks/"), "/")
	return source, token
}

// isSecret compares with every secret, in the same time whichever matches.
func (a Auth) isSecret(got string) bool {
	hit := 0
	for _, s := range a.Secrets {
		if equal(got, string(s)) {
			hit = 1
		}
	}
	return hit == 1 && got != ""
}

// equal compares in constant time, also for different lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

func (a Auth) newHash() func() hash.Hash {
	switch a.Algorithm {
	case "sha1":
		return sha1.New
	case "sha256":
		return sha256.New
	case "sha512":
		return sha512.New
	}
	return nil
}

// signed checks a MAC over the body, or over <timestamp>:<body>. A header may
// hold several, parted by commas, while its sender changes keys.
func (a Auth) signed(r *http.Request, body []byte, now time.Time) bool {
	stamp := ""
	if a.TimestampHeader != "" {
		if stamp = r.Header.Get(a.TimestampHeader); !fresh(stamp, now) {
			return false
		}
		stamp += ":"
	}
	hit := false
	for _, got := range a.signatures(r.Header.Get(a.Header)) {
		for _, s := range a.Secrets {
			h := hmac.New(a.newHash(), []byte(s))
			h.Write([]byte(stamp))
			h.Write(body)
			hit = hmac.Equal(h.Sum(nil), got) || hit
		}
	}
	return hit
}

// maxSignatures bounds the work one request can ask for.
const maxSignatures = 8

// signatures reads the MACs in a header; what is not one is left out.
func (a Auth) signatures(header string) (out [][]byte) {
	decode := hex.DecodeString
	if a.Encoding == "base64" {
		decode = base64.StdEncoding.DecodeString
	}
	if a.newHash() == nil {
		return nil
	}
	for part := range strings.SplitSeq(header, ",") {
		text, ok := strings.CutPrefix(strings.TrimSpace(part), a.Prefix)
		if !ok || len(out) == maxSignatures {
			continue
		}
		if mac, err := decode(text); err == nil && len(mac) > 0 {
			out = append(out, mac)
		}
	}
	return out
}

// fresh tells whether Unix seconds lie within the window round now.
func fresh(stamp string, now time.Time) bool {
	n, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return false
	}
	age := now.Sub(time.Unix(n, 0))
	return age <= window && age >= -window
}

// standard checks a signature of Standard Webhooks; the window is checked by
// our clock, the signature by the library.
func (a Auth) standard(r *http.Request, body []byte, now time.Time) bool {
	if !fresh(r.Header.Get("webhook-timestamp"), now) {
		return false
	}
	hit := false
	for _, s := range a.Secrets {
		if w, err := standardwebhooks.NewWebhook(string(s)); err == nil {
			hit = w.VerifyIgnoringTimestamp(body, r.Header) == nil || hit
		}
	}
	return hit
}

package hook

import (
	"bytes"
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SignatureVersion 1 of SNS
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/strict"
)

var clock = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func post(target, body string, headers ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, target, strings.NewReader(body))
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func TestTokensAndPasswords(t *testing.T) {
	two := []Secret{"first-secret-0001", "second-secret-002"}
	bearer, password := Auth{Style: Bearer, Secrets: two}, Auth{Style: Basic, User: "splunk", Secrets: two}
	header, inURL := Auth{Style: Header, Header: "X-Hook-Key", Secrets: two}, Auth{Style: URLToken, Secrets: two}
	for _, tc := range []struct {
		name string
		auth Auth
		r    *http.Request
		ok   bool
	}{
		{"anybody, where nothing is asked", Auth{Style: None}, post("/hooks/a", ""), true},
		{"the first token", bearer, post("/hooks/a", "", "Authorization", "Bearer first-secret-0001"), true},
		{"the one that follows it", bearer, post("/hooks/a", "", "Authorization", "bearer second-secret-002"), true},
		{"a wrong token", bearer, post("/hooks/a", "", "Authorization", "Bearer first-secret-0002"), false},
		{"no token", bearer, post("/hooks/a", ""), false},
		{"an empty token", bearer, post("/hooks/a", "", "Authorization", "Bearer "), false},
		{"the token without its scheme", bearer, post("/hooks/a", "", "Authorization", "first-secret-0001"), false},
		{"the token in the wrong place", bearer, post("/hooks/a?token=first-secret-0001", ""), false},
		{"user and password", password, post("/hooks/a", "", "Authorization", basic("splunk", "second-secret-002")), true},
		{"another user", password, post("/hooks/a", "", "Authorization", basic("elastic", "first-secret-0001")), false},
		{"another password", password, post("/hooks/a", "", "Authorization", basic("splunk", "nope")), false},
		{"a header", header, post("/hooks/a", "", "x-hook-key", "first-secret-0001"), true},
		{"a header with something else", header, post("/hooks/a", "", "X-Hook-Key", "first"), false},
		{"a token in the address", inURL, post("/hooks/a?token=second-secret-002", ""), true},
		{"a wrong one in the address", inURL, post("/hooks/a?token=", ""), false},
		{"a token in the path", inURL, post("/hooks/a/second-secret-002", ""), true},
		{"a wrong one in the path", inURL, post("/hooks/a/second-secret", ""), false},
		{"as CloudEvents names it", inURL, post("/hooks/a?access_token=first-secret-0001", ""), true},
		{"a style nobody knows", Auth{Style: "handshake", Secrets: two}, post("/hooks/a", "", "Authorization", "Bearer first-secret-0001"), false},
		{"no secrets and an empty token", Auth{Style: Bearer}, post("/hooks/a", "", "Authorization", "Bearer "), false},
	} {
		t.Run(tc.name, func(t *testing.T) { checked(t, tc.auth, tc.r, nil, clock, tc.ok) })
	}
}

// checked compares an outcome; a refusal is always the same.
func checked(t *testing.T, a Auth, r *http.Request, body []byte, now time.Time, ok bool) {
	t.Helper()
	err := a.Check(r, body, now)
	if (err == nil) != ok {
		t.Fatalf("accepted: %v, want %v", err == nil, ok)
	}
	if !ok && (incidents.KindOf(err) != incidents.KindUnauthenticated || err.Error() != errWho.Error()) {
		t.Errorf("refused with %v", err)
	}
	if ok && !a.mayBe(r) {
		t.Error("refused before its body is read")
	}
}

func mac(t *testing.T, algorithm, secret, text string) []byte {
	t.Helper()
	h := hmac.New((Auth{Algorithm: algorithm}).newHash(), []byte(secret))
	h.Write([]byte(text))
	return h.Sum(nil)
}

func TestSignaturesOverTheBody(t *testing.T) {
	const key, body = "a-key-of-sixteen-and-more", `{"id":"1"}`
	old := strconv.FormatInt(clock.Unix()-301, 10)
	now := strconv.FormatInt(clock.Unix(), 10)
	for _, algorithm := range []string{"sha1", "sha256", "sha512"} {
		for _, encoding := range []string{"hex", "base64"} {
			write := hex.EncodeToString
			if encoding == "base64" {
				write = base64.StdEncoding.EncodeToString
			}
			a := Auth{Style: HMAC, Header: "X-Sig", Algorithm: algorithm, Encoding: encoding, Prefix: "v1=", Secrets: []Secret{"an-older-key-of-sixteen", key}}
			stamped := a
			stamped.TimestampHeader = "X-Time"
			good := "v1=" + write(mac(t, algorithm, key, body))
			withTime := func(stamp string) string { return "v1=" + write(mac(t, algorithm, key, stamp+":"+body)) }
			for _, tc := range []struct {
				name    string
				auth    Auth
				headers []string
				ok      bool
			}{
				{"good", a, []string{"X-Sig", good}, true},
				{"one of two, while keys change", a, []string{"X-Sig", "v1=00," + good}, true},
				{"without its prefix", a, []string{"X-Sig", good[3:]}, false},
				{"of another body", a, []string{"X-Sig", "v1=" + write(mac(t, algorithm, key, body+" "))}, false},
				{"of another key", a, []string{"X-Sig", "v1=" + write(mac(t, algorithm, "another-key", body))}, false},
				{"of no key", a, []string{"X-Sig", "v1=" + write(mac(t, algorithm, "", body))}, false},
				{"cut off", a, []string{"X-Sig", good[:len(good)-4]}, false},
				{"none", a, nil, false},
				{"with a fresh time", stamped, []string{"X-Time", now, "X-Sig", withTime(now)}, true},
				{"with an old time", stamped, []string{"X-Time", old, "X-Sig", withTime(old)}, false},
				{"with an old time written anew", stamped, []string{"X-Time", now, "X-Sig", withTime(old)}, false},
				{"without a time", stamped, []string{"X-Sig", withTime("")}, false},
			} {
				t.Run(algorithm+" "+encoding+" "+tc.name, func(t *testing.T) {
					checked(t, tc.auth, post("/hooks/a", body, tc.headers...), []byte(body), clock, tc.ok)
				})
			}
		}
	}
}

// The published vector of GitHub.
func TestGitHubSignsHelloWorld(t *testing.T) {
	a := Auth{Style: GitHub, Secrets: []Secret{"It's a Secret to Everybody"}}
	const sig = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
	checked(t, a, post("/hooks/a", "", "X-Hub-Signature-256", sig), []byte("Hello, World!"), clock, true)
	checked(t, a, post("/hooks/a", "", "X-Hub-Signature-256", sig), []byte("Hello, World?"), clock, false)
	checked(t, a, post("/hooks/a", "", "X-Hub-Signature", sig), []byte("Hello, World!"), clock, false)
}

// signedSamples are the samples of senders that sign.
func signedSamples(t *testing.T) (out []map[string]any) {
	t.Helper()
	b, err := os.ReadFile("../../incidents/siem/testdata/manifest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := strict.Unmarshal("manifest.yaml", b, &m); err != nil {
		t.Fatal(err)
	}
	for _, s := range m["samples"].([]any) {
		if s := s.(map[string]any); s["signature"] != nil {
			out = append(out, s)
		}
	}
	return out
}

func TestSignaturesOfRealSenders(t *testing.T) {
	auths := map[string]Auth{
		"pagerduty-webhook-v3":   {Style: HMAC, Header: "X-PagerDuty-Signature", Algorithm: "sha256", Encoding: "hex", Prefix: "v1="},
		"grafana-unified":        {Style: HMAC, Header: "X-Grafana-Alerting-Signature", Algorithm: "sha256", Encoding: "hex", TimestampHeader: "X-Grafana-Alerting-Timestamp"},
		"github-secret-scanning": {Style: GitHub},
		"standard-webhooks":      {Style: StandardWebhooks},
	}
	samples := signedSamples(t)
	if len(samples) != len(auths) {
		t.Fatalf("%d signed samples, want %d", len(samples), len(auths))
	}
	for _, s := range samples {
		t.Run(s["file"].(string), func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join("../../incidents/siem/testdata", s["file"].(string)))
			if err != nil {
				t.Fatal(err)
			}
			sig := s["signature"].(map[string]any)
			a := auths[s["format"].(string)]
			a.Secrets = []Secret{"another-secret-0000000000000", Secret(sig["secret"].(string))}
			if a.Style == StandardWebhooks {
				a.Secrets[0] = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
			}
			if err := a.Validate(); err != nil {
				t.Fatal(err)
			}
			r, now := post("/hooks/a", ""), clock
			for k, v := range s["headers"].(map[string]any) {
				r.Header.Set(k, v.(string))
			}
			if c, ok := sig["clock"].(string); ok {
				now, err = time.Parse(time.RFC3339, c)
			} else if a.TimestampHeader != "" {
				var n int64
				n, err = strconv.ParseInt(r.Header.Get(a.TimestampHeader), 10, 64)
				now = time.Unix(n, 0)
			}
			if err != nil {
				t.Fatal(err)
			}
			checked(t, a, r, body, now, sig["valid"].(bool))
			checked(t, a, r, append(bytes.Clone(body), '\n'), now, false)
			if a.Style == StandardWebhooks || a.TimestampHeader != "" {
				checked(t, a, r, body, now.Add(301*time.Second), false)
				checked(t, a, r, body, now.Add(-301*time.Second), false)
				checked(t, a, r, body, now.Add(300*time.Second), true)
			}
			if bad, ok := s["bad_signature"].(map[string]any); ok {
				r.Header.Set(a.Header, bad["value"].(string))
				checked(t, a, r, body, now, false)
			}
		})
	}
}

// signer is a certificate like Amazon's, made for the test.
func signer(t *testing.T) (*rsa.PrivateKey, []byte) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: clock.Add(-time.Hour), NotAfter: clock.Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// The text is written out here as Amazon documents it, apart from the code.
func notification(t *testing.T, key *rsa.PrivateKey, version string, change func(map[string]string)) []byte {
	t.Helper()
	m := map[string]string{"Type": "Notification", "MessageId": "m-1", "TopicArn": "arn:aws:sns:eu-west-1:1:alerts", "Message": `{"a":1}`,
		"Timestamp": "2026-11-24T12:00:00Z", "SignatureVersion": version, "SigningCertURL": "https://evil.example/cert.pem"}
	text := "Message\n{\"a\":1}\nMessageId\nm-1\nTimestamp\n2026-11-24T12:00:00Z\nTopicArn\narn:aws:sns:eu-west-1:1:alerts\nType\nNotification\n"
	algorithm, one, two := crypto.SHA256, sha1.Sum([]byte(text)), sha256.Sum256([]byte(text))
	sum := two[:]
	if version == "1" {
		algorithm, sum = crypto.SHA1, one[:]
	}
	sig, err := rsa.SignPKCS1v15(rand.Reader, key, algorithm, sum)
	if err != nil {
		t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(sig)
	change(m)
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAmazonSigns(t *testing.T) {
	key, cert := signer(t)
	otherKey, otherCert := signer(t)
	a := Auth{Style: SNS, Topics: []string{"arn:aws:sns:eu-west-1:1:alerts"}, Certificate: append(bytes.Clone(otherCert), cert...)}
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	same := func(map[string]string) {}
	set := func(k, v string) func(map[string]string) { return func(m map[string]string) { m[k] = v } }
	only := Auth{Style: SNS, Topics: a.Topics, Certificate: cert}
	for _, tc := range []struct {
		name string
		auth Auth
		body []byte
		ok   bool
	}{
		{"version 1", a, notification(t, key, "1", same), true},
		{"version 2", a, notification(t, key, "2", same), true},
		{"by the other certificate", a, notification(t, otherKey, "2", same), true},
		{"by a certificate nobody configured", only, notification(t, otherKey, "2", same), false},
		{"with another message", a, notification(t, key, "2", set("Message", `{"a":2}`)), false},
		{"of another kind", a, notification(t, key, "2", set("Type", "SubscriptionConfirmation")), false},
		{"with another version", a, notification(t, key, "2", set("SignatureVersion", "1")), false},
		{"with an unknown version", a, notification(t, key, "2", set("SignatureVersion", "3")), false},
		{"with an empty subject", a, notification(t, key, "2", set("Subject", "")), true},
		{"with a subject put in", a, notification(t, key, "2", set("Subject", "x")), false},
		{"for a topic that may not post", Auth{Style: SNS, Topics: []string{"arn:aws:sns:eu-west-1:1:others"}, Certificate: cert}, notification(t, key, "2", same), false},
		{"with attributes, which are not signed", a, bytes.Replace(notification(t, key, "2", same), []byte("{"), []byte(`{"MessageAttributes":{"a":{"Type":"String","Value":"b"}},`), 1), true},
		{"no JSON", a, []byte("x"), false},
		{"something after it", a, append(notification(t, key, "2", same), `{"id":"1"}`...), false},
	} {
		t.Run(tc.name, func(t *testing.T) { checked(t, tc.auth, post("/hooks/a", ""), tc.body, clock, tc.ok) })
	}
}

func TestSettingsThatProtectNothingAreRefused(t *testing.T) {
	_, cert := signer(t)
	long := []Secret{"a-secret-of-sixteen"}
	for _, tc := range []struct {
		name string
		auth Auth
		ok   bool
	}{
		{"none", Auth{Style: None}, true},
		{"no style", Auth{}, false},
		{"bearer", Auth{Style: Bearer, Secrets: long}, true},
		{"bearer without a token", Auth{Style: Bearer}, false},
		{"bearer with a short token", Auth{Style: Bearer, Secrets: []Secret{"short"}}, false},
		{"one of two tokens is short", Auth{Style: Bearer, Secrets: []Secret{long[0], ""}}, false},
		{"basic", Auth{Style: Basic, User: "u", Secrets: long}, true},
		{"basic without a user", Auth{Style: Basic, Secrets: long}, false},
		{"header", Auth{Style: Header, Header: "X-Key", Secrets: long}, true},
		{"header without its name", Auth{Style: Header, Secrets: long}, false},
		{"address", Auth{Style: URLToken, Secrets: long}, true},
		{"hmac", Auth{Style: HMAC, Header: "X-Sig", Algorithm: "sha512", Encoding: "hex", Secrets: long}, true},
		{"hmac by a broken hash", Auth{Style: HMAC, Header: "X-Sig", Algorithm: "md5", Encoding: "hex", Secrets: long}, false},
		{"hmac with a short key", Auth{Style: HMAC, Header: "X-Sig", Algorithm: "sha256", Encoding: "hex", Secrets: []Secret{"a-short-key"}}, false},
		{"github", Auth{Style: GitHub, Secrets: long}, true},
		{"standard webhooks", Auth{Style: StandardWebhooks, Secrets: []Secret{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}}, true},
		{"standard webhooks with no base64", Auth{Style: StandardWebhooks, Secrets: []Secret{"whsec_!!!!!!!!!!!!!!!!!!!!!!!!!!!!"}}, false},
		{"standard webhooks with an empty key", Auth{Style: StandardWebhooks, Secrets: []Secret{"whsec_"}}, false},
		{"sns", Auth{Style: SNS, Topics: []string{"arn"}, Certificate: cert}, true},
		{"sns for any topic", Auth{Style: SNS, Certificate: cert}, false},
		{"sns without a certificate", Auth{Style: SNS, Topics: []string{"arn"}}, false},
		{"sns with half a certificate", Auth{Style: SNS, Topics: []string{"arn"}, Certificate: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte("x")})}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.auth.Validate()
			if (err == nil) != tc.ok {
				t.Fatalf("got %v", err)
			}
			if err != nil && incidents.KindOf(err) != incidents.KindInvalid {
				t.Errorf("kind %s", incidents.KindOf(err))
			}
		})
	}
}

func TestASecretIsNeverPrinted(t *testing.T) {
	const planted = "hunter2-hunter2-hunter2"
	a := Auth{Style: Bearer, Secrets: []Secret{planted}}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("source", "auth", a, "secret", a.Secrets[0])
	slog.New(slog.NewTextHandler(&log, nil)).Info("source", "auth", a, "secret", a.Secrets[0])
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x", a, a, a, a.Secrets[0], a.Secrets[0], a.Secrets[0])
	for _, s := range []string{log.String(), string(b), printed} {
		if strings.Contains(s, planted) || strings.Contains(s, hex.EncodeToString([]byte(planted))) {
			t.Errorf("printed: %s", s)
		}
	}
}

package push_test

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/push"
)

// The SDK would make five requests of one message that is answered with 503, or
// whose connection is cut; the rate counts one, so one is made.
func TestAMessageIsOneRequest(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault standin.Fault
		want  incidents.Outcome
		after time.Duration
	}{
		{"503", standin.Fault{Status: 503}, incidents.OutcomeRetry, 0},
		{"503 with seconds", standin.Fault{Status: 503, RetryAfter: "60"}, incidents.OutcomeRetry, time.Minute},
		{"503 with an absurd number", standin.Fault{Status: 503, RetryAfter: "9000000000"}, incidents.OutcomeRetry, time.Hour},
		{"429 with a date", standin.Fault{Status: 429, RetryAfter: "Fri, 30 Nov 2085 12:00:00 GMT"}, incidents.OutcomeRetry, time.Hour},
		{"500", standin.Fault{Status: 500}, incidents.OutcomeDoubt, 0},
		{"a cut connection", standin.Fault{Cut: true}, incidents.OutcomeDoubt, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := standin.NewFCM()
			t.Cleanup(func() { _ = f.Close() })
			f.Fault = func(string) *standin.Fault { return &c.fault }
			r, err := channel(t, f.URL).Send(t.Context(), channeltest.Message(incidents.Push, "token", 1))
			if err != nil || r.Outcome != c.want || r.RetryAfter != c.after || r.Elsewhere != (c.want == incidents.OutcomeRetry) {
				t.Errorf("%+v %v", r, err)
			}
			if n := f.Asked(); n != 1 {
				t.Errorf("%d requests of one message", n)
			}
		})
	}
}

// A 503 with Retry-After makes the whole account wait, as a 429 does.
func TestABusyFirebaseIsLeftAlone(t *testing.T) {
	f := standin.NewFCM()
	t.Cleanup(func() { _ = f.Close() })
	f.Fault = func(string) *standin.Fault { return &standin.Fault{Status: 503, RetryAfter: "60"} }
	limiter := notifiers.NewLimiter(0, time.Now)
	one := notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Push, Now: time.Now, Providers: []*notifiers.Provider{{Account: "push/first", Channel: channel(t, f.URL), Limiter: limiter}}})
	if _, err := one.Send(t.Context(), channeltest.Message(incidents.Push, "token", 1)); err != nil {
		t.Fatal(err)
	}
	if !limiter.Paused() {
		t.Error("the account is not paused")
	}
}

// An answer that breaks off in its middle leaves the message in doubt.
func TestAnAnswerThatBreaksOff(t *testing.T) {
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Header().Set("Content-Length", "100")
		_, _ = io.WriteString(w, `{"name":"projects/p/`)
	}))
	t.Cleanup(s.Close)
	r, err := channel(t, s.URL).Send(t.Context(), channeltest.Message(incidents.Push, "token", 1))
	if err != nil || r.Outcome != incidents.OutcomeDoubt || asked.Load() != 1 {
		t.Errorf("%+v %v after %d requests", r, err, asked.Load())
	}
}

// Each message of a batch has an outcome of its own, in its order, and is asked
// for once.
func TestABatch(t *testing.T) {
	f := standin.NewFCM()
	t.Cleanup(func() { _ = f.Close() })
	f.Gone = func(token string) bool { return token == "gone" }
	f.Fault = func(token string) *standin.Fault {
		return map[string]*standin.Fault{"busy": {Status: 503, RetryAfter: "30"}, "cut": {Cut: true}, "bad": {Status: 400}}[token]
	}
	c := channel(t, f.URL)
	var ms []notifiers.Message
	for i := range c.Batch() {
		token := [...]string{"good", "gone", "busy", "cut", "bad"}[i%5]
		ms = append(ms, channeltest.Message(incidents.Push, token, int64(i)))
	}
	want := map[string]incidents.Outcome{"good": incidents.OutcomeAccepted, "gone": incidents.OutcomeGone, "busy": incidents.OutcomeRetry,
		"cut": incidents.OutcomeDoubt, "bad": incidents.OutcomeRefused}
	ids := map[string]bool{}
	for i, r := range c.SendAll(t.Context(), t.Context(), ms) {
		if r.Outcome != want[ms[i].To] || r.RetryAfter != map[string]time.Duration{"busy": 30 * time.Second}[ms[i].To] {
			t.Errorf("%d, %s: %+v", i, ms[i].To, r)
		}
		if r.ProviderID != "" {
			ids[r.ProviderID] = true
		}
	}
	if good := (len(ms) + 4) / 5; len(ids) != good || len(f.Pushes()) != 2*good {
		t.Errorf("%d ids, %d taken", len(ids), len(f.Pushes()))
	}
	if f.Asked() != len(ms) {
		t.Errorf("%d requests of %d messages", f.Asked(), len(ms))
	}
}

// A message the SDK does not take keeps none of the others from leaving.
func TestABatchWithAMessageThatIsNone(t *testing.T) {
	f := standin.NewFCM()
	t.Cleanup(func() { _ = f.Close() })
	ms := []notifiers.Message{channeltest.Message(incidents.Push, "a", 1), channeltest.Message(incidents.Push, "", 2), channeltest.Message(incidents.Push, "c", 3)}
	var got []incidents.Outcome
	for _, r := range channel(t, f.URL).SendAll(t.Context(), t.Context(), ms) {
		got = append(got, r.Outcome)
	}
	if fmt.Sprint(got) != "[accepted refused accepted]" || f.Asked() != 2 {
		t.Errorf("%v, %d requests", got, f.Asked())
	}
}

// Once sending is halted nothing leaves any more.
func TestABatchThatIsHalted(t *testing.T) {
	f := standin.NewFCM()
	t.Cleanup(func() { _ = f.Close() })
	leave, halt := context.WithCancel(t.Context())
	halt()
	got := channel(t, f.URL).SendAll(t.Context(), leave, []notifiers.Message{channeltest.Message(incidents.Push, "a", 1), channeltest.Message(incidents.Push, "b", 2)})
	if got[0].Outcome != incidents.OutcomeKept || got[1].Outcome != incidents.OutcomeKept || f.Asked() != 0 {
		t.Errorf("%+v, %d requests", got, f.Asked())
	}
}

// serviceAccount writes a key whose tokens are asked for at an address.
func serviceAccount(t *testing.T, at string) (file string) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(map[string]string{"type": "service_account", "project_id": "p", "private_key_id": "1", "client_email": "tocsin@p.iam.gserviceaccount.com", "client_id": "1",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": at})
	if err != nil {
		t.Fatal(err)
	}
	file = filepath.Join(t.TempDir(), "fcm.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// Requests are signed with the service account, and a sign-in that fails is the
// account's fault and no doubt: nothing was sent.
func TestTheServiceAccountSigns(t *testing.T) {
	for name, c := range map[string]struct {
		status int // of the sign-in
		want   incidents.Outcome
		asked  int64
	}{
		"Google knows it":       {http.StatusOK, incidents.OutcomeAccepted, 1},
		"Google knows it not":   {http.StatusBadRequest, incidents.OutcomeRetry, 0},
		"Google does not allow": {http.StatusForbidden, incidents.OutcomeRetry, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int64
			mux := http.NewServeMux()
			mux.HandleFunc("POST /token", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, `{"access_token":"a-token","token_type":"Bearer","expires_in":3600,"error":"invalid_grant"}`)
			})
			mux.HandleFunc("POST /v1/projects/p/messages:send", func(w http.ResponseWriter, r *http.Request) {
				asked.Add(1)
				if r.Header.Get("Authorization") != "Bearer a-token" {
					t.Errorf("signed with %q", r.Header.Get("Authorization"))
				}
				_, _ = io.WriteString(w, `{"name":"projects/p/messages/1"}`)
			})
			s := httptest.NewServer(mux)
			t.Cleanup(s.Close)
			ch, err := push.New(t.Context(), push.Options{BaseURL: s.URL, Project: "p", CredentialsFile: serviceAccount(t, s.URL+"/token"), Timeout: 5 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = ch.Close() })
			r, err := ch.Send(t.Context(), channeltest.Message(incidents.Push, "token", 1))
			if err != nil || r.Outcome != c.want || asked.Load() != c.asked || c.want == incidents.OutcomeRetry && !r.Elsewhere {
				t.Errorf("%+v %v after %d requests", r, err, asked.Load())
			}
		})
	}
}

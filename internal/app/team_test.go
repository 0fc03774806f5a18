package app

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/internal/settings"
)

// A told is what a webhook of the team got.
type told struct {
	header http.Header
	body   string
}

func webhook(t *testing.T, answer http.HandlerFunc) (a *App, got func() []told) {
	t.Helper()
	var mu sync.Mutex
	var all []told
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPost {
			t.Errorf("%s: %v", r.Method, err)
		}
		mu.Lock()
		all = append(all, told{r.Header, string(b)})
		mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(func() { webhookClient.CloseIdleConnections(); s.Close() })
	a = &App{channels: channels{}, now: func() time.Time { return time.Unix(1_800_000_000, 0) }}
	a.settings.Escalation.Webhook = settings.Webhook{URL: settings.Secret(s.URL + "/services/T0/secret-part"), Secret: "what signs"}
	return a, func() []told {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(all)
	}
}

func TestTheWebhookIsToldAndTheSignatureIsOfWhatItGot(t *testing.T) {
	a, got := webhook(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	if err := a.tell(context.Background(), "clock-1", "INC-1: overdue", "INC-1: overdue\n\nIt is."); err != nil {
		t.Fatal(err)
	}
	x := got()[0]
	var body map[string]string
	if err := json.Unmarshal([]byte(x.body), &body); err != nil || len(body) != 3 || body["id"] != "clock-1" || body["subject"] != "INC-1: overdue" || !strings.HasSuffix(body["text"], "It is.") {
		t.Errorf("%s: %v", x.body, err)
	}
	mac := hmac.New(sha256.New, []byte("what signs"))
	mac.Write([]byte("clock-1.1800000000." + x.body))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); x.header.Get("webhook-signature") != want || x.header.Get("webhook-timestamp") != "1800000000" || x.header.Get("webhook-id") != "clock-1" {
		t.Errorf("headers %v, want the signature %s", x.header, want)
	}
	a.settings.Escalation.Webhook.Secret = ""
	if err := a.tell(context.Background(), "clock-2", "s", "t"); err != nil || got()[1].header.Get("webhook-signature") != "" {
		t.Errorf("without a secret: %v, %v", err, got()[1].header)
	}
}

// Whatever goes wrong, it is an error, and the address is in none.
func TestAWebhookThatDoesNotTakeItIsToldAgain(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"refuses":   func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusForbidden) },
		"redirects": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"hangs up":  func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		t.Run(name, func(t *testing.T) {
			a, got := webhook(t, answer)
			err := a.tell(context.Background(), "clock-1", "s", "t")
			if err == nil || strings.Contains(err.Error(), "secret-part") {
				t.Errorf("%v", err)
			}
			if len(got()) != 1 {
				t.Errorf("it was called %d times", len(got()))
			}
		})
	}
	a := &App{channels: channels{}}
	if err := a.tell(context.Background(), "clock-1", "s", "t"); err != nil {
		t.Errorf("without a webhook: %v", err)
	}
}

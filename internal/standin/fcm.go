package standin

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
)

// A Push is one message Firebase's stand-in took.
type Push struct {
	Token, Title, Body string
	CollapseKey        string
}

// An FCM answers in place of Firebase Cloud Messaging.
type FCM struct {
	URL string
	// Gone tells which tokens are no longer registered.
	Gone  func(token string) bool
	Fault func(token string) *Fault

	srv    *httptest.Server
	mu     sync.Mutex
	pushes []Push
	asked  atomic.Int64
	hang   atomic.Bool
	ctx    context.Context
	stop   context.CancelFunc
}

// Hang makes every later request wait for an answer that never comes.
func (f *FCM) Hang() { f.hang.Store(true) }

// Asked is how many requests came, whatever was answered.
func (f *FCM) Asked() int { return int(f.asked.Load()) }

// Devices counts what people see: messages of one collapse key replace each other.
func (f *FCM) Devices() int {
	seen := map[string]bool{}
	for _, p := range f.Pushes() {
		seen[p.Token+" "+p.CollapseKey] = true
	}
	return len(seen)
}

// NewFCM starts a stand-in on loopback.
func NewFCM() *FCM {
	f := &FCM{}
	f.ctx, f.stop = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/projects/{project}/messages:send", f.send)
	f.srv = httptest.NewServer(mux)
	f.URL = f.srv.URL
	return f
}

// Close stops the stand-in.
func (f *FCM) Close() error {
	f.stop()
	f.srv.Close()
	return nil
}

// Pushes returns what was taken so far.
func (f *FCM) Pushes() []Push {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.pushes)
}

func (f *FCM) send(w http.ResponseWriter, r *http.Request) {
	f.asked.Add(1)
	if f.hang.Load() {
		_, _ = io.Copy(io.Discard, r.Body) // so that the server notices when the sender leaves
		hang(f.ctx, r)
		return
	}
	var body struct {
		Message struct {
			Token        string                       `json:"token"`
			Notification struct{ Title, Body string } `json:"notification"`
			Android      struct {
				CollapseKey string `json:"collapse_key"`
			} `json:"android"`
		} `json:"message"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 8192)).Decode(&body); err != nil || body.Message.Token == "" {
		fcmError(w, http.StatusBadRequest, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
		return
	}
	m := body.Message
	if f.Gone != nil && f.Gone(m.Token) {
		fcmError(w, http.StatusNotFound, "NOT_FOUND", "UNREGISTERED")
		return
	}
	var fault Fault
	if f.Fault != nil {
		if x := f.Fault(m.Token); x != nil {
			fault = *x
		}
	}
	if fault.RetryAfter != "" {
		w.Header().Set("Retry-After", fault.RetryAfter)
	}
	switch fault.Status {
	case 0:
	case http.StatusBadRequest:
		fcmError(w, fault.Status, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
		return
	case http.StatusTooManyRequests:
		fcmError(w, fault.Status, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED")
		return
	case http.StatusServiceUnavailable:
		fcmError(w, fault.Status, "UNAVAILABLE", "UNAVAILABLE")
		return
	default:
		fcmError(w, fault.Status, "INTERNAL", "INTERNAL")
		return
	}
	f.mu.Lock()
	f.pushes = append(f.pushes, Push{m.Token, m.Notification.Title, m.Notification.Body, m.Android.CollapseKey})
	n := len(f.pushes)
	f.mu.Unlock()
	if fault.Cut {
		cut(w)
		return
	}
	reply(w, http.StatusOK, map[string]string{"name": fmt.Sprintf("projects/%s/messages/%d", r.PathValue("project"), n)})
}

func fcmError(w http.ResponseWriter, status int, google, code string) {
	reply(w, status, map[string]any{"error": map[string]any{"code": status, "status": google, "message": "refused by the stand-in",
		"details": []any{map[string]string{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code}}}})
}

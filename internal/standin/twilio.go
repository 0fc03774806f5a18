package standin

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // Twilio's callback signature is HMAC-SHA1
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Text is one SMS Twilio's stand-in took.
type Text struct {
	SID, To, Body, Callback string
	At                      time.Time
	discard, obfuscate      bool
}

// redacted is a text as Twilio shows it once it was sent.
func (x Text) redacted() Text {
	if x.discard {
		x.Body = ""
	}
	if x.obfuscate {
		x.To = x.To[:max(0, len(x.To)-4)] + "XXXX"
	}
	return x
}

// A Fault is how a provider's stand-in misbehaves for one request.
type Fault struct {
	Status     int // answer this instead
	Code       int // Twilio's error code, or 0
	RetryAfter string
	Cut        bool // take the message and cut the connection
}

// A Twilio answers in place of Twilio's REST interface.
type Twilio struct {
	URL       string
	AuthToken string
	// Status is what the callback reports for a number: a status and an error
	// code. nil reports delivered.
	Status func(to string) (string, int)
	// Answers says who takes a call to a number: one of the Answer values. nil
	// is a person who presses the key.
	Answers func(to string) string
	Fault   func(to string) *Fault
	// Redacts blanks the bodies and ends of numbers it was asked not to retain, as
	// Twilio does once a message is sent; until then all are still queued.
	Redacts atomic.Bool
	// RedactsAll is an account that blanks both by default.
	RedactsAll bool
	// NoRedaction is an account without Message Redaction: it refuses who asks.
	NoRedaction bool
	// PageSize is the most messages it lists on one page; 0: as many as are asked for.
	PageSize int

	serial string // of its ids: those of two stand-ins are never the same
	srv    *httptest.Server
	mu     sync.Mutex
	texts  []Text
	rings  []Call
	calls  sync.WaitGroup // callbacks under way
	hang   atomic.Bool
	ctx    context.Context
	stop   context.CancelFunc
}

// Hang makes every later request wait for an answer that never comes.
func (t *Twilio) Hang() { t.hang.Store(true) }

// NewTwilio starts a stand-in on loopback.
func NewTwilio(authToken string) *Twilio {
	t := &Twilio{AuthToken: authToken, serial: rand.Text()[:8]}
	t.ctx, t.stop = context.WithCancel(context.Background())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2010-04-01/Accounts/{sid}/Messages.json", t.create)
	mux.HandleFunc("GET /2010-04-01/Accounts/{sid}/Messages.json", t.list)
	mux.HandleFunc("POST /2010-04-01/Accounts/{sid}/Calls.json", t.createCall)
	mux.HandleFunc("GET /2010-04-01/Accounts/{sid}/Calls.json", t.listCalls)
	t.srv = httptest.NewServer(mux)
	t.URL = t.srv.URL
	return t
}

// Close stops the stand-in and waits for its callbacks.
func (t *Twilio) Close() error {
	t.stop()
	t.calls.Wait()
	t.srv.Close()
	return nil
}

// Texts returns what was taken so far.
func (t *Twilio) Texts() []Text {
	t.mu.Lock()
	defer t.mu.Unlock()
	return slices.Clone(t.texts)
}

func (t *Twilio) create(w http.ResponseWriter, r *http.Request) {
	to, body := r.PostFormValue("To"), r.PostFormValue("Body")
	f, answered := t.misbehave(w, r, to)
	if answered {
		return
	}
	if to == "" || body == "" {
		reply(w, 400, map[string]any{"code": 21604, "message": "To and Body are required", "status": 400})
		return
	}
	discard, obfuscate := r.PostFormValue("ContentRetention") == "discard", r.PostFormValue("AddressRetention") == "obfuscate"
	if t.NoRedaction && (discard || obfuscate) {
		reply(w, 400, map[string]any{"code": 30029, "message": "Message Redaction is not enabled", "status": 400})
		return
	}
	t.mu.Lock()
	text := Text{SID: fmt.Sprintf("SM%s%024x", t.serial, len(t.texts)+1), To: to, Body: body, Callback: r.PostFormValue("StatusCallback"), At: time.Now(),
		discard: discard || t.RedactsAll, obfuscate: obfuscate || t.RedactsAll}
	t.texts = append(t.texts, text)
	t.mu.Unlock()
	if text.Callback != "" {
		t.calls.Go(func() { t.callback(text) })
	}
	if f.Cut {
		cut(w)
		return
	}
	reply(w, http.StatusCreated, map[string]any{"sid": text.SID, "status": "queued", "to": to})
}

// misbehave answers a request as a fault wants it; answered is false when the
// request is still to be carried out.
func (t *Twilio) misbehave(w http.ResponseWriter, r *http.Request, to string) (f Fault, answered bool) {
	if t.hang.Load() {
		hang(t.ctx, r)
		return f, true
	}
	if t.Fault != nil {
		if x := t.Fault(to); x != nil {
			f = *x
		}
	}
	if f.RetryAfter != "" {
		w.Header().Set("Retry-After", f.RetryAfter)
	}
	if f.Status != 0 {
		reply(w, f.Status, map[string]any{"code": f.Code, "message": "refused by the stand-in", "status": f.Status})
	}
	return f, f.Status != 0
}

// list lists messages, the last one first, by number or by the time they were
// sent. A number whose end is hidden is found by what is shown of it only.
func (t *Twilio) list(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	sent, to := t.Redacts.Load(), q.Get("To")
	found := []map[string]any{}
	for _, x := range slices.Backward(t.Texts()) {
		at := x.At.UTC().Format(time.RFC1123Z)
		shown := map[string]any{"sid": x.SID, "status": "queued", "date_created": at, "date_sent": nil}
		if sent {
			x = x.redacted()
			shown["status"], shown["date_sent"] = "delivered", at
		}
		shown["to"], shown["body"] = x.To, x.Body
		after, err := time.Parse(time.RFC3339, q.Get("DateSent>"))
		if to != "" && x.To != to || q.Has("DateSent>") && (err != nil || !sent || x.At.Before(after)) {
			continue
		}
		found = append(found, shown)
	}
	size, _ := strconv.Atoi(q.Get("PageSize"))
	if t.PageSize > 0 {
		size = min(size, t.PageSize)
	}
	page, _ := strconv.Atoi(q.Get("Page"))
	answer := map[string]any{"page": page, "page_size": size, "next_page_uri": nil}
	from := min(page*max(size, 1), len(found))
	until := min(from+max(size, 1), len(found))
	if until < len(found) {
		q.Set("Page", strconv.Itoa(page+1))
		q.Set("PageToken", "PA"+found[until-1]["sid"].(string))
		answer["next_page_uri"] = r.URL.Path + "?" + q.Encode()
	}
	answer["messages"] = found[from:until]
	reply(w, http.StatusOK, answer)
}

// callback reports the status, signed as Twilio signs: HMAC-SHA1 over the
// address and the sorted fields.
func (t *Twilio) callback(x Text) {
	status, code := "delivered", 0
	if t.Status != nil {
		status, code = t.Status(x.To)
	}
	if status == "" {
		return // never reports
	}
	form := url.Values{"MessageSid": {x.SID}, "MessageStatus": {status}, "To": {x.To}}
	if code != 0 {
		form.Set("ErrorCode", fmt.Sprint(code))
	}
	t.post(x.Callback, form)
}

// post posts a signed form until it is taken, and returns the answer.
func (t *Twilio) post(address string, form url.Values) (answer string) {
	for try := range 5 {
		req, err := http.NewRequestWithContext(t.ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
		if err != nil {
			return ""
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.Header.Set("X-Twilio-Signature", Sign(t.AuthToken, address, form))
		resp, err := t.srv.Client().Do(req)
		if err == nil {
			b, rerr := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
			resp.Body.Close()
			if resp.StatusCode < 300 && rerr == nil {
				return string(b)
			}
		}
		select {
		case <-t.ctx.Done():
			return ""
		case <-time.After(time.Duration(try+1) * 200 * time.Millisecond):
		}
	}
	return ""
}

// Sign makes X-Twilio-Signature for a form posted to an address.
// Source: Twilio, Validating Signatures from Twilio.
func Sign(authToken, address string, form url.Values) string {
	keys := make([]string, 0, len(form))
	for k := range form {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b strings.Builder
	b.WriteString(address)
	for _, k := range keys {
		b.WriteString(k)
		b.WriteString(form.Get(k))
	}
	h := hmac.New(sha1.New, []byte(authToken))
	h.Write([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// hang waits until the sender gives up or the stand-in closes.
func hang(ctx context.Context, r *http.Request) {
	select {
	case <-ctx.Done():
	case <-r.Context().Done():
	}
}

// cut drops the connection without an answer.
func cut(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if c, _, err := h.Hijack(); err == nil {
			c.Close()
		}
	}
}

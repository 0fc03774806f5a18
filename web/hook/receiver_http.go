package hook

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"tocsin/incidents"
	"tocsin/web/patience"
)

// ServeHTTP answers /hooks/<source>, and /hooks/<source>/<token> for a source
// whose token is part of its address.
func (rc *Receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	source, token := named(r.URL.Path)
	if token != "" && rc.Sources[source].Auth.Style != URLToken {
		source += "/" + token // no such source
	}
	rc.Serve(w, r, source)
}

// Serve answers one request to a source.
func (rc *Receiver) Serve(w http.ResponseWriter, r *http.Request, source string) {
	rc.setUp()
	began := rc.Now()
	if r.Method != http.MethodPost && r.Method != http.MethodPut {
		rc.other(w, r, source)
		return
	}
	a := rc.answer(w, r, source)
	rc.log(r.Context(), source, a, began)
	a.write(w)
}

// errWho is the one answer to wrong credentials and to a source that is not there.
var errWho = incidents.Unauthenticated("the credentials are wrong for this source").
	WithHint("compare the source's name and secret with the settings of both sides")

// answer takes one request. Who sends is checked before anything is kept.
func (rc *Receiver) answer(w http.ResponseWriter, r *http.Request, source string) Answer {
	src, known := rc.Sources[source]
	if !known || !src.Auth.mayBe(r) {
		return Answer{Status: http.StatusUnauthorized, Err: errWho}
	}
	leave, ok := rc.enter(source)
	if !ok {
		return Answer{Status: http.StatusServiceUnavailable, Err: errBusy}
	}
	body, whole, err := rc.body(w, r, src)
	if err != nil {
		leave()
		return Answer{Status: http.StatusServiceUnavailable, Err: err}
	}
	if !whole && !src.Auth.byHeader() { // nobody can tell who sent it, so nothing of it is kept
		leave()
		return Answer{Status: http.StatusRequestEntityTooLarge, Err: tooMuch(src)}
	}
	if err := src.Auth.Check(r, body, rc.Now()); err != nil {
		leave()
		return Answer{Status: http.StatusUnauthorized, Err: err}
	}
	if token := r.URL.Query().Get("validationToken"); token != "" && len(token) <= 4096 && len(body) == 0 {
		leave()
		return Answer{Status: http.StatusOK, Echo: token}
	}
	return rc.inTime(r, leave, func(ctx context.Context) Answer {
		if int64(len(body)) > src.maxBody() {
			return rc.tooLarge(ctx, src, "hook", r.Header, body)
		}
		return rc.Take(ctx, source, "hook", r.Header, body)
	})
}

// body reads a body into memory: twice what the source may send at most, so
// that the signature of one that is a little too large can still be checked.
// whole is false when there was more. What is left is not worth draining: the
// server closes the connection.
func (rc *Receiver) body(w http.ResponseWriter, r *http.Request, src Source) (body []byte, whole bool, err error) {
	slow := patience.New(rc.Slow, http.NewResponseController(w).SetReadDeadline)
	defer slow.End()
	most := 2 * src.maxBody()
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r.Body, most+1))
	if err != nil {
		return nil, false, incidents.Unavailable("the body did not arrive in one piece in time")
	}
	if n > most {
		return b.Bytes()[:most], false, nil
	}
	return b.Bytes(), true, nil
}

// inTime runs keep and answers in time even when the store does not. What is
// stored after that is a duplicate when it is sent again.
func (rc *Receiver) inTime(r *http.Request, leave func(), keep func(context.Context) Answer) Answer {
	// A sender that hangs up has handed its alert over all the same.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), rc.Within)
	out := make(chan Answer, 1)
	rc.storing.Go(func() {
		defer cancel()
		defer leave()
		out <- keep(ctx)
	})
	late := time.NewTimer(rc.Within)
	defer late.Stop()
	select {
	case a := <-out:
		return a
	case <-late.C:
		return unstored(context.DeadlineExceeded)
	}
}

// other answers the methods that carry no alert. CloudEvents senders ask for
// permission by OPTIONS before they post.
func (rc *Receiver) other(w http.ResponseWriter, r *http.Request, source string) {
	w.Header().Set("Allow", "POST, PUT, OPTIONS")
	if r.Method != http.MethodOptions {
		writeJSON(w, http.StatusMethodNotAllowed, refusal{Error: "alerts are sent by POST or PUT"})
		return
	}
	src, known := rc.Sources[source]
	origin := r.Header.Get("WebHook-Request-Origin")
	if known && origin != "" && len(origin) <= 253 && src.Format == "cloudevents" && src.Auth.mayBe(r) && src.Auth.byHeader() {
		w.Header().Set("WebHook-Allowed-Origin", origin)
		w.Header().Set("WebHook-Allowed-Rate", "*")
	}
	w.WriteHeader(http.StatusNoContent)
}

// receipt and refusal are the two bodies a sender sees.
type receipt struct {
	ID        incidents.IntakeID `json:"id"`
	Alerts    int                `json:"alerts"`
	Duplicate bool               `json:"duplicate"`
}

type refusal struct {
	ID    incidents.IntakeID `json:"id,omitempty"` // in quarantine
	Error string             `json:"error"`
	Hint  string             `json:"hint,omitempty"`
}

// retryAfter is what a sender is asked to wait, in seconds.
const retryAfter = 5

func (a Answer) write(w http.ResponseWriter) {
	switch {
	case a.Echo != "":
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("X-Content-Type-Options", "nosniff")
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Echo)
	case a.Err == nil:
		writeJSON(w, a.Status, receipt{a.Intake.ID, a.Alerts, a.Duplicate})
	default:
		if a.Status == http.StatusServiceUnavailable {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
			a.Err = storable(a.Err)
		}
		if a.Status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", `Bearer realm="hooks"`)
		}
		if a.Status == http.StatusRequestEntityTooLarge {
			w.Header().Set("Connection", "close")
		}
		writeJSON(w, a.Status, refuse(a))
	}
}

func refuse(a Answer) refusal {
	out := refusal{ID: a.Intake.ID, Error: http.StatusText(a.Status)}
	var e *incidents.Error
	if errors.As(a.Err, &e) {
		out.Error, out.Hint = e.Error(), e.Hint
	}
	return out
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	b, err := json.Marshal(v)
	if err != nil { // texts and numbers only
		status, b = http.StatusInternalServerError, []byte(`{"error":"the answer could not be written"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write(append(b, '\n'))
}

// log writes one event per request, without the address: it may hold a token.
func (rc *Receiver) log(ctx context.Context, source string, a Answer, began time.Time) {
	if rc.Log == nil {
		return
	}
	if _, known := rc.Sources[source]; !known {
		source = "unknown"
	}
	level, kind := slog.LevelInfo, ""
	if a.Err != nil {
		level, kind = slog.LevelWarn, string(incidents.KindOf(a.Err))
	}
	rc.Log.Log(ctx, level, "alert hook", "source", source, "status", a.Status, "intake", string(a.Intake.ID),
		"alerts", a.Alerts, "duplicate", a.Duplicate, "kind", kind, "took", rc.Now().Sub(began))
}

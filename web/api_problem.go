package web

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"tocsin/incidents"
)

// An apiProblem is an error as RFC 9457 writes it.
type apiProblem struct {
	Type      string         `json:"type"`
	Title     string         `json:"title"`
	Status    int            `json:"status"`
	Detail    string         `json:"detail"`
	Kind      incidents.Kind `json:"kind"`
	Field     string         `json:"field,omitempty"`
	Hint      string         `json:"hint,omitempty"`
	Reference string         `json:"reference,omitempty"` // of the log line of an internal error
}

// apiStatus is the one table from kinds to statuses of the API.
var apiStatus = map[incidents.Kind]int{
	incidents.KindInvalid:         http.StatusBadRequest,
	incidents.KindNotFound:        http.StatusNotFound,
	incidents.KindConflict:        http.StatusConflict,
	incidents.KindForbidden:       http.StatusForbidden,
	incidents.KindUnauthenticated: http.StatusUnauthorized,
	incidents.KindThrottled:       http.StatusTooManyRequests,
	incidents.KindUnavailable:     http.StatusServiceUnavailable,
	incidents.KindInternal:        http.StatusInternalServerError,
}

// problem answers an error. What is not classified gets a reference, and its
// cause goes to the log only.
func (a api) problem(c *call, err error) {
	p := problemOf(err)
	if p.Status == http.StatusInternalServerError && !gone(c.r, err) {
		p.Reference = strings.ToLower(rand.Text()[:10])
		a.Log.ErrorContext(c.ctx, "a request failed", "reference", p.Reference, "method", c.r.Method, "route", routeOf(c.r), "error", err.Error())
	}
	h := c.w.Header()
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="tocsin"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", "5")
	}
	b, merr := json.Marshal(p)
	if merr != nil { // texts and numbers only
		b = []byte(`{}`)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	c.w.WriteHeader(p.Status)
	_, _ = c.w.Write(append(b, '\n'))
}

func problemOf(err error) apiProblem {
	kind := incidents.KindOf(err)
	p := apiProblem{Type: "about:blank", Status: apiStatus[kind], Kind: kind, Detail: "Something went wrong here. The log has the cause under the reference."}
	var body *bodyProblem
	if errors.As(err, &body) {
		p.Status = body.status
	}
	var e *incidents.Error
	if errors.As(err, &e) && kind != incidents.KindInternal {
		p.Detail, p.Field, p.Hint = e.Msg, e.Field, e.Hint
	}
	p.Title = http.StatusText(p.Status)
	return p
}

// apiMissing answers what is below the API and not in its table.
func apiMissing(d Deps) http.Handler {
	a := api{d}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r, ctx: r.Context()}
		allow := allowed(strings.TrimPrefix(r.URL.Path, APIPrefix))
		if len(allow) == 0 {
			a.problem(c, incidents.NotFound("there is no such address").WithHint("docs/api.md lists them all"))
			return
		}
		w.Header().Set("Allow", strings.Join(allow, ", "))
		a.problem(c, &bodyProblem{http.StatusMethodNotAllowed, incidents.Invalid("this address does not take %s", r.Method)})
	})
}

// allowed lists the methods of a path of the API.
func allowed(path string) (out []string) {
	for _, route := range APIRoutes() {
		if fits(route.Path, path) {
			out = append(out, methods(route.Method)...)
		}
	}
	return out
}

// fits tells whether a path is one of a pattern's.
func fits(pattern, path string) bool {
	want, have := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && w != have[i] {
			return false
		}
	}
	return true
}

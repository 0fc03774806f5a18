package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"

	"tocsin/incidents"
)

// consoleStatus is the one table from kinds of error to statuses of pages.
var consoleStatus = map[incidents.Kind]int{
	incidents.KindInvalid: http.StatusUnprocessableEntity, incidents.KindNotFound: http.StatusNotFound, incidents.KindConflict: http.StatusConflict,
	incidents.KindForbidden: http.StatusForbidden, incidents.KindUnauthenticated: http.StatusUnauthorized, incidents.KindThrottled: http.StatusTooManyRequests,
	incidents.KindUnavailable: http.StatusServiceUnavailable, incidents.KindInternal: http.StatusInternalServerError,
}

// A problem is an error as a page shows it: a sentence, what to do, and the
// field it belongs to.
type problem struct {
	Field, Msg, Hint, Ref string
	Status                int
}

// problemOf turns an error into what a person sees; the log keeps the cause of
// what is internal, under a reference.
func (c *console) problemOf(r *http.Request, err error) *problem {
	var e *incidents.Error
	if errors.As(err, &e) && e.Kind != incidents.KindInternal {
		msg := e.Msg
		if e.Kind == incidents.KindUnavailable && msg == "" {
			msg = "this is not possible at the moment"
		}
		return &problem{Field: e.Field, Msg: sentence(msg), Hint: sentence(e.Hint), Status: consoleStatus[e.Kind]}
	}
	ref := strings.ToLower(rand.Text()[:8])
	if !gone(r, err) {
		c.Log.ErrorContext(r.Context(), "a page failed", "route", routeOf(r), "ref", ref, "cause", err)
	}
	return &problem{Msg: "Something went wrong on our side.", Hint: "Tell the administrator the reference " + ref + ".", Ref: ref, Status: http.StatusInternalServerError}
}

// gone tells an error that is only the reader having left: nobody reads the
// answer, and nothing is wrong.
func gone(r *http.Request, err error) bool {
	return errors.Is(err, context.Canceled) && r.Context().Err() != nil
}

// sentence begins with a capital and ends with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsRune(".!?:”", []rune(s)[len([]rune(s))-1]) {
		s += "."
	}
	return s
}

package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tocsin/incidents"
)

// TestTheLogNamesRoutes reads the lines of requests: the route as we wrote it,
// never the address as it was asked for.
func TestTheLogNamesRoutes(t *testing.T) {
	w := newWorld(t)
	w.deps.Log = slog.New(slog.NewTextHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := New(w.deps)
	must(t, err)
	w.inside, w.public = s.Inside(), s.Public()
	b := w.signIn("rita")
	b.get("/alerts/someone@example.net")
	b.get("/someone@example.net")
	w.as("rita", "GET", "/alerts/someone@example.net", nil)
	w.send(w.public, httptest.NewRequestWithContext(t.Context(), "GET", "/announcements/someone@example.net", nil))
	log := w.log.String()
	for _, want := range []string{"route=/alerts/{alert}", "route=-", "route=/api/v1/alerts/{alert}", "route=/announcements/{slug}"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if strings.Contains(log, "example.net") {
		t.Error("what was asked for is in the log")
	}
}

// TestAReaderWhoLeavesIsNoError gives up while an answer is being made.
func TestAReaderWhoLeavesIsNoError(t *testing.T) {
	w := newWorld(t)
	ctx, leave := context.WithCancel(t.Context())
	leave()
	r := httptest.NewRequestWithContext(ctx, "GET", "/", nil)
	c := &console{Deps: w.deps}
	c.problemOf(r, context.Canceled)
	(&public{Deps: w.deps, pages: publicTemplates}).fail(httptest.NewRecorder(), r, PublicRoute{Method: http.MethodGet}, context.Canceled)
	api{w.deps}.problem(&call{w: httptest.NewRecorder(), r: r, ctx: ctx}, context.Canceled)
	if w.log.Len() > 0 {
		t.Errorf("the log: %s", w.log)
	}
	c.problemOf(httptest.NewRequestWithContext(t.Context(), "GET", "/", nil), context.Canceled)
	if !strings.Contains(w.log.String(), "a page failed") {
		t.Error("something of ours that was cancelled is not in the log")
	}
	if incidents.KindOf(context.Canceled) != incidents.KindInternal {
		t.Error("this test tests nothing")
	}
}

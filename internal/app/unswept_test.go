package app

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/store"
)

// The team hears once of a notice that stays unswept, and again when another one
// fails after all were well. A failure that mends itself, or a database that is
// away, is no word to them.
func TestTheTeamIsToldOnceOfWhatCannotBeSwept(t *testing.T) {
	a, got := webhook(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	spoiled := errors.Join(&store.Unswept{Notice: 7, Err: errors.New("its flights cannot be read")})
	away := errors.Join(&store.Unswept{Notice: 7, Err: incidents.Unavailable("no connection")})
	var w sweepWatch
	for i, c := range []struct {
		err  error
		want int // messages so far
	}{{spoiled, 0}, {nil, 0}, {away, 0}, {away, 0}, {context.Canceled, 0}, {spoiled, 0}, {spoiled, 1}, {spoiled, 1}, {away, 1}, {spoiled, 1}, {nil, 1}, {spoiled, 1}, {spoiled, 2}} {
		a.tellUnswept(context.Background(), &w, c.err)
		if len(got()) != c.want {
			t.Fatalf("after sweep %d the team was told %d times, want %d", i, len(got()), c.want)
		}
	}
	if body := got()[0].body; !strings.Contains(body, "sweep notice N-7: its flights cannot be read") {
		t.Errorf("told %s", body)
	}
}

package app

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

// A moody store reads only when it is in the mood.
type moody struct {
	incidents.Store
	err error
}

func (m *moody) Read(ctx context.Context, fn func(incidents.Tx) error) error {
	if m.err != nil {
		return m.err
	}
	return m.Store.Read(ctx, fn)
}

// What the start could not judge is tried by every sweep until it is judged, and
// no sweep asks after that.
func TestWhatTheStartCouldNotJudgeIsTriedAgain(t *testing.T) {
	s := &moody{Store: storetest.Open(t, storetest.SQLite), err: errors.New("a damaged row")}
	a := &App{log: slog.New(slog.DiscardHandler), unjudged: true,
		Desk: incidents.NewDesk(incidents.Deps{Store: s, Now: time.Now, NewID: storetest.NewID})}
	for i, want := range []error{s.err, s.err, nil} {
		if i == 2 {
			s.err = nil
		}
		if err := a.judgeLeft(t.Context()); !errors.Is(err, want) || a.unjudged != (want != nil) {
			t.Fatalf("try %d: %v, still unjudged %v", i, err, a.unjudged)
		}
	}
	s.err = errors.New("nobody asks")
	if err := a.judgeLeft(t.Context()); err != nil {
		t.Error(err)
	}
}

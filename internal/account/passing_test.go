package account

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"tocsin/incidents"
)

// A page is shown and the API answers while a long transaction has the one
// writer: that a session or a token is in use is noted the next time.
func TestNobodyWaitsToBeNoted(t *testing.T) {
	tm, b, a := signedIn(t, SessionSettings{})
	plain, tok, err := tm.MintToken(ctx, admin, a.ID, "script", nil, 24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	tm.clock.pass(2 * time.Minute)
	tm.store.busy = true
	saves := tm.store.saves
	code := b.visit(func(r *http.Request) {
		if _, ok := b.s.Actor(r.Context()); !ok {
			t.Error("who is signed in is nobody")
		}
	})
	if code != http.StatusOK || tm.store.saves != saves {
		t.Errorf("the page is answered with %d", code)
	}
	if _, err := tm.Bearer(ctx, plain); err != nil {
		t.Error(err)
	}
	tm.store.busy = false
	if _, ok := b.actor(); !ok || tm.store.saves != saves+1 {
		t.Error("it is not noted the next time")
	}
	if _, err := tm.Bearer(ctx, plain); err != nil || !tm.store.tokens[tok.ID].LastUsedAt.Equal(tm.clock.now()) {
		t.Error("the use of the token is not noted the next time", err)
	}
}

// What a person did is kept, however long that takes: only a note may be left out.
func TestWhatChangedIsWaitedFor(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	tm.store.fail = errors.New("no disk")
	if code := b.visit(func(r *http.Request) { b.s.PutString(r.Context(), "said", "Saved.") }); code != http.StatusServiceUnavailable {
		t.Errorf("what could not be kept is answered with %d", code)
	}
	tm.store.fail = nil
	limited, end := context.WithTimeout(ctx, 2*passingWithin)
	defer end()
	began := time.Now()
	err := inPassing(limited, func(ctx context.Context) error { return tm.store.fail })
	if err != nil || time.Since(began) > passingWithin {
		t.Error("a note waits for nothing:", err)
	}
	if err := inPassing(limited, func(context.Context) error { return incidents.Unavailable("no disk") }); incidents.KindOf(err) != incidents.KindUnavailable {
		t.Error("a note that failed at once is", err)
	}
}

// A session that was kept before its answer is not written again with it, and
// what changes after that is.
func TestASessionIsKeptBeforeItsAnswer(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	first, saves := b.cookie.Value, tm.store.saves
	b.do(func(r *http.Request) error {
		if err := b.s.SetSecondFactor(r.Context(), tm.clock.now().Add(time.Second)); err != nil {
			return err
		}
		if err := b.s.Keep(r.Context()); err != nil {
			return err
		}
		if err := b.s.Keep(r.Context()); err != nil {
			return err
		}
		tm.store.busy = true // from here on nobody else writes
		return nil
	})
	tm.store.busy = false
	if b.cookie.Value == first || tm.store.saves != saves+1 {
		t.Errorf("it was written %d times, under a new cookie: %v", tm.store.saves-saves, b.cookie.Value != first)
	}
	if got, ok := b.actor(); !ok || !got.SecondFactorAt.Equal(tm.clock.now().Add(time.Second)) {
		t.Errorf("%+v", got)
	}
	b.do(func(r *http.Request) error {
		b.s.PutString(r.Context(), "said", "one")
		if err := b.s.Keep(r.Context()); err != nil {
			return err
		}
		b.s.PutString(r.Context(), "said", "two")
		return nil
	})
	b.do(func(r *http.Request) error {
		if got := b.s.PopString(r.Context(), "said"); got != "two" {
			t.Errorf("kept is %q", got)
		}
		return nil
	})
}

package account

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"tocsin/incidents"
)

// A browser walks through the middleware and keeps its cookie.
type browser struct {
	t       *testing.T
	s       *Sessions
	cookie  *http.Cookie
	lastSet *http.Cookie
}

func (b *browser) visit(page func(r *http.Request)) int {
	b.t.Helper()
	r := httptest.NewRequest("GET", "https://console.example/", nil)
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	w := httptest.NewRecorder()
	b.s.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { page(r) })).ServeHTTP(w, r)
	b.lastSet = nil
	for _, c := range w.Result().Cookies() {
		b.lastSet = c
		if b.cookie = c; c.MaxAge < 0 {
			b.cookie = nil
		}
	}
	return w.Code
}

func (b *browser) actor() (a incidents.Actor, ok bool) {
	b.t.Helper()
	b.visit(func(r *http.Request) { a, ok = b.s.Actor(r.Context()) })
	return a, ok
}

func (b *browser) do(fn func(r *http.Request) error) {
	b.t.Helper()
	b.visit(func(r *http.Request) {
		if err := fn(r); err != nil {
			b.t.Fatal(err)
		}
	})
}

func signedIn(t *testing.T, set SessionSettings) (*team, *browser, Account) {
	t.Helper()
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	b := &browser{t: t, s: NewSessions(tm.Desk, tm.store, set)}
	actor, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), "")
	if err != nil {
		t.Fatal(err)
	}
	b.do(func(r *http.Request) error { return b.s.SignIn(r.Context(), actor) })
	return tm, b, a
}

func TestSession(t *testing.T) {
	tm, b, a := signedIn(t, SessionSettings{})
	c := b.lastSet
	if c.Name != "__Host-tocsin" || !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite != http.SameSiteLaxMode {
		t.Errorf("cookie %+v", c)
	}
	if len(tm.store.sessions) != 1 {
		t.Fatalf("%d sessions", len(tm.store.sessions))
	}
	if _, plain := tm.store.sessions[c.Value]; plain {
		t.Error("the cookie itself is kept, not its hash")
	}
	got, ok := b.actor()
	if !ok || got.ID != a.ID || got.Role != a.Role || got.Via != "console" || !got.SecondFactorAt.Equal(tm.clock.now()) || got.Scopes != nil {
		t.Fatalf("%+v %v", got, ok)
	}
	b.do(func(r *http.Request) error { return b.s.SignOut(r.Context()) })
	if len(tm.store.sessions) != 0 || b.cookie != nil {
		t.Error("signing out left the session or the cookie")
	}
	b.cookie = c
	if _, ok := b.actor(); ok {
		t.Error("the old cookie still works")
	}
}

func TestSessionOnLoopback(t *testing.T) {
	_, b, _ := signedIn(t, SessionSettings{Insecure: true})
	if b.lastSet.Name != "tocsin" || b.lastSet.Secure || !b.lastSet.HttpOnly {
		t.Errorf("cookie %+v", b.lastSet)
	}
}

func TestVisitorsGetNoSession(t *testing.T) {
	tm := newTeam(t)
	b := &browser{t: t, s: NewSessions(tm.Desk, tm.store, SessionSettings{})}
	b.do(func(r *http.Request) error {
		if _, ok := b.s.Actor(r.Context()); ok || b.s.PopString(r.Context(), "flash") != "" {
			t.Error("a visitor is somebody")
		}
		return nil
	})
	if b.lastSet != nil || len(tm.store.sessions) != 0 {
		t.Error("a visit alone made a session")
	}
	b.visit(func(r *http.Request) {
		wantKind(t, b.s.SetSecondFactor(r.Context(), tm.clock.now()), incidents.KindUnauthenticated)
	})
	b.cookie = &http.Cookie{Name: "__Host-tocsin", Value: "made-up-by-an-attacker"}
	b.do(func(r *http.Request) error { b.s.PutString(r.Context(), "flash", "hello"); return nil })
	if b.cookie.Value == "made-up-by-an-attacker" {
		t.Error("a made-up cookie became a session")
	}
}

func TestSessionsGetOld(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	for range 33 { // 7 h 42 min, never idle for 15 min
		tm.clock.pass(14 * time.Minute)
		if _, ok := b.actor(); !ok {
			t.Fatal("out too early")
		}
	}
	tm.clock.pass(14 * time.Minute)
	if _, ok := b.actor(); !ok {
		t.Fatal("out before 8 h")
	}
	// A step-up does not make it younger.
	b.do(func(r *http.Request) error { return b.s.SetSecondFactor(r.Context(), tm.clock.now()) })
	tm.clock.pass(14 * time.Minute)
	if _, ok := b.actor(); ok {
		t.Fatal("still in after 8 h")
	}
	tm, b, _ = signedIn(t, SessionSettings{})
	tm.clock.pass(15 * time.Minute)
	if _, ok := b.actor(); ok || len(tm.store.sessions) != 0 {
		t.Fatal("still in after 15 idle minutes")
	}
	tm, b, _ = signedIn(t, SessionSettings{})
	tm.clock.pass(-time.Hour)
	if _, ok := b.actor(); ok {
		t.Fatal("a clock set back makes a session immortal")
	}
	tm, b, _ = signedIn(t, SessionSettings{Idle: time.Hour, Absolute: 2 * time.Hour})
	tm.clock.pass(59 * time.Minute)
	if _, ok := b.actor(); !ok {
		t.Fatal("the settings are not used")
	}
}

func TestSessionIsWrittenOnceAMinute(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	before := tm.store.saves
	for range 30 {
		b.actor()
	}
	tm.clock.pass(time.Minute)
	for range 30 {
		b.actor()
	}
	if n := tm.store.saves - before; n != 1 {
		t.Errorf("60 requests wrote the session %d times", n)
	}
}

func TestNewCookieAtSignInAndStepUp(t *testing.T) {
	tm, b, a := signedIn(t, SessionSettings{})
	b.do(func(r *http.Request) error { b.s.PutString(r.Context(), "flash", "from before"); return nil })
	first := b.cookie.Value
	at, err := tm.StepUp(ctx, a.ID, tm.next(t, a.ID))
	if err != nil {
		t.Fatal(err)
	}
	b.do(func(r *http.Request) error { return b.s.SetSecondFactor(r.Context(), at) })
	if b.cookie.Value == first {
		t.Error("the cookie stayed the same at step-up")
	}
	if got, ok := b.actor(); !ok || !got.SecondFactorAt.Equal(at) {
		t.Errorf("%+v", got)
	}
	second := b.cookie.Value
	actor, err := tm.SignIn(ctx, "mia", goodPassword, tm.next(t, a.ID), "")
	if err != nil {
		t.Fatal(err)
	}
	b.do(func(r *http.Request) error { return b.s.SignIn(r.Context(), actor) })
	if b.cookie.Value == second {
		t.Error("the cookie stayed the same at sign-in")
	}
	b.do(func(r *http.Request) error {
		if b.s.PopString(r.Context(), "flash") != "" {
			t.Error("something of the session before is left")
		}
		return nil
	})
	if len(tm.store.sessions) != 1 {
		t.Errorf("%d sessions", len(tm.store.sessions))
	}
}

func TestFlash(t *testing.T) {
	_, b, _ := signedIn(t, SessionSettings{})
	b.do(func(r *http.Request) error { b.s.PutString(r.Context(), "flash", "Saved."); return nil })
	for _, want := range []string{"Saved.", ""} {
		b.do(func(r *http.Request) error {
			if got := b.s.PopString(r.Context(), "flash"); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			return nil
		})
	}
	b.do(func(r *http.Request) error { b.s.PutString(r.Context(), keyAccount, "root"); return nil })
	if got, _ := b.actor(); got.ID == "root" {
		t.Error("a text of a page made somebody else of the visitor")
	}
}

func TestChangesToAnAccountEndItsSessions(t *testing.T) {
	for name, change := range map[string]func(tm *team, a Account) error{
		"disabled":          func(tm *team, a Account) error { return tm.Disable(ctx, admin, a.ID) },
		"new role":          func(tm *team, a Account) error { return tm.SetRole(ctx, admin, a.ID, incidents.RoleComms) },
		"new password":      func(tm *team, a Account) error { return tm.SetPassword(ctx, admin, a.ID, "five brown bottles") },
		"new second factor": func(tm *team, a Account) error { _, err := tm.RecoverSecondFactor(ctx, admin, a.ID); return err },
	} {
		tm, b, a := signedIn(t, SessionSettings{})
		if err := change(tm, a); err != nil {
			t.Fatal(err)
		}
		if _, ok := b.actor(); ok {
			t.Errorf("%s: still in", name)
		}
	}
}

// A request that was under way when another one signed out must not bring the
// session back.
func TestSignOutIsFinal(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	tm.clock.pass(2 * time.Minute) // so that the slow request wants to write
	slow := &browser{t: t, s: b.s, cookie: b.cookie}
	slow.visit(func(*http.Request) {
		b.do(func(r *http.Request) error { return b.s.SignOut(r.Context()) })
	})
	if len(tm.store.sessions) != 0 {
		t.Fatal("the session came back")
	}
}

func TestBrokenSessionStore(t *testing.T) {
	tm, b, _ := signedIn(t, SessionSettings{})
	tm.store.fail = errors.New("disk")
	if code := b.visit(func(*http.Request) { t.Error("the page was reached") }); code != http.StatusServiceUnavailable {
		t.Errorf("status %d", code)
	}
}

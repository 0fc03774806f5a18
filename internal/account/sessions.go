package account

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"tocsin/incidents"
)

// SessionSettings are how sessions behave; zero durations mean the default.
type SessionSettings struct {
	Idle     time.Duration // without a request: 15 min
	Absolute time.Duration // after sign-in: 8 h
	// Insecure is for plain HTTP on loopback only: the cookie is then "tocsin"
	// instead of "__Host-tocsin", and not marked Secure.
	Insecure bool
	// OnError answers when the store of sessions fails; the default is a plain 503.
	OnError func(http.ResponseWriter, *http.Request, error)
}

// Sessions keeps people of the console signed in. Its methods work within a
// request that went through LoadAndSave.
type Sessions struct {
	scs      *scs.SessionManager
	desk     *Desk
	settings SessionSettings
}

// What a session holds. began and seen are Unix seconds.
const (
	keyAccount = "account"
	keyEpoch   = "epoch"
	keySecond  = "second"
	keyBegan   = "began"
	keySeen    = "seen"
	keyOwn     = "own:" // before the keys of PutString
)

// seenEvery bounds how often a session is written only because it is in use.
const seenEvery = time.Minute

// NewSessions returns the sessions of a desk.
func NewSessions(desk *Desk, store SessionStore, settings SessionSettings) *Sessions {
	set(&settings.Idle, 15*time.Minute)
	set(&settings.Absolute, 8*time.Hour)
	if settings.OnError == nil {
		settings.OnError = func(w http.ResponseWriter, _ *http.Request, _ error) {
			http.Error(w, "Sessions cannot be read at this moment. Try again in a minute.", http.StatusServiceUnavailable)
		}
	}
	// Built by hand: scs.New starts a goroutine of its default store that cannot
	// be stopped for sure.
	m := &scs.SessionManager{
		Store:            &sessionStore{store, desk.now, settings.Absolute},
		Codec:            scs.GobCodec{},
		Lifetime:         settings.Absolute,
		HashTokenInStore: true,
		ErrorFunc:        settings.OnError,
		Cookie:           scs.SessionCookie{Name: "__Host-tocsin", Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode},
	}
	if settings.Insecure {
		m.Cookie.Name, m.Cookie.Secure = "tocsin", false
	}
	return &Sessions{m, desk, settings}
}

// LoadAndSave is the middleware around everything that uses a session.
func (s *Sessions) LoadAndSave(next http.Handler) http.Handler {
	inner := s.scs.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := s.age(r.Context()); err != nil {
			s.settings.OnError(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		inner.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), loadedKey{}, &loaded{})))
	})
}

// age ends a session that is too old and notes that a younger one is in use.
func (s *Sessions) age(ctx context.Context) error {
	if !s.scs.Exists(ctx, keyAccount) {
		return nil
	}
	if s.old(ctx) {
		return s.scs.Destroy(ctx)
	}
	if now := s.desk.now(); now.Sub(s.at(ctx, keySeen)) >= seenEvery {
		s.scs.Put(ctx, keySeen, now.Unix())
	}
	return nil
}

// changed notes that a session has to be kept, whatever it takes.
func changed(ctx context.Context) {
	if l, ok := ctx.Value(loadedKey{}).(*loaded); ok {
		l.changed = true
	}
}

// Keep keeps what changed in a session now, and not only with the answer: who is
// about to do what keeps others waiting does so before.
func (s *Sessions) Keep(ctx context.Context) error {
	if l, ok := ctx.Value(loadedKey{}).(*loaded); !ok || !l.changed {
		return nil
	}
	_, _, err := s.scs.Commit(ctx)
	return err
}

func (s *Sessions) at(ctx context.Context, key string) time.Time {
	return time.Unix(s.scs.GetInt64(ctx, key), 0)
}

func (s *Sessions) old(ctx context.Context) bool {
	now, began := s.desk.now(), s.at(ctx, keyBegan)
	return now.Sub(s.at(ctx, keySeen)) >= s.settings.Idle || now.Sub(began) >= s.settings.Absolute || now.Before(began.Add(-seenEvery))
}

// SignIn starts a session for whom Desk.SignIn let in, under a new cookie.
func (s *Sessions) SignIn(ctx context.Context, actor incidents.Actor) error {
	a, err := s.desk.store.Account(ctx, actor.ID)
	if err != nil {
		return err
	}
	if err := s.scs.Clear(ctx); err != nil {
		return err
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return err
	}
	changed(ctx)
	now := s.desk.now().Unix()
	s.scs.Put(ctx, keyAccount, string(actor.ID))
	s.scs.Put(ctx, keyEpoch, a.Epoch)
	s.scs.Put(ctx, keySecond, unixOrZero(actor.SecondFactorAt))
	s.scs.Put(ctx, keyBegan, now)
	s.scs.Put(ctx, keySeen, now)
	return nil
}

func unixOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// SignOut ends the session, on the server too.
func (s *Sessions) SignOut(ctx context.Context) error { return s.scs.Destroy(ctx) }

// Actor returns who is signed in. The account is looked up each time, so that
// one that was disabled, or has a new role, password or second factor, is out
// at once.
func (s *Sessions) Actor(ctx context.Context) (incidents.Actor, bool) {
	id := incidents.AccountID(s.scs.GetString(ctx, keyAccount))
	if id == "" {
		return incidents.Actor{}, false
	}
	a, err := s.desk.store.Account(ctx, id)
	if err != nil || a.Disabled || a.Epoch != s.scs.GetInt64(ctx, keyEpoch) {
		return incidents.Actor{}, false
	}
	actor := incidents.Actor{ID: a.ID, Name: a.Display, Role: a.Role, Via: "console"}
	if at := s.scs.GetInt64(ctx, keySecond); at != 0 {
		actor.SecondFactorAt = time.Unix(at, 0).UTC()
	}
	return actor, true
}

// Still tells whether who was signed in when ctx's request came still is: not
// signed out since, not disabled, not idle or signed in for too long. It is no
// use of the session, so asking keeps nobody signed in.
func (s *Sessions) Still(ctx context.Context) bool {
	now, err := s.scs.Load(context.Background(), s.scs.Token(ctx)) // of a context without a session, or it would be the old one
	if err != nil || s.old(now) {
		return false
	}
	_, in := s.Actor(now)
	return in
}

// SetSecondFactor notes that the second factor was proved again, as Desk.StepUp
// said, under a new cookie. It does not make the session live longer.
func (s *Sessions) SetSecondFactor(ctx context.Context, t time.Time) error {
	if !s.scs.Exists(ctx, keyAccount) {
		return incidents.Unauthenticated("nobody is signed in")
	}
	if err := s.scs.RenewToken(ctx); err != nil {
		return err
	}
	changed(ctx)
	s.scs.Put(ctx, keySecond, t.Unix())
	return nil
}

// PutString keeps a short text for the next page; PopString takes it out.
func (s *Sessions) PutString(ctx context.Context, key, text string) {
	changed(ctx)
	s.scs.Put(ctx, keyOwn+key, text)
}

// PopString returns a text of PutString once, then "".
func (s *Sessions) PopString(ctx context.Context, key string) string {
	if !s.scs.Exists(ctx, keyOwn+key) {
		return "" // asking must not make a session
	}
	changed(ctx)
	return s.scs.PopString(ctx, keyOwn+key)
}

// sessionStore fits a SessionStore to the session library, with our clock.
type sessionStore struct {
	store SessionStore
	now   func() time.Time
	keep  time.Duration
}

// loaded is how the session of a request is kept in the store.
type loaded struct {
	token   string // under which it is there
	changed bool   // by more than being in use, since it was kept
	kept    bool   // by Keep
}

type loadedKey struct{}

func (s *sessionStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	b, expires, found, err := s.store.Session(ctx, token)
	if err != nil || !found || !s.now().Before(expires) {
		return nil, false, err
	}
	if l, ok := ctx.Value(loadedKey{}).(*loaded); ok {
		l.token = token
	}
	return b, true, nil
}

// CommitCtx keeps a session as long as one may live at most; how long this one
// may is decided by age. That it is in use is noted when there is time.
func (s *sessionStore) CommitCtx(ctx context.Context, token string, b []byte, _ time.Time) error {
	save := func(ctx context.Context, fresh bool) error {
		return s.store.SaveSession(ctx, token, b, s.now().Add(s.keep).UTC(), fresh)
	}
	l, ok := ctx.Value(loadedKey{}).(*loaded)
	switch {
	case !ok:
		return save(ctx, true)
	case l.changed || l.token != token:
		if err := save(ctx, l.token != token); err != nil {
			return err
		}
		l.token, l.changed, l.kept = token, false, true
		return nil
	case l.kept:
		return nil
	}
	return inPassing(ctx, func(ctx context.Context) error { return save(ctx, false) })
}

func (s *sessionStore) DeleteCtx(ctx context.Context, token string) error {
	return s.store.DropSession(ctx, token)
}

// The library asks for these too, and never calls them when it has a context.
var errNoContext = errors.New("account: sessions need a context")

func (s *sessionStore) Find(string) ([]byte, bool, error)      { return nil, false, errNoContext }
func (s *sessionStore) Commit(string, []byte, time.Time) error { return errNoContext }
func (s *sessionStore) Delete(string) error                    { return errNoContext }

package account

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const goodPassword = "three green bottles"

var admin = incidents.Actor{ID: "root", Role: incidents.RoleAdmin, Via: "console"}

// A memStore keeps accounts, tokens and sessions in memory.
type memStore struct {
	mu       sync.Mutex
	accounts map[incidents.AccountID]Account
	tokens   map[string]Token
	sessions map[string]memSession
	log      []incidents.AuditEntry
	touched  int
	saves    int
	fail     error
	busy     bool // another writer is at it, and does not end
}

// turn waits for the one writer.
func (s *memStore) turn(ctx context.Context) error {
	if s.busy {
		<-ctx.Done()
	}
	return ctx.Err()
}

type memSession struct {
	data    []byte
	expires time.Time
}

func newMemStore() *memStore {
	return &memStore{accounts: map[incidents.AccountID]Account{}, tokens: map[string]Token{}, sessions: map[string]memSession{}}
}

func (s *memStore) lock() (func(), error) { s.mu.Lock(); return s.mu.Unlock, s.fail }

func firstOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

func (s *memStore) AddAccount(_ context.Context, a Account, entries ...incidents.AuditEntry) error {
	unlock, err := s.lock()
	defer unlock()
	for _, o := range s.accounts {
		if o.Name == a.Name || o.ID == a.ID {
			return incidents.Conflict("the sign-in name is taken")
		}
	}
	s.accounts[a.ID] = a
	s.log = append(s.log, entries...)
	return err
}

func (s *memStore) Account(_ context.Context, id incidents.AccountID) (Account, error) {
	unlock, err := s.lock()
	defer unlock()
	a, ok := s.accounts[id]
	if !ok && err == nil {
		err = incidents.NotFound("no account %s", id)
	}
	return a, err
}

func (s *memStore) AccountByName(_ context.Context, name string) (Account, error) {
	unlock, err := s.lock()
	defer unlock()
	for _, a := range s.accounts {
		if a.Name == name {
			return a, err
		}
	}
	return Account{}, firstOf(err, incidents.NotFound("no such account"))
}

func (s *memStore) Accounts(context.Context) (out []Account, err error) {
	unlock, err := s.lock()
	defer unlock()
	for _, a := range s.accounts {
		out = append(out, a)
	}
	return out, err
}

func (s *memStore) UpdateAccount(_ context.Context, id incidents.AccountID, change func(*Account) error, entries ...incidents.AuditEntry) (Account, error) {
	unlock, err := s.lock()
	defer unlock()
	a, ok := s.accounts[id]
	if err != nil || !ok {
		return Account{}, firstOf(err, incidents.NotFound("no account %s", id))
	}
	if err := change(&a); err != nil {
		return Account{}, fmt.Errorf("update: %w", err)
	}
	s.accounts[id] = a
	s.log = append(s.log, entries...)
	return a, nil
}

func (s *memStore) AddToken(_ context.Context, t Token, entries ...incidents.AuditEntry) error {
	unlock, err := s.lock()
	defer unlock()
	s.tokens[t.ID] = t
	s.log = append(s.log, entries...)
	return err
}

func (s *memStore) TokenByHash(_ context.Context, hash []byte) (Token, error) {
	unlock, err := s.lock()
	defer unlock()
	for _, t := range s.tokens {
		if bytes.Equal(t.Hash, hash) {
			return t, err
		}
	}
	return Token{}, firstOf(err, incidents.NotFound("no such token"))
}

func (s *memStore) Tokens(_ context.Context, id incidents.AccountID) (out []Token, err error) {
	unlock, err := s.lock()
	defer unlock()
	for _, t := range s.tokens {
		if t.Account == id {
			out = append(out, t)
		}
	}
	return out, err
}

func (s *memStore) TouchToken(ctx context.Context, id string, at time.Time) error {
	if err := s.turn(ctx); err != nil {
		return err
	}
	unlock, err := s.lock()
	defer unlock()
	t := s.tokens[id]
	t.LastUsedAt = at
	s.tokens[id] = t
	s.touched++
	return err
}

func (s *memStore) DropToken(_ context.Context, id incidents.AccountID, tokenID string, entries ...incidents.AuditEntry) error {
	unlock, err := s.lock()
	defer unlock()
	if s.tokens[tokenID].Account != id {
		return incidents.NotFound("no token %s", tokenID)
	}
	delete(s.tokens, tokenID)
	s.log = append(s.log, entries...)
	return err
}

func (s *memStore) Session(_ context.Context, token string) ([]byte, time.Time, bool, error) {
	unlock, err := s.lock()
	defer unlock()
	x, ok := s.sessions[token]
	return x.data, x.expires, ok, err
}

func (s *memStore) SaveSession(ctx context.Context, token string, data []byte, expires time.Time, fresh bool) error {
	if err := s.turn(ctx); err != nil {
		return err
	}
	unlock, err := s.lock()
	defer unlock()
	s.saves++
	if _, ok := s.sessions[token]; ok || fresh {
		s.sessions[token] = memSession{bytes.Clone(data), expires}
	}
	return err
}

func (s *memStore) DropSession(_ context.Context, token string) error {
	unlock, err := s.lock()
	defer unlock()
	delete(s.sessions, token)
	return err
}

// A box that is no secret, but ties to its row like the real one.
type testBox struct{}

func (testBox) Seal(aad string, plain []byte) []byte { return []byte(aad + "\x00" + string(plain)) }
func (testBox) Open(aad string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(aad+"\x00"))
	if !ok {
		return nil, errors.New("does not open")
	}
	return plain, nil
}

// A clock is set by hand.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.at }
func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// A team is a desk with a clock and people whose codes the test knows.
type team struct {
	*Desk
	store   *memStore
	clock   *clock
	secrets map[incidents.AccountID]string
}

func newTeam(t testing.TB) *team {
	t.Helper()
	c := &clock{at: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	s := newMemStore()
	d := New(s, testBox{}, c.now, Limits{MemoryKiB: 64, Passes: 1, Threads: 1})
	return &team{d, s, c, map[incidents.AccountID]string{}}
}

func (tm *team) add(t testing.TB, name string, role incidents.Role) Account {
	t.Helper()
	a, e, err := tm.Add(context.Background(), admin, name, "Person "+name, role, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	tm.secrets[a.ID] = e.Secret()
	return a
}

func (tm *team) code(t testing.TB, id incidents.AccountID) string {
	t.Helper()
	code, err := CurrentCode(tm.secrets[id], tm.clock.now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// next waits for the next code.
func (tm *team) next(t testing.TB, id incidents.AccountID) string {
	tm.clock.pass(stepSeconds * time.Second)
	return tm.code(t, id)
}

func wantKind(t testing.TB, err error, kind incidents.Kind) {
	t.Helper()
	if err == nil || incidents.KindOf(err) != kind {
		t.Fatalf("%v; want kind %s", err, kind)
	}
}

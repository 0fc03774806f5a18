package store

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
)

func person(id, name string) account.Account {
	return account.Account{ID: incidents.AccountID(id), Name: name, Display: "Ann Lee", Role: incidents.RoleOfficer, PasswordHash: "$argon2id$", TOTPSealed: []byte{0, 1, 2},
		TOTPLastStep: 7, Epoch: 2, CreatedAt: noon, FailedTries: 1, LockedUntil: noon.Add(time.Minute)}
}

func TestAccountsComeBackWholeAndNamesAreTakenOnce(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ann, bob := person("1", "zoe"), person("2", "bob")
		bob.Disabled, bob.LockedUntil = true, time.Time{}
		ok(t, s.AddAccount(t.Context(), ann))
		ok(t, s.AddAccount(t.Context(), bob))
		refused(t, incidents.KindConflict, s.AddAccount(t.Context(), person("3", "bob")))
		refused(t, incidents.KindConflict, s.AddAccount(t.Context(), person("1", "new")))
		got, err := s.Account(t.Context(), "1")
		ok(t, err)
		same(t, got, ann)
		got, err = s.AccountByName(t.Context(), "bob")
		ok(t, err)
		same(t, got, bob)
		all, err := s.Accounts(t.Context())
		ok(t, err)
		same(t, all, []account.Account{bob, ann})
		_, err = s.Account(t.Context(), "9")
		refused(t, incidents.KindNotFound, err)
		_, err = s.AccountByName(t.Context(), "\x00nobody")
		refused(t, incidents.KindNotFound, err)
	})
}

func TestNobodyGetsBetweenAnUpdateOfAnAccount(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.AddAccount(t.Context(), person("1", "ann")))
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := s.UpdateAccount(t.Context(), "1", func(a *account.Account) error { a.FailedTries++; a.Epoch++; return nil }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		no := errors.New("no")
		_, err := s.UpdateAccount(t.Context(), "1", func(a *account.Account) error { a.FailedTries = 99; return no })
		if !errors.Is(err, no) {
			t.Errorf("got %v", err)
		}
		got, err := s.Account(t.Context(), "1")
		ok(t, err)
		same(t, fmt.Sprint(got.FailedTries, got.Epoch), "21 22")
		_, err = s.UpdateAccount(t.Context(), "9", func(*account.Account) error { return nil })
		refused(t, incidents.KindNotFound, err)
	})
}

func TestTokensAreFoundByHash(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.AddAccount(t.Context(), person("1", "ann")))
		all := account.Token{ID: "k1", Account: "1", Hash: []byte{1}, Role: incidents.RoleOfficer, Label: "scripts", CreatedAt: noon, ExpiresAt: noon.Add(time.Hour)}
		narrow := all
		narrow.ID, narrow.Hash, narrow.Scopes, narrow.CreatedAt = "k2", []byte{2}, []incidents.Act{incidents.ActRead}, noon.Add(time.Minute)
		none := all
		none.ID, none.Hash, none.Scopes, none.CreatedAt = "k3", []byte{3}, []incidents.Act{}, noon.Add(2*time.Minute) // may do nothing: not the same as nil
		for _, k := range []account.Token{all, narrow, none} {
			ok(t, s.AddToken(t.Context(), k))
		}
		taken := all
		taken.ID = "k4"
		refused(t, incidents.KindConflict, s.AddToken(t.Context(), taken))
		for _, k := range []account.Token{all, narrow, none} {
			got, err := s.TokenByHash(t.Context(), k.Hash)
			ok(t, err)
			same(t, got, k)
		}
		ok(t, s.TouchToken(t.Context(), "k1", noon.Add(time.Second)))
		all.LastUsedAt = noon.Add(time.Second)
		list, err := s.Tokens(t.Context(), "1")
		ok(t, err)
		same(t, list, []account.Token{none, narrow, all})
		refused(t, incidents.KindNotFound, s.DropToken(t.Context(), "2", "k1"))
		ok(t, s.DropToken(t.Context(), "1", "k1"))
		_, err = s.TokenByHash(t.Context(), []byte{1})
		refused(t, incidents.KindNotFound, err)
	})
}

func TestASessionThatEndedStaysEnded(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		at := noon
		o.Now = func() time.Time { return at }
		s := opened(t, o)
		look := func() string {
			t.Helper()
			data, expires, found, err := s.Session(t.Context(), "tok")
			ok(t, err)
			return fmt.Sprintf("%s %v %v", data, expires.Sub(noon), found)
		}
		gone := fmt.Sprintf(" %v false", time.Time{}.Sub(noon))
		same(t, look(), gone)
		ok(t, s.SaveSession(t.Context(), "tok", []byte("a"), noon.Add(time.Hour), false))
		same(t, look(), gone)
		ok(t, s.SaveSession(t.Context(), "tok", []byte("a"), noon.Add(time.Hour), true))
		ok(t, s.SaveSession(t.Context(), "tok", []byte("b"), noon.Add(2*time.Hour), false))
		same(t, look(), "b 2h0m0s true")
		ok(t, s.DropSession(t.Context(), "tok"))
		ok(t, s.SaveSession(t.Context(), "tok", []byte("c"), noon.Add(time.Hour), false))
		same(t, look(), gone)
		ok(t, s.SaveSession(t.Context(), "tok", []byte("d"), noon.Add(time.Hour), true))
		at = noon.Add(time.Hour)
		same(t, look(), gone)
		ok(t, s.SaveSession(t.Context(), "another", nil, noon.Add(9*time.Hour), true)) // sweeps what ran out
		ok(t, s.read(t.Context(), func(t2 *tx) error {
			var n int64
			_, err := t2.one(`SELECT COUNT(*) FROM sessions`, nil, &n)
			same(t, n, int64(1))
			return err
		}))
	})
}

func TestTheBusFindsItsCanary(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		sealed, streams, err := s.LoadCanary(t.Context())
		ok(t, err)
		if sealed != nil || streams != nil {
			t.Errorf("a canary from nowhere: %x %v", sealed, streams)
		}
		ok(t, s.SaveCanary(t.Context(), []byte{1}, nil))
		ok(t, s.SaveCanary(t.Context(), []byte{2, 0}, []string{"INTAKE", "NEWS"}))
		sealed, streams, err = s.LoadCanary(t.Context())
		ok(t, err)
		same(t, fmt.Sprint(sealed, streams), "[2 0] [INTAKE NEWS]")
	})
}

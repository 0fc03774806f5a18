package account

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

const day = 24 * time.Hour

func TestTokens(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	plain, tok, err := tm.MintToken(ctx, admin, a.ID, "nightly", []incidents.Act{incidents.ActRead, incidents.ActApprove, incidents.ActRead}, 30*day)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(plain, "tcn_"+tok.ID+"_") || len(plain) != len("tcn_"+tok.ID+"_")+43 {
		t.Errorf("the token looks like %d bytes", len(plain))
	}
	if bytes.Contains(tm.store.tokens[tok.ID].Hash, []byte(plain[len(plain)-8:])) || len(tok.Hash) != 32 || len(tok.Scopes) != 2 {
		t.Error("not only the hash is kept")
	}
	actor, err := tm.Bearer(ctx, plain)
	if err != nil || actor.ID != a.ID || actor.Via != "api" || !actor.SecondFactorAt.IsZero() {
		t.Fatalf("%+v %v", actor, err)
	}
	if err := actor.May(incidents.ActApprove); err != nil {
		t.Error(err)
	}
	wantKind(t, actor.May(incidents.ActUnmask), incidents.KindForbidden) // the role may, the token may not

	// Used often, noted once a minute.
	for range 5 {
		if _, err := tm.Bearer(ctx, plain); err != nil {
			t.Fatal(err)
		}
	}
	if tm.store.touched != 1 {
		t.Errorf("noted %d times", tm.store.touched)
	}
	stepped, err := tm.StepUpToken(ctx, actor, tm.code(t, a.ID))
	if err != nil || !stepped.SecondFactorAt.Equal(tm.clock.now()) || len(stepped.Scopes) != 2 {
		t.Fatalf("%+v %v", stepped, err)
	}
	_, err = tm.StepUpToken(ctx, actor, tm.code(t, a.ID))
	wantKind(t, err, incidents.KindUnauthenticated)
}

func TestBearerRefusesAllAlike(t *testing.T) {
	for name, spoil := range map[string]func(tm *team, a Account, tok Token, plain string) string{
		"nothing":        func(*team, Account, Token, string) string { return "" },
		"another prefix": func(_ *team, _ Account, _ Token, p string) string { return "ghp" + p[3:] },
		"one letter off": func(_ *team, _ Account, _ Token, p string) string { return p[:len(p)-2] + "-_" },
		"only the id":    func(_ *team, _ Account, tok Token, _ string) string { return "tcn_" + tok.ID + "_" },
		"a megabyte":     func(*team, Account, Token, string) string { return "tcn_" + strings.Repeat("x", 1<<20) },
		"expired":        func(tm *team, _ Account, _ Token, p string) string { tm.clock.pass(30 * day); return p },
		"revoked": func(tm *team, a Account, tok Token, p string) string {
			if err := tm.RevokeToken(ctx, admin, a.ID, tok.ID); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"account disabled": func(tm *team, a Account, _ Token, p string) string {
			if err := tm.Disable(ctx, admin, a.ID); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"account of another role now": func(tm *team, a Account, _ Token, p string) string {
			if err := tm.SetRole(ctx, admin, a.ID, incidents.RoleAdmin); err != nil {
				t.Fatal(err)
			}
			return p
		},
		"account gone": func(tm *team, a Account, _ Token, p string) string { delete(tm.store.accounts, a.ID); return p },
	} {
		tm := newTeam(t)
		a := tm.add(t, "mia", incidents.RoleOfficer)
		plain, tok, err := tm.MintToken(ctx, admin, a.ID, "x", nil, 30*day)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tm.Bearer(ctx, spoil(tm, a, tok, plain))
		if incidents.KindOf(err) != incidents.KindUnauthenticated || err.Error() != "the API token is not valid" {
			t.Errorf("%s: %v", name, err)
		}
	}
	tm := newTeam(t)
	tm.store.fail = errors.New("disk")
	if _, err := tm.Bearer(ctx, "tcn_x_y"); err == nil || incidents.KindOf(err) == incidents.KindUnauthenticated {
		t.Errorf("a broken store looks like a bad token: %v", err)
	}
}

func TestMinting(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	other := tm.add(t, "max", incidents.RoleComms)
	self := incidents.Actor{ID: a.ID, Role: a.Role, Via: "console"}
	mint := func(by incidents.Actor, id incidents.AccountID, label string, ttl time.Duration, scopes ...incidents.Act) error {
		_, _, err := tm.MintToken(ctx, by, id, label, scopes, ttl)
		return err
	}
	if err := mint(self, a.ID, "mine", day); err != nil {
		t.Error(err)
	}
	_, tok, err := tm.MintToken(ctx, self, a.ID, "all", nil, day)
	if err != nil || len(tok.Scopes) != 10 {
		t.Errorf("no scopes means what the role may do: %v %v", tok.Scopes, err)
	}
	api := self
	api.Via = "api"
	wantKind(t, mint(api, a.ID, "wider", day), incidents.KindForbidden)
	wantKind(t, mint(self, other.ID, "his", day), incidents.KindForbidden)
	wantKind(t, mint(admin, "nobody", "x", day), incidents.KindNotFound)
	wantKind(t, mint(self, a.ID, " ", day), incidents.KindInvalid)
	wantKind(t, mint(self, a.ID, "x", 0), incidents.KindInvalid)
	wantKind(t, mint(self, a.ID, "x", 367*day), incidents.KindInvalid)
	wantKind(t, mint(self, a.ID, "x", day, "fly"), incidents.KindInvalid)
	wantKind(t, mint(self, a.ID, "x", day, incidents.ActAdmin), incidents.KindInvalid)
	if ts, err := tm.Tokens(ctx, self, a.ID); err != nil || len(ts) != 2 {
		t.Error(ts, err)
	}
	_, err = tm.Tokens(ctx, self, other.ID)
	wantKind(t, err, incidents.KindForbidden)
	wantKind(t, tm.RevokeToken(ctx, self, other.ID, tok.ID), incidents.KindForbidden)
	wantKind(t, tm.RevokeToken(ctx, admin, other.ID, tok.ID), incidents.KindNotFound)
	if err := tm.RevokeToken(ctx, self, a.ID, tok.ID); err != nil {
		t.Error(err)
	}
	if err := tm.Disable(ctx, admin, a.ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, mint(admin, a.ID, "late", day), incidents.KindConflict)
	// A row whose scopes were lost allows nothing, not everything.
	plain, tok, err := tm.MintToken(ctx, admin, other.ID, "x", nil, day)
	if err != nil {
		t.Fatal(err)
	}
	tok.Scopes = nil
	tm.store.tokens[tok.ID] = tok
	actor, err := tm.Bearer(ctx, plain)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, actor.May(incidents.ActRead), incidents.KindForbidden)
}

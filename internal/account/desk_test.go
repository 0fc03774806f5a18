package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image/png"
	"strings"
	"testing"

	"tocsin/incidents"
)

func TestAddRefuses(t *testing.T) {
	officer := incidents.Actor{ID: "o", Role: incidents.RoleOfficer}
	cases := []struct {
		name          string
		by            incidents.Actor
		login, shown  string
		role          incidents.Role
		password, why string
		kind          incidents.Kind
	}{
		{"not an administrator", officer, "max", "Max", incidents.RoleOfficer, goodPassword, "may not", incidents.KindForbidden},
		{"a token without the scope", incidents.Actor{Role: incidents.RoleAdmin, Scopes: []incidents.Act{incidents.ActRead}}, "max", "Max", incidents.RoleOfficer, goodPassword, "scope", incidents.KindForbidden},
		{"a name of one letter", admin, "m", "Max", incidents.RoleOfficer, goodPassword, "name", incidents.KindInvalid},
		{"a name with a space", admin, "m x", "Max", incidents.RoleOfficer, goodPassword, "name", incidents.KindInvalid},
		{"nothing to show", admin, "max", " ", incidents.RoleOfficer, goodPassword, "display", incidents.KindInvalid},
		{"a line break to show", admin, "max", "M\nX", incidents.RoleOfficer, goodPassword, "display", incidents.KindInvalid},
		{"no such role", admin, "max", "Max", "boss", goodPassword, "role", incidents.KindInvalid},
		{"the role of the service", admin, "max", "Max", incidents.RoleSystem, goodPassword, "role", incidents.KindInvalid},
		{"eleven characters", admin, "max", "Max", incidents.RoleOfficer, "abcdefghijk", "shorter than 12", incidents.KindInvalid},
		{"eleven wide characters", admin, "max", "Max", incidents.RoleOfficer, strings.Repeat("密", 10) + "码", "shorter than 12", incidents.KindInvalid},
		{"too long", admin, "max", "Max", incidents.RoleOfficer, strings.Repeat("ab", 513), "longer than 1024", incidents.KindInvalid},
		{"not text", admin, "max", "Max", incidents.RoleOfficer, "abcdefghijkl\xff", "readable", incidents.KindInvalid},
		{"one letter", admin, "max", "Max", incidents.RoleOfficer, strings.Repeat("a", 20), "guess", incidents.KindInvalid},
		{"the name", admin, "maximilian.x", "Max", incidents.RoleOfficer, "Maximilian.x", "guess", incidents.KindInvalid},
		{"a name that is taken", admin, "MIA", "Max", incidents.RoleOfficer, goodPassword, "taken", incidents.KindConflict},
	}
	tm := newTeam(t)
	tm.add(t, "mia", incidents.RoleOfficer)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := tm.Add(ctx, c.by, c.login, c.shown, c.role, c.password)
			wantKind(t, err, c.kind)
			if !strings.Contains(err.Error(), c.why) || strings.Contains(err.Error(), c.password) {
				t.Errorf("%v", err)
			}
		})
	}
	if len(tm.store.accounts) != 1 {
		t.Errorf("%d accounts", len(tm.store.accounts))
	}
}

func TestWhatIsKept(t *testing.T) {
	tm := newTeam(t)
	a, e, err := tm.Add(ctx, incidents.System, "root", "Root", incidents.RoleAdmin, goodPassword)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(a.PasswordHash, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Error(a.PasswordHash)
	}
	p, err := parsePHC(a.PasswordHash)
	if err != nil || !p.matches(goodPassword) || p.matches(goodPassword+" ") {
		t.Error("the hash does not match its password alone", err)
	}
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	all := string(b) + fmt.Sprintf("%v %+v %#v %v %+v %#v", a, a, a, e, e, e)
	for _, secret := range []string{a.PasswordHash, e.Secret(), goodPassword} {
		if strings.Contains(all, secret) {
			t.Errorf("a secret shows: %s", all)
		}
	}
	if !strings.HasPrefix(e.URL(), "otpauth://totp/Tocsin:root?") || !strings.Contains(e.URL(), e.Secret()) {
		t.Error(e.URL())
	}
	pic, err := e.QR(200)
	if err != nil {
		t.Fatal(err)
	}
	if img, err := png.Decode(bytes.NewReader(pic)); err != nil || img.Bounds().Dx() != 200 {
		t.Error("no picture of 200 pixels", err)
	}
	def := New(tm.store, testBox{}, tm.clock.now, Limits{}).phc().String()
	if !strings.HasPrefix(def, "$argon2id$v=19$m=65536,t=3,p=2$") {
		t.Errorf("the default strength is %s", def)
	}
}

func TestDamagedHashes(t *testing.T) {
	good := newTeam(t).phc().String()
	if _, err := parsePHC(good); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"", "x", strings.Replace(good, "argon2id", "argon2i", 1), strings.Replace(good, "v=19", "v=16", 1),
		strings.Replace(good, "m=64", "m=2000000", 1), strings.Replace(good, "t=1", "t=0", 1), strings.Replace(good, "t=1", "t=5000", 1),
		strings.Replace(good, "p=1", "p=0", 1), good[:len(good)-4], good + "$", strings.Replace(good, "m=64", "m=064", 1)} {
		if _, err := parsePHC(bad); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}

func TestAdministration(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	mia := incidents.Actor{ID: a.ID, Role: a.Role, Via: "console"}
	steps := map[string]func(by incidents.Actor) error{
		"Accounts":            func(by incidents.Actor) error { _, err := tm.Accounts(ctx, by); return err },
		"SetPassword":         func(by incidents.Actor) error { return tm.SetPassword(ctx, by, a.ID, "five brown bottles") },
		"Disable":             func(by incidents.Actor) error { return tm.Disable(ctx, by, a.ID) },
		"Enable":              func(by incidents.Actor) error { return tm.Enable(ctx, by, a.ID) },
		"SetRole":             func(by incidents.Actor) error { return tm.SetRole(ctx, by, a.ID, incidents.RoleComms) },
		"RecoverSecondFactor": func(by incidents.Actor) error { _, err := tm.RecoverSecondFactor(ctx, by, a.ID); return err },
	}
	for name, do := range steps {
		wantKind(t, do(mia), incidents.KindForbidden)
		before, lines := tm.store.accounts[a.ID].Epoch, len(tm.store.log)
		if err := do(admin); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		ends := name != "Accounts" && name != "Enable"
		if got := tm.store.accounts[a.ID].Epoch; (got != before) != ends {
			t.Errorf("%s: epoch %d to %d", name, before, got)
		}
		added := tm.store.log[lines:]
		if name != "Accounts" && (len(added) != 1 || added[0].Actor != admin.ID || added[0].Subject != string(a.ID)) {
			t.Errorf("%s: the log holds %v", name, added)
		}
	}
	root := tm.add(t, "root", incidents.RoleAdmin)
	self := incidents.Actor{ID: root.ID, Role: incidents.RoleAdmin, Via: "console"}
	wantKind(t, tm.Disable(ctx, self, root.ID), incidents.KindConflict)
	wantKind(t, tm.SetRole(ctx, self, root.ID, incidents.RoleOfficer), incidents.KindConflict)
	wantKind(t, tm.SetRole(ctx, self, a.ID, "boss"), incidents.KindInvalid)
	wantKind(t, tm.SetPassword(ctx, self, a.ID, "short"), incidents.KindInvalid)
	wantKind(t, tm.Enable(ctx, self, "nobody"), incidents.KindNotFound)
	if _, err := tm.Account(ctx, mia, a.ID); err != nil {
		t.Error("nobody may see their own account", err)
	}
	_, err := tm.Account(ctx, mia, root.ID)
	wantKind(t, err, incidents.KindForbidden)
}

func TestNewPasswordAndSecondFactorReplaceTheOld(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	mia := incidents.Actor{ID: a.ID, Role: a.Role, Via: "console"}
	wantKind(t, tm.ChangePassword(ctx, incidents.Actor{ID: a.ID, Role: a.Role, Via: "api"}, goodPassword, "five brown bottles"), incidents.KindForbidden)
	wantKind(t, tm.ChangePassword(ctx, mia, "not this one", "five brown bottles"), incidents.KindUnauthenticated)
	wantKind(t, tm.ChangePassword(ctx, mia, goodPassword, "short"), incidents.KindInvalid)
	if err := tm.ChangePassword(ctx, mia, goodPassword, "five brown bottles"); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), ""); err == nil {
		t.Fatal("the old password works")
	}
	e, err := tm.RecoverSecondFactor(ctx, admin, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tm.SignIn(ctx, "mia", "five brown bottles", tm.next(t, a.ID), ""); err == nil {
		t.Fatal("the old second factor works")
	}
	tm.secrets[a.ID] = e.Secret()
	if _, err := tm.SignIn(ctx, "mia", "five brown bottles", tm.code(t, a.ID), ""); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		err = tm.ChangePassword(ctx, mia, "guess guess guess", "seven blue bottles")
	}
	wantKind(t, err, incidents.KindUnauthenticated)
	wantKind(t, tm.ChangePassword(ctx, mia, "five brown bottles", "seven blue bottles"), incidents.KindUnauthenticated)
}

package account

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
)

var ctx = context.Background()

func TestSignIn(t *testing.T) {
	tm := newTeam(t)
	mia := tm.add(t, "Mia@Example.test ", incidents.RoleOfficer)
	code := tm.code(t, mia.ID)
	actor, err := tm.SignIn(ctx, " mia@example.TEST", goodPassword, code[:3]+" "+code[3:], "192.0.2.1")
	if err != nil {
		t.Fatal(err)
	}
	want := incidents.Actor{ID: mia.ID, Name: "Person Mia@Example.test ", Role: incidents.RoleOfficer, SecondFactorAt: tm.clock.now(), Via: "console"}
	want.Name = strings.TrimSpace(want.Name)
	if fmt.Sprint(actor) != fmt.Sprint(want) {
		t.Fatalf("%+v\nwant %+v", actor, want)
	}
}

// Whatever is wrong, the answer is one and the same.
func TestSignInRefusesAllAlike(t *testing.T) {
	cases := map[string]func(tm *team, a Account) (name, password, code string){
		"wrong password": func(tm *team, a Account) (string, string, string) {
			return a.Name, goodPassword + "x", tm.code(t, a.ID)
		},
		"empty password": func(tm *team, a Account) (string, string, string) { return a.Name, "", tm.code(t, a.ID) },
		"a megabyte": func(tm *team, a Account) (string, string, string) {
			return a.Name, strings.Repeat("x", 1<<20), tm.code(t, a.ID)
		},
		"wrong code":           func(_ *team, a Account) (string, string, string) { return a.Name, goodPassword, "000000" },
		"empty code":           func(_ *team, a Account) (string, string, string) { return a.Name, goodPassword, "" },
		"unknown name":         func(tm *team, a Account) (string, string, string) { return "nobody", goodPassword, tm.code(t, a.ID) },
		"no name":              func(tm *team, a Account) (string, string, string) { return "", goodPassword, tm.code(t, a.ID) },
		"somebody else's code": func(tm *team, a Account) (string, string, string) { return a.Name, goodPassword, tm.code(t, "other") },
		"an old code": func(tm *team, a Account) (string, string, string) {
			code := tm.code(t, a.ID)
			tm.clock.pass(2 * time.Minute)
			return a.Name, goodPassword, code
		},
		"a code used before": func(tm *team, a Account) (string, string, string) {
			if _, err := tm.SignIn(ctx, a.Name, goodPassword, tm.code(t, a.ID), ""); err != nil {
				t.Fatal(err)
			}
			return a.Name, goodPassword, tm.code(t, a.ID)
		},
		"a code older than the last used": func(tm *team, a Account) (string, string, string) {
			old := tm.code(t, a.ID)
			if _, err := tm.SignIn(ctx, a.Name, goodPassword, tm.next(t, a.ID), ""); err != nil {
				t.Fatal(err)
			}
			return a.Name, goodPassword, old
		},
		"disabled": func(tm *team, a Account) (string, string, string) {
			if err := tm.Disable(ctx, admin, a.ID); err != nil {
				t.Fatal(err)
			}
			return a.Name, goodPassword, tm.code(t, a.ID)
		},
		"a seed sealed for another account": func(tm *team, a Account) (string, string, string) {
			x := tm.store.accounts[a.ID]
			x.TOTPSealed = testBox{}.Seal(totpRow("other"), []byte(tm.secrets[a.ID]))
			tm.store.accounts[a.ID] = x
			return a.Name, goodPassword, tm.code(t, a.ID)
		},
		"a damaged hash": func(tm *team, a Account) (string, string, string) {
			x := tm.store.accounts[a.ID]
			x.PasswordHash = strings.Replace(x.PasswordHash, "m=64", "m=99999999", 1)
			tm.store.accounts[a.ID] = x
			return a.Name, goodPassword, tm.code(t, a.ID)
		},
		"locked": func(tm *team, a Account) (string, string, string) {
			for range 5 {
				_, _ = tm.SignIn(ctx, a.Name, "wrong", "0", "")
			}
			return a.Name, goodPassword, tm.code(t, a.ID)
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			tm := newTeam(t)
			a := tm.add(t, "mia", incidents.RoleOfficer)
			tm.secrets["other"] = tm.secrets[tm.add(t, "max", incidents.RoleOfficer).ID]
			n, p, c := prepare(tm, a)
			_, err := tm.SignIn(ctx, n, p, c, "192.0.2.1")
			var e *incidents.Error
			if !errors.As(err, &e) || err.Error() != refusedSignIn().Error() || e.Hint != refusedSignIn().Hint || e.Kind != incidents.KindUnauthenticated {
				t.Fatalf("another answer: %v", err)
			}
		})
	}
}

func TestLock(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	for range 4 {
		_, _ = tm.SignIn(ctx, "mia", "wrong", "0", "")
	}
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), ""); err != nil {
		t.Fatalf("the fifth try, a right one: %v", err)
	}
	for range 5 {
		_, _ = tm.SignIn(ctx, "mia", "wrong", "0", "")
	}
	tm.clock.pass(14 * time.Minute)
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), ""); err == nil {
		t.Fatal("a locked account opens")
	}
	tm.clock.pass(time.Minute)
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), ""); err != nil {
		t.Fatalf("after the lock: %v", err)
	}
	for range 5 {
		_, _ = tm.StepUp(ctx, a.ID, "000000")
	}
	if _, err := tm.StepUp(ctx, a.ID, tm.next(t, a.ID)); err == nil {
		t.Fatal("codes can be guessed at will")
	}
	if err := tm.Enable(ctx, admin, a.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := tm.StepUp(ctx, a.ID, tm.code(t, a.ID)); err != nil {
		t.Fatalf("after an administrator lifted the lock: %v", err)
	}
}

// Twenty at once get no more tries than five, and one code lets one in.
func TestManyAtOnce(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	code := tm.code(t, a.ID)
	var in, out int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			_, err := tm.SignIn(ctx, "mia", goodPassword, code, "")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				in++
			} else {
				out++
			}
		})
	}
	wg.Wait()
	if in != 1 || out != 19 {
		t.Fatalf("one code let %d in", in)
	}
}

func TestPasswordsTakeTurns(t *testing.T) {
	tm := newTeam(t)
	tm.add(t, "mia", incidents.RoleOfficer)
	for range cap(tm.slots) {
		tm.slots <- struct{}{} // somebody is at work
	}
	if cap(tm.slots) != 2 {
		t.Fatalf("%d at a time", cap(tm.slots))
	}
	c, cancel := context.WithCancel(ctx)
	cancel()
	_, err := tm.SignIn(c, "mia", goodPassword, "0", "")
	wantKind(t, err, incidents.KindThrottled)
}

func TestOneNetworkCannotTryForEver(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	for i := range 30 {
		_, err := tm.SignIn(ctx, fmt.Sprint("name", i), "x", "0", fmt.Sprintf("2001:db8::%x", i))
		wantKind(t, err, incidents.KindUnauthenticated)
	}
	_, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), "2001:db8::ffff")
	wantKind(t, err, incidents.KindThrottled)
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), "2001:db8:0:1::1"); err != nil {
		t.Fatalf("a neighbour: %v", err)
	}
	tm.clock.pass(15 * time.Minute)
	if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.code(t, a.ID), "2001:db8::1"); err != nil {
		t.Fatalf("later: %v", err)
	}
	for range 100 { // who gets it right is not counted
		if _, err := tm.SignIn(ctx, "mia", goodPassword, tm.next(t, a.ID), "192.0.2.7"); err != nil {
			t.Fatal(err)
		}
	}
	g := newGate(1, time.Hour, tm.clock.now)
	for i := range maxAddresses + 50 {
		if err := g.enter(fmt.Sprintf("10.%d.%d.%d", i>>16, i>>8&255, i&255)); err != nil {
			t.Fatal(err)
		}
	}
	if len(g.seen) > maxAddresses {
		t.Errorf("%d addresses remembered", len(g.seen))
	}
}

func TestStepUp(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	code := tm.code(t, a.ID)
	at, err := tm.StepUp(ctx, a.ID, code)
	if err != nil || !at.Equal(tm.clock.now()) {
		t.Fatal(at, err)
	}
	_, err = tm.StepUp(ctx, a.ID, code)
	wantKind(t, err, incidents.KindUnauthenticated)
	_, err = tm.StepUp(ctx, "nobody", code)
	wantKind(t, err, incidents.KindUnauthenticated)
	tm.store.fail = errors.New("disk")
	_, err = tm.StepUp(ctx, a.ID, code)
	if err == nil || incidents.KindOf(err) == incidents.KindUnauthenticated {
		t.Fatalf("a broken store looks like a wrong code: %v", err)
	}
	_, err = tm.SignIn(ctx, "mia", goodPassword, code, "")
	if err == nil || incidents.KindOf(err) == incidents.KindUnauthenticated {
		t.Fatalf("a broken store looks like a wrong password: %v", err)
	}
}

func TestCodesOfTheNextAndLastStepCount(t *testing.T) {
	for _, skew := range []time.Duration{-30 * time.Second, 30 * time.Second} {
		tm := newTeam(t)
		a := tm.add(t, "mia", incidents.RoleOfficer)
		code, err := CurrentCode(tm.secrets[a.ID], tm.clock.now().Add(skew))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tm.StepUp(ctx, a.ID, code); err != nil {
			t.Errorf("%v: %v", skew, err)
		}
	}
	if _, err := CurrentCode("not base32!", time.Now()); err == nil {
		t.Error("a seed that is none gives a code")
	}
}

package account

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"tocsin/incidents"
)

func calendarOf(t *testing.T, tm *team, a Account) (incidents.Actor, string, Token) {
	t.Helper()
	by := incidents.Actor{ID: a.ID, Role: a.Role, Via: "console"}
	secret, tok, err := tm.MintCalendar(ctx, by)
	if err != nil {
		t.Fatal(err)
	}
	return by, secret, tok
}

func TestACalendarReadsAndNothingElse(t *testing.T) {
	tm := newTeam(t)
	a := tm.add(t, "mia", incidents.RoleOfficer)
	by, secret, tok := calendarOf(t, tm, a)
	if !strings.HasPrefix(secret, "cal_") || len(secret) != len("cal_")+43 {
		t.Errorf("the secret has %d bytes", len(secret))
	}
	kept, _ := json.Marshal(tm.store.tokens[tok.ID])
	if bytes.Contains(kept, []byte(secret[4:])) || strings.Contains(fmt.Sprintf("%+v %+v", tm.store.tokens[tok.ID], tm.store.log), secret[4:]) {
		t.Error("the secret is kept")
	}
	actor, got, err := tm.Calendar(ctx, secret)
	if err != nil || actor.ID != a.ID || actor.Via != "calendar" || got.ID != tok.ID {
		t.Fatalf("%+v %+v %v", actor, got, err)
	}
	for _, act := range incidents.Acts() {
		if (actor.May(act) == nil) != (act == incidents.ActRead) {
			t.Errorf("a calendar may %s: %v", act, actor.May(act))
		}
	}
	own, works, err := tm.OwnCalendar(ctx, by)
	if err != nil || own == nil || !works || !own.LastUsedAt.Equal(tm.clock.now()) {
		t.Errorf("when it was read is not told: %+v %v %v", own, works, err)
	}
	// It opens no API, and a token of the API is no calendar.
	_, err = tm.Bearer(ctx, secret)
	wantKind(t, err, incidents.KindUnauthenticated)
	plain, _, err := tm.MintToken(ctx, admin, a.ID, "nightly", nil, day)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = tm.Calendar(ctx, plain)
	wantKind(t, err, incidents.KindNotFound)
	_, _, err = tm.MintToken(ctx, admin, a.ID, "sly", []incidents.Act{ScopeCalendar}, day)
	wantKind(t, err, incidents.KindInvalid)
	// Nor when a row was changed by hand.
	x := tm.store.tokens[tok.ID]
	x.Hash = hashToken("tcn_" + secret)
	tm.store.tokens[tok.ID] = x
	_, err = tm.Bearer(ctx, "tcn_"+secret)
	wantKind(t, err, incidents.KindUnauthenticated)
}

func TestThereIsOneCalendarForEach(t *testing.T) {
	tm := newTeam(t)
	a, b := tm.add(t, "mia", incidents.RoleOfficer), tm.add(t, "max", incidents.RoleResponder)
	by, first, _ := calendarOf(t, tm, a)
	other, others, _ := calendarOf(t, tm, b)
	_, second, tok := calendarOf(t, tm, a)
	_, _, err := tm.Calendar(ctx, first)
	wantKind(t, err, incidents.KindNotFound)
	if _, _, err := tm.Calendar(ctx, second); err != nil {
		t.Error(err)
	}
	if err := tm.WithdrawCalendar(ctx, by); err != nil {
		t.Fatal(err)
	}
	_, _, err = tm.Calendar(ctx, second)
	wantKind(t, err, incidents.KindNotFound)
	if own, _, err := tm.OwnCalendar(ctx, by); own != nil || err != nil {
		t.Errorf("%+v %v", own, err)
	}
	if _, _, err := tm.Calendar(ctx, others); err != nil {
		t.Error("somebody else's was withdrawn too:", err)
	}
	var events []string
	for _, e := range tm.store.log {
		if strings.Contains(e.Event, "calendar") {
			events = append(events, e.Event)
		}
	}
	if got := strings.Join(events, " "); got != "account.calendar account.calendar account.calendar_withdrawn account.calendar account.calendar_withdrawn" {
		t.Errorf("the log holds %s", got)
	}
	if last := tm.store.log[len(tm.store.log)-1]; last.Subject != string(a.ID) || last.Data["token"] != tok.ID {
		t.Errorf("%+v", last)
	}
	api := incidents.Actor{ID: b.ID, Role: other.Role, Via: "api"}
	_, _, err = tm.MintCalendar(ctx, api)
	wantKind(t, err, incidents.KindForbidden)
	wantKind(t, tm.WithdrawCalendar(ctx, api), incidents.KindForbidden)
}

func TestACalendarIsRefusedAlike(t *testing.T) {
	for name, spoil := range map[string]func(tm *team, a Account, secret string) string{
		"nothing":        func(*team, Account, string) string { return "" },
		"one letter off": func(_ *team, _ Account, s string) string { return s[:len(s)-2] + "-_" },
		"a megabyte":     func(*team, Account, string) string { return "cal_" + strings.Repeat("x", 1<<20) },
		"disabled":       func(tm *team, a Account, s string) string { must(t, tm.Disable(ctx, admin, a.ID)); return s },
		"another role": func(tm *team, a Account, s string) string {
			must(t, tm.SetRole(ctx, admin, a.ID, incidents.RoleAuditor))
			return s
		},
		"after its time": func(tm *team, _ Account, s string) string { tm.clock.pass(366 * day); return s },
		"revoked by admin": func(tm *team, a Account, s string) string {
			own, err := tm.Tokens(ctx, admin, a.ID)
			must(t, err)
			must(t, tm.RevokeToken(ctx, admin, a.ID, own[0].ID))
			return s
		},
	} {
		t.Run(name, func(t *testing.T) {
			tm := newTeam(t)
			a := tm.add(t, "mia", incidents.RoleOfficer)
			by, secret, _ := calendarOf(t, tm, a)
			_, _, err := tm.Calendar(ctx, spoil(tm, a, secret))
			wantKind(t, err, incidents.KindNotFound)
			if err.Error() != "there is no calendar at this address" {
				t.Error(err)
			}
			by.Role = tm.store.accounts[a.ID].Role
			if own, works, err := tm.OwnCalendar(ctx, by); err != nil || (own != nil && works != (name == "nothing" || name == "one letter off" || name == "a megabyte" || name == "disabled")) {
				t.Errorf("the page would say %+v %v %v", own, works, err)
			}
		})
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

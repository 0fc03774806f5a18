package account

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// ScopeCalendar is the scope of the secret address of a calendar. It is no act:
// nothing but the calendar opens with it.
const ScopeCalendar incidents.Act = "calendar"

const calendarPrefix = "cal_"

func (t Token) calendar() bool { return slices.Contains(t.Scopes, ScopeCalendar) }

// MintCalendar makes the secret of a new calendar address for somebody at the
// console, and returns it in plain, this once. An address they had before works
// no more: there is one for each person.
func (d *Desk) MintCalendar(ctx context.Context, by incidents.Actor) (string, Token, error) {
	if err := atConsole(by); err != nil {
		return "", Token{}, err
	}
	a, err := d.store.Account(ctx, by.ID)
	if err != nil {
		return "", Token{}, err
	}
	if err := d.dropCalendars(ctx, by); err != nil {
		return "", Token{}, err
	}
	now := d.now().UTC().Truncate(time.Second)
	t := Token{ID: d.limits.NewID(), Account: a.ID, Role: a.Role, Scopes: []incidents.Act{ScopeCalendar}, Label: "calendar", CreatedAt: now, ExpiresAt: now.Add(d.limits.TokenTTL)}
	plain := calendarPrefix + randomSecret()
	t.Hash = hashToken(plain)
	if err := d.store.AddToken(ctx, t, d.entry(by, "account.calendar", a.ID, map[string]string{"token": t.ID})); err != nil {
		return "", Token{}, fmt.Errorf("add calendar %s: %w", t.ID, err)
	}
	return plain, t, nil
}

func atConsole(by incidents.Actor) error {
	if by.Via != "console" {
		return incidents.Forbidden("a calendar's address is made and withdrawn at the console, by its owner")
	}
	return nil
}

// OwnCalendar returns the address somebody has, without its secret, and
// whether it can be read still; nil: they have none.
func (d *Desk) OwnCalendar(ctx context.Context, by incidents.Actor) (t *Token, works bool, err error) {
	if err := atConsole(by); err != nil {
		return nil, false, err
	}
	all, err := d.store.Tokens(ctx, by.ID)
	if err != nil {
		return nil, false, err
	}
	for _, x := range all {
		if x.calendar() {
			return &x, x.Role == by.Role && d.now().Before(x.ExpiresAt), nil
		}
	}
	return nil, false, nil
}

// WithdrawCalendar ends somebody's own address at once.
func (d *Desk) WithdrawCalendar(ctx context.Context, by incidents.Actor) error {
	if err := atConsole(by); err != nil {
		return err
	}
	return d.dropCalendars(ctx, by)
}

func (d *Desk) dropCalendars(ctx context.Context, by incidents.Actor) error {
	all, err := d.store.Tokens(ctx, by.ID)
	if err != nil {
		return err
	}
	for _, t := range all {
		if !t.calendar() {
			continue
		}
		err := d.store.DropToken(ctx, by.ID, t.ID, d.entry(by, "account.calendar_withdrawn", by.ID, map[string]string{"token": t.ID}))
		if err != nil && !isNotFound(err) { // somebody was faster
			return fmt.Errorf("withdraw calendar %s: %w", t.ID, err)
		}
	}
	return nil
}

// Calendar returns whose calendar a secret opens. They may read, and nothing
// else. Whatever is wrong with it, there is no such calendar.
func (d *Desk) Calendar(ctx context.Context, secret string) (incidents.Actor, Token, error) {
	refused := incidents.NotFound("there is no calendar at this address").WithHint("it was withdrawn, or is too old: make a new one at the console, under “Your calendar”")
	if !strings.HasPrefix(secret, calendarPrefix) {
		return incidents.Actor{}, Token{}, refused
	}
	t, a, err := d.use(ctx, secret, true, refused)
	if err != nil {
		return incidents.Actor{}, Token{}, err
	}
	return incidents.Actor{ID: a.ID, Name: a.Display, Role: a.Role, Scopes: []incidents.Act{incidents.ActRead}, Via: "calendar"}, t, nil
}

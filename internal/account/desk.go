package account

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/incidents"
)

// A Desk is where accounts are looked after and people identify themselves.
// It is safe for concurrent use.
type Desk struct {
	store  Store
	box    Box
	now    func() time.Time
	limits Limits
	slots  chan struct{} // one per password being worked on
	gate   *gate
}

// New returns a desk. box seals the seeds of second factors.
func New(store Store, box Box, now func() time.Time, limits Limits) *Desk {
	l := limits.filled()
	return &Desk{store: store, box: box, now: now, limits: l, slots: make(chan struct{}, l.Concurrent),
		gate: newGate(l.TriesPerAddress, l.Lock, now)}
}

func randomID() string { return strings.ToLower(rand.Text()) }

var loginName = regexp.MustCompile(`^[a-z0-9][a-z0-9._@+-]{1,63}$`)

// Add adds an account with a password and a new second factor, which is shown
// to its owner once. by needs the admin act; incidents.System adds the first one.
func (d *Desk) Add(ctx context.Context, by incidents.Actor, name, display string, role incidents.Role, password string) (Account, Enrolment, error) {
	if err := by.May(incidents.ActAdmin); err != nil {
		return Account{}, Enrolment{}, err
	}
	a := Account{ID: incidents.AccountID(d.limits.NewID()), Name: normalName(name), Display: strings.TrimSpace(display),
		Role: role, CreatedAt: d.now().UTC().Truncate(time.Second)}
	if err := a.check(password); err != nil {
		return Account{}, Enrolment{}, err
	}
	hash, err := d.hashPassword(ctx, password)
	if err != nil {
		return Account{}, Enrolment{}, err
	}
	a.PasswordHash = hash
	e, err := d.enrol(&a)
	if err != nil {
		return Account{}, Enrolment{}, err
	}
	if err := d.store.AddAccount(ctx, a, d.entry(by, "account.added", a.ID, map[string]string{"name": a.Name, "role": string(role)})); err != nil {
		return Account{}, Enrolment{}, fmt.Errorf("add account %s: %w", a.ID, err)
	}
	return a, e, nil
}

func normalName(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

func (a Account) check(password string) error {
	if !loginName.MatchString(a.Name) {
		return incidents.Invalid("the sign-in name has 2 to 64 characters: letters, digits and . _ @ + -").On("name")
	}
	if a.Display == "" || utf8.RuneCountInString(a.Display) > 100 || strings.ContainsFunc(a.Display, unicode.IsControl) {
		return incidents.Invalid("the name shown has 1 to 100 characters").On("display")
	}
	if err := checkRole(a.Role); err != nil {
		return err
	}
	return checkPassword(a.Name, password)
}

func checkRole(r incidents.Role) error {
	if !slices.Contains(incidents.Roles(), r) {
		return incidents.Invalid("there is no role %q", r).On("role")
	}
	return nil
}

// Accounts lists everybody; by needs the admin act.
func (d *Desk) Accounts(ctx context.Context, by incidents.Actor) ([]Account, error) {
	if err := by.May(incidents.ActAdmin); err != nil {
		return nil, err
	}
	return d.store.Accounts(ctx)
}

// ByName returns the account of a sign-in name; by needs the admin act.
func (d *Desk) ByName(ctx context.Context, by incidents.Actor, name string) (Account, error) {
	if err := by.May(incidents.ActAdmin); err != nil {
		return Account{}, err
	}
	a, err := d.store.AccountByName(ctx, normalName(name))
	if isNotFound(err) {
		err = incidents.NotFound("there is no account %q", name)
	}
	return a, err
}

// Account returns one account; by needs the admin act, or be its owner.
func (d *Desk) Account(ctx context.Context, by incidents.Actor, id incidents.AccountID) (Account, error) {
	if err := by.May(incidents.ActAdmin); err != nil && by.ID != id {
		return Account{}, err
	}
	return d.store.Account(ctx, id)
}

// SetPassword gives an account a new password and ends its sessions. by needs
// the admin act.
func (d *Desk) SetPassword(ctx context.Context, by incidents.Actor, id incidents.AccountID, password string) error {
	if err := by.May(incidents.ActAdmin); err != nil {
		return err
	}
	return d.setPassword(ctx, by, id, password)
}

// ChangePassword lets somebody change their own password; current is checked
// like at sign-in. Their sessions end, so sign them in again. A token cannot.
func (d *Desk) ChangePassword(ctx context.Context, by incidents.Actor, current, password string) error {
	if by.Via != "console" {
		return incidents.Forbidden("a password is changed at the console")
	}
	a, err := d.store.Account(ctx, by.ID)
	if err != nil {
		return err
	}
	if err := checkPassword(a.Name, password); err != nil {
		return err
	}
	if err := d.reserve(ctx, a.ID); err != nil {
		return wrong(err, incidents.Unauthenticated("the current password is wrong"))
	}
	if ok, err := d.passwordIs(ctx, a, current); err != nil {
		return err
	} else if !ok {
		return incidents.Unauthenticated("the current password is wrong").On("current")
	}
	return d.setPassword(ctx, by, by.ID, password)
}

func (d *Desk) setPassword(ctx context.Context, by incidents.Actor, id incidents.AccountID, password string) error {
	a, err := d.store.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := checkPassword(a.Name, password); err != nil {
		return err
	}
	hash, err := d.hashPassword(ctx, password)
	if err != nil {
		return err
	}
	return d.update(ctx, by, "account.password", id, nil, func(a *Account) error {
		a.PasswordHash, a.FailedTries, a.LockedUntil = hash, 0, time.Time{}
		a.Epoch++
		return nil
	})
}

// Disable shuts an account: sessions and tokens end at once. by needs the
// admin act and cannot shut themselves out.
func (d *Desk) Disable(ctx context.Context, by incidents.Actor, id incidents.AccountID) error {
	if err := d.mayChange(by, id); err != nil {
		return err
	}
	return d.update(ctx, by, "account.disabled", id, nil, func(a *Account) error { a.Disabled = true; a.Epoch++; return nil })
}

// Enable opens an account again, and lifts a lock. by needs the admin act.
func (d *Desk) Enable(ctx context.Context, by incidents.Actor, id incidents.AccountID) error {
	if err := by.May(incidents.ActAdmin); err != nil {
		return err
	}
	return d.update(ctx, by, "account.enabled", id, nil, func(a *Account) error {
		a.Disabled, a.FailedTries, a.LockedUntil = false, 0, time.Time{}
		return nil
	})
}

// SetRole gives an account another role. Its sessions end, and its tokens no
// longer work: they were minted for the old role. by needs the admin act and
// cannot change their own.
func (d *Desk) SetRole(ctx context.Context, by incidents.Actor, id incidents.AccountID, role incidents.Role) error {
	if err := d.mayChange(by, id); err != nil {
		return err
	}
	if err := checkRole(role); err != nil {
		return err
	}
	return d.update(ctx, by, "account.role", id, map[string]string{"role": string(role)}, func(a *Account) error { a.Role = role; a.Epoch++; return nil })
}

// RecoverSecondFactor replaces a lost second factor by a new one and ends the
// account's sessions. by needs the admin act. With a new password it is the
// power to become somebody: both are in the audit log.
func (d *Desk) RecoverSecondFactor(ctx context.Context, by incidents.Actor, id incidents.AccountID) (Enrolment, error) {
	if err := by.May(incidents.ActAdmin); err != nil {
		return Enrolment{}, err
	}
	var e Enrolment
	err := d.update(ctx, by, "account.second_factor", id, nil, func(a *Account) (err error) {
		a.Epoch++
		e, err = d.enrol(a)
		return err
	})
	return e, err
}

func (d *Desk) mayChange(by incidents.Actor, id incidents.AccountID) error {
	if err := by.May(incidents.ActAdmin); err != nil {
		return err
	}
	if by.ID == id {
		return incidents.Conflict("nobody changes their own role or shuts themselves out").WithHint("ask another administrator")
	}
	return nil
}

// entry is a line of the audit log.
func (d *Desk) entry(by incidents.Actor, event string, id incidents.AccountID, data map[string]string) incidents.AuditEntry {
	return incidents.AuditEntry{At: d.now().UTC().Truncate(time.Second), Actor: by.ID, Role: by.Role, Via: by.Via, Event: event, Subject: string(id), Data: data}
}

func (d *Desk) update(ctx context.Context, by incidents.Actor, event string, id incidents.AccountID, data map[string]string, change func(*Account) error) error {
	if _, err := d.store.UpdateAccount(ctx, id, change, d.entry(by, event, id, data)); err != nil {
		return fmt.Errorf("change account %s: %w", id, err)
	}
	return nil
}

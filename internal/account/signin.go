package account

import (
	"context"
	"errors"
	"time"

	"tocsin/incidents"
)

// errNotNow stops a try that may not be made: locked or disabled. It never
// leaves the package.
var errNotNow = errors.New("locked or disabled")

func refusedSignIn() *incidents.Error {
	return incidents.Unauthenticated("sign-in name, password or code is wrong, or there were too many tries").
		WithHint("wait for a new code; after several tries in vain an account rests for a while")
}

// SignIn checks name, password and code. Whatever is wrong, unknown name,
// wrong password, wrong or used code, locked or disabled account, the answer is
// the same unauthenticated error after the same work. Too many failures from
// one network address are throttled. ip is the address as text.
func (d *Desk) SignIn(ctx context.Context, name, password, code, ip string) (incidents.Actor, error) {
	if err := d.gate.enter(ip); err != nil {
		return incidents.Actor{}, err
	}
	a, err := d.store.AccountByName(ctx, normalName(name))
	known := err == nil
	if err != nil && !isNotFound(err) {
		return incidents.Actor{}, err
	}
	if !known {
		a = Account{ID: "nobody"}
	}
	switch err := d.reserve(ctx, a.ID); {
	case errors.Is(err, errNotNow), isNotFound(err):
		known = false
	case err != nil:
		return incidents.Actor{}, err
	}
	right, err := d.passwordIs(ctx, a, password)
	if err != nil {
		return incidents.Actor{}, err
	}
	step, codeRight := d.matchStep(a, code)
	if !known || !right || !codeRight {
		return incidents.Actor{}, refusedSignIn()
	}
	a, err = d.succeed(ctx, a.ID, step)
	if err != nil {
		return incidents.Actor{}, wrong(err, refusedSignIn())
	}
	d.gate.forgive(ip)
	return incidents.Actor{ID: a.ID, Name: a.Display, Role: a.Role, SecondFactorAt: d.now().UTC(), Via: "console"}, nil
}

// StepUp checks a fresh code of somebody who is signed in, and returns when
// that was. Tries count like those of SignIn.
func (d *Desk) StepUp(ctx context.Context, id incidents.AccountID, code string) (time.Time, error) {
	refused := incidents.Unauthenticated("the code is wrong, was used before, or there were too many tries").
		On("code").WithHint("wait for the next code; each is good for once")
	if err := d.reserve(ctx, id); err != nil {
		return time.Time{}, wrong(err, refused)
	}
	a, err := d.store.Account(ctx, id)
	if err != nil {
		return time.Time{}, wrong(err, refused)
	}
	step, ok := d.matchStep(a, code)
	if !ok {
		return time.Time{}, refused
	}
	if _, err := d.succeed(ctx, id, step); err != nil {
		return time.Time{}, wrong(err, refused)
	}
	return d.now().UTC(), nil
}

// StepUpToken is StepUp for the actor of an API token, so that a script can
// approve with a code sent along. It returns the actor with the second factor.
func (d *Desk) StepUpToken(ctx context.Context, actor incidents.Actor, code string) (incidents.Actor, error) {
	at, err := d.StepUp(ctx, actor.ID, code)
	if err != nil {
		return incidents.Actor{}, err
	}
	actor.SecondFactorAt = at
	return actor, nil
}

// reserve counts a try before it is made, so that many at once get no more
// than the limit. The last allowed try locks the account; success unlocks it.
func (d *Desk) reserve(ctx context.Context, id incidents.AccountID) error {
	_, err := d.store.UpdateAccount(ctx, id, func(a *Account) error {
		now := d.now().UTC()
		if a.Disabled || now.Before(a.LockedUntil) {
			return errNotNow
		}
		a.FailedTries++
		if a.FailedTries >= d.limits.Tries {
			a.FailedTries, a.LockedUntil = 0, now.Add(d.limits.Lock)
		}
		return nil
	})
	return err
}

// succeed uses a step up and clears the count. A step is good for once.
func (d *Desk) succeed(ctx context.Context, id incidents.AccountID, step int64) (Account, error) {
	return d.store.UpdateAccount(ctx, id, func(a *Account) error {
		if a.Disabled || step <= a.TOTPLastStep {
			return errNotNow
		}
		a.TOTPLastStep, a.FailedTries, a.LockedUntil = step, 0, time.Time{}
		return nil
	})
}

// passwordIs does the same work whether there is a password or not.
func (d *Desk) passwordIs(ctx context.Context, a Account, password string) (ok bool, err error) {
	p, perr := parsePHC(a.PasswordHash)
	if perr != nil {
		p = d.phc()
	}
	if len(password) > maxPassword {
		password, perr = "", errNotNow
	}
	err = d.work(ctx, func() { ok = p.matches(password) })
	return ok && perr == nil, err
}

// wrong turns what must not be told apart into one refusal.
func wrong(err error, refused *incidents.Error) error {
	if errors.Is(err, errNotNow) || isNotFound(err) {
		return refused
	}
	return err
}

func isNotFound(err error) bool { return incidents.KindOf(err) == incidents.KindNotFound }

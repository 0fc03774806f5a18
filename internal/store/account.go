package store

import (
	"context"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
)

var (
	_ account.Store        = (*Store)(nil)
	_ account.SessionStore = (*Store)(nil)
)

const accountColumns = `SELECT id, name, display, role, password_hash, totp_sealed, totp_last_step, epoch, disabled, created_at, failed_tries, COALESCE(locked_until, 0) FROM accounts `

func scanAccount(r scanner) (a account.Account, err error) {
	var created, locked int64
	err = r.Scan(&a.ID, &a.Name, &a.Display, &a.Role, &a.PasswordHash, &a.TOTPSealed, &a.TOTPLastStep, &a.Epoch, (*flag)(&a.Disabled), &created, &a.FailedTries, &locked)
	a.CreatedAt = fromMS(created)
	if locked != 0 {
		a.LockedUntil = fromMS(locked)
	}
	return a, err
}

// AddAccount adds an account; conflict when its id or name is taken.
func (s *Store) AddAccount(ctx context.Context, a account.Account, entries ...incidents.AuditEntry) error {
	return s.together(ctx, func(t *tx) error {
		n, err := t.run(`INSERT INTO accounts (id, name, display, role, password_hash, totp_sealed, totp_last_step, epoch, disabled, created_at, failed_tries, locked_until)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING`,
			string(a.ID), clean(a.Name), clean(a.Display), string(a.Role), a.PasswordHash, nonNil(a.TOTPSealed), a.TOTPLastStep, a.Epoch, bit(a.Disabled), ms(a.CreatedAt), a.FailedTries, orNull(a.LockedUntil))
		if err == nil && n == 0 {
			err = incidents.Conflict("the sign-in name is taken").On("name")
		}
		t.entries = append(t.entries, entries...)
		return err
	})
}

// Account returns an account by id.
func (s *Store) Account(ctx context.Context, id incidents.AccountID) (account.Account, error) {
	return s.account(ctx, `WHERE id = $1`, clean(string(id)))
}

// AccountByName returns an account by its sign-in name.
func (s *Store) AccountByName(ctx context.Context, name string) (account.Account, error) {
	return s.account(ctx, `WHERE name = $1`, clean(name))
}

func (s *Store) account(ctx context.Context, where string, param any) (a account.Account, err error) {
	err = s.read(ctx, func(t *tx) error {
		a, err = t.account(where, param)
		return err
	})
	return a, err
}

func (t *tx) account(where string, param any) (a account.Account, err error) {
	found, err := t.scanOne(accountColumns+where, args{param}, func(r scanner) error {
		a, err = scanAccount(r)
		return err
	})
	if err == nil && !found {
		err = incidents.NotFound("there is no such account")
	}
	return a, err
}

// Accounts lists everybody by sign-in name.
func (s *Store) Accounts(ctx context.Context) (out []account.Account, err error) {
	err = s.read(ctx, func(t *tx) error {
		return t.rows(accountColumns+`ORDER BY name`, nil, func(r scanner) error {
			a, err := scanAccount(r)
			out = append(out, a)
			return err
		})
	})
	return out, err
}

// UpdateAccount changes an account in one transaction that nobody else's
// update gets between.
func (s *Store) UpdateAccount(ctx context.Context, id incidents.AccountID, change func(*account.Account) error, entries ...incidents.AuditEntry) (a account.Account, err error) {
	err = s.together(ctx, func(t *tx) error {
		lock := `WHERE id = $1`
		if s.pg {
			lock += ` FOR UPDATE`
		}
		if a, err = t.account(lock, clean(string(id))); err != nil {
			return err
		}
		if err := change(&a); err != nil {
			return err
		}
		t.entries = append(t.entries, entries...)
		_, err := t.run(`UPDATE accounts SET name = $1, display = $2, role = $3, password_hash = $4, totp_sealed = $5, totp_last_step = $6, epoch = $7, disabled = $8, failed_tries = $9, locked_until = $10 WHERE id = $11`,
			clean(a.Name), clean(a.Display), string(a.Role), a.PasswordHash, nonNil(a.TOTPSealed), a.TOTPLastStep, a.Epoch, bit(a.Disabled), a.FailedTries, orNull(a.LockedUntil), string(id))
		return err
	})
	if err != nil {
		return account.Account{}, err
	}
	return a, nil
}

const tokenColumns = `SELECT id, account_id, hash, role, scopes, label, created_at, expires_at, COALESCE(last_used_at, 0) FROM tokens `

func scanToken(r scanner) (k account.Token, err error) {
	var scopes string
	var created, expires, used int64
	if err = r.Scan(&k.ID, &k.Account, &k.Hash, &k.Role, &scopes, &k.Label, &created, &expires, &used); err != nil {
		return k, err
	}
	k.CreatedAt, k.ExpiresAt = fromMS(created), fromMS(expires)
	if used != 0 {
		k.LastUsedAt = fromMS(used)
	}
	k.Scopes, err = undoc[[]incidents.Act](scopes) // null stays nil: everything the role may do
	return k, err
}

// AddToken adds an API token.
func (s *Store) AddToken(ctx context.Context, k account.Token, entries ...incidents.AuditEntry) error {
	return s.together(ctx, func(t *tx) error {
		t.entries = append(t.entries, entries...)
		_, err := t.run(`INSERT INTO tokens (id, account_id, hash, role, scopes, label, created_at, expires_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			k.ID, string(k.Account), nonNil(k.Hash), string(k.Role), doc(k.Scopes), clean(k.Label), ms(k.CreatedAt), ms(k.ExpiresAt), orNull(k.LastUsedAt))
		return err
	})
}

// TokenByHash returns the token of a hash.
func (s *Store) TokenByHash(ctx context.Context, hash []byte) (k account.Token, err error) {
	err = s.read(ctx, func(t *tx) error {
		found, err := t.scanOne(tokenColumns+`WHERE hash = $1`, args{nonNil(hash)}, func(r scanner) error {
			k, err = scanToken(r)
			return err
		})
		if err == nil && !found {
			err = incidents.NotFound("there is no such token")
		}
		return err
	})
	return k, err
}

// Tokens lists an account's tokens, newest first.
func (s *Store) Tokens(ctx context.Context, id incidents.AccountID) (out []account.Token, err error) {
	err = s.read(ctx, func(t *tx) error {
		return t.rows(tokenColumns+`WHERE account_id = $1 ORDER BY created_at DESC, id DESC`, args{clean(string(id))}, func(r scanner) error {
			k, err := scanToken(r)
			out = append(out, k)
			return err
		})
	})
	return out, err
}

// TouchToken notes that a token was used.
func (s *Store) TouchToken(ctx context.Context, tokenID string, at time.Time) error {
	return s.together(ctx, func(t *tx) error {
		_, err := t.run(`UPDATE tokens SET last_used_at = $1 WHERE id = $2`, ms(at), clean(tokenID))
		return err
	})
}

// DropToken ends a token of an account.
func (s *Store) DropToken(ctx context.Context, id incidents.AccountID, tokenID string, entries ...incidents.AuditEntry) error {
	return s.together(ctx, func(t *tx) error {
		t.entries = append(t.entries, entries...)
		n, err := t.run(`DELETE FROM tokens WHERE id = $1 AND account_id = $2`, clean(tokenID), clean(string(id)))
		if err == nil && n == 0 {
			err = incidents.NotFound("there is no such token")
		}
		return err
	})
}

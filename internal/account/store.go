package account

import (
	"context"
	"log/slog"
	"time"

	"tocsin/incidents"
)

// An Account is one person of the team. Its secrets stay out of JSON and logs.
type Account struct {
	ID           incidents.AccountID `json:"id"`
	Name         string              `json:"name"` // to sign in with; unique, lower case
	Display      string              `json:"display"`
	Role         incidents.Role      `json:"role"`
	PasswordHash string              `json:"-"` // PHC string
	TOTPSealed   []byte              `json:"-"`
	TOTPLastStep int64               `json:"-"` // the newest step that was used
	// Epoch goes up when every session must end: new password, new second
	// factor, new role, disabled.
	Epoch       int64     `json:"-"`
	Disabled    bool      `json:"disabled"`
	CreatedAt   time.Time `json:"created_at"`
	FailedTries int       `json:"failed_tries"`
	LockedUntil time.Time `json:"locked_until"`
}

// LogValue and String show the id only.
func (a Account) LogValue() slog.Value { return slog.StringValue(string(a.ID)) }
func (a Account) String() string       { return string(a.ID) }
func (a Account) GoString() string     { return string(a.ID) }

// A Token lets a script act as an account, within scopes. Only its hash is kept.
type Token struct {
	ID         string              `json:"id"`
	Account    incidents.AccountID `json:"account"`
	Hash       []byte              `json:"-"`    // SHA-256 of the whole token, which is random
	Role       incidents.Role      `json:"role"` // of the account when it was minted
	Scopes     []incidents.Act     `json:"scopes"`
	Label      string              `json:"label"`
	CreatedAt  time.Time           `json:"created_at"`
	ExpiresAt  time.Time           `json:"expires_at"`
	LastUsedAt time.Time           `json:"last_used_at"`
}

// A Store keeps accounts and tokens; internal/store implements it. What is not
// there is a not_found error. Entries go to the audit log in the transaction of
// the act they tell of: there is no act without its entry.
type Store interface {
	// AddAccount adds an account; conflict when its id or name is taken.
	AddAccount(ctx context.Context, a Account, entries ...incidents.AuditEntry) error
	Account(ctx context.Context, id incidents.AccountID) (Account, error)
	AccountByName(ctx context.Context, name string) (Account, error)
	Accounts(ctx context.Context) ([]Account, error) // by name
	// UpdateAccount reads an account, lets change change it and writes it back,
	// in one transaction that nobody else's update gets between. An error of
	// change rolls back and is returned. change may run again.
	UpdateAccount(ctx context.Context, id incidents.AccountID, change func(*Account) error, entries ...incidents.AuditEntry) (Account, error)

	AddToken(ctx context.Context, t Token, entries ...incidents.AuditEntry) error
	TokenByHash(ctx context.Context, hash []byte) (Token, error)
	Tokens(ctx context.Context, id incidents.AccountID) ([]Token, error) // newest first
	// TouchToken notes that a token was used; it need not be synced.
	TouchToken(ctx context.Context, tokenID string, at time.Time) error
	DropToken(ctx context.Context, id incidents.AccountID, tokenID string, entries ...incidents.AuditEntry) error
}

// A SessionStore keeps sessions by the hash of their cookie; internal/store
// implements it.
type SessionStore interface {
	// Session returns a session, found false when there is none.
	Session(ctx context.Context, token string) (data []byte, expires time.Time, found bool, err error)
	// SaveSession writes a session. Unless fresh it only replaces one that is
	// still there, and otherwise does nothing: a session that was ended by
	// another request stays ended.
	SaveSession(ctx context.Context, token string, data []byte, expires time.Time, fresh bool) error
	DropSession(ctx context.Context, token string) error
}

// A Box seals the seeds of second factors; *sealed.Box is one.
type Box interface {
	Seal(aad string, plain []byte) []byte
	Open(aad string, sealed []byte) ([]byte, error)
}

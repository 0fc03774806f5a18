package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tocsin/incidents"
)

const (
	tokenPrefix  = "tcn_"
	maxToken     = 256
	touchedEvery = time.Minute
)

// MintToken makes an API token of an account and returns it in plain, this
// once. by needs the admin act, or is the owner at the console. No scopes mean
// everything the role may do today. ttl is how long it lives, at most Limits.TokenTTL.
func (d *Desk) MintToken(ctx context.Context, by incidents.Actor, id incidents.AccountID, label string, scopes []incidents.Act, ttl time.Duration) (string, Token, error) {
	if err := mayMint(by, id); err != nil {
		return "", Token{}, err
	}
	a, err := d.store.Account(ctx, id)
	if err != nil {
		return "", Token{}, err
	}
	if a.Disabled {
		return "", Token{}, incidents.Conflict("account %s is disabled", id)
	}
	label = strings.TrimSpace(label)
	if label == "" || utf8.RuneCountInString(label) > 100 || strings.ContainsFunc(label, unicode.IsControl) {
		return "", Token{}, incidents.Invalid("the label has 1 to 100 characters").On("label")
	}
	if ttl <= 0 || ttl > d.limits.TokenTTL {
		return "", Token{}, incidents.Invalid("a token lives longer than nothing and at most %d days", int(d.limits.TokenTTL.Hours()/24)).On("ttl")
	}
	if scopes, err = checkScopes(a.Role, scopes); err != nil {
		return "", Token{}, err
	}
	now := d.now().UTC().Truncate(time.Second)
	t := Token{ID: d.limits.NewID(), Account: id, Role: a.Role, Scopes: scopes, Label: label, CreatedAt: now, ExpiresAt: now.Add(ttl)}
	plain := tokenPrefix + t.ID + "_" + randomSecret()
	t.Hash = hashToken(plain)
	if err := d.store.AddToken(ctx, t, d.entry(by, "account.token", id, map[string]string{"token": t.ID, "label": label})); err != nil {
		return "", Token{}, fmt.Errorf("add token %s: %w", t.ID, err)
	}
	return plain, t, nil
}

// mayMint keeps a narrow token from minting a wide one.
func mayMint(by incidents.Actor, id incidents.AccountID) error {
	if by.ID == id && by.Via == "console" {
		return nil
	}
	return by.May(incidents.ActAdmin)
}

func checkScopes(role incidents.Role, scopes []incidents.Act) ([]incidents.Act, error) {
	if len(scopes) == 0 {
		return slices.DeleteFunc(incidents.Acts(), func(a incidents.Act) bool { return !incidents.Allowed(role, a) }), nil
	}
	var out []incidents.Act
	for _, s := range scopes {
		if !slices.Contains(incidents.Acts(), s) {
			return nil, incidents.Invalid("there is no scope %q", s).On("scopes")
		}
		if !incidents.Allowed(role, s) {
			return nil, incidents.Invalid("the role %q may not do %q, so its tokens cannot", role, s).On("scopes")
		}
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out, nil
}

func randomSecret() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails
	return base64.RawURLEncoding.EncodeToString(b)
}

// hashToken needs no salt and no slow hash: a token has 256 random bits.
func hashToken(plain string) []byte {
	sum := sha256.Sum256([]byte(plain))
	return sum[:]
}

// Bearer returns who a token acts for. The actor has no second factor; see
// StepUpToken. A token that is unknown, over, of a disabled account, or minted
// for another role than its account has now, is one and the same error.
func (d *Desk) Bearer(ctx context.Context, token string) (incidents.Actor, error) {
	refused := incidents.Unauthenticated("the API token is not valid").
		WithHint("mint one: tocsin account token")
	if !strings.HasPrefix(token, tokenPrefix) {
		return incidents.Actor{}, refused
	}
	t, a, err := d.use(ctx, token, false, refused)
	if err != nil {
		return incidents.Actor{}, err
	}
	// Never nil: nil would mean everything.
	return incidents.Actor{ID: a.ID, Name: a.Display, Role: a.Role, Scopes: append([]incidents.Act{}, t.Scopes...), Via: "api"}, nil
}

// use finds a token and its account, and notes its use. A calendar's address
// is no API token, and an API token no calendar.
func (d *Desk) use(ctx context.Context, plain string, calendar bool, refused *incidents.Error) (t Token, a Account, err error) {
	if len(plain) > maxToken {
		return t, a, refused
	}
	if t, err = d.store.TokenByHash(ctx, hashToken(plain)); err != nil {
		return t, a, wrong(err, refused)
	}
	if a, err = d.store.Account(ctx, t.Account); err != nil {
		return t, a, wrong(err, refused)
	}
	now := d.now().UTC()
	if t.calendar() != calendar || !now.Before(t.ExpiresAt) || a.Disabled || a.Role != t.Role {
		return t, a, refused
	}
	if now.Sub(t.LastUsedAt) >= touchedEvery {
		err := inPassing(ctx, func(ctx context.Context) error { return d.store.TouchToken(ctx, t.ID, now.Truncate(time.Second)) })
		if err != nil {
			return t, a, fmt.Errorf("note the use of token %s: %w", t.ID, err)
		}
	}
	return t, a, nil
}

// Tokens lists an account's tokens; by needs the admin act, or is the owner.
func (d *Desk) Tokens(ctx context.Context, by incidents.Actor, id incidents.AccountID) ([]Token, error) {
	if err := mayMint(by, id); err != nil {
		return nil, err
	}
	return d.store.Tokens(ctx, id)
}

// RevokeToken ends a token at once; by needs the admin act, or is the owner.
func (d *Desk) RevokeToken(ctx context.Context, by incidents.Actor, id incidents.AccountID, tokenID string) error {
	if err := mayMint(by, id); err != nil {
		return err
	}
	return d.store.DropToken(ctx, id, tokenID, d.entry(by, "account.token_revoked", id, map[string]string{"token": tokenID}))
}

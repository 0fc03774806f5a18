package web

import (
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
)

func (c *call) accountID() incidents.AccountID { return incidents.AccountID(c.vars["account"]) }

func (a api) accounts(c *call) (any, error) { return whole(a.Accounts.Accounts(c.ctx, c.actor)) }

// addAccount answers with the second factor: its owner needs it once.
func (a api) addAccount(c *call) (any, error) {
	var in struct {
		Name     string         `json:"name"`
		Display  string         `json:"display"`
		Role     incidents.Role `json:"role"`
		Password string         `json:"password"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	_, e, err := a.Accounts.Add(c.ctx, c.actor, in.Name, in.Display, in.Role, in.Password)
	if err != nil {
		return nil, err
	}
	return made{struct {
		Name   string `json:"name"`
		Secret string `json:"second_factor_secret"`
		URL    string `json:"second_factor_url"`
	}{in.Name, e.Secret(), e.URL()}, "/accounts"}, nil
}

func (a api) disableAccount(c *call) (any, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	return nil, a.Accounts.Disable(c.ctx, c.actor, c.accountID())
}

func (a api) tokens(c *call) (any, error) {
	return whole(a.Accounts.Tokens(c.ctx, c.actor, c.accountID()))
}

func (a api) mintToken(c *call) (any, error) {
	var in struct {
		Label  string          `json:"label"`
		Scopes []incidents.Act `json:"scopes"`
		Days   int             `json:"days"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Days < 1 || in.Days > 366 {
		return nil, incidents.Invalid("a token lives 1 to 366 days").On("days")
	}
	plain, t, err := a.Accounts.MintToken(c.ctx, c.actor, c.accountID(), in.Label, in.Scopes, time.Duration(in.Days)*24*time.Hour)
	if err != nil {
		return nil, err
	}
	return made{struct {
		account.Token
		Plain string `json:"token"`
	}{t, plain}, "/accounts/" + string(t.Account) + "/tokens"}, nil
}

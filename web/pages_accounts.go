package web

import (
	"crypto/rand"
	"encoding/base64"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
)

type accountsPage struct {
	Frame
	Accounts            []account.Account
	Roles               []incidents.Role
	Acts                []incidents.Act
	Name, Display, Role string // typed
	Token               tokenForm
}

type tokenForm struct {
	Name, Label string
	Days        string
	Scopes      map[incidents.Act]bool
}

func (c *console) accountsView(p *page) (v accountsPage, err error) {
	v = accountsPage{Frame: c.frame(p, "accounts", "Accounts"), Roles: incidents.Roles(), Acts: incidents.Acts(), Role: string(incidents.RoleResponder)}
	v.Token = tokenForm{Days: "90", Scopes: map[incidents.Act]bool{}}
	v.Accounts, err = c.Accounts.Accounts(p.r.Context(), p.actor)
	return v, err
}

// accounts lists the team.
func (c *console) accounts(p *page) error {
	v, err := c.accountsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "accounts", v)
}

// A secretsPage shows what is shown once, on the answer only.
type secretsPage struct {
	Frame
	Name, Password, Secret, Token, Label string
	QR                                   template.URL
	Expires                              time.Time
}

// addAccount answers with password and second factor: nobody can see them again.
func (c *console) addAccount(p *page) error {
	v, err := c.accountsView(p)
	if err != nil {
		return err
	}
	v.Name, v.Display, v.Role = p.form("name"), p.form("display"), p.form("role")
	password := strings.ToLower(rand.Text())
	_, e, err := c.Accounts.Add(p.r.Context(), p.actor, v.Name, v.Display, incidents.Role(v.Role), password)
	if err != nil {
		return c.again(p, err, "accounts", &v)
	}
	png, err := e.QR(264)
	if err != nil {
		return err
	}
	f := c.frame(p, "accounts", "A new account")
	f.Live = ""
	return c.show(p, "account_new", secretsPage{Frame: f, Name: strings.ToLower(v.Name), Password: password, Secret: e.Secret(),
		QR: template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(png))}) //nolint:gosec // our own picture
}

func (c *console) disableAccount(p *page) error {
	if err := c.Accounts.Disable(p.r.Context(), p.actor, incidents.AccountID(p.vars["id"])); err != nil {
		v, verr := c.accountsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "accounts", &v)
	}
	return c.redirect(p, "/accounts", "Disabled. Its sessions have ended, its tokens work no more.")
}

// mintToken answers with the token: only its hash is kept.
func (c *console) mintToken(p *page) error {
	v, err := c.accountsView(p)
	if err != nil {
		return err
	}
	v.Token.Name, v.Token.Label, v.Token.Days = p.form("account"), p.form("label"), p.form("days")
	scopes := []incidents.Act{}
	for _, s := range p.r.PostForm["scopes"] {
		if a := incidents.Act(s); slices.Contains(v.Acts, a) {
			v.Token.Scopes[a] = true
			scopes = append(scopes, a)
		}
	}
	days, err := strconv.Atoi(v.Token.Days)
	switch {
	case err != nil || days < 1 || days > 366:
		err = incidents.Invalid("a token lives 1 to 366 days").On("days")
	case len(scopes) == 0:
		err = incidents.Invalid("choose what the token may do").On("scopes")
	}
	var plain string
	var t account.Token
	var who account.Account
	if err == nil {
		who, err = c.Accounts.ByName(p.r.Context(), p.actor, v.Token.Name)
	}
	if err == nil {
		plain, t, err = c.Accounts.MintToken(p.r.Context(), p.actor, who.ID, v.Token.Label, scopes, time.Duration(days)*24*time.Hour)
	}
	if err != nil {
		return c.again(p, err, "accounts", &v)
	}
	f := c.frame(p, "accounts", "A new token")
	f.Live = ""
	return c.show(p, "account_new", secretsPage{Frame: f, Name: v.Token.Name, Token: plain, Label: t.Label, Expires: t.ExpiresAt})
}

package web

import (
	"net/http"
	"strings"
)

type signInPage struct {
	Frame
	Name, To string
}

// signInPage shows the form, or goes on when somebody is signed in already.
func (c *console) signInPage(p *page) error {
	if p.actor.ID != "" {
		return c.redirect(p, localPath(p.query("to")), "")
	}
	return c.show(p, "signin", signInPage{Frame: c.frame(p, "", "Sign in"), To: p.query("to")})
}

// signIn checks name, password and code at once; its refusal never says which was wrong.
func (c *console) signIn(p *page) error {
	actor, err := c.Accounts.SignIn(p.r.Context(), p.form("name"), p.r.PostFormValue("password"), p.form("code"), c.address(p.r))
	if err != nil {
		v := signInPage{Frame: c.frame(p, "", "Sign in"), Name: p.form("name"), To: p.form("to")}
		return c.again(p, err, "signin", &v)
	}
	actor.Via = "console"
	if err := c.Sessions.SignIn(p.r.Context(), actor); err != nil {
		return err
	}
	if err := c.Desk.Record(p.r.Context(), actor, "account.signed_in", "", string(actor.ID), "", nil); err != nil {
		return err
	}
	return c.redirect(p, localPath(p.form("to")), "")
}

func (c *console) signOut(p *page) error {
	if err := c.Sessions.SignOut(p.r.Context()); err != nil {
		return err
	}
	http.Redirect(p.w, p.r, "/sign-in", http.StatusSeeOther)
	return nil
}

// localPath goes nowhere but to our own pages.
func localPath(to string) string {
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.HasPrefix(to, "/\\") || strings.ContainsAny(to, "\r\n\\") {
		return "/"
	}
	return to
}

// address is the network address the request comes from.
func (c *console) address(r *http.Request) string {
	return clientAddr(r, networks(c.TrustedProxies)).String()
}

// stepUp proves the second factor again with a code of this form.
func (c *console) stepUp(p *page) error {
	at, err := c.Accounts.StepUp(p.r.Context(), p.actor.ID, p.form("code"))
	if err != nil {
		return err
	}
	p.actor.SecondFactorAt = at
	return c.Sessions.SetSecondFactor(p.r.Context(), at)
}

package main

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type accountCmd struct {
	Add    accountAddCmd    `cmd:"" help:"Add an account with a password and a second factor."`
	List   accountListCmd   `cmd:"" help:"List accounts and their tokens."`
	Set    accountSetCmd    `cmd:"" help:"Change an account: its role, whether it may sign in, a lost password or second factor."`
	Token  accountTokenCmd  `cmd:"" help:"Mint a scoped API token for an account."`
	Revoke accountRevokeCmd `cmd:"" help:"End an API token at once."`
	Code   accountCodeCmd   `cmd:"" help:"Print the present code of a second factor's secret, for scripts."`
}

type accountAddCmd struct {
	configFlag
	Name          string         `arg:"" help:"Name to sign in with."`
	Role          incidents.Role `required:"" enum:"responder,officer,comms,auditor,admin,owner" help:"Role: ${enum}."`
	Display       string         `help:"Name shown to others; the sign-in name if not given."`
	PasswordStdin bool           `help:"Read the password from standard input instead of making one."`
	JSON          bool           `name:"json" help:"Print one JSON object."`
}

// Run adds an account and prints what its owner needs, once.
func (c *accountAddCmd) Run(ctx context.Context, t *terminal) error {
	password, err := newPassword(t, c.PasswordStdin)
	if err != nil {
		return err
	}
	if c.Display == "" {
		c.Display = c.Name
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		_, enrol, err := a.Accounts.Add(ctx, app.Terminal, c.Name, c.Display, c.Role, password)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(t.out).Encode(map[string]string{"name": c.Name, "role": string(c.Role), "password": password, "totp_secret": enrol.Secret(), "totp_url": enrol.URL()})
		}
		fmt.Fprintf(t.out, "account %s (%s)\npassword:      %s\nsecond factor: %s\n               %s\nShown once. Put the second factor into an authenticator app.\n", c.Name, c.Role, password, enrol.Secret(), enrol.URL())
		return nil
	})
}

// newPassword makes a password, or reads it from standard input.
func newPassword(t *terminal, stdin bool) (string, error) {
	if !stdin {
		return strings.ToLower(rand.Text()[:20]), nil
	}
	line, err := bufio.NewReader(t.in).ReadString('\n')
	if err != nil && line == "" {
		return "", incidents.Invalid("no password on standard input")
	}
	return strings.TrimRight(line, "\r\n"), nil
}

type accountSetCmd struct {
	configFlag
	Name          string         `arg:"" help:"Account to change."`
	Role          incidents.Role `enum:",responder,officer,comms,auditor,admin,owner" default:"" help:"Its new role; its sessions and tokens end."`
	Disable       bool           `xor:"shut" help:"Shut it: its sessions end, its tokens work no more."`
	Enable        bool           `xor:"shut" help:"Open it again, and lift a lock."`
	Password      bool           `help:"Give it a new password, shown once; its sessions end."`
	PasswordStdin bool           `help:"Read the new password from standard input."`
	SecondFactor  bool           `help:"Replace a lost second factor, shown once; its sessions end."`
}

// Run makes the changes in the order of the flags and prints what its owner needs.
func (c *accountSetCmd) Run(ctx context.Context, t *terminal) error {
	if c.Role == "" && !c.Disable && !c.Enable && !c.Password && !c.PasswordStdin && !c.SecondFactor {
		return incidents.Invalid("nothing to change").WithHint("say what: --role, --disable, --enable, --password or --second-factor")
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		who, err := a.Accounts.ByName(ctx, app.Terminal, c.Name)
		if err != nil {
			return err
		}
		if c.Role != "" {
			if err := a.Accounts.SetRole(ctx, app.Terminal, who.ID, c.Role); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "%s is %s now\n", who.Name, c.Role)
		}
		if c.Disable {
			if err := a.Accounts.Disable(ctx, app.Terminal, who.ID); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "%s may no longer sign in\n", who.Name)
		}
		if c.Enable {
			if err := a.Accounts.Enable(ctx, app.Terminal, who.ID); err != nil {
				return err
			}
			fmt.Fprintf(t.out, "%s may sign in\n", who.Name)
		}
		return c.renew(ctx, t, a, who.ID)
	})
}

func (c *accountSetCmd) renew(ctx context.Context, t *terminal, a *app.App, id incidents.AccountID) error {
	if c.Password || c.PasswordStdin {
		password, err := newPassword(t, c.PasswordStdin)
		if err != nil {
			return err
		}
		if err := a.Accounts.SetPassword(ctx, app.Terminal, id, password); err != nil {
			return err
		}
		if !c.PasswordStdin {
			fmt.Fprintf(t.out, "password:      %s\n", password)
		}
	}
	if !c.SecondFactor {
		return nil
	}
	e, err := a.Accounts.RecoverSecondFactor(ctx, app.Terminal, id)
	if err == nil {
		fmt.Fprintf(t.out, "second factor: %s\n               %s\n", e.Secret(), e.URL())
	}
	return err
}

type accountRevokeCmd struct {
	configFlag
	Name  string `arg:"" help:"Account the token acts for."`
	Token string `arg:"" help:"Id of the token, as account list shows it."`
}

// Run ends a token.
func (c *accountRevokeCmd) Run(ctx context.Context, t *terminal) error {
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		who, err := a.Accounts.ByName(ctx, app.Terminal, c.Name)
		if err != nil {
			return err
		}
		return a.Accounts.RevokeToken(ctx, app.Terminal, who.ID, c.Token)
	})
}

type accountTokenCmd struct {
	configFlag
	Name  string          `arg:"" help:"Account the token acts for."`
	Scope []incidents.Act `required:"" sep:"," help:"What it may do: read, triage, facts, persons, unmask, draft, announce, approve, release, stop, submit, termination, evidence, admin, intake."`
	Label string          `default:"script" help:"What it is for."`
	Days  int             `default:"90" help:"Days until it ends."`
	JSON  bool            `name:"json" help:"Print one JSON object."`
}

// Run mints a token and prints it, once.
func (c *accountTokenCmd) Run(ctx context.Context, t *terminal) error {
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		who, err := a.Accounts.ByName(ctx, app.Terminal, c.Name)
		if err != nil {
			return err
		}
		plain, tok, err := a.Accounts.MintToken(ctx, app.Terminal, who.ID, c.Label, c.Scope, time.Duration(c.Days)*24*time.Hour)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(t.out).Encode(map[string]any{"token": plain, "id": tok.ID, "scopes": tok.Scopes, "expires_at": tok.ExpiresAt})
		}
		fmt.Fprintln(t.out, plain)
		return nil
	})
}

type accountCodeCmd struct {
	Secret string `arg:"" help:"Secret of the second factor."`
}

// Run prints the present code.
func (c *accountCodeCmd) Run(t *terminal) error {
	code, err := app.Code(c.Secret, time.Now())
	if err != nil {
		return incidents.Invalid("this is not the secret of a second factor")
	}
	fmt.Fprintln(t.out, code)
	return nil
}

type accountListCmd struct{ configFlag }

// Run lists accounts.
func (c *accountListCmd) Run(ctx context.Context, t *terminal) error {
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		all, err := a.Accounts.Accounts(ctx, app.Terminal)
		if err != nil {
			return err
		}
		for _, x := range all {
			state := ""
			if x.Disabled {
				state = "disabled"
			}
			fmt.Fprintf(t.out, "%-20s %-10s %s\n", x.Name, x.Role, state)
			tokens, err := a.Accounts.Tokens(ctx, app.Terminal, x.ID)
			if err != nil {
				return err
			}
			for _, k := range tokens {
				fmt.Fprintf(t.out, "  token %s until %s  %s\n", k.ID, k.ExpiresAt.Format(time.DateOnly), k.Label)
			}
		}
		return nil
	})
}

// withAccounts opens what accounts need, beside a running service if there is one.
func withAccounts(ctx context.Context, f configFlag, t *terminal, fn func(*app.App) error) (err error) {
	cfg, err := f.load(t)
	if err != nil {
		return err
	}
	a, err := app.OpenAccounts(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	return fn(a)
}

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
	Add   accountAddCmd   `cmd:"" help:"Add an account with a password and a second factor."`
	Token accountTokenCmd `cmd:"" help:"Mint a scoped API token for an account."`
	Code  accountCodeCmd  `cmd:"" help:"Print the present code of a second factor's secret, for scripts."`
	List  accountListCmd  `cmd:"" help:"List accounts."`
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
	password := strings.ToLower(rand.Text()[:20])
	if c.PasswordStdin {
		line, err := bufio.NewReader(t.in).ReadString('\n')
		if err != nil && line == "" {
			return incidents.Invalid("no password on standard input")
		}
		password = strings.TrimRight(line, "\r\n")
	}
	if c.Display == "" {
		c.Display = c.Name
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		enrol, err := a.AddAccount(ctx, app.Terminal, c.Name, c.Display, c.Role, password)
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
		plain, tok, err := a.MintToken(ctx, app.Terminal, c.Name, c.Label, c.Scope, time.Duration(c.Days)*24*time.Hour)
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

type statusCmd struct {
	configFlag
	Notice int64 `arg:"" help:"Number of the notice: 12 for N-12."`
}

// Run writes one line per delivery; ref is the list's own person id.
func (c *statusCmd) Run(ctx context.Context, t *terminal) error {
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		w := bufio.NewWriter(t.out)
		enc := json.NewEncoder(w)
		err := a.ClaimedStatus(ctx, incidents.System, c.Notice, func(ref string, ch incidents.Channel, s incidents.DeliveryState) error {
			return enc.Encode(struct {
				Ref     string `json:"ref"`
				Channel string `json:"channel"`
				Status  string `json:"status"`
			}{ref, string(ch), string(s)})
		})
		return errors.Join(err, w.Flush())
	})
}

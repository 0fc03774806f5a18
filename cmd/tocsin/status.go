package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type statusCmd struct {
	configFlag
	Notice int64 `arg:"" optional:"" help:"Number of the notice: 12 for N-12. Left out: how the providers are."`
}

// Run writes one line per delivery; ref is the list's own person id. Without a
// notice it writes one line per provider's account.
func (c *statusCmd) Run(ctx context.Context, t *terminal) error {
	if c.Notice == 0 {
		return c.providers(ctx, t)
	}
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

func (c *statusCmd) providers(ctx context.Context, t *terminal) error {
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		all, err := a.ProviderHealth(ctx, app.Terminal)
		if err != nil {
			return err
		}
		enc := json.NewEncoder(t.out)
		for _, h := range all {
			if err := enc.Encode(h); err != nil {
				return err
			}
		}
		return nil
	})
}

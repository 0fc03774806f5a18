package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type statusCmd struct {
	configFlag
	Notice noticeNo `arg:"" optional:"" help:"Number of the notice: N-12, or 12. Left out: how the providers are."`
}

// Run writes one line per delivery; ref is the list's own person id. Without a
// notice it writes one line per provider's account.
func (c *statusCmd) Run(ctx context.Context, t *terminal) error {
	if c.Notice == 0 {
		return c.providers(ctx, t)
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		if err := c.standing(ctx, t, a); err != nil {
			return err
		}
		w := bufio.NewWriter(t.out)
		enc := json.NewEncoder(w)
		err := a.ClaimedStatus(ctx, incidents.System, int64(c.Notice), func(ref string, ch incidents.Channel, s incidents.DeliveryState) error {
			return enc.Encode(struct {
				Ref     string `json:"ref"`
				Channel string `json:"channel"`
				Status  string `json:"status"`
			}{ref, string(ch), string(s)})
		})
		return errors.Join(err, w.Flush())
	})
}

// standing says on the error output where a notice has got to, so that the lines
// stay lines.
func (c *statusCmd) standing(ctx context.Context, t *terminal, a *app.App) error {
	n, err := a.Desk.NoticeByNo(ctx, incidents.System, int64(c.Notice))
	if err != nil {
		return err
	}
	p, err := a.Desk.Progress(ctx, incidents.System, n.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(t.err, "N-%d is %s\n", n.No, n.Status)
	if w := p.FirstWave; w != nil {
		fmt.Fprintf(t.err, "first wave %s: %d of %d attempted, %s\n", w.State, w.Attempted, w.Size, w.WaveCount.Text())
		for _, why := range w.Reasons {
			fmt.Fprintf(t.err, "- %s\n", why)
		}
	}
	return nil
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

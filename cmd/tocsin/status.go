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

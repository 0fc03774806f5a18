package main

import (
	"context"

	"tocsin/internal/app"
	"tocsin/internal/settings"
)

type workerCmd struct{ serveCmd }

// Run works chunks until SIGTERM or an interrupt.
func (c *workerCmd) Run(ctx context.Context, t *terminal) error {
	return c.run(ctx, t, true, settings.Settings.ValidateWorker, func(ctx context.Context, a *app.App) error { return a.Work(ctx) })
}

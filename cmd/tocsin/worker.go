package main

import (
	"context"

	"tocsin/internal/app"
)

type workerCmd struct{ serveCmd }

// Run works chunks until SIGTERM or an interrupt.
func (c *workerCmd) Run(ctx context.Context, t *terminal) error {
	return c.run(ctx, t, func(ctx context.Context, a *app.App) error { return a.Work(ctx) })
}

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"tocsin/internal/app"
	"tocsin/internal/settings"
)

type configFlag struct {
	Config string `short:"c" type:"path" placeholder:"FILE" env:"TOCSIN_CONFIG" help:"Settings file; without it the defaults hold."`
}

// load reads the settings and builds the log they ask for.
func (f configFlag) load(t *terminal) (app.Config, error) {
	s, err := settings.Load(f.Config, t.env)
	if err != nil {
		return app.Config{}, err
	}
	return app.Config{Settings: s, Log: newLog(s.Log, t.err), Version: version}, nil
}

func newLog(l settings.Log, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.Level)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if l.Format == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

type serveCmd struct {
	configFlag
	NATS     string `name:"nats" placeholder:"URL" help:"Address of an external NATS cluster, instead of bus.url."`
	Database string `name:"database" placeholder:"URL" help:"Address of a PostgreSQL database, instead of database.url."`
}

// Run serves until SIGTERM or an interrupt, then drains.
func (c *serveCmd) Run(ctx context.Context, t *terminal) error {
	return c.run(ctx, t, false, settings.Settings.Validate, func(ctx context.Context, a *app.App) error {
		return a.Run(ctx, func(at app.Addresses) {
			fmt.Fprintf(t.err, "console and alert hook on http://%s, public site on http://%s\n", at.Inside, at.Public)
		})
	})
}

func (c *serveCmd) run(ctx context.Context, t *terminal, worker bool, judge func(settings.Settings) error, work func(context.Context, *app.App) error) (err error) {
	cfg, err := c.load(t)
	if err != nil {
		return err
	}
	cfg.Worker = worker
	if c.NATS != "" {
		cfg.Settings.Bus.URL = c.NATS
	}
	if c.Database != "" {
		cfg.Settings.Database.URL = settings.Secret(c.Database)
	}
	if err := judge(cfg.Settings); err != nil {
		return err
	}
	a, err := app.Open(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 55*time.Second)
		defer cancel()
		err = errors.Join(err, a.Close(end))
	}()
	return work(ctx, a)
}

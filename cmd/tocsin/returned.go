package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type returnedCmd struct {
	configFlag
	File   string `arg:"" help:"List of returned letters: one a line, by code, by delivery id or by what the QR code reads; after a comma, why. - reads standard input."`
	Commit bool   `help:"Write it down: without this flag nothing is changed."`
}

// Run records letters the post brought back. It works beside a running
// service, which takes their persons on to the next channel.
func (c *returnedCmd) Run(ctx context.Context, t *terminal) (err error) {
	in := io.NopCloser(t.in)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return incidents.Invalid("the list cannot be read: %v", err)
		}
		in = f
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	who := incidents.System
	who.Via = "terminal"
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		r, err := a.Desk.ReturnLetters(ctx, who, in, c.Commit)
		if err != nil {
			return err
		}
		done := "would be recorded (add --commit)"
		if c.Commit {
			done = "recorded"
		}
		fmt.Fprintf(t.out, "%d lines: %d returned letters %s, %d known before, %d left out\n", r.Lines, r.Recorded, done, r.Again, r.LeftOut)
		for _, p := range r.Problems {
			fmt.Fprintf(t.err, "line %d: %s\n", p.Line, p.Reason)
		}
		return nil
	})
}

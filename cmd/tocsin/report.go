package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type reportCmd struct {
	configFlag
	Report reportNo `arg:"" help:"Number of the report: R-4, or 4."`
	Format string   `help:"docx, pdf, html, json or txt." enum:"docx,pdf,html,json,txt" default:"txt"`
	Out    string   `help:"File to write; it must not be there yet. Left out: standard output." placeholder:"FILE"`
}

// Run writes a report out as it stands, approved or not. It changes nothing.
func (c *reportCmd) Run(ctx context.Context, t *terminal) (err error) {
	cfg, err := c.load(t)
	if err != nil {
		return err
	}
	a, err := app.OpenReports(ctx, cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close(context.WithoutCancel(ctx))) }()
	r, err := a.Desk.ReportByNo(ctx, app.Terminal, int64(c.Report))
	if err != nil {
		return err
	}
	b, r, err := a.Desk.RenderReport(ctx, app.Terminal, r.ID, c.Format)
	if err != nil {
		return err
	}
	if r.Status != incidents.ReportApproved && r.Status != incidents.ReportFiled {
		fmt.Fprintf(t.err, "R-%d is a draft: no officer has approved version %d\n", r.No, r.Version)
	}
	if c.Out == "" {
		_, err = t.out.Write(b)
		return err
	}
	f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return incidents.Invalid("the file cannot be written: %v", err).WithHint("name a file that is not there yet")
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

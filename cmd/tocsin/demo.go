package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"

	"tocsin/internal/app"
	"tocsin/internal/demo"
)

type demoCmd struct {
	Once    bool   `help:"End after the last step instead of leaving the console open."`
	Persons int    `default:"300" help:"How many invented people are told."`
	JSON    bool   `name:"json" help:"Print what happened as one JSON object on standard output."`
	Out     string `type:"path" default:"." help:"Folder for the evidence bundle and the reports."`
	Verbose bool   `help:"Show the log of the service."`
}

// Run walks the chain and shows it.
func (c *demoCmd) Run(ctx context.Context, t *terminal) error {
	bar := newProgress(ctx, t.err)
	o := demo.Options{Persons: c.Persons, Out: c.Out, Progress: bar.tell, Fixed: !c.Once, Log: slog.New(slog.DiscardHandler)}
	if c.Verbose {
		o.Log = slog.New(slog.NewTextHandler(t.err, nil))
	}
	printed := false
	show := func(r demo.Result) error {
		printed = true
		bar.end()
		if c.JSON {
			return json.NewEncoder(t.out).Encode(r)
		}
		summary(t.out, r)
		return nil
	}
	if !c.Once {
		o.Stay = func(ctx context.Context, r demo.Result, at app.Addresses, team []demo.Member) error {
			if err := show(r); err != nil {
				return err
			}
			invite(t.err, at, team)
			<-ctx.Done()
			return nil
		}
	}
	r, err := demo.Run(ctx, o)
	bar.end()
	if !printed && (err == nil || c.JSON) {
		if perr := show(r); err == nil {
			err = perr
		}
	}
	return err
}

func summary(w io.Writer, r demo.Result) {
	fmt.Fprintf(w, "\n%s  severity %s, in %s\n\n", r.Incident, r.Severity, r.Took)
	fmt.Fprintf(w, "alerts         %d accepted, %d duplicate, %d in quarantine\n", r.Alerts.Accepted, r.Alerts.Duplicates, r.Alerts.Quarantined)
	fmt.Fprintf(w, "persons        %d imported, %d duplicates, %d rejected rows\n", r.Persons.Imported, r.Persons.Duplicates, r.Persons.Rejected)
	for _, ch := range []string{"push", "email", "sms"} {
		if states := r.Deliveries[ch]; len(states) > 0 {
			fmt.Fprintf(w, "%-14s", ch)
			for _, s := range []string{"accepted", "delivered", "escalated", "rejected", "undelivered", "in_doubt"} {
				if n := states[s]; n > 0 {
					fmt.Fprintf(w, " %d %s", n, s)
				}
			}
			fmt.Fprintln(w)
		}
	}
	fmt.Fprintf(w, "unaccounted    %d\nannouncement   %s\n", r.Unaccounted, r.Announcement.URL)
	for _, x := range r.Reports {
		fmt.Fprintf(w, "report R-%d     %s (%s), filed under %s\n", x.No, x.Files[1], x.Form, x.Reference)
	}
	fmt.Fprintf(w, "evidence       %s, verified: %v\n\nobligations:\n", r.Evidence.Path, r.Evidence.Verified)
	for _, o := range r.Obligations {
		due := "no number in the law"
		if o.Due != nil {
			due = o.Due.UTC().Format("2006-01-02 15:04 UTC")
			if o.Soft {
				due += " (our target)"
			}
		}
		fmt.Fprintf(w, "  %-8s %-34s %s\n", o.Status, due, o.Law+": "+o.Title)
	}
}

func invite(w io.Writer, at app.Addresses, team []demo.Member) {
	fmt.Fprintf(w, "\nconsole        http://%s\npublic site    http://%s\n\nsign in as one of these; the code comes from `bin/tocsin account code SECRET`, or put the secret into an authenticator:\n", at.Inside, at.Public)
	for _, m := range team {
		fmt.Fprintf(w, "  %-6s %-10s password %-18s secret %s\n", m.Name, m.Role, m.Password, m.Secret)
	}
	fmt.Fprintln(w, "\nCtrl-C ends the demonstration and removes its data.")
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"tocsin/incidents"
	"tocsin/internal/app"
)

type forecastCmd struct {
	configFlag
	Notice noticeNo           `arg:"" help:"Number of the notice: N-12, or 12."`
	Rate   map[string]float64 `help:"What if a channel sent so many messages a second: --rate email=25. May be repeated." placeholder:"CHANNEL=RATE"`
	JSON   bool               `help:"As the API answers it." name:"json"`
}

// Run prints when the sending of a notice ends, per channel and against each
// deadline, and what it would take. It changes nothing.
func (c *forecastCmd) Run(ctx context.Context, t *terminal) error {
	rates := map[incidents.Channel]float64{}
	for ch, r := range c.Rate {
		rates[incidents.Channel(ch)] = r
	}
	return withAccounts(ctx, c.configFlag, t, func(a *app.App) error {
		n, err := a.Desk.NoticeByNo(ctx, app.Terminal, int64(c.Notice))
		if err != nil {
			return err
		}
		v, err := a.Desk.Forecast(ctx, app.Terminal, n.ID, rates)
		if err != nil {
			return err
		}
		if c.JSON {
			return json.NewEncoder(t.out).Encode(v)
		}
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintf(w, "N-%d, %s\n", n.No, n.Status)
		printForecast(w, v.Forecast)
		if v.WhatIf != nil {
			fmt.Fprintln(w, "\nWhat if:")
			printForecast(w, *v.WhatIf)
		}
		return w.Flush()
	})
}

func printForecast(w *tabwriter.Writer, f incidents.Forecast) {
	fmt.Fprintln(w, "channel\tplanned\thandled\tleft\ta second\tearly\tlikely\tlate")
	for _, c := range f.Channels {
		rate := "not known"
		if c.Rate.Basis != "" {
			rate = fmt.Sprintf("%.4g (%s)", c.Rate.Likely, c.Rate.Basis)
		}
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\t%s\t%s\t%s\t%s\n", c.Channel, c.Planned, c.Handled, c.Left, rate, instant(c.Ends.Early), instant(c.Ends.Likely), instant(c.Ends.Late))
	}
	fmt.Fprintf(w, "whole\t\t\t\t\t%s\t%s\t%s\n", instant(f.Ends.Early), instant(f.Ends.Likely), instant(f.Ends.Late))
	for _, d := range f.Deadlines {
		fmt.Fprintf(w, "due %s\t%s\t%s\n", d.Due.UTC().Format("2006-01-02 15:04 UTC"), strings.Join(d.Jurisdictions, ","), slack(d))
	}
}

func instant(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04")
}

func slack(d incidents.DeadlineForecast) string {
	if !d.Known {
		return "not known"
	}
	s := d.Slack.Abs().Round(time.Minute).String() + " before"
	if d.Missed {
		s = "misses by " + d.Slack.Abs().Round(time.Minute).String() + ", waits for " + string(d.Cause)
	}
	for _, n := range d.Needs {
		if n.Possible {
			s += fmt.Sprintf(", %s needs %.4g a second", n.Channel, n.PerSecond)
		} else {
			s += fmt.Sprintf(", no rate of %s is enough", n.Channel)
		}
	}
	return s
}

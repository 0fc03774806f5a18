package web

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"

	"tocsin/incidents"
)

// ratesOf reads what-ifs: rate[email]=25 is 25 e-mails a second. Fields left
// empty ask nothing.
func ratesOf(q url.Values) (map[incidents.Channel]float64, error) {
	out := map[incidents.Channel]float64{}
	for key, values := range q {
		name, is := strings.CutPrefix(key, "rate[")
		name, closed := strings.CutSuffix(name, "]")
		typed := strings.TrimSpace(values[0])
		if !is || !closed || typed == "" {
			continue
		}
		r, err := strconv.ParseFloat(typed, 64)
		if err != nil {
			return nil, incidents.Invalid("%q is no rate", clip(typed, 20)).On("rate").WithHint("write messages a second, like 25 or 0.5")
		}
		out[incidents.Channel(name)] = r
	}
	return out, incidents.CheckRates(out)
}

// A rateField asks what if a channel went at another rate.
type rateField struct {
	Channel incidents.Channel
	Value   string
	Now     string  // the rate it goes at, in words
	Most    float64 // right end of the slider
	Step    float64
}

// A deadlineRow sets one deadline beside the forecast.
type deadlineRow struct {
	incidents.DeadlineForecast
	State  stateView
	Says   string
	Needs  string // what it would take
	WhatIf string
}

// forecastView adds the forecast to the live part of a page.
func (c *console) forecastView(p *page, v *progressView, n incidents.Notice) error {
	rates, err := ratesOf(p.r.URL.Query())
	if err != nil {
		v.RateProblem, rates = problemWords(err), nil
	}
	fv, err := c.Desk.Forecast(p.r.Context(), p.actor, n.ID, rates)
	if err != nil {
		return err
	}
	v.Ends, v.Chart, v.Narrow = fv.Ends, forecastOf(fv, v.R, false), forecastOf(fv, v.R, true)
	v.Deadlines, v.RateFields = deadlineRows(fv), rateFields(fv, p.r.URL.Query())
	v.ends(fv.Forecast)
	v.Capped = fv.Capped()
	return nil
}

func problemWords(err error) string {
	if k := incidents.KindOf(err); k != incidents.KindInvalid {
		return "The rates cannot be read."
	}
	return err.Error()
}

func deadlineRows(v incidents.ForecastView) (out []deadlineRow) {
	for i, d := range v.Deadlines {
		row := deadlineRow{DeadlineForecast: d, Says: slackOf(d), State: stateView{"grey", "ring", slackOf(d)}}
		switch {
		case d.Missed || d.Capped:
			row.State = stateView{"red", "tri", slackOf(d)}
		case d.Known && d.AtRisk:
			row.State = stateView{"amber", "half", slackOf(d) + ", not certain"}
		case d.Known:
			row.State = stateView{"green", "okay", slackOf(d)}
		}
		row.Needs = needsOf(d)
		if v.WhatIf != nil && i < len(v.WhatIf.Deadlines) {
			row.WhatIf = slackOf(v.WhatIf.Deadlines[i])
		}
		out = append(out, row)
	}
	return out
}

func needsOf(d incidents.DeadlineForecast) string {
	var parts []string
	for _, n := range d.Needs {
		if n.Possible {
			parts = append(parts, channelName(n.Channel)+" "+rateWords(n.PerSecond)+" a second")
		} else {
			parts = append(parts, channelName(n.Channel)+": no rate is enough")
		}
	}
	return strings.Join(parts, "; ")
}

// rateWords is a rate with as many digits as matter, never rounded down.
func rateWords(r float64) string {
	switch {
	case r >= 100:
		return num(int64(math.Ceil(r)))
	case r >= 1:
		return fmt.Sprintf("%.1f", math.Ceil(r*10)/10)
	}
	return fmt.Sprintf("%.3g", math.Ceil(r*1000)/1000)
}

// rateFields are the channels that have something to send.
func rateFields(v incidents.ForecastView, q url.Values) (out []rateField) {
	if v.DoneAt != nil {
		return nil
	}
	for _, c := range v.Channels {
		if c.Left+c.Coming == 0 {
			continue
		}
		f := rateField{Channel: c.Channel, Value: strings.TrimSpace(q.Get("rate[" + string(c.Channel) + "]")), Now: rateSays(c), Most: max(4*c.Rate.Likely, 10)}
		for _, d := range v.Deadlines {
			for _, n := range d.Needs {
				if n.Channel == c.Channel && n.Possible {
					f.Most = max(f.Most, min(2*n.PerSecond, 40*max(c.Rate.Likely, 1)))
				}
			}
		}
		f.Most = math.Ceil(f.Most)
		f.Step = f.Most / 200
		out = append(out, f)
	}
	return out
}

var bases = map[string]string{incidents.BasisMeasured: "measured", incidents.BasisEarlier: "as the last notice went", incidents.BasisAllowed: "as its account allows", incidents.BasisWhatIf: "what if"}

// rateSays is a rate and where it comes from.
func rateSays(c incidents.ChannelForecast) string {
	r := c.Rate
	few := c.Handled > 0 && r.Basis != incidents.BasisMeasured && r.Basis != incidents.BasisWhatIf
	switch {
	case r.Basis == "" && few:
		return "too few sent yet to tell"
	case r.Basis == "":
		return "not known yet"
	case r.Limited:
		return fmt.Sprintf("%s a second, all its account allows now", rateWords(r.Likely))
	case few:
		return fmt.Sprintf("%s a second, %s: too few sent yet to measure", rateWords(r.Likely), bases[r.Basis])
	}
	return fmt.Sprintf("%s a second, %s", rateWords(r.Likely), bases[r.Basis])
}

package app

import (
	"context"
	"fmt"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
)

// allowedRates are the rates the settings allow each channel, for forecasts of
// channels whose accounts have sent nothing yet.
func allowedRates(c settings.Channels) map[incidents.Channel]float64 {
	return map[incidents.Channel]float64{incidents.Email: c.Email.SMTP.RatePerSecond, incidents.SMS: c.SMS.RatePerSecond,
		incidents.Push: c.Push.RatePerSecond, incidents.Phone: c.Phone.RatePerSecond}
}

// foresee tells the team, once, that a sending is likely to end after a deadline
// or that a spend cap stops it before, by the same way as a burning clock.
func (a *App) foresee(ctx context.Context) error {
	late, err := a.Desk.Foresee(ctx)
	for _, l := range late {
		a.log.Warn("forecast", "incident", l.Incident.Ref, "notice", l.Notice.No, "obligation", l.Duty.ID, "likely", l.Duty.Foreseen.Likely, "short", l.Duty.Foreseen.Short)
		if err := a.tellLateness(ctx, l); err != nil {
			return err
		}
	}
	return err
}

func (a *App) tellLateness(ctx context.Context, l incidents.Lateness) error {
	subject, text := a.latenessWords(l)
	if err := a.tell(ctx, fmt.Sprintf("late-%s-%s-%d-%d", l.Notice.ID, l.Duty.ID, l.Duty.Foreseen.Due.Unix(), l.Duty.Foreseen.At.Unix()), subject, text); err != nil {
		a.log.Error("the team could not be told", "incident", l.Incident.Ref, "cause", err)
		return nil // it comes again
	}
	return a.Desk.LatenessTold(ctx, l)
}

// latenessWords say what is late, why, and what it would take.
func (a *App) latenessWords(l incidents.Lateness) (subject, text string) {
	f := l.Duty.Foreseen
	subject = fmt.Sprintf("%s: notice N-%d is likely to end %s after its deadline", l.Incident.Ref, l.Notice.No, f.Likely.Sub(f.Due).Round(time.Minute))
	likely, takes := f.Likely.UTC().Format("2006-01-02 15:04 UTC"), "No rate of this channel is enough: people wait for a time after the deadline."
	switch {
	case f.Short > 0:
		subject = fmt.Sprintf("%s: the spend cap of %s stops notice N-%d before everybody is told", l.Incident.Ref, f.Cause, l.Notice.No)
		likely, takes = "none before the cap is raised", fmt.Sprintf("It holds up %d messages. Somebody asks for a higher one on the page below, somebody else confirms it.", f.Short)
	case l.Need.Possible:
		takes = fmt.Sprintf("To be in time %s needs %.1f messages a second; it goes at %.1f.", f.Cause, l.Need.PerSecond, l.Rate.Likely)
	}
	if l.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text = fmt.Sprintf("%s\n\n%s: %s\n\n%s\n%s\nDue: %s\nLikely end: %s\nIt waits for: %s\n%s\n\n%s/notices/%d/delivery\n", subject, l.Incident.Ref, l.Incident.Title,
		l.Duty.Title, l.Duty.Law, f.Due.UTC().Format("2006-01-02 15:04 UTC"), likely, f.Cause, takes, a.settings.Inside.URL, l.Notice.No)
	return subject, text
}

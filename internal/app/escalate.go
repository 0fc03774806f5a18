package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/incidents"
)

// waveAlarms tells the team that a first wave did not pass and a notice waits
// for a decision; who could not be told is tried again.
func (a *App) waveAlarms(ctx context.Context) error {
	alarms, err := a.Desk.WaveAlarms(ctx)
	if err != nil {
		return err
	}
	for _, x := range alarms {
		a.log.Warn("a first wave did not pass", "notice", x.Notice.No, "incident", x.Incident.Ref)
		if err := a.tellWave(ctx, x); err != nil {
			a.log.Error("the team could not be told", "incident", x.Incident.Ref, "cause", err)
			continue // it comes again
		}
		if err := a.Desk.WaveTold(ctx, x.Notice.No); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) tellWave(ctx context.Context, x incidents.WaveAlarm) error {
	subject := fmt.Sprintf("%s: notice N-%d is on hold, its first wave did not pass", x.Incident.Ref, x.Notice.No)
	if x.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\nOf the first %d messages: %s.\nThe checks found:\n- %s\n\nNothing more leaves until a privacy officer, or who released the notice, lets it go on, or somebody stops it.\n\n%s/notices/%d/delivery\n",
		subject, x.Incident.Ref, x.Incident.Title, x.Wave.Attempted, x.Wave.WaveCount.Text(), strings.Join(x.Wave.Reasons, "\n- "), a.settings.Inside.URL, x.Notice.No)
	return a.tell(ctx, "wave-"+string(x.Notice.ID), subject, text)
}

// escalate tells the team that a clock burns, by the team's own channels; the
// log and the console say it in any case. Who could not be told is tried again:
// a second word is better than none.
func (a *App) escalate(ctx context.Context) error {
	steps, err := a.Desk.Escalate(ctx)
	if err != nil {
		return err
	}
	for _, e := range steps {
		a.log.Warn("clock", "incident", e.Incident.Ref, "obligation", e.Duty.ID, "step", e.Step)
		if err := a.tellTeam(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) tellTeam(ctx context.Context, e incidents.Escalation) error {
	left, due := timeLeft(e.Duty, a.now())
	subject := e.Incident.Ref + ": " + e.Duty.Title + ", " + left
	if e.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\n%s\n%s%s\nDue: %s\n\n%s/incidents/%s\n", subject, e.Incident.Ref, e.Incident.Title, e.Duty.Title, e.Duty.Law,
		whyOf(e.Duty), due, a.settings.Inside.URL, e.Incident.Ref)
	if err := a.tell(ctx, fmt.Sprintf("clock-%s-%s-%d", e.Incident.ID, clockID(e.Duty), e.Step), subject, text); err != nil {
		a.log.Error("the team could not be told", "incident", e.Incident.Ref, "cause", err)
		return nil // it comes again
	}
	return a.Desk.EscalationTold(ctx, e)
}

// timeLeft says how long a duty has, for a subject, and until when, for a text.
func timeLeft(o incidents.ObligationState, now time.Time) (left, due string) {
	if o.Due == nil {
		return "no number in the law", "no number in the law"
	}
	left = "overdue"
	switch {
	case now.Before(*o.Due):
		left = o.Due.Sub(now).Round(time.Minute).String() + " left"
	case o.ID == incidents.HoldDuty:
		left = "its time is over"
	}
	return left, o.Due.UTC().Format("2006-01-02 15:04 UTC") + " (" + left + ")"
}

// whyOf says why a task or a hold is there; a clock of the law needs no reason.
func whyOf(o incidents.ObligationState) string {
	if o.Task == nil && o.ID != incidents.HoldDuty {
		return ""
	}
	return "\n" + o.Citation + "\n\n" + strings.Join(o.Reasons, "\n")
}

// clockID tells a clock from an earlier one of the same duty: a task that was
// opened again, a hold with another end.
func clockID(o incidents.ObligationState) string {
	switch {
	case o.Task != nil:
		return fmt.Sprintf("%s-%d", strings.ReplaceAll(o.ID, "/", "-"), o.Task.OpenedAt.Unix())
	case o.ID == incidents.HoldDuty && o.Due != nil:
		return fmt.Sprintf("%s-%d", o.ID, o.Due.Unix())
	}
	return o.ID
}

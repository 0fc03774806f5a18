package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/templates"
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
	if a.channels.team == nil {
		return nil
	}
	subject := fmt.Sprintf("%s: notice N-%d is on hold, its first wave did not pass", x.Incident.Ref, x.Notice.No)
	if x.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\nOf the first %d messages: %s.\nThe checks found:\n- %s\n\nNothing more leaves until a privacy officer, or who released the notice, lets it go on, or somebody stops it.\n\n%s/notices/%d/delivery\n",
		subject, x.Incident.Ref, x.Incident.Title, x.Wave.Attempted, x.Wave.WaveCount.Text(), strings.Join(x.Wave.Reasons, "\n- "), a.settings.Inside.URL, x.Notice.No)
	for i, to := range a.settings.Escalation.Email {
		if err := a.mail(ctx, fmt.Sprintf("wave-%s-%d", x.Notice.ID, i), to, subject, text); err != nil {
			return err
		}
	}
	return nil
}

// escalate tells the team that a clock burns, by the team's own e-mail. In the
// sandbox it is said in the log; the console shows it in any case. Who could
// not be told is tried again: a second mail is better than none.
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
	if a.channels.team != nil {
		for i, to := range a.settings.Escalation.Email {
			if err := a.mailTeam(ctx, e, i, to); err != nil {
				a.log.Error("the team could not be told", "incident", e.Incident.Ref, "cause", err)
				return nil // it comes again
			}
		}
	}
	return a.Desk.EscalationTold(ctx, e)
}

func (a *App) mailTeam(ctx context.Context, e incidents.Escalation, i int, to string) error {
	left, due := timeLeft(e.Duty, a.now())
	subject := e.Incident.Ref + ": " + e.Duty.Title + ", " + left
	if e.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\n%s\n%s%s\nDue: %s\n\n%s/incidents/%s\n", subject, e.Incident.Ref, e.Incident.Title, e.Duty.Title, e.Duty.Law,
		whyOf(e.Duty), due, a.settings.Inside.URL, e.Incident.Ref)
	return a.mail(ctx, fmt.Sprintf("clock-%s-%s-%d-%d", e.Incident.ID, clockID(e.Duty), e.Step, i), to, subject, text)
}

// mail sends the team one message; id makes it one, however often it is tried.
func (a *App) mail(ctx context.Context, id, to, subject, text string) error {
	m := notifiers.Message{Mode: incidents.Live, To: to, NoticeID: incidents.NoticeID(id),
		Delivery: incidents.DeliveryID{Channel: incidents.Email},
		Text:     templates.Rendered{Lang: "en", Subject: subject, Text: text}}
	r, err := a.channels.team.Send(ctx, m)
	if err == nil && r.Outcome != incidents.OutcomeAccepted {
		err = fmt.Errorf("%s: %s", r.Outcome, r.Reason)
	}
	return err
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

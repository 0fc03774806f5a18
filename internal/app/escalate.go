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
		if err := a.sendTeam(ctx, to, fmt.Sprintf("wave-%s-%d", x.Notice.ID, i), subject, text); err != nil {
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
	left := "overdue"
	if e.Duty.Due != nil && a.now().Before(*e.Duty.Due) {
		left = e.Duty.Due.Sub(a.now()).Round(time.Minute).String() + " left"
	}
	subject := e.Incident.Ref + ": " + e.Duty.Title + ", " + left
	if e.Incident.Mode == incidents.Drill {
		subject = "DRILL " + subject
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\n%s\n%s\nDue: %s (%s)\n\n%s/incidents/%s\n", subject, e.Incident.Ref, e.Incident.Title, e.Duty.Title, e.Duty.Law,
		e.Duty.Due.UTC().Format("2006-01-02 15:04 UTC"), left, a.settings.Inside.URL, e.Incident.Ref)
	return a.sendTeam(ctx, to, fmt.Sprintf("clock-%s-%s-%d-%d", e.Incident.ID, e.Duty.ID, e.Step, i), subject, text)
}

// sendTeam sends one mail to the team; id tells it from others.
func (a *App) sendTeam(ctx context.Context, to, id, subject, text string) error {
	m := notifiers.Message{Mode: incidents.Live, To: to, NoticeID: incidents.NoticeID(id),
		Delivery: incidents.DeliveryID{Channel: incidents.Email},
		Text:     templates.Rendered{Lang: "en", Subject: subject, Text: text}}
	r, err := a.channels.team.Send(ctx, m)
	if err == nil && r.Outcome != incidents.OutcomeAccepted {
		err = fmt.Errorf("%s: %s", r.Outcome, r.Reason)
	}
	return err
}

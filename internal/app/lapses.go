package app

import (
	"context"
	"fmt"

	"tocsin/incidents"
)

// lapseAlarms tells the team that an authority's hold ended and a notice stays
// held, because its approval did not outlast it; who could not be told is tried
// again.
func (a *App) lapseAlarms(ctx context.Context) error {
	alarms, err := a.Desk.LapseAlarms(ctx)
	if err != nil {
		return err
	}
	for _, x := range alarms {
		a.log.Warn("an approval did not outlast a hold", "notice", x.Notice.No, "incident", x.Incident.Ref)
		if err := a.tellLapse(ctx, x); err != nil {
			a.log.Error("the team could not be told", "incident", x.Incident.Ref, "cause", err)
			continue // it comes again
		}
		if err := a.Desk.LapseTold(ctx, x.Notice.ID); err != nil {
			return err
		}
	}
	return nil
}

func (a *App) tellLapse(ctx context.Context, x incidents.LapseAlarm) error {
	subject := fmt.Sprintf("%s: the hold is over, but notice N-%d stays held and needs a new approval", x.Incident.Ref, x.Notice.No)
	due := "none with a number"
	if x.Due != nil {
		due = x.Due.UTC().Format("2006-01-02 15:04 UTC")
	}
	text := fmt.Sprintf("%s\n\n%s: %s\n\nWhy: %s.\nIts first open deadline: %s\n\nNothing leaves until an officer approves it anew and somebody else resumes it.\n\n%s/approvals/notice/%s\n%s/notices/%d/delivery\n",
		subject, x.Incident.Ref, x.Incident.Title, x.Notice.Lapsed.Why, due, a.settings.Inside.URL, x.Notice.ID, a.settings.Inside.URL, x.Notice.No)
	return a.tell(ctx, fmt.Sprintf("lapse-%s-%d", x.Notice.ID, x.Notice.Lapsed.At.Unix()), subject, text)
}

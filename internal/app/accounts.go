package app

import (
	"context"
	"errors"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
)

// Terminal is whoever may run commands on the machine of the service.
var Terminal = incidents.Actor{ID: "terminal", Name: "Terminal", Role: incidents.RoleAdmin, Via: "terminal"}

// OpenAccounts opens as much of the service as accounts need: the database and
// the keys. It works beside a running service.
func OpenAccounts(ctx context.Context, c Config) (_ *App, err error) {
	a := newApp(c)
	defer func() {
		if err != nil {
			_ = a.stops.run(context.WithoutCancel(ctx))
		}
	}()
	for _, step := range []func(context.Context) error{a.openStore, a.openAccounts} {
		if err = step(ctx); err != nil {
			return nil, err
		}
	}
	a.Desk = incidents.NewDesk(incidents.Deps{Store: a.store, Codes: a.codes, Now: a.now, NewID: NewID})
	return a, nil
}

// OpenReports opens as much of the service as writing out reports needs: the
// forms beside what accounts need. It works beside a running service.
func OpenReports(ctx context.Context, c Config) (*App, error) {
	a, err := OpenAccounts(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := a.openRules(ctx); err != nil {
		return nil, errors.Join(err, a.Close(context.WithoutCancel(ctx)))
	}
	a.Desk = incidents.NewDesk(incidents.Deps{Store: a.store, Rules: a.rules, Reports: a.rules, Now: a.now, NewID: NewID, Org: a.settings.Organisation.Name})
	return a, nil
}

// Code is the present code of an authenticator's secret, for scripts.
func Code(secret string, now time.Time) (string, error) { return account.CurrentCode(secret, now) }

// ClaimedStatus yields one line per delivery of a notice: the list's own
// person id, the channel and the state. It is written down that it was taken.
func (a *App) ClaimedStatus(ctx context.Context, who incidents.Actor, notice int64, yield func(ref string, c incidents.Channel, s incidents.DeliveryState) error) error {
	if err := who.May(incidents.ActPersons); err != nil {
		return err
	}
	n, err := a.Desk.NoticeByNo(ctx, who, notice)
	if err != nil {
		return err
	}
	if err := a.Desk.Record(ctx, who, "status.exported", n.IncidentID, string(n.ID), "Exported the status of every delivery.", nil); err != nil {
		return err
	}
	return a.store.ClaimedStatus(ctx, notice, yield)
}

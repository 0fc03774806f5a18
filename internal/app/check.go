package app

import (
	"context"
	"errors"
	"fmt"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/notifiers/email/bounce"
	"tocsin/templates"
)

// Check finds what would stop a start on these settings before anything is
// opened, beside what the settings check by themselves and the rules; and
// certificates that ended, with which a service still starts.
func Check(s settings.Settings, worker bool) error {
	a := newApp(Config{Settings: s, Worker: worker})
	if err := a.openWords(context.Background()); err != nil {
		return err
	}
	_, ended := a.certificates()
	return errors.Join(a.check(context.Background()), ended)
}

// check names every problem at once, each with its key.
func (a *App) check(context.Context) error {
	o := a.settings.Organisation
	var errs []error
	if o.Country != "" && templates.CountryName(o.Country) == "" {
		errs = append(errs, incidents.Invalid("there is no country %s", o.Country).On("organisation.country").WithHint("use its two letters of ISO 3166, such as DE or CN"))
	}
	for i, l := range o.Languages {
		_, err := a.book.Draft(incidents.NoticeBreach, incidents.Incident{}, incidents.Facts{}, []incidents.Lang{l})
		errs = append(errs, onKey(err, fmt.Sprintf("organisation.languages[%d]", i)))
	}
	_, err := a.settings.Channels.Quiet.Hours(o.Country)
	errs = append(errs, err)
	for _, source := range a.settings.Sources {
		_, err := sources([]settings.Source{source})
		errs = append(errs, err)
	}
	if dir := a.settings.Channels.Email.Bounces.Maildir; dir != "" {
		_, err := bounce.OpenMaildir(dir, nil)
		errs = append(errs, onKey(err, "channels.email.bounces.maildir"))
	}
	unusable, ended := a.certificates()
	if ended != nil {
		a.log.Warn("people and machines will refuse to talk to this service", "error", ended)
	}
	return errors.Join(append(errs, unusable)...)
}

// onKey says which key of the settings an error is about.
func onKey(err error, key string) error {
	var e *incidents.Error
	if errors.As(err, &e) {
		return e.On(key)
	}
	return err
}

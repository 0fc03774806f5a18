package web

import (
	"strings"

	"tocsin/internal/account"
)

type calendarPage struct {
	Frame
	Own     *account.Token // nil: no address
	Works   bool
	Address string // shown once
}

func (c *console) calendarView(p *page) (v calendarPage, err error) {
	v.Frame = c.frame(p, "", "Your calendar")
	v.Own, v.Works, err = c.Accounts.OwnCalendar(p.r.Context(), p.actor)
	return v, err
}

// calendarPage tells what address somebody has, and when it was last read.
func (c *console) calendarPage(p *page) error {
	v, err := c.calendarView(p)
	if err != nil {
		return err
	}
	return c.show(p, "calendar", v)
}

// mintCalendar answers with the address: only the hash of its secret is kept.
func (c *console) mintCalendar(p *page) error {
	secret, t, err := c.Accounts.MintCalendar(p.r.Context(), p.actor)
	if err != nil {
		return err
	}
	v := calendarPage{Frame: c.frame(p, "", "Your calendar"), Own: &t, Works: true, Address: strings.TrimSuffix(c.InsideURL, "/") + strings.Replace(calendarRoute, "{secret}", secret, 1)}
	v.Live = ""
	return c.show(p, "calendar", v)
}

// withdrawCalendar ends the address at once.
func (c *console) withdrawCalendar(p *page) error {
	if err := c.Accounts.WithdrawCalendar(p.r.Context(), p.actor); err != nil {
		return err
	}
	return c.redirect(p, "/calendar", "Withdrawn. Nobody can read the old address any more.")
}

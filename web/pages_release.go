package web

import (
	"context"
	"fmt"
	"time"

	"tocsin/incidents"
)

// preparedEvery is how often a page without scripts loads itself anew while a
// release is prepared, in seconds.
const preparedEvery = 3

// preparing shows on the page of a notice how far its release is, or that it
// broke off.
func (c *console) preparing(p *page, v *noticePage) {
	if v.Notice.ReleasedAt != nil {
		return
	}
	for _, w := range c.works(v.Notice.IncidentID, incidents.WorkRelease, string(v.Notice.ID)) {
		view := c.workOf(p, w, "Prepared of the list", num(w.Done)+" of "+num(w.Total)+" people")
		if w.State == incidents.WorkFailed {
			v.Broke = view
		} else {
			v.Preparing, v.Editable, v.Refresh = view, false, preparedEvery
		}
		return
	}
}

// noticeTop is the live part of a notice's page alone.
func (c *console) noticeTop(p *page) error {
	v, _, err := c.noticeHead(p)
	if err != nil {
		return err
	}
	return c.part(p, "notice", "notice-top", v)
}

func (c *console) releaseNotice(p *page) error {
	n, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	persons, err := p.number("persons")
	under := false
	if err == nil {
		under, err = c.release(p, n, incidents.Release{Ref: p.form("ref"), Persons: persons})
	}
	if err != nil {
		return c.onNotice(p, "", func(incidents.Notice) error { return err })
	}
	return c.released(p, n, under, "Released.")
}

// release releases a notice. When that takes a while it returns with under, as
// soon as the page of the notice shows how far it is, and the release goes on:
// what was typed is right by then, and whoever pressed the button may leave.
func (c *console) release(p *page, n incidents.Notice, typed incidents.Release) (under bool, err error) {
	ctx := context.WithoutCancel(p.r.Context())
	done, left := make(chan error), make(chan struct{})
	c.later.Go(func() {
		err := c.releaseLater(ctx, p.actor, n.ID, typed)
		select {
		case done <- err:
		case <-left:
			if err != nil && incidents.KindOf(err) != incidents.KindConflict { // somebody else released it; the page says the rest too
				c.Log.ErrorContext(ctx, "a release broke off", "notice", n.No, "cause", err)
			}
		}
	})
	look := time.NewTicker(100 * time.Millisecond)
	defer look.Stop()
	defer close(left)
	for {
		select {
		case err := <-done:
			return false, err
		case <-look.C:
			if all := c.works(n.IncidentID, incidents.WorkRelease, string(n.ID)); len(all) > 0 && all[0].State == incidents.WorkRunning {
				return true, nil
			}
		}
	}
}

// releaseLater is ReleaseNotice outside of a request, where nobody else catches
// a panic.
func (c *console) releaseLater(ctx context.Context, a incidents.Actor, id incidents.NoticeID, typed incidents.Release) (err error) {
	defer func() {
		if x := recover(); x != nil {
			err = fmt.Errorf("release notice %s: panic: %v", id, x)
		}
	}()
	return c.Desk.ReleaseNotice(ctx, a, id, typed)
}

// released goes on after a release, or to where it is seen how far it is.
// Nothing is said there: that would be kept in the session, which waits for the
// release to end.
func (c *console) released(p *page, n incidents.Notice, under bool, said string) error {
	if under {
		return c.redirect(p, noticePath(n.No), "")
	}
	return c.redirect(p, noticePath(n.No)+"/delivery", said)
}

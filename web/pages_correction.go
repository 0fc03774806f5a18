package web

import "tocsin/incidents"

// A correctionRow is a correction of the notice of a delivery page.
type correctionRow struct {
	incidents.Notice
	Is   stateView
	Send bool // may be released now
}

// corrections lists those of a notice, newest first.
func (c *console) corrections(p *page, of incidents.Notice) (out []correctionRow, err error) {
	all, err := c.Desk.CorrectionsOf(p.r.Context(), p.actor, of)
	over := of.Status == incidents.NoticeStopped || of.Status == incidents.NoticeDone
	for _, n := range all {
		out = append(out, correctionRow{n, noticeState(n.Status), over && n.Status == incidents.NoticeApproved && p.actor.May(incidents.ActRelease) == nil})
	}
	return out, err
}

// draftCorrection prepares the correction of a notice.
func (c *console) draftCorrection(p *page) error {
	of, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	n, err := c.Desk.DraftNotice(p.r.Context(), p.actor, of.IncidentID, incidents.NoticeInput{Corrects: of.ID})
	if err != nil {
		return c.backToDelivery(p, of, "", err)
	}
	return c.redirect(p, noticePath(n.No), "Drafted. Read every word, submit it, and have it approved: then it is ready to leave.")
}

// sendCorrection releases a correction from the page of the notice it is of. The
// code proves the second factor again.
func (c *console) sendCorrection(p *page) error {
	of, err := c.noticeByNo(p)
	if err != nil {
		return err
	}
	no, err := p.number("correction")
	if err != nil {
		return err
	}
	n, err := c.Desk.NoticeByNo(p.r.Context(), p.actor, no)
	if err == nil && n.Content.Corrects != of.ID {
		err = incidents.NotFound("N-%d is no correction of N-%d", no, of.No)
	}
	if err == nil {
		err = c.stepUp(p)
	}
	if err == nil {
		err = c.Sessions.Keep(p.r.Context()) // while it can be: the answer may come in the middle of the release
	}
	under := false
	if err == nil {
		under, err = c.release(p, n, incidents.Release{Ref: p.form("incident_ref")})
	}
	if err != nil {
		return c.backToDelivery(p, of, "", err)
	}
	return c.released(p, n, under, "Released. It follows the messages that had left.")
}

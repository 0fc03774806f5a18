package web

import "tocsin/incidents"

// announcementInput is a public text as a script writes it. Without words the
// first draft is proposed from the facts.
type announcementInput struct {
	Langs   map[incidents.Lang]incidents.AnnouncementWords `json:"langs"`
	Default incidents.Lang                                 `json:"default"`
	Answers []string                                       `json:"answers"`
}

func (in announcementInput) text() incidents.AnnouncementText {
	return incidents.AnnouncementText{Langs: in.Langs, Default: in.Default, Answers: in.Answers}
}

func (c *call) announcementID() incidents.AnnouncementID {
	return incidents.AnnouncementID(c.vars["announcement"])
}

func (a api) announcements(c *call) (any, error) {
	return whole(a.Desk.Announcements(c.ctx, c.actor))
}

func (a api) draftAnnouncement(c *call) (any, error) {
	var input announcementInput
	if err := c.read(&input); err != nil {
		return nil, err
	}
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	n, err := a.Desk.DraftAnnouncement(c.ctx, c.actor, in.ID, input.text())
	return made{n, "/announcements/" + string(n.ID)}, err
}

func (a api) announcement(c *call) (any, error) {
	n, approvals, err := a.Desk.Announcement(c.ctx, c.actor, c.announcementID())
	return struct {
		Announcement incidents.Announcement `json:"announcement"`
		Approvals    []incidents.Approval   `json:"approvals"`
	}{n, some(approvals)}, err
}

func (a api) editAnnouncement(c *call) (any, error) {
	var in struct {
		Base int `json:"base"`
		announcementInput
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.Desk.EditAnnouncement(c.ctx, c.actor, c.announcementID(), in.Base, in.text())
}

func (a api) lintAnnouncement(c *call) (any, error) {
	return whole(a.Desk.LintAnnouncement(c.ctx, c.actor, c.announcementID()))
}

func (a api) submitAnnouncement(c *call) (any, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	return a.Desk.SubmitAnnouncement(c.ctx, c.actor, c.announcementID())
}

func (a api) publish(c *call) (any, error) {
	if err := c.none(); err != nil {
		return nil, err
	}
	return a.Desk.Publish(c.ctx, c.actor, c.announcementID())
}

func (a api) withdraw(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	return nil, a.Desk.Withdraw(c.ctx, c.actor, c.announcementID(), why)
}

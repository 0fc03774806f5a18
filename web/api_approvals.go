package web

import (
	"time"

	"tocsin/incidents"
)

// codeHeader carries a fresh code of the second factor. Each is good for once.
const codeHeader = "X-Tocsin-Code"

// A pendingView is incidents.Pending in the API's spelling.
type pendingView struct {
	Subject   incidents.Subject     `json:"subject"`
	Incident  incidents.Incident    `json:"incident"`
	Title     string                `json:"title"`
	By        incidents.AccountID   `json:"by"`
	Editors   []incidents.AccountID `json:"editors"`
	Since     time.Time             `json:"since"`
	Persons   int64                 `json:"persons"`
	Needs     int                   `json:"needs"`
	Approvals []incidents.Approval  `json:"approvals"` // that count so far
	Mine      bool                  `json:"mine"`      // the one who asks may decide
}

func viewPending(p incidents.Pending) pendingView {
	p.Approvals = some(p.Approvals)
	return pendingView(p)
}

func (a api) approvals(c *call) (any, error) {
	list, err := a.Desk.Waiting(c.ctx, c.actor)
	return whole(views(list, viewPending), err)
}

func (c *call) subject() (incidents.SubjectKind, string) {
	return incidents.SubjectKind(c.vars["kind"]), c.vars["id"]
}

func (a api) approval(c *call) (any, error) {
	kind, id := c.subject()
	p, err := a.Desk.PendingOf(c.ctx, c.actor, kind, id)
	return viewPending(p), err
}

// decide binds a decision to exactly the version and hash that were looked at.
func (a api) decide(c *call) (any, error) {
	var in struct {
		Version  int    `json:"version"`
		Hash     string `json:"hash"`
		Decision string `json:"decision"`
		Comment  string `json:"comment"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	actor, err := a.steppedUp(c)
	if err != nil {
		return nil, err
	}
	kind, id := c.subject()
	err = a.Desk.Decide(c.ctx, actor, incidents.Subject{Kind: kind, ID: id, Version: in.Version, Hash: in.Hash}, in.Decision, in.Comment)
	if err != nil {
		return nil, err
	}
	return struct {
		Decision string `json:"decision"`
	}{in.Decision}, nil
}

// steppedUp is who acts, with the second factor proved again when a code came along.
func (a api) steppedUp(c *call) (incidents.Actor, error) {
	code := c.r.Header.Get(codeHeader)
	if code == "" {
		return c.actor, nil
	}
	return a.Accounts.StepUpToken(c.ctx, c.actor, code)
}

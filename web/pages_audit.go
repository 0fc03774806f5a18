package web

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"tocsin/incidents"
)

const auditPerPage = 100

type auditPage struct {
	Frame
	Rows            []auditRow
	Event, Incident string
	Next            int64
	Checkpoint      string
	Verifier        string
}

type auditRow struct {
	incidents.AuditEntry
	Ref  string
	By   string
	Data []auditFact
}

// An auditFact is one entry of what an act wrote down: counts and hashes.
type auditFact struct{ Name, Value string }

// audit lists the log, newest first, with the signed state that proves it.
func (c *console) audit(p *page) error {
	v := auditPage{Frame: c.frame(p, "audit", "Audit log"), Event: strings.TrimSpace(p.query("event")), Incident: strings.ToUpper(strings.TrimSpace(p.query("incident")))}
	ctx := p.r.Context()
	f := incidents.AuditFilter{Event: v.Event, Limit: auditPerPage + 1}
	f.Before, _ = strconv.ParseInt(p.query("before"), 10, 64) // nonsense begins with the newest
	if v.Incident != "" {
		in, err := c.Desk.Find(ctx, p.actor, v.Incident)
		if incidents.KindOf(err) != incidents.KindNotFound && err != nil {
			return err
		}
		if err != nil {
			return c.again(p, incidents.NotFound("there is no such incident").On("incident"), "audit", &v)
		}
		f.Incident = in.ID
	}
	list, err := c.Desk.AuditLog(ctx, p.actor, f)
	if err != nil {
		return err
	}
	if len(list) > auditPerPage {
		list = list[:auditPerPage]
		v.Next = list[auditPerPage-1].Seq
	}
	refs, names := map[incidents.IncidentID]string{}, map[incidents.AccountID]string{incidents.System.ID: incidents.System.Name}
	for _, e := range list {
		if _, ok := names[e.Actor]; !ok {
			names[e.Actor] = c.nameOf(p, e.Actor)
		}
		row := auditRow{AuditEntry: e, By: names[e.Actor]}
		if e.Incident != "" {
			if _, ok := refs[e.Incident]; !ok {
				if in, err := c.Desk.Find(ctx, p.actor, string(e.Incident)); err == nil {
					refs[e.Incident] = in.Ref
				}
			}
			row.Ref = refs[e.Incident]
		}
		for _, k := range slices.Sorted(maps.Keys(e.Data)) {
			row.Data = append(row.Data, auditFact{k, e.Data[k]})
		}
		v.Rows = append(v.Rows, row)
	}
	if b, err := c.Checkpoint.Latest(ctx); err == nil {
		v.Checkpoint, v.Verifier = string(b), c.Checkpoint.Verifier()
	} else if incidents.KindOf(err) != incidents.KindNotFound {
		return err
	}
	return c.show(p, "audit", v)
}

package web

import (
	"io"
	"mime/multipart"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// A taskView is a task to give substitute notice as a page shows it.
type taskView struct {
	incidents.Substituting
	ID, Title string
	Law       string
	State     stateView
	Kept      bool // what was published has to stay up still
	Holds     []string
	Ways      []meansWay
	Public    []incidents.Announcement // that could be said to be it
	Typed     meansInput
	Ref       string // of the incident
	List      bool   // the reader may see who is not reached
	Record    bool   // the reader may record that it was done
}

// A meansWay is one means, and whether it was used.
type meansWay struct {
	incidents.Option
	Done bool
}

func (c *console) taskOf(p *page, o incidents.ObligationState, d incidents.Dossier, now time.Time) *taskView {
	if o.Task == nil {
		return nil
	}
	v := &taskView{Substituting: *o.Task, ID: o.ID, Title: o.Title, Law: o.Law, State: dutyState(o, now), Ref: d.Incident.Ref, List: p.actor.May(incidents.ActPersons) == nil}
	v.Record = p.actor.May(incidents.ActFacts) == nil && (o.Status == incidents.DutyOpen || o.Status == incidents.DutyMet)
	v.Kept = o.Status == incidents.DutyMet && o.Task.KeepUntil != nil && now.Before(*o.Task.KeepUntil)
	for _, key := range o.Content {
		v.Holds = append(v.Holds, c.Rules.Pack().ContentText(key))
	}
	for _, m := range o.Task.By {
		done := slices.ContainsFunc(o.Task.Done, func(x incidents.MeansDone) bool { return x.Means == m })
		v.Ways = append(v.Ways, meansWay{incidents.Option{Value: string(m), Label: incidents.MeansLabel(m)}, done})
	}
	if !o.Task.Published() {
		return v
	}
	for _, a := range d.Announcements {
		if a.Status != incidents.AnnouncementWithdrawn && len(a.Published) > 0 && a.Text.Mode == incidents.Live {
			v.Public = append(v.Public, a)
		}
	}
	return v
}

// tasksOf are the substitute notices that stand in for one of the obligations
// answered; nil: all of an incident.
func (c *console) tasksOf(p *page, answers []string, d incidents.Dossier, now time.Time) (out []*taskView) {
	for _, o := range d.Obligations {
		if o.Task != nil && o.Status != incidents.DutyMoot && (answers == nil || slices.Contains(answers, o.Task.Of)) {
			out = append(out, c.taskOf(p, o, d, now))
		}
	}
	return out
}

// recordSubstitute records how a substitute notice was given.
func (c *console) recordSubstitute(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	typed, err := c.readMeans(p, in.ID)
	if err == nil {
		return c.redirect(p, "/incidents/"+in.Ref+"/obligations", "Recorded, and written down.")
	}
	v, verr := c.obligationsView(p)
	if verr != nil {
		return verr
	}
	for _, g := range v.Groups {
		for _, t := range g.Tables {
			for _, r := range t.Rows {
				if r.View != nil && r.ID == typed.Obligation {
					r.View.Typed = typed
				}
			}
		}
	}
	return c.again(p, err, "obligations", v.whole())
}

func (c *console) readMeans(p *page, id incidents.IncidentID) (typed meansInput, err error) {
	p.r.Body = io.NopCloser(patient(p.w, p.r, c.MaxUpload))
	parts, err := p.r.MultipartReader()
	if err != nil {
		return typed, incidents.Invalid("the form did not arrive whole")
	}
	var receipt *multipart.Part
	if receipt, err = typed.read(parts); err != nil {
		return typed, err
	}
	m, err := typed.input(func(s string) (time.Time, error) {
		at, err := parseInput(s)
		if err != nil {
			return at, incidents.Invalid("enter a date and a time in UTC").On("at")
		}
		return at, nil
	})
	if err != nil {
		return typed, err
	}
	m.Reference = strings.TrimSpace(m.Reference)
	if receipt == nil || receipt.FileName() == "" {
		_, err = c.Desk.RecordSubstitute(p.r.Context(), p.actor, id, m, nil)
		return typed, err
	}
	m.ReceiptName = cleanName(receipt.FileName())
	_, err = c.Desk.RecordSubstitute(p.r.Context(), p.actor, id, m, receipt)
	return typed, err
}

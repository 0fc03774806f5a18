package web

import (
	"time"

	"tocsin/incidents"
)

type terminationsPage struct {
	Frame
	Rows     []terminationRow
	Earliest string // last day that leaves 30 full days from now
	Typed    struct{ Service, End, Zone, Mode string }
}

type terminationRow struct {
	incidents.Termination
	In    incidents.Incident
	State stateView
	Left  string
}

func terminationState(s incidents.TerminationStatus) stateView {
	switch s {
	case incidents.TerminationDraft:
		return stateView{"", "pen", "People are to be told"}
	case incidents.TerminationTelling:
		return stateView{"blue", "send", "People are being told"}
	case incidents.TerminationWaiting:
		return stateView{"blue", "clock", "Everybody told, service runs on"}
	case incidents.TerminationDue:
		return stateView{"red", "tri", "Data is to be erased now"}
	case incidents.TerminationErased:
		return stateView{"green", "okay", "Erased"}
	case incidents.TerminationStopped:
		return stateView{"red", "stop", "Stopped"}
	}
	return stateView{"", "ring", string(s)}
}

func (c *console) terminationsView(p *page) (v terminationsPage, err error) {
	v = terminationsPage{Frame: c.frame(p, "terminations", "Terminations")}
	v.Typed.Service, v.Typed.End, v.Typed.Zone, v.Typed.Mode = p.form("service"), p.form("end_date"), p.form("zone"), p.form("mode")
	if v.Typed.Zone == "" {
		v.Typed.Zone = "UTC"
	}
	v.Earliest = earliestDay(v.Now, v.Typed.Zone)
	list, err := c.Desk.Terminations(p.r.Context(), p.actor)
	if err != nil {
		return v, err
	}
	for _, t := range list {
		in, err := c.Desk.Find(p.r.Context(), p.actor, string(t.IncidentID))
		if err != nil {
			return v, err
		}
		row := terminationRow{Termination: t, In: in, State: terminationState(t.Status)}
		if ends, err := t.EndsAt(); err == nil && ends.After(v.Now) {
			row.Left = left(ends.Sub(v.Now))
		}
		v.Rows = append(v.Rows, row)
	}
	return v, nil
}

// earliestDay is the first last day of service that leaves 30 full days.
func earliestDay(now time.Time, zone string) string {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		loc = time.UTC
	}
	return now.Add(incidents.MinimumNotice).In(loc).Format(time.DateOnly)
}

// terminations lists the services that end.
func (c *console) terminations(p *page) error {
	v, err := c.terminationsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "terminations", v)
}

func (c *console) startTermination(p *page) error {
	t, err := c.Desk.StartTermination(p.r.Context(), p.actor, p.form("service"), p.form("end_date"), p.form("zone"), incidents.Mode(p.form("mode")))
	if err != nil {
		v, verr := c.terminationsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "terminations", &v)
	}
	return c.redirect(p, terminationPath(t.ID), "Written down. Take the list in next, then draft the notice.")
}

func terminationPath(id incidents.TerminationID) string { return "/terminations/" + string(id) }

type terminationPage struct {
	incidentFrame
	T        incidents.Termination
	State    stateView
	Bar      noticeBar
	Notice   *incidents.Notice
	NoticeIs stateView
	Notices  []noticeRow
	Earliest string
	Ends     time.Time
	Ended    bool
	Typed    struct{ Ref, End string }
	Steps    []termStep
}

// A termStep is one of the five steps of a termination.
type termStep struct {
	Done       bool
	Name, Text string
	Link, Do   string
}

func (c *console) terminationView(p *page) (v terminationPage, err error) {
	t, err := c.Desk.Termination(p.r.Context(), p.actor, incidents.TerminationID(p.vars["termination"]))
	if err != nil {
		return v, err
	}
	d, err := c.Desk.Dossier(p.r.Context(), p.actor, string(t.IncidentID))
	if err != nil {
		return v, err
	}
	v = terminationPage{incidentFrame: c.frameOf(p, "termination", d), T: t, State: terminationState(t.Status)}
	v.Title, v.Earliest = "End of "+t.Service, earliestDay(v.Now, t.Zone)
	v.Typed.Ref, v.Typed.End = p.form("ref"), p.form("end_date")
	if v.Typed.End == "" {
		v.Typed.End = t.EndDate
	}
	if v.Ends, err = t.EndsAt(); err != nil {
		return v, err
	}
	v.Ended = !v.Now.Before(v.Ends)
	for i, n := range d.Notices {
		v.Notices = append(v.Notices, noticeRow{n, noticeState(n.Status)})
		if v.Notice == nil || n.ReleasedAt != nil {
			v.Notice, v.NoticeIs = &d.Notices[i], noticeState(n.Status)
		}
	}
	v.Bar, err = noticeBarOf(t, v.Notice, v.Now)
	v.Steps = termSteps(v, d)
	return v, err
}

func termSteps(v terminationPage, d incidents.Dossier) []termStep {
	base := "/incidents/" + d.Incident.Ref
	told := v.T.Status == incidents.TerminationWaiting || v.T.Status == incidents.TerminationDue || v.T.Status == incidents.TerminationErased
	wrote := v.NoticeIs.Word
	if wrote == "" {
		wrote = "not written yet"
	}
	steps := []termStep{
		{Done: d.Incident.Persons > 0, Name: "Take the list in", Text: num(d.Incident.Persons) + " " + plural(d.Incident.Persons, "person", "people") + " on it", Link: base + "/people", Do: "People"},
		{Done: v.Notice != nil && v.Notice.Status != incidents.NoticeDraft, Name: "Write the notice and have it approved", Text: wrote, Link: base + "/notices", Do: "Notices"},
		{Done: told, Name: "Tell everybody", Text: "at the latest " + utc(v.Ends.Add(-incidents.MinimumNotice))},
		{Done: v.Ended, Name: "The service ends", Text: "after " + v.T.EndDate + " (" + v.T.Zone + ")"},
		{Done: v.T.Status == incidents.TerminationErased, Name: "Erase the data and keep the certificate", Text: "keys are destroyed; hashes and counts stay as evidence"},
	}
	if v.Notice != nil && v.Notice.ReleasedAt != nil {
		steps[2].Link, steps[2].Do = noticePath(v.Notice.No)+"/delivery", "Delivery"
	}
	return steps
}

func (c *console) termination(p *page) error {
	v, err := c.terminationView(p)
	if err != nil {
		return err
	}
	return c.show(p, "termination", v)
}

// onTermination runs one act and shows the page again when it fails.
func (c *console) onTermination(p *page, said string, act func(incidents.TerminationID) error) error {
	id := incidents.TerminationID(p.vars["termination"])
	if err := act(id); err != nil {
		v, verr := c.terminationView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "termination", &v)
	}
	return c.redirect(p, terminationPath(id), said)
}

func (c *console) moveTermination(p *page) error {
	return c.onTermination(p, "Moved. Notices that waited for approval are void: they name the old day.", func(id incidents.TerminationID) error {
		_, err := c.Desk.MoveTermination(p.r.Context(), p.actor, id, p.form("end_date"))
		return err
	})
}

// eraseTermination destroys the data of a service that has ended; the
// reference is typed.
func (c *console) eraseTermination(p *page) error {
	return c.onTermination(p, "Erased. The certificate is below.", func(id incidents.TerminationID) error {
		_, err := c.Desk.Erase(p.r.Context(), p.actor, id, p.form("ref"))
		return err
	})
}

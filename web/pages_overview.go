package web

import (
	"fmt"
	"strings"

	"tocsin/incidents"
)

type overviewPage struct {
	Frame
	Lead    string
	Burning []burningRow
	Total   int
	Mine    []pendingRow
	Sending []sendingRow
	Alerts  []incidents.Alert
	Refs    map[incidents.IncidentID]string
	Bad     int // bodies in quarantine
}

type burningRow struct {
	Clock    clockView
	Duty     incidents.ObligationState
	Incident incidents.Incident
	Next     string
	Span     string // the length of the clock, in words
}

type pendingRow struct {
	Pending incidents.Pending
	Link    string
	Text    string
}

type sendingRow struct {
	Progress incidents.Progress
	Incident incidents.Incident
	Done     int64
	Share    float64
}

// overview shows the clocks that burn first, then what waits for me.
func (c *console) overview(p *page) error {
	v := overviewPage{Frame: c.frame(p, "overview", "Overview"), Refs: map[incidents.IncidentID]string{}}
	ctx := p.r.Context()
	burning, err := p.burning()
	if err != nil {
		return err
	}
	hot := 0
	for _, b := range burning {
		if b.Duty.Applies != incidents.AppliesYes {
			continue
		}
		v.Total++
		k := clockOf(b.Duty, v.Now)
		if k.Heat == "hot" {
			hot++
		}
		if len(v.Burning) < 12 {
			v.Burning = append(v.Burning, burningRow{k, b.Duty, b.Incident, nextStep(b.Duty), clockInWords(b.Duty.Length)})
		}
	}
	waiting, err := p.waiting()
	if err != nil {
		return err
	}
	for _, w := range waiting {
		if w.Mine {
			v.Mine = append(v.Mine, pendingOf(w))
		}
	}
	if v.Sending, err = c.sending(p); err != nil {
		return err
	}
	if v.Alerts, err = c.Desk.Alerts(ctx, p.actor, incidents.AlertFilter{Limit: 8}); err != nil {
		return err
	}
	for _, a := range v.Alerts {
		if a.IncidentID != "" && v.Refs[a.IncidentID] == "" {
			if in, err := c.Desk.Find(ctx, p.actor, string(a.IncidentID)); err == nil {
				v.Refs[a.IncidentID] = in.Ref
			}
		}
	}
	bad, err := p.quarantined()
	if err != nil {
		return err
	}
	v.Bad = len(bad)
	v.Lead = lead(hot, len(v.Mine))
	return c.show(p, "overview", v)
}

// lead says the state of the house in a sentence.
func lead(hot, mine int) string {
	out := "No clock is burning."
	if hot > 0 {
		out = fmt.Sprintf("%d %s burning.", hot, plural(hot, "clock is", "clocks are"))
	}
	switch {
	case mine == 1:
		out += " One thing waits for you."
	case mine > 1:
		out += fmt.Sprintf(" %d things wait for you.", mine)
	}
	return out
}

func nextStep(o incidents.ObligationState) string {
	switch {
	case o.Applies == incidents.AppliesDepends:
		return "Answer what decides it"
	case o.ID == incidents.HoldDuty:
		return "Ask the authority, and keep the facts right"
	case o.Task != nil && o.Task.Each():
		return "Tell each of them in another way"
	case o.Report != "":
		return "Draft, approve and file the report"
	case o.Audience == incidents.AudienceIndividuals:
		return "Write the notice and have it approved"
	case o.Audience == incidents.AudiencePublic || o.Audience == incidents.AudienceMedia:
		return "Publish the announcement"
	}
	return "Do it and record the evidence"
}

func pendingOf(w incidents.Pending) pendingRow {
	text := "Since " + short(w.Since) + " UTC."
	if w.Persons > 0 {
		text = num(w.Persons) + " people. " + text
	}
	if w.Needs > 1 {
		text += fmt.Sprintf(" %d of %d approvals.", len(w.Approvals), w.Needs)
	}
	return pendingRow{Pending: w, Link: "/approvals/" + string(w.Subject.Kind) + "/" + w.Subject.ID, Text: text}
}

// sending lists what is being sent now.
func (c *console) sending(p *page) (out []sendingRow, err error) {
	list, err := c.Desk.Notices(p.r.Context(), p.actor, incidents.NoticeFilter{Status: []incidents.NoticeStatus{incidents.NoticeSending, incidents.NoticeHeld}})
	if err != nil {
		return nil, err
	}
	for _, n := range list {
		pr, err := c.Desk.Progress(p.r.Context(), p.actor, n.ID)
		if err != nil {
			return nil, err
		}
		in, err := c.Desk.Find(p.r.Context(), p.actor, string(n.IncidentID))
		if err != nil {
			return nil, err
		}
		r := pr.Reconciliation
		row := sendingRow{Progress: pr, Incident: in, Done: r.List - r.ToSend - r.Trying}
		if r.List > 0 {
			row.Share = float64(row.Done) / float64(r.List)
		}
		out = append(out, row)
	}
	return out, nil
}

type searchPage struct {
	Frame
	Query     string
	Incidents []incidents.Incident
	Alerts    []incidents.Alert
}

// search finds incidents and alerts by their titles; a reference goes straight there.
func (c *console) search(p *page) error {
	q := strings.TrimSpace(p.query("q"))
	if in, err := c.Desk.Find(p.r.Context(), p.actor, strings.ToUpper(q)); err == nil {
		return c.redirect(p, "/incidents/"+in.Ref, "")
	}
	v := searchPage{Frame: c.frame(p, "", "Search"), Query: q}
	if q == "" {
		return c.show(p, "search", v)
	}
	var err error
	if v.Incidents, err = c.Desk.Incidents(p.r.Context(), p.actor, incidents.IncidentFilter{Text: q, Limit: 20}); err != nil {
		return err
	}
	if v.Alerts, err = c.Desk.Alerts(p.r.Context(), p.actor, incidents.AlertFilter{Text: q, Limit: 20}); err != nil {
		return err
	}
	return c.show(p, "search", v)
}

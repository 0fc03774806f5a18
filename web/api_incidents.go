package web

import (
	"math"
	"strconv"

	"tocsin/incidents"
)

func (a api) incidents(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	list, err := a.Desk.Incidents(c.ctx, c.actor, incidents.IncidentFilter{Kind: incidents.IncidentKind(c.query("kind")), Open: c.query("open") == "true",
		Mode: incidents.Mode(c.query("mode")), Text: c.query("q"), Before: incidents.IncidentID(c.query("before")), Limit: limit})
	if err != nil {
		return nil, err
	}
	return paged(list, limit, func(x incidents.Incident) string { return string(x.ID) }), nil
}

func (a api) openIncident(c *call) (any, error) {
	var in struct {
		Title string         `json:"title"`
		Mode  incidents.Mode `json:"mode"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	got, err := a.Desk.OpenIncident(c.ctx, c.actor, in.Title, in.Mode)
	return made{got, "/incidents/" + string(got.ID)}, err
}

// A dossierView is incidents.Dossier in the API's spelling.
type dossierView struct {
	Incident      incidents.Incident          `json:"incident"`
	Facts         incidents.Facts             `json:"facts"`
	Assessment    incidents.Assessment        `json:"assessment"`
	Obligations   []incidents.ObligationState `json:"obligations"`
	Alerts        []incidents.Alert           `json:"alerts"`
	Imports       []incidents.Import          `json:"imports"`
	Notices       []incidents.Notice          `json:"notices"`
	Announcements []incidents.Announcement    `json:"announcements"`
	Reports       []incidents.Report          `json:"reports"`
	Waivers       []incidents.Waiver          `json:"waivers"`
	Proposals     []incidents.Proposal        `json:"proposals"`
	Decisions     []incidents.Decision        `json:"decisions"`
	Risk          *incidents.RiskStatement    `json:"risk,omitempty"`
	RiskDecisions []incidents.RiskDecision    `json:"risk_decisions"`
	Files         []incidents.FileRef         `json:"files"`
	Timeline      []incidents.TimelineEntry   `json:"timeline"`
	Termination   *incidents.Termination      `json:"termination,omitempty"`
}

func (a api) dossier(c *call) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	d.Obligations, d.Alerts, d.Imports, d.Notices = some(d.Obligations), some(d.Alerts), some(d.Imports), some(d.Notices)
	d.Announcements, d.Reports, d.Waivers, d.Files, d.Timeline = some(d.Announcements), some(d.Reports), some(d.Waivers), some(d.Files), some(d.Timeline)
	d.Proposals, d.Decisions, d.RiskDecisions = some(d.Proposals), some(d.Decisions), some(d.RiskDecisions)
	return dossierView(d), err
}

// part returns one list of a dossier.
func part[T any](a api, c *call, of func(incidents.Dossier) []T) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	return whole(of(d), err)
}

func (a api) facts(c *call) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	return d.Facts, err
}

func (a api) obligations(c *call) (any, error) {
	return part(a, c, func(d incidents.Dossier) []incidents.ObligationState { return d.Obligations })
}

func (a api) waivers(c *call) (any, error) {
	return part(a, c, func(d incidents.Dossier) []incidents.Waiver { return d.Waivers })
}

// An importView is an import with what follows from it by now.
type importView struct {
	incidents.Import
	State       incidents.ImportState `json:"state"`
	PerSecond   float64               `json:"rows_per_second,omitempty"`
	SecondsLeft *int64                `json:"seconds_left,omitempty"` // of a running one, when its length is known
}

func (a api) viewImport(im incidents.Import) importView {
	v := importView{Import: im, State: im.State(a.Now()), PerSecond: math.Round(im.PerSecond())}
	if left, known := im.Left(); known && v.State == incidents.ImportRunning {
		s := int64(math.Ceil(left.Seconds()))
		v.SecondsLeft = &s
	}
	return v
}

func (a api) imports(c *call) (any, error) {
	return part(a, c, func(d incidents.Dossier) []importView { return views(d.Imports, a.viewImport) })
}

func (a api) oneImport(c *call) (any, error) {
	d, err := a.Desk.Dossier(c.ctx, c.actor, c.vars["incident"])
	if err != nil {
		return nil, err
	}
	for _, im := range d.Imports {
		if im.ID == c.vars["import"] {
			return a.viewImport(im), nil
		}
	}
	return nil, incidents.NotFound("the incident has no such import")
}

func (a api) files(c *call) (any, error) {
	return part(a, c, func(d incidents.Dossier) []incidents.FileRef { return d.Files })
}

// A changeView is incidents.Change in the API's spelling.
type changeView struct {
	Facts      incidents.Facts             `json:"facts"`
	Assessment incidents.Assessment        `json:"assessment"`
	Severity   [2]string                   `json:"severity"` // before, after
	Began      []incidents.Obligation      `json:"began"`
	Ended      []incidents.ObligationState `json:"ended"`
	Moved      []incidents.ObligationState `json:"moved"`
	Stale      []string                    `json:"stale"`
}

func viewChange(x incidents.Change) changeView {
	x.Began, x.Ended, x.Moved, x.Stale = some(x.Began), some(x.Ended), some(x.Moved), some(x.Stale)
	return changeView(x)
}

// factsInput is a change of facts. Base is the revision it was made from; it is
// needed, so that nobody overwrites what they have not seen.
type factsInput struct {
	Base    *int                            `json:"base"`
	Changes map[string]incidents.FactChange `json:"changes"`
	How     string                          `json:"how"`
}

func (a api) setFacts(c *call) (any, error) {
	var in factsInput
	if err := c.read(&in); err != nil {
		return nil, err
	}
	if in.Base == nil || *in.Base < 0 {
		return nil, incidents.Invalid("say which revision the change was made from").On("base").WithHint("it is the rev of GET …/facts")
	}
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	got, err := a.Desk.SetFacts(c.ctx, c.actor, found.ID, *in.Base, in.Changes, in.How)
	return viewChange(got), err
}

func (a api) previewFacts(c *call) (any, error) {
	var in struct {
		Changes map[string]incidents.FactChange `json:"changes"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	got, err := a.Desk.Preview(c.ctx, c.actor, found.ID, in.Changes)
	return viewChange(got), err
}

func (a api) note(c *call) (any, error) {
	var in struct {
		Text string `json:"text"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.onIncident(c, func(id incidents.IncidentID) error { return a.Desk.Note(c.ctx, c.actor, id, in.Text) })
}

func (a api) setStatus(c *call) (any, error) {
	var in struct {
		Status incidents.IncidentStatus `json:"status"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	return a.onIncident(c, func(id incidents.IncidentID) error { return a.Desk.SetStatus(c.ctx, c.actor, id, in.Status) })
}

func (a api) merge(c *call) (any, error) {
	var in struct {
		Into   string `json:"into"`
		Reason string `json:"reason"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	into, err := a.Desk.Find(c.ctx, c.actor, in.Into)
	if err != nil {
		return nil, err
	}
	return a.onIncident(c, func(id incidents.IncidentID) error {
		return a.Desk.MergeIncidents(c.ctx, c.actor, id, into.ID, in.Reason)
	})
}

func (a api) dismissIncident(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	return a.onIncident(c, func(id incidents.IncidentID) error { return a.Desk.DismissIncident(c.ctx, c.actor, id, why) })
}

func (a api) closeIncident(c *call) (any, error) {
	why, err := c.reason()
	if err != nil {
		return nil, err
	}
	return a.onIncident(c, func(id incidents.IncidentID) error { return a.Desk.CloseIncident(c.ctx, c.actor, id, why) })
}

func (a api) onIncident(c *call, act func(incidents.IncidentID) error) (any, error) {
	in, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	return nil, act(in.ID)
}

func (a api) askWaiver(c *call) (any, error) {
	var in struct {
		Obligation string `json:"obligation"`
		Reason     string `json:"reason"`
	}
	if err := c.read(&in); err != nil {
		return nil, err
	}
	found, err := a.incident(c)
	if err != nil {
		return nil, err
	}
	got, err := a.Desk.AskWaiver(c.ctx, c.actor, found.ID, in.Obligation, in.Reason)
	return struct {
		incidents.Waiver
		Hash string `json:"hash"`
	}{got, got.Hash()}, err
}

// An escalationView is one burning clock.
type escalationView struct {
	Incident   incidents.Incident        `json:"incident"`
	Obligation incidents.ObligationState `json:"obligation"`
	Step       int                       `json:"step"` // 0, 50, 75, 90, 100 (overdue)
}

func (a api) burning(c *call) (any, error) {
	limit, err := c.limit()
	if err != nil {
		return nil, err
	}
	list, err := a.Desk.Burning(c.ctx, c.actor, limit)
	return whole(views(list, func(e incidents.Escalation) escalationView { return escalationView{e.Incident, e.Duty, e.Step} }), err)
}

// A factView is one fact of the catalogue.
type factView struct {
	Key      string             `json:"key"`
	Group    string             `json:"group"`
	Type     incidents.FactType `json:"type"`
	Question string             `json:"question"`
	Help     string             `json:"help,omitempty"`
	Options  []optionView       `json:"options,omitempty"`
}

type optionView struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

func (a api) catalogue(*call) (any, error) {
	return whole(views(incidents.Catalogue, func(d incidents.FactDef) factView {
		return factView{d.Key, d.Group, d.Type, d.Question, d.Help, views(d.Options, func(o incidents.Option) optionView { return optionView(o) })}
	}), nil)
}

func (a api) judgements(c *call) (any, error) {
	return whole(a.Desk.Judgements(c.ctx, c.actor, c.vars["incident"]))
}

func (a api) judgement(c *call) (any, error) {
	no, err := strconv.ParseInt(c.vars["no"], 10, 64)
	if err != nil {
		return nil, incidents.NotFound("there is no such judgement")
	}
	return a.Desk.Judgement(c.ctx, c.actor, c.vars["incident"], no)
}

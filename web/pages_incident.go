package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// An incidentFrame is the frame of a page of one incident: masthead and tabs.
type incidentFrame struct {
	Frame
	In      incidents.Incident
	Tab     string
	InState stateView
	Aware   *time.Time
	Clocks  []mastClock
	Tabs    struct{ Facts, Obligations, Notices, Announcements, Reports int }
	Term    bool
}

type mastClock struct {
	What  string
	Clock clockView
}

// incidentFrame loads the incident of the address with everything about it.
func (c *console) incidentFrame(p *page, tab string) (f incidentFrame, d incidents.Dossier, err error) {
	d, err = c.Desk.Dossier(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return f, d, err
	}
	return c.frameOf(p, tab, d), d, nil
}

func (c *console) frameOf(p *page, tab string, d incidents.Dossier) incidentFrame {
	section := "incidents"
	if d.Incident.Kind == incidents.KindTermination {
		section = "terminations"
	}
	f := incidentFrame{Frame: c.frame(p, section, d.Incident.Ref+" "+d.Incident.Title), In: d.Incident, Tab: tab, InState: incidentState(d.Incident.Status), Term: d.Termination != nil}
	f.Live = "/events/" + string(d.Incident.ID)
	if at, ok := d.Facts.Time("aware_at"); ok {
		f.Aware = &at
	}
	for _, o := range d.Obligations {
		if o.Status != incidents.DutyOpen || o.Applies != incidents.AppliesYes {
			continue
		}
		f.Tabs.Obligations++
		if o.Due != nil && len(f.Clocks) < 2 {
			f.Clocks = append(f.Clocks, mastClock{audienceName(o.Audience) + ", " + o.Jurisdiction, clockOf(o, f.Now)})
		}
	}
	f.Tabs.Facts, f.Tabs.Notices, f.Tabs.Announcements, f.Tabs.Reports = d.Facts.Rev, len(d.Notices), len(d.Announcements), len(d.Reports)
	return f
}

func audienceName(a incidents.Audience) string {
	switch a {
	case incidents.AudienceRegulator:
		return "Authority"
	case incidents.AudienceIndividuals:
		return "People"
	case incidents.AudiencePublic:
		return "Public"
	case incidents.AudienceMedia:
		return "Media"
	case incidents.AudienceAgencies:
		return "Credit agencies"
	case incidents.AudiencePolice:
		return "Police"
	case incidents.AudienceCustomers:
		return "Business customers"
	case incidents.AudienceInternal:
		return "Our own record"
	}
	return string(a)
}

type roomPage struct {
	incidentFrame
	Tasks    []*taskView // substitute notices
	Axis     axisChart
	Pack     string
	Ask      *askView
	Severity incidents.Severity
	Risk     []riskView
	Apart    bool // a group is at high risk and the incident is not
	Facts    []factRow
	Known    int // of Asked facts
	Asked    int
	Timeline []timelineDay
	Alerts   []incidents.Alert
	Others   []incidents.Incident
	Evidence []*workView // bundles that are built, and that came to nothing
	Building bool        // one of them is built
	Typed    url.Values
}

// An askView is the next best question, with what each answer would do.
type askView struct {
	Def     incidents.FactDef
	Decides []string // titles
	Open    int
	Options []incidents.Option
	If      []ifView
}

// An ifView is what answers would do; answers that do the same are told together.
type ifView struct {
	Labels  []string
	Effects []effect
}

func (v *askView) choose(o incidents.Option, does []effect) {
	v.Options = append(v.Options, o)
	for i, x := range v.If {
		if slices.Equal(x.Effects, does) {
			v.If[i].Labels = append(x.Labels, o.Label)
			return
		}
	}
	v.If = append(v.If, ifView{[]string{o.Label}, does})
}

type effect struct{ What, Text string }

func (c *console) roomView(p *page) (v roomPage, err error) {
	f, d, err := c.incidentFrame(p, "room")
	if err != nil {
		return v, err
	}
	v = roomPage{incidentFrame: f, Pack: d.Assessment.Pack, Severity: d.Assessment.Severity, Risk: riskRows(d), Alerts: d.Alerts, Typed: p.r.PostForm}
	v.Apart = apart(v.Risk, v.Severity)
	v.Axis, v.Tasks = axisOf(d.Obligations, f.Now), c.tasksOf(p, nil, d, f.Now)
	v.Facts, v.Known, v.Asked = latestFacts(d.Facts, 8)
	v.Timeline = days(d.Timeline, 16)
	if d.Incident.Kind == incidents.KindBreach && f.May(incidents.ActFacts) && !p.fragment() {
		v.Ask = c.ask(p, d)
	}
	if f.May(incidents.ActEvidence) {
		for _, w := range c.works(d.Incident.ID, incidents.WorkEvidence, string(d.Incident.ID)) {
			v.Evidence = append(v.Evidence, c.workOf(p, w, "Built of the evidence bundle", "of the bundle is built and sent"))
			v.Building = v.Building || w.State == incidents.WorkRunning
		}
	}
	if f.May(incidents.ActTriage) {
		all, err := c.Desk.Incidents(p.r.Context(), p.actor, incidents.IncidentFilter{Open: true, Kind: d.Incident.Kind, Mode: d.Incident.Mode, Limit: 50})
		if err != nil {
			return v, err
		}
		v.Others = slices.DeleteFunc(all, func(in incidents.Incident) bool { return in.ID == d.Incident.ID })
	}
	return v, nil
}

// room is the incident at a glance.
func (c *console) room(p *page) error {
	v, err := c.roomView(p)
	if err != nil {
		return err
	}
	return c.show(p, "room", v)
}

// ask picks the most urgent unknown fact that can be answered by a choice, and
// works out what each answer would change.
func (c *console) ask(p *page, d incidents.Dossier) *askView {
	titles := map[string]string{}
	for _, o := range d.Obligations {
		titles[o.ID] = o.Law
	}
	for _, q := range d.Assessment.Questions {
		def, ok := incidents.FactByKey(q.Fact)
		if !ok {
			continue
		}
		v := &askView{Def: def, Open: len(d.Assessment.Questions)}
		for _, id := range q.Decides {
			if t := titles[id]; t != "" && !slices.Contains(v.Decides, t) {
				v.Decides = append(v.Decides, t)
			}
		}
		var options []incidents.Option
		switch def.Type {
		case incidents.FactTri:
			options = []incidents.Option{{Value: "true", Label: "Yes"}, {Value: "false", Label: "No"}}
		case incidents.FactChoice:
			options = def.Options
		}
		for _, o := range options {
			raw := o.Value
			if def.Type == incidents.FactChoice {
				b, _ := json.Marshal(o.Value) // a text
				raw = string(b)
			}
			ch, err := c.Desk.Preview(p.r.Context(), p.actor, d.Incident.ID, map[string]incidents.FactChange{def.Key: {Value: json.RawMessage(raw)}})
			if err != nil {
				return v
			}
			v.choose(o, effects(ch))
		}
		return v
	}
	return nil
}

func effects(ch incidents.Change) (out []effect) {
	if ch.Severity[0] != ch.Severity[1] {
		out = append(out, effect{"Severity", "becomes " + sevWord(ch.Severity[1])})
	}
	for _, o := range ch.Began {
		out = append(out, effect{o.Jurisdiction, o.Title + ": applies now. " + o.Law})
	}
	for _, o := range ch.Ended {
		out = append(out, effect{o.Jurisdiction, o.Title + ": no longer applies. " + o.Law})
	}
	for _, o := range ch.Moved {
		out = append(out, effect{o.Jurisdiction, o.Title + ": due at another time. " + o.Law})
	}
	if len(out) == 0 {
		out = append(out, effect{"Nothing", "changes by this answer alone"})
	}
	return out
}

// A factRow is one fact as a table shows it.
type factRow struct {
	Def      incidents.FactDef
	Fact     incidents.Fact
	Text     string
	Known    bool
	Answered bool // with "not known yet"
}

// latestFacts is what was set last, and how many facts are known of how many.
func latestFacts(f incidents.Facts, limit int) (rows []factRow, known, of int) {
	rows = factRows(f, true)
	for _, r := range rows {
		if r.Known {
			known++
		}
	}
	slices.SortStableFunc(rows, func(a, b factRow) int { return b.Fact.SetAt.Compare(a.Fact.SetAt) })
	return rows[:min(limit, len(rows))], known, len(incidents.Catalogue)
}

// factRows lists known facts first when short, or the whole catalogue.
func factRows(f incidents.Facts, short bool) (out []factRow) {
	for _, def := range incidents.Catalogue {
		x, ok := f.Known[def.Key]
		_, known := f.Value(def.Key)
		if short && !ok {
			continue
		}
		out = append(out, factRow{Def: def, Fact: x, Known: known, Answered: ok && x.Unknown, Text: factText(def, x)})
	}
	return out
}

// factText writes a value as people read it.
func factText(def incidents.FactDef, f incidents.Fact) string {
	label := func(v string) string {
		for _, o := range def.Options {
			if o.Value == v {
				return o.Label
			}
		}
		return v
	}
	switch v := f.Value.(type) {
	case bool:
		if v {
			return "Yes"
		}
		return "No"
	case string:
		return label(v)
	case []string:
		words := make([]string, len(v))
		for i, s := range v {
			words[i] = label(s)
		}
		return strings.Join(words, ", ")
	case int64:
		return num(v)
	case map[incidents.Place]int64:
		var parts []string
		for place, n := range v {
			parts = append(parts, string(place)+" "+num(n))
		}
		slices.Sort(parts)
		return strings.Join(parts, " · ")
	case time.Time:
		return utc(v)
	}
	return ""
}

type timelineDay struct {
	Day     string
	Entries []timelineLine
}

type timelineLine struct {
	incidents.TimelineEntry
	Colour, Icon string
}

// days groups a timeline, newest first, by UTC day.
func days(entries []incidents.TimelineEntry, limit int) (out []timelineDay) {
	for i, e := range entries {
		if limit > 0 && i == limit {
			break
		}
		day := e.At.UTC().Format("Mon 2 Jan 2006")
		if len(out) == 0 || out[len(out)-1].Day != day {
			out = append(out, timelineDay{Day: day})
		}
		last := &out[len(out)-1]
		colour, ic := dotOf(e.Kind)
		last.Entries = append(last.Entries, timelineLine{e, colour, ic})
	}
	return out
}

func dotOf(kind string) (colour, icon string) {
	switch {
	case kind == "clock.escalated", strings.HasSuffix(kind, ".stopped"), strings.HasSuffix(kind, ".withdrawn"):
		return "red", "clock"
	case strings.HasSuffix(kind, ".approved"), kind == "obligation.met", strings.HasSuffix(kind, ".filed"), strings.HasSuffix(kind, ".done"):
		return "green", "okay"
	case strings.HasSuffix(kind, ".released"), strings.HasSuffix(kind, ".published"):
		return "blue", "send"
	case strings.HasSuffix(kind, ".returned"), strings.HasSuffix(kind, ".dismissed"):
		return "", "x"
	case strings.HasPrefix(kind, "alert."):
		return "", "inbox"
	case strings.HasPrefix(kind, "rules."):
		return "amber", "book"
	}
	return "", "pen"
}

type timelinePage struct {
	incidentFrame
	Days []timelineDay
}

func (c *console) timeline(p *page) error {
	f, d, err := c.incidentFrame(p, "timeline")
	if err != nil {
		return err
	}
	return c.show(p, "timeline", timelinePage{f, days(d.Timeline, 0)})
}

// actOnIncident notes, moves the status, merges, dismisses or closes.
func (c *console) actOnIncident(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	said := "Done, and written down."
	ctx := p.r.Context()
	switch p.form("do") {
	case "note":
		err, said = c.Desk.Note(ctx, p.actor, in.ID, p.form("text")), "Noted."
	case "status":
		err = c.Desk.SetStatus(ctx, p.actor, in.ID, incidents.IncidentStatus(p.form("status")))
	case "merge":
		err = c.Desk.MergeIncidents(ctx, p.actor, in.ID, incidents.IncidentID(p.form("into")), p.form("reason"))
	case "dismiss":
		err = c.Desk.DismissIncident(ctx, p.actor, in.ID, p.form("reason"))
	case "close":
		err = c.Desk.CloseIncident(ctx, p.actor, in.ID, p.form("reason"))
	default:
		err = incidents.Invalid("choose what to do")
	}
	if err != nil {
		v, verr := c.roomView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "room", &v)
	}
	return c.redirect(p, "/incidents/"+in.Ref, said)
}

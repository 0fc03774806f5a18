package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// An incidentFrame is the frame of a page of one incident: masthead and tabs.
type incidentFrame struct {
	Frame
	In     incidents.Incident
	Tab    string
	State  stateView
	Aware  *time.Time
	Clocks []mastClock
	Tabs   struct{ Facts, Obligations, Notices, Announcements, Reports int }
	Term   bool
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
	f := incidentFrame{Frame: c.frame(p, section, d.Incident.Ref+" "+d.Incident.Title), In: d.Incident, Tab: tab, State: incidentState(d.Incident.Status), Term: d.Termination != nil}
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
	Axis     axisChart
	Pack     string
	Ask      *askView
	Severity incidents.Severity
	Facts    []factRow
	Timeline []timelineDay
	Alerts   []incidents.Alert
	Others   []incidents.Incident
	Typed    url.Values
}

// An askView is the next best question, with what each answer would do.
type askView struct {
	Def     incidents.FactDef
	Decides []string // titles
	Open    int
	If      []ifView
}

type ifView struct {
	Value, Label string
	Effects      []effect
}

type effect struct{ What, Text string }

func (c *console) roomView(p *page) (v roomPage, err error) {
	f, d, err := c.incidentFrame(p, "room")
	if err != nil {
		return v, err
	}
	v = roomPage{incidentFrame: f, Pack: d.Assessment.Pack, Severity: d.Assessment.Severity, Alerts: d.Alerts, Typed: p.r.PostForm}
	v.Axis = axisOf(d.Obligations, f.Now)
	v.Facts = factRows(d.Facts, true)
	v.Timeline = days(d.Timeline, 30)
	if d.Incident.Kind == incidents.KindBreach {
		v.Ask = c.ask(p, d)
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
			v.If = append(v.If, ifView{o.Value, o.Label, effects(ch)})
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
		out = append(out, effect{o.Jurisdiction, o.Law + " applies: " + o.Title})
	}
	for _, o := range ch.Ended {
		out = append(out, effect{o.Jurisdiction, o.Law + " no longer applies"})
	}
	for _, o := range ch.Moved {
		out = append(out, effect{o.Jurisdiction, o.Law + " is due at another time"})
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
	case strings.HasSuffix(kind, ".returnd"), strings.HasSuffix(kind, ".dismissed"):
		return "", "x"
	case strings.HasPrefix(kind, "alert."):
		return "", "inbox"
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
		return c.again(p, err, "room", &v.Frame, func() any { return v })
	}
	return c.redirect(p, "/incidents/"+in.Ref, said)
}

type factsPage struct {
	incidentFrame
	Groups []factGroup
	Rev    int
	How    string
}

type factGroup struct {
	Name string
	Rows []factField
}

type factField struct {
	factRow
	Typed map[string]bool // ticked values
	In    string          // what the field shows
	Err   string
}

var groupNames = map[string]string{"nature": "What happened", "cause": "Cause", "data": "Data", "people": "People", "place": "Places", "role": "What we are", "times": "Times, in UTC", "measures": "Words and measures", "contact": "Contact"}

func (c *console) factsView(p *page) (v factsPage, err error) {
	f, d, err := c.incidentFrame(p, "facts")
	if err != nil {
		return v, err
	}
	v = factsPage{incidentFrame: f, Rev: d.Facts.Rev, How: p.form("how")}
	for _, r := range factRows(d.Facts, false) {
		if len(v.Groups) == 0 || v.Groups[len(v.Groups)-1].Name != groupNames[r.Def.Group] {
			v.Groups = append(v.Groups, factGroup{Name: groupNames[r.Def.Group]})
		}
		g := &v.Groups[len(v.Groups)-1]
		x := factField{factRow: r, Typed: map[string]bool{}}
		switch val := r.Fact.Value.(type) {
		case bool:
			x.In = fmt.Sprint(val)
		case string:
			x.In = val
		case int64:
			x.In = fmt.Sprint(val)
		case time.Time:
			x.In = val.UTC().Format("2006-01-02T15:04:05")
		case []string:
			for _, s := range val {
				x.Typed[s] = true
			}
		case map[incidents.Place]int64:
			x.In = strings.ReplaceAll(factText(r.Def, r.Fact), " · ", "\n")
			x.In = strings.ReplaceAll(x.In, ",", "")
		}
		if r.Answered {
			x.In = "unknown"
		}
		if typed, ok := p.r.PostForm["f."+r.Def.Key]; ok { // keep what was typed
			x.In, x.Typed = strings.Join(typed, "\n"), map[string]bool{}
			for _, s := range typed {
				x.Typed[s] = true
			}
		}
		g.Rows = append(g.Rows, x)
	}
	return v, nil
}

func (c *console) facts(p *page) error {
	v, err := c.factsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "facts", v)
}

// saveFacts writes what differs from the revision the form showed.
func (c *console) saveFacts(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	base, err := p.number("base")
	if err != nil {
		return err
	}
	changes, err := c.changedFacts(p, in)
	if err == nil {
		var ch incidents.Change
		if ch, err = c.Desk.SetFacts(p.r.Context(), p.actor, in.ID, int(base), changes, p.form("how")); err == nil {
			return c.redirect(p, "/incidents/"+in.Ref+p.form("back"), saidOf(ch))
		}
	}
	v, verr := c.factsView(p)
	if verr != nil {
		return verr
	}
	return c.again(p, err, "facts", &v.Frame, func() any { return v })
}

// saidOf says what a new revision did.
func saidOf(ch incidents.Change) string {
	out := fmt.Sprintf("Saved as revision %d.", ch.Facts.Rev)
	if ch.Severity[0] != ch.Severity[1] && ch.Severity[1] != "" {
		out += " Severity is now " + strings.ToLower(sevWord(ch.Severity[1])) + "."
	}
	if n := len(ch.Began); n > 0 {
		out += fmt.Sprintf(" %d %s now.", n, plural(n, "obligation applies", "obligations apply"))
	}
	if n := len(ch.Ended); n > 0 {
		out += fmt.Sprintf(" %d no longer %s.", n, plural(n, "applies", "apply"))
	}
	if len(ch.Stale) > 0 {
		out += " Out of date now: " + strings.Join(ch.Stale, ", ") + "."
	}
	return out
}

// changedFacts reads the fields of the form that differ from the present facts.
func (c *console) changedFacts(p *page, in incidents.Incident) (map[string]incidents.FactChange, error) {
	d, err := c.Desk.Dossier(p.r.Context(), p.actor, string(in.ID))
	if err != nil {
		return nil, err
	}
	out := map[string]incidents.FactChange{}
	for _, def := range incidents.Catalogue {
		typed, ok := p.r.PostForm["f."+def.Key]
		if !ok {
			continue
		}
		ch, set, err := readFact(def, typed)
		if err != nil {
			return nil, err
		}
		now, had := d.Facts.Known[def.Key]
		if !set {
			if had && !now.Unknown {
				out[def.Key] = incidents.FactChange{Unknown: true}
			}
			continue
		}
		if ch.Unknown {
			if !now.Unknown {
				out[def.Key] = ch
			}
			continue
		}
		if before, err := json.Marshal(now.Value); had && err == nil && sameJSON(def, before, ch.Value) {
			continue
		}
		out[def.Key] = ch
	}
	return out, nil
}

func sameJSON(def incidents.FactDef, a, b json.RawMessage) bool {
	x, errX := def.Parse(a)
	y, errY := def.Parse(b)
	if errX != nil || errY != nil {
		return false
	}
	xb, _ := json.Marshal(x)
	yb, _ := json.Marshal(y)
	return string(xb) == string(yb)
}

// readFact turns what was typed into a change; set is false for an empty field.
func readFact(def incidents.FactDef, typed []string) (ch incidents.FactChange, set bool, err error) {
	first := strings.TrimSpace(typed[0])
	typed = slices.DeleteFunc(slices.Clone(typed), func(s string) bool { return s == "" })
	if first == "unknown" {
		return incidents.FactChange{Unknown: true}, true, nil
	}
	var v any
	switch def.Type {
	case incidents.FactMulti:
		if len(typed) == 0 {
			return ch, false, nil
		}
		v = typed
	case incidents.FactTri:
		if first == "" {
			return ch, false, nil
		}
		v = first == "true"
	case incidents.FactCount:
		if first == "" {
			return ch, false, nil
		}
		v = json.RawMessage(strings.NewReplacer(",", "", " ", "").Replace(first))
		if !json.Valid(v.(json.RawMessage)) {
			return ch, false, incidents.Invalid("enter a whole number").On(def.Key)
		}
	case incidents.FactPlaces:
		if first == "" {
			return ch, false, nil
		}
		if v, err = readPlaces(first); err != nil {
			return ch, false, incidents.Invalid("write one place a line, like “DE 100”").On(def.Key)
		}
	case incidents.FactTime:
		if first == "" {
			return ch, false, nil
		}
		at, err := parseInput(first)
		if err != nil {
			return ch, false, incidents.Invalid("enter a date and a time in UTC").On(def.Key)
		}
		v = at
	default:
		if first == "" {
			return ch, false, nil
		}
		v = first
	}
	b, err := json.Marshal(v)
	return incidents.FactChange{Value: b}, true, err
}

func parseInput(s string) (time.Time, error) {
	for _, l := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", time.RFC3339, "2006-01-02 15:04"} {
		if t, err := time.Parse(l, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("not a time")
}

func readPlaces(s string) (map[string]int64, error) {
	out := map[string]int64{}
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		var place string
		var n int64
		if _, err := fmt.Sscanf(strings.NewReplacer(":", " ", ",", "").Replace(line), "%s %d", &place, &n); err != nil {
			return nil, err
		}
		out[strings.ToUpper(place)] = n
	}
	return out, nil
}

type obligationsPage struct {
	incidentFrame
	Groups   []dutyGroup
	Axis     axisChart
	Severity incidents.Severity
	Pack     string
	Waivers  []incidents.Waiver
	Reason   string
	For      string
}

type dutyGroup struct {
	Name string
	Rows []dutyRow
}

type dutyRow struct {
	incidents.ObligationState
	Clock clockView
	State stateView
	Asks  []string // questions that decide
	To    string
}

func (c *console) obligationsView(p *page) (v obligationsPage, err error) {
	f, d, err := c.incidentFrame(p, "obligations")
	if err != nil {
		return v, err
	}
	v = obligationsPage{incidentFrame: f, Axis: axisOf(d.Obligations, f.Now), Severity: d.Assessment.Severity, Pack: d.Assessment.Pack, Waivers: d.Waivers, Reason: p.form("reason"), For: p.form("obligation")}
	groups := []dutyGroup{{Name: "Apply"}, {Name: "Depend on what we do not know yet"}, {Name: "Done"}, {Name: "Do not apply"}}
	for _, o := range d.Obligations {
		r := dutyRow{ObligationState: o, Clock: clockOf(o, f.Now), State: dutyState(o, f.Now), To: audienceName(o.Audience)}
		for _, key := range o.Decides {
			if def, ok := incidents.FactByKey(key); ok {
				r.Asks = append(r.Asks, def.Question)
			}
		}
		i := 0
		switch {
		case o.Status == incidents.DutyMet || o.Status == incidents.DutyWaived:
			i = 2
		case o.Status == incidents.DutyMoot || o.Applies == incidents.AppliesNo:
			i = 3
		case o.Applies == incidents.AppliesDepends:
			i = 1
		}
		groups[i].Rows = append(groups[i].Rows, r)
	}
	v.Groups = slices.DeleteFunc(groups, func(g dutyGroup) bool { return len(g.Rows) == 0 })
	return v, nil
}

func (c *console) obligations(p *page) error {
	v, err := c.obligationsView(p)
	if err != nil {
		return err
	}
	return c.show(p, "obligations", v)
}

// askWaiver asks an officer to close an obligation without doing it.
func (c *console) askWaiver(p *page) error {
	in, err := c.Desk.Find(p.r.Context(), p.actor, p.vars["incident"])
	if err != nil {
		return err
	}
	if _, err := c.Desk.AskWaiver(p.r.Context(), p.actor, in.ID, p.form("obligation"), p.form("reason")); err != nil {
		v, verr := c.obligationsView(p)
		if verr != nil {
			return verr
		}
		return c.again(p, err, "obligations", &v.Frame, func() any { return v })
	}
	return c.redirect(p, "/incidents/"+in.Ref+"/obligations", "An officer was asked.")
}

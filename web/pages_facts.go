package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

type factsPage struct {
	incidentFrame
	Groups []factGroup
	Rev    int
	How    string
}

type factGroup struct {
	Name  string
	Fold  bool // asked by few laws: shown when asked for
	Known int
	Rows  []factField
}

// foldedGroups are facts only some laws ask.
var foldedGroups = []string{"europe", "us", "asia", "world"}

type factField struct {
	factRow
	Typed     map[string]bool // ticked values
	In        string          // what the field shows
	Was       string          // what is stored, as the field would show it
	Meanwhile bool            // somebody else changed it while this was typed
}

// fieldOf shows what is stored.
func fieldOf(r factRow) factField {
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
		x.In = strings.Join(val, "\n")
	case map[incidents.Place]int64:
		x.In = strings.ReplaceAll(factText(r.Def, r.Fact), " · ", "\n")
		x.In = strings.ReplaceAll(x.In, ",", "")
	}
	if r.Answered {
		x.In = "unknown"
	}
	x.Was = x.In
	return x
}

// keep shows what was typed instead, unless the person left the field as it was
// shown; then what is stored by now is right.
func (x *factField) keep(typed, was []string) {
	if len(was) > 0 && sameTyped(typed, was) {
		return
	}
	x.Meanwhile = len(was) > 0 && !sameTyped([]string{x.Was}, was)
	x.In, x.Typed = joinTyped(typed), map[string]bool{}
	for _, s := range typed {
		x.Typed[s] = true
	}
}

// sameTyped compares two fields as browsers send them: line ends and the seconds
// of a full minute may differ.
func sameTyped(a, b []string) bool {
	x, y := joinTyped(a), joinTyped(b)
	if x == y {
		return true
	}
	s, errS := parseInput(x)
	t, errT := parseInput(y)
	return errS == nil && errT == nil && s.Equal(t)
}

func joinTyped(v []string) string {
	v = slices.DeleteFunc(slices.Clone(v), func(s string) bool { return s == "" })
	return strings.TrimSpace(strings.ReplaceAll(strings.Join(v, "\n"), "\r\n", "\n"))
}

var groupNames = map[string]string{"nature": "What happened", "cause": "Cause", "data": "Data", "people": "People", "place": "Places", "role": "What we are", "times": "Times, in UTC", "measures": "Words and measures", "contact": "Contact",
	"europe": "Asked by laws of the EU and the UK only", "us": "Asked by laws of the United States only", "asia": "Asked by laws of Asia and the Pacific only", "world": "Asked by other laws only"}

func (c *console) factsView(p *page) (v factsPage, err error) {
	f, d, err := c.incidentFrame(p, "facts")
	if err != nil {
		return v, err
	}
	v = factsPage{incidentFrame: f, Rev: d.Facts.Rev, How: p.form("how")}
	for _, r := range factRows(d.Facts, false) {
		if len(v.Groups) == 0 || v.Groups[len(v.Groups)-1].Name != groupNames[r.Def.Group] {
			v.Groups = append(v.Groups, factGroup{Name: groupNames[r.Def.Group], Fold: slices.Contains(foldedGroups, r.Def.Group)})
		}
		g := &v.Groups[len(v.Groups)-1]
		x := fieldOf(r)
		if typed, ok := p.r.PostForm["f."+r.Def.Key]; ok {
			x.keep(typed, p.r.PostForm["was."+r.Def.Key])
		}
		g.Rows = append(g.Rows, x)
		if r.Known {
			g.Known++
		}
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
	return c.again(p, err, "facts", &v)
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
		if was := p.r.PostForm["was."+def.Key]; !ok || len(was) > 0 && sameTyped(typed, was) {
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

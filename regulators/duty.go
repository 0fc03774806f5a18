package regulators

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// blank is the duty before anything is judged.
func (r *rule) blank(code string, place incidents.Place, k placeBook, version string) incidents.Obligation {
	return incidents.Obligation{
		ID: r.ID, Rule: r.ID, Jurisdiction: r.jurisdiction, Place: place, Owed: k.owed(code),
		Title: r.Title, Law: r.Law, Citation: r.Citation, Sources: slices.Clone(r.Sources), Checked: r.Checked,
		Confidence: r.Confidence, Audience: incidents.Audience(r.Audience), Authority: r.Authority,
		Content:  append([]string(nil), r.Content...), // an empty list, of a law that leaves it open, is none
		Headings: slices.Clone(r.Headings), Forbidden: slices.Clone(r.Forbidden), Remedies: r.remedies(),
		Report: r.Report, Qualifier: r.clock.qualifier, Pack: version, Substitutes: slices.Clone(r.substitutes),
	}
}

// placeOf is the place a duty belongs to, empty for a group of places, and how
// many affected people live there.
func (g *judging) placeOf(r *rule, code string) (incidents.Place, int64) {
	var place incidents.Place
	if _, group := g.pack.places.Groups[code]; !group {
		place = incidents.Place(code)
	}
	if text, ok := g.view.facts.Text(r.PlaceOf); r.PlaceOf != "" && ok {
		named := g.pack.places.canon(incidents.Place(strings.ToUpper(strings.TrimSpace(text))))
		if _, known := g.pack.AuthorityOf(r.Directory, named); known {
			place = named
		}
	}
	least, _ := g.residents(r, code)
	return place, least
}

// residents counts who lives in the rule's place, at least and at most. The
// bare country of a fan-out over its subdivisions holds those without one.
func (g *judging) residents(r *rule, code string) (least, most int64) {
	if group := g.pack.places.Groups[r.FanOut]; r.FanOut != "" && code != "" && incidents.Place(code) == group.SubdivisionsOf {
		return 0, g.view.byPlace[incidents.Place(code)]
	}
	n, known := g.living[code]
	if !known {
		n[0], n[1] = g.pack.places.residents(g.view.byPlace, code)
		g.living[code] = n
	}
	return n[0], n[1]
}

func (g *judging) authority(r *rule, place incidents.Place) string {
	if a, ok := g.pack.AuthorityOf(r.Directory, place); ok {
		return a.Name
	}
	return r.Authority
}

func (g *judging) personsOf(code string, residents int64) int64 {
	if code == "" {
		return g.view.persons
	}
	return residents
}

// findings judges every clause of a rule.
func (g *judging) findings(r *rule, code string, place incidents.Place) ([]finding, error) {
	least, most := g.residents(r, code)
	low := g.view.at(code, least, g.view.placesOK)
	high := low
	if most != least {
		high = g.view.at(code, most, true)
	}
	out, shown := make([]finding, 0, len(r.clauses)), g.shownPlace(r, place)
	for _, c := range r.clauses {
		if c.requires != "" {
			out = append(out, g.leaning(c, place))
			continue
		}
		f, err := g.judge(c, low, high, least != most)
		if err != nil {
			return nil, err
		}
		f.reason = g.view.words(f.reason, shown, least)
		out = append(out, f)
	}
	return out, nil
}

// judge evaluates a clause with the fewest and, when that differs, the most
// residents; a clause that answers both alike is certain.
func (g *judging) judge(c clause, low, high variables, open bool) (finding, error) {
	f, err := g.judgeOne(c, low)
	if err != nil || !open || !c.cond.placed {
		return f, err
	}
	other, err := g.judgeOne(c, high)
	if err != nil || f.applies == other.applies {
		return f, err
	}
	facts := sorted(slices.Concat([]string{"persons_by_place"}, f.facts, other.facts))
	return finding{incidents.AppliesDepends, cmp.Or(c.unknown, unknownWords(facts)), facts}, nil
}

func (g *judging) judgeOne(c clause, vars variables) (finding, error) {
	v, seen := g.verdicts[c.cond]
	if !seen || c.cond.placed {
		var err error
		if v, err = c.cond.judge(vars); err != nil {
			return finding{}, err
		}
		g.verdicts[c.cond] = v
	}
	return c.finding(v, vars), nil
}

// shownPlace is the place or group in words.
func (g *judging) shownPlace(r *rule, place incidents.Place) string {
	if place != "" {
		return g.pack.places.nameOf(place)
	}
	for _, code := range []string{r.Place, r.FanOut} {
		if group, ok := g.pack.places.Groups[code]; ok {
			return group.Name
		}
	}
	return g.pack.places.nameOf(incidents.Place(r.Place))
}

func (c clause) finding(v verdict, vars variables) finding {
	switch {
	case len(v.unknown) > 0:
		facts := vars.factsBehind(v.unknown)
		return finding{incidents.AppliesDepends, cmp.Or(c.unknown, unknownWords(facts)), facts}
	case v.value:
		return finding{applies: incidents.AppliesYes, reason: c.because}
	}
	return finding{applies: incidents.AppliesNo, reason: c.not}
}

// unknownWords asks in the words of the catalogue.
func unknownWords(facts []string) string {
	questions := make([]string, 0, len(facts))
	for _, key := range facts {
		d, _ := incidents.FactByKey(key)
		questions = append(questions, d.Question)
	}
	return "Not known yet: " + strings.Join(questions, " ")
}

// leaning is what a clause that requires another rule says.
func (g *judging) leaning(c clause, place incidents.Place) finding {
	o, ok := g.other(c.requires, place)
	f := finding{applies: o.Applies, facts: o.Decides}
	switch {
	case !ok || o.Applies == incidents.AppliesNo:
		f.applies, f.facts, f.reason = incidents.AppliesNo, nil, cmp.Or(c.not, "It follows a duty that does not apply: "+g.titleOf(c.requires)+".")
	case o.Applies == incidents.AppliesYes:
		f.reason = cmp.Or(c.because, "It follows a duty that applies: "+g.titleOf(c.requires)+".")
	default:
		f.reason = cmp.Or(c.unknown, "It follows a duty that is not decided yet: "+g.titleOf(c.requires)+".")
	}
	return f
}

func (g *judging) titleOf(id string) string { return g.pack.byID[id].Title }

// other finds the duty of another rule for the same place, or its only one.
func (g *judging) other(id string, place incidents.Place) (incidents.Obligation, bool) {
	duties := g.done[id]
	for _, o := range duties {
		if o.Place == place {
			return o, true
		}
	}
	if len(duties) == 0 {
		return incidents.Obligation{}, false
	}
	return duties[0], true
}

func (g *judging) dueOf(place incidents.Place) dueOf {
	return func(id string) (started, bool) {
		o, ok := g.other(id, place)
		if !ok || o.Applies == incidents.AppliesNo {
			return started{}, false
		}
		if at, done := g.view.facts.Done[o.ID]; done {
			return started{at: at, words: id + " done " + instant(at)}, true
		}
		if o.Due == nil {
			return started{}, false
		}
		return started{at: *o.Due, words: "last moment for " + id + " " + instant(*o.Due)}, true
	}
}

// target is the team's own for an audience.
func (g *judging) target(audience string) time.Duration {
	switch incidents.Audience(audience) {
	case incidents.AudienceIndividuals, incidents.AudiencePublic, incidents.AudienceMedia:
		return g.pack.options.IndividualsTarget
	case incidents.AudienceInternal:
		return 0
	}
	return g.pack.options.RegulatorTarget
}

// inTime says whether the law is, was or will be in force: at the start of the
// clock when that is known, else now. nil: it is.
func (r *rule) inTime(start *time.Time, at time.Time) *finding {
	if start != nil {
		at = *start
	}
	no := func(reason string) *finding { return &finding{applies: incidents.AppliesNo, reason: reason} }
	switch {
	case r.Status == "proposed":
		return no("This is a proposal, not law.")
	case r.Status == "superseded":
		return no("This rule has been replaced.")
	case r.Status == "voluntary", r.Status == "no_obligation":
		return no("There is no duty, only guidance.")
	case r.Status == "not_yet_applicable", r.Status == "enacted_not_in_force" && r.effective.IsZero():
		return no("The law is made but not in force yet.")
	case at.Before(r.effective):
		return no("The law is in force from " + r.Effective + ".")
	case !r.until.IsZero() && !at.Before(r.until.AddDate(0, 0, 1)):
		return no("The law was in force until " + r.Until + ".")
	}
	return nil
}

// conclude draws the answer: one no beats everything, one unknown beats yes.
func conclude(o *incidents.Obligation, findings []finding) {
	o.Applies = incidents.AppliesYes
	for _, f := range findings {
		if f.applies == incidents.AppliesNo {
			o.Applies = incidents.AppliesNo
			break
		}
		if f.applies == incidents.AppliesDepends {
			o.Applies = incidents.AppliesDepends
		}
	}
	for _, f := range findings {
		if o.Applies == incidents.AppliesNo && f.applies != incidents.AppliesNo {
			continue // what does not decide would only be noise
		}
		o.Reasons = append(o.Reasons, f.reason)
		if o.Applies == incidents.AppliesDepends {
			o.Decides = append(o.Decides, f.facts...)
		}
	}
	slices.Sort(o.Decides)
	o.Decides = slices.Compact(o.Decides)
}

// settle writes the clock into a duty that applies or may apply.
func (g *judging) settle(r *rule, o *incidents.Obligation, c reading) {
	o.Length = c.length
	if o.Applies == incidents.AppliesNo {
		o.Substitutes, o.Headings, o.Forbidden, o.Remedies = nil, nil, nil, nil
		return
	}
	if r.Binding == "recommended_standard" || r.Binding == "guidance" {
		o.Reasons = append(o.Reasons, "It comes from a "+strings.ReplaceAll(r.Binding, "_", " ")+", which shows good practice and is no statute.")
	}
	o.StartFact, o.Start, o.Due, o.Soft, o.Arithmetic = c.startFact, c.start, c.due, c.soft && c.due != nil, c.arithmetic
	if held, _ := g.view.facts.Bool(r.Pause); r.Pause != "" && held {
		o.Due, o.Soft = nil, false
		o.Arithmetic = "paused; without the pause: " + c.arithmetic
		o.Reasons = append(o.Reasons, r.PauseReason)
	}
}

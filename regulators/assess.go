package regulators

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/incidents"
)

// Assess judges the facts: how bad it is, what the law asks by when, and which
// unknown facts are worth asking next. It has no state and no side effects.
func (p *Pack) Assess(f incidents.Facts, at time.Time) (incidents.Assessment, error) {
	v, err := p.view(f)
	if err != nil {
		return incidents.Assessment{}, err
	}
	run := &judging{pack: p, view: v, at: at.UTC(), done: make(map[string][]incidents.Obligation, len(p.rules)), verdicts: map[*condition]verdict{}, living: map[string][2]int64{}}
	out := incidents.Assessment{FactsRev: f.Rev, Pack: p.version, At: run.at, Severity: v.severity}
	for _, r := range p.rules {
		duties, err := run.rule(r)
		if err != nil {
			return incidents.Assessment{}, fmt.Errorf("assess rule %s: %w", r.ID, err)
		}
		run.done[r.ID] = duties
	}
	out.Obligations = run.byUrgency()
	out.Questions = p.questions(v, out.Obligations)
	risk := p.Risk(f, nil)
	out.Risk = &risk
	return out, nil
}

// A judging is one run over all rules.
type judging struct {
	pack *Pack
	view *view
	at   time.Time
	done map[string][]incidents.Obligation
	// verdicts of conditions that are the same for every place
	verdicts map[*condition]verdict
	living   map[string][2]int64 // who lives in a place, at least and at most
}

// byUrgency is every duty that was judged, the most urgent first.
func (g *judging) byUrgency() []incidents.Obligation {
	order := make([]*incidents.Obligation, 0, len(g.pack.rules)) // a duty is large, and sorting moves it often
	for _, r := range g.pack.rules {
		for i := range g.done[r.ID] {
			order = append(order, &g.done[r.ID][i])
		}
	}
	slices.SortStableFunc(order, moreUrgent)
	out := make([]incidents.Obligation, len(order))
	for i, o := range order {
		out[i] = *o
	}
	return out
}

// moreUrgent puts what applies and is due first to the front; what does not
// apply comes last.
func moreUrgent(a, b *incidents.Obligation) int {
	never := func(o *incidents.Obligation) int { return btoi(o.Applies == incidents.AppliesNo) }
	return cmp.Or(
		cmp.Compare(never(a), never(b)),
		cmp.Compare(btoi(a.Due == nil), btoi(b.Due == nil)),
		compareDue(a.Due, b.Due),
		cmp.Compare(btoi(a.Applies != incidents.AppliesYes), btoi(b.Applies != incidents.AppliesYes)),
		strings.Compare(a.ID, b.ID),
	)
}

func compareDue(a, b *time.Time) int {
	if a == nil || b == nil {
		return 0
	}
	return a.Compare(*b)
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// rule judges one rule: once, or once per place it fans out to.
func (g *judging) rule(r *rule) ([]incidents.Obligation, error) {
	if r.FanOut == "" {
		o, err := g.duty(r, r.Place, nil)
		return []incidents.Obligation{o}, err
	}
	places := g.pack.places.spread(g.view.byPlace, r.FanOut)
	if !g.view.placesOK || len(places) == 0 {
		o, err := g.duty(r, "", g.fanOutClause(r))
		return []incidents.Obligation{o}, err
	}
	var duties []incidents.Obligation
	for _, place := range places {
		o, err := g.duty(r, string(place), nil)
		if err != nil {
			return nil, err
		}
		o.ID += "/" + string(place)
		duties = append(duties, o)
	}
	return collapse(r, duties), nil
}

// collapse turns a fan-out in which nothing applies into one line.
func collapse(r *rule, duties []incidents.Obligation) []incidents.Obligation {
	for _, o := range duties {
		if o.Applies != incidents.AppliesNo {
			return duties
		}
	}
	o := duties[0]
	o.ID, o.Place, o.Persons, o.Authority = r.ID, "", 0, r.Authority
	return []incidents.Obligation{o}
}

// fanOutClause is what an empty or unknown spread of places says.
func (g *judging) fanOutClause(r *rule) *finding {
	group := g.pack.places.Groups[r.FanOut].Name
	if g.view.placesOK {
		return &finding{applies: incidents.AppliesNo, reason: "Nobody affected lives in " + group + "."}
	}
	return &finding{applies: incidents.AppliesDepends, reason: "Not known yet: how many of the people live in " + group + ".", facts: []string{"persons_by_place"}}
}

// A finding is what one clause says.
type finding struct {
	applies incidents.Applies
	reason  string
	facts   []string
}

// duty judges one rule for one place or group.
func (g *judging) duty(r *rule, code string, extra *finding) (incidents.Obligation, error) {
	place, residents := g.placeOf(r, code)
	o := r.blank(code, place, g.pack.places, g.pack.version)
	o.Authority = g.authority(r, place)
	o.Persons = g.personsOf(code, residents)
	findings, err := g.findings(r, code, place)
	if err != nil {
		return o, err
	}
	if extra != nil {
		findings = append([]finding{*extra}, findings...)
	}
	reading := r.clock.read(g.view.facts, g.dueOf(place), g.target(r.Audience))
	if f := r.inTime(reading.start, g.at); f != nil {
		findings = append([]finding{*f}, findings...)
	}
	conclude(&o, findings)
	g.settle(r, &o, reading)
	return o, nil
}

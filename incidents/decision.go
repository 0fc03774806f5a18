package incidents

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Course is what an incident asks for under the GDPR or the UK GDPR.
type Course string

// The courses, the mildest first. Each includes those before it: every breach
// is documented (Art. 33(5)).
const (
	CourseDocument  Course = "document"         // a risk to people is unlikely
	CourseAuthority Course = "notify_authority" // Art. 33
	CoursePeople    Course = "notify_people"    // Art. 33 and Art. 34
)

// Courses lists the courses, the mildest first.
func Courses() []Course { return []Course{CourseDocument, CourseAuthority, CoursePeople} }

var courseLabels = map[Course]string{CourseDocument: "document only", CourseAuthority: "notify the authority", CoursePeople: "notify the authority and tell the people"}

// Label says a course in plain words; empty for one that is not known.
func (c Course) Label() string { return courseLabels[c] }

// A Regime is a law of the GDPR's family, under which the decision is made.
type Regime struct {
	ID   string `json:"id"` // gdpr, uk-gdpr
	Name string `json:"name"`

	jurisdiction string // of its rules
	area         string // among the places of establishment
	country      string // whose people it protects wherever we are; empty: the rules say it
}

// gdprFamily are the laws a course is decided under.
var gdprFamily = []Regime{{"gdpr", "GDPR", "EU", "EEA", ""}, {"uk-gdpr", "UK GDPR", "UK", "UK", "GB"}}

// article tells whether a duty comes from an article of the regime.
func (r Regime) article(o Obligation, number string) bool {
	rest, ok := strings.CutPrefix(o.Law, r.Name+" Art. "+number)
	return o.Jurisdiction == r.jurisdiction && ok && (rest == "" || strings.HasPrefix(rest, " "))
}

// duties are the duties of one article, those that apply first, then those
// that may.
func (r Regime) duties(all []Obligation, number string) (out []Obligation) {
	rank := map[Applies]int{AppliesYes: 0, AppliesDepends: 1, AppliesNo: 2}
	for _, o := range all {
		if r.article(o, number) {
			out = append(out, o)
		}
	}
	slices.SortStableFunc(out, func(a, b Obligation) int { return cmp.Compare(rank[a.Applies], rank[b.Applies]) })
	return out
}

// A Proposal is what Tocsin thinks an incident asks for, and why. It supports
// the decision; it is not the decision.
type Proposal struct {
	Regime   Regime   `json:"regime"`
	Unsure   bool     `json:"may_apply_only,omitempty"` // it is not known yet whether the law applies
	Course   Course   `json:"course"`                   // empty: too little is known
	Reasons  []string `json:"reasons"`
	Decides  []string `json:"decides,omitempty"` // unknown facts that may change it
	Severity string   `json:"severity"`          // level; empty: too little is known
	Score    float64  `json:"score"`
	FactsRev int      `json:"facts_rev"`
	Pack     string   `json:"pack"` // rule pack version
	Hash     string   `json:"hash"` // of all above: what a decision is bound to
}

// Propose says for each regime that applies, or may, what the facts ask for.
// It is a pure function. It reads the judged duties, so it never says anything
// else than they do: Art. 33 asks unless it is shown that a risk is unlikely;
// Art. 34 asks when the risk is likely to be high and no exception of Art. 34(3)
// holds.
func Propose(f Facts, as Assessment) (out []Proposal) {
	if role, _ := f.Text("role"); role == "processor" {
		return nil // the controller decides
	}
	for _, r := range gdprFamily {
		authority, people := r.duties(as.Obligations, "33"), r.duties(as.Obligations, "34")
		if len(authority) == 0 || len(people) == 0 || !r.mayApply(f, as.Obligations) {
			continue
		}
		p := Proposal{Regime: r, Severity: as.Severity.Level, Score: as.Severity.Score, FactsRev: as.FactsRev, Pack: as.Pack}
		if p.Unsure = !r.applies(f, as.Obligations); p.Unsure && breached(f) {
			p.say("", "It is not known yet whether the "+r.Name+" applies; if it does:")
		}
		p.choose(f, authority[0], people[0])
		p.Hash = hashJSON(p)
		out = append(out, p)
	}
	return out
}

// applies tells whether a regime applies for certain: one of its duties does,
// or nothing but the risk can keep them from it.
func (r Regime) applies(f Facts, all []Obligation) bool {
	return r.asks(all, AppliesYes) || breached(f) && r.reaches(f)
}

// mayApply tells whether it applies, or that is not known yet.
func (r Regime) mayApply(f Facts, all []Obligation) bool {
	return r.applies(f, all) || r.asks(all, AppliesDepends)
}

func (r Regime) asks(all []Obligation, how Applies) bool {
	return slices.ContainsFunc(all, func(o Obligation) bool {
		return o.Jurisdiction == r.jurisdiction && strings.HasPrefix(o.Law, r.Name+" Art. ") && o.Applies == how
	})
}

// reaches tells whether we are established where the regime holds, or people
// there are known to be affected.
func (r Regime) reaches(f Facts) bool {
	established, _ := f.List("establishments")
	if slices.Contains(established, r.area) {
		return true
	}
	places, _ := f.Places("persons_by_place")
	for place, n := range places {
		country, _, _ := strings.Cut(string(place), "-")
		if n > 0 && country == r.country {
			return true
		}
	}
	return false
}

var breachFacts = []string{"confidentiality", "integrity", "availability"}

// breached tells whether it is known that personal data was disclosed, altered or lost.
func breached(f Facts) bool {
	return slices.ContainsFunc(breachFacts, func(key string) bool { v, _ := f.Bool(key); return v })
}

// breachOpen lists what has to be known before there is anything to propose.
func breachOpen(f Facts) (out []string) {
	if breached(f) {
		return nil
	}
	for _, key := range breachFacts {
		if _, known := f.Bool(key); !known {
			out = append(out, key)
		}
	}
	return out
}

// choose settles the course from the duty to report and the duty to tell people.
func (p *Proposal) choose(f Facts, authority, people Obligation) {
	switch open := breachOpen(f); {
	case len(open) > 0:
		p.Decides = open
		p.say("", "It is not known yet whether personal data was disclosed, altered or made unavailable.")
	case p.answer(people) == AppliesYes:
		p.Course = CoursePeople
		p.say("Art. 34: ", people.Reasons...)
		if hard, _ := f.Bool(hardFact); hard {
			p.say("Art. 34(3)(c): ", "Telling each person is out of proportion, so a public communication that informs them equally well stands in for it.")
		}
		p.say("Art. 33: ", authority.Reasons...)
		p.Decides = slices.Concat(people.Decides, authority.Decides)
	case authority.Applies == AppliesNo:
		p.Course = CourseDocument
		p.say("Art. 33: ", authority.Reasons...)
		p.say("Art. 33(5): ", "The breach, its effects and what was done are documented all the same.")
		p.Decides = slices.Clone(people.Decides)
	default:
		p.Course = CourseAuthority
		if p.answer(authority) == AppliesDepends {
			p.say("Art. 33: ", "It asks for a report unless it is shown that a risk to people is unlikely; a first report may be completed later (Art. 33(4)).")
		}
		p.say("Art. 33: ", authority.Reasons...)
		p.say("Art. 34: ", people.Reasons...)
		p.Decides = slices.Concat(people.Decides, authority.Decides)
	}
	slices.Sort(p.Decides)
	p.Decides = slices.Compact(p.Decides)
}

// scopeFacts say whether a law applies at all.
var scopeFacts = []string{"establishments", "persons_by_place"}

// answer is what a duty says if the law applies: where only that is not known,
// it asks.
func (p *Proposal) answer(o Obligation) Applies {
	other := slices.ContainsFunc(o.Decides, func(key string) bool { return !slices.Contains(scopeFacts, key) })
	if p.Unsure && o.Applies == AppliesDepends && !other {
		return AppliesYes
	}
	return o.Applies
}

// say adds reasons, each once whichever article it is given for.
func (p *Proposal) say(article string, reasons ...string) {
	for _, reason := range reasons {
		if !slices.ContainsFunc(p.Reasons, func(said string) bool { return strings.HasSuffix(said, reason) }) {
			p.Reasons = append(p.Reasons, article+reason)
		}
	}
}

// A Decision is what a privacy officer decided an incident asks for, beside
// what was proposed. It closes no duty: what is not to be done is waived.
type Decision struct {
	ID             string     `json:"id"`
	IncidentID     IncidentID `json:"incident_id"`
	Course         Course     `json:"course"`
	Reason         string     `json:"reason,omitempty"` // always there when it is not what was proposed
	Proposal       Proposal   `json:"proposal"`         // as it stood: with its facts revision and rule pack
	By             AccountID  `json:"by"`
	ByName         string     `json:"by_name"`
	Role           Role       `json:"role"`
	SecondFactorAt time.Time  `json:"second_factor_at"`
	At             time.Time  `json:"at"`
	// Stale is set when Tocsin proposes something else since: the facts, or the rules, changed.
	Stale string `json:"stale,omitempty"`
}

// Agrees tells whether the officer decided as was proposed.
func (d Decision) Agrees() bool { return d.Course == d.Proposal.Course }

// Latest returns the decision that stands for a regime; all are newest first.
func Latest(all []Decision, regime string) (Decision, bool) {
	for _, d := range all {
		if d.Proposal.Regime.ID == regime {
			return d, true
		}
	}
	return Decision{}, false
}

// staleness says why a decision was made on older facts; empty: it was not.
func (d Decision) staleness(now []Proposal) string {
	for _, p := range now {
		if p.Regime.ID != d.Proposal.Regime.ID {
			continue
		}
		if p.Course == d.Proposal.Course {
			return ""
		}
		says := "proposes “" + p.Course.Label() + "”"
		if p.Course == "" {
			says = "knows too little to propose anything"
		}
		return "made on facts revision " + itoa(d.Proposal.FactsRev) + "; Tocsin now " + says
	}
	return "made on facts revision " + itoa(d.Proposal.FactsRev) + "; with the present facts there is nothing to decide under the " + d.Proposal.Regime.Name
}

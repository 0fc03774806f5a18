package regulators

import (
	"slices"
	"strings"

	"tocsin/incidents"
)

// A substituteSpec is one condition of a rule under which another notice
// stands in for telling each person, as written. The weakest comes first.
type substituteSpec struct {
	When       whenSpec          `yaml:"when"`
	By         []incidents.Means `yaml:"by"`
	All        bool              `yaml:"all"` // every one of by, not any one
	For        string            `yaml:"for"` // how long it stays up: P90D
	Content    []string          `yaml:"content"`
	Citation   string            `yaml:"citation"`   // empty: the rule's
	Confidence string            `yaml:"confidence"` // empty: the rule's
	Text       string            `yaml:"text"`
}

// A whenSpec is when it is due; any one key is enough.
type whenSpec struct {
	Unreachable *rangeSpec `yaml:"unreachable"`
	CostOverUSD int64      `yaml:"cost-over-usd"`
	PersonsOver int64      `yaml:"persons-over"`
	Hard        bool       `yaml:"hard"`
}

// A rangeSpec is from so many to so many persons; no to: no upper end.
type rangeSpec struct {
	From int64 `yaml:"from"`
	To   int64 `yaml:"to"`
}

const longestPosting = 3660 // days; more is a slip of the pen

// substitutes compiles the conditions of a rule.
func (b *builder) substitutes(file string, s ruleSpec) (out []incidents.Substitute) {
	if len(s.Substitute) > 0 && s.Audience != string(incidents.AudienceIndividuals) {
		b.problem(file, s.ID, "substitute:", "a substitute notice stands in for telling individuals; the audience is %q", s.Audience)
	}
	for _, x := range s.Substitute {
		near := "text: " + x.Text
		sub := incidents.Substitute{By: x.By, All: x.All, Content: x.Content, Text: x.Text, Citation: x.Citation, Recalled: x.Confidence == "recalled",
			When: incidents.SubstituteWhen{CostOverUSD: x.When.CostOverUSD, PersonsOver: x.When.PersonsOver, Hard: x.When.Hard}}
		if r := x.When.Unreachable; r != nil {
			sub.When.From, sub.When.To = r.From, r.To
			if r.From < 1 || (r.To != 0 && r.To < r.From) {
				b.problem(file, s.ID, near, "unreachable wants from at least 1, and to not below it")
			}
		}
		if sub.When.CostOverUSD < 0 || sub.When.PersonsOver < 0 {
			b.problem(file, s.ID, near, "cost-over-usd and persons-over are not negative")
		}
		if sub.When == (incidents.SubstituteWhen{}) {
			b.problem(file, s.ID, near, "when wants at least one of unreachable, cost-over-usd, persons-over and hard")
		}
		if x.Confidence != "" && !slices.Contains(confidences, x.Confidence) {
			b.problem(file, s.ID, "confidence: "+x.Confidence, "confidence is %q; it wants one of %s", x.Confidence, strings.Join(confidences, ", "))
		}
		sub.Days = b.posting(file, s, x)
		b.means(file, s, x)
		out = append(out, sub)
	}
	return out
}

func (b *builder) means(file string, s ruleSpec, x substituteSpec) {
	near := "text: " + x.Text
	if x.Text == "" {
		b.problem(file, s.ID, "substitute:", "a substitute notice wants a text: the law in plain words")
	}
	if len(x.By) == 0 {
		b.problem(file, s.ID, near, "a substitute notice says by what means it is given")
	}
	for _, m := range x.By {
		if incidents.MeansLabel(m) == "" {
			b.problem(file, s.ID, near, "%q is no means; there are public, website, media, email, inquiry_desk, written, telephone and other", string(m))
		}
	}
}

// posting reads how many days a notice stays up.
func (b *builder) posting(file string, s ruleSpec, x substituteSpec) int {
	if x.For == "" {
		return 0
	}
	span, err := parseSpan(x.For, "calendar-days")
	if err != nil || span.days < 1 || span.days > longestPosting || span.months != 0 {
		b.problem(file, s.ID, "for: "+x.For, "for is %q; it wants days like P90D, at most %d", x.For, longestPosting)
		return 0
	}
	return span.days
}

// substitutes looks at what loading does not: content keys nobody knows, and
// conditions that can never come to be the strongest.
func (l *linter) substitutes(r *rule) {
	for i, x := range r.substitutes {
		for _, key := range x.Content {
			if _, ok := l.b.pack.content[key]; !ok {
				l.say(false, r, key, "content key %q is not in the vocabulary", key)
			}
		}
		if x.Days > 0 && x.Each() {
			l.say(false, r, "text: "+x.Text, "nothing stays up that is told person by person: take for away")
		}
		for _, later := range r.substitutes[i+1:] {
			if x.When.From > 0 && later.When.From > 0 && later.When.From <= x.When.From && later.When.To == 0 {
				l.say(false, r, "text: "+x.Text, "a later condition holds whenever this one does: put the weakest first")
			}
		}
		if r.Confidence == "recalled" && !x.Recalled {
			l.say(false, r, "text: "+x.Text, "the rule is recalled, so this is too: say confidence: recalled")
		}
	}
}

// substituteWords explains the conditions to a reader, a sentence or two each.
func substituteWords(all []incidents.Substitute) []string {
	var out []string
	for _, x := range all {
		text := "If " + x.When.Words() + ": " + x.Ways()
		if x.Days > 0 {
			text += ", kept for " + thousands(int64(x.Days)) + " days"
		}
		text += ". " + x.Text
		if x.Recalled {
			text += " (Recalled, not verified.)"
		}
		out = append(out, text)
	}
	return out
}

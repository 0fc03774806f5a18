package incidents

import (
	"slices"
	"strings"
	"time"
)

// A RiskStatement says for each group of the affected people what the incident
// can mean for them. It follows from the facts and from what the list says; it
// is what Tocsin proposes, and an officer may decide otherwise for a group.
type RiskStatement struct {
	Persons int64       `json:"persons"` // affected in all; 0: not known
	Unnamed int64       `json:"unnamed"` // of them nobody has said which data was touched
	Groups  []RiskGroup `json:"groups"`
	Notes   []string    `json:"notes,omitempty"` // where facts and list disagree, or say too little
}

// A RiskGroup is people whom the incident meets in the same way. Everybody of
// whom enough is known is in exactly one group: the first that fits.
type RiskGroup struct {
	Key     string     `json:"group"` // children, minors, credentials, …
	Name    string     `json:"name"`
	Persons int64      `json:"persons"`             // known to belong to it
	Others  int64      `json:"others,omitempty"`    // who may, because nobody has said more of them
	Among   bool       `json:"among,omitempty"`     // its people are counted in the other groups
	Unsized bool       `json:"uncounted,omitempty"` // nobody has said how many are affected
	Data    []RiskData `json:"data"`

	Level        string   `json:"level"` // of the ENISA method; "" while too little is known
	Score        float64  `json:"score"`
	DPC          float64  `json:"dpc"`
	EI           float64  `json:"ei"`
	CB           float64  `json:"cb"`
	Figures      []Reason `json:"figures"` // every figure explained
	Why          []string `json:"why"`     // in plain words
	Consequences []string `json:"consequences"`
	Advice       []string `json:"advice"` // what the people can do
	Unknown      []string `json:"unknown,omitempty"`

	Hash string `json:"hash"` // of all above: what a decision is bound to
}

// RiskData is one category of data of a group, and of how many of its people the
// list names it; 0: it is the facts that name it.
type RiskData struct {
	Category string `json:"category"`
	Persons  int64  `json:"persons,omitempty"`
}

// Bound returns the group with its hash.
func (g RiskGroup) Bound() RiskGroup {
	g.Hash = ""
	g.Hash = hashJSON(g)
	return g
}

// Group finds a group by its key.
func (s RiskStatement) Group(key string) (RiskGroup, bool) {
	for _, g := range s.Groups {
		if g.Key == key {
			return g, true
		}
	}
	return RiskGroup{}, false
}

// RiskLevels are the levels a risk can have, the lowest first.
func RiskLevels() []string { return []string{"low", "medium", "high", "very_high"} }

// HighRisk tells whether a level is a high risk in the sense of GDPR Art. 34.
func HighRisk(level string) bool { return level == "high" || level == "very_high" }

// A RiskDecision is the level an officer gave a group, beside the one proposed.
type RiskDecision struct {
	ID             string     `json:"id"`
	IncidentID     IncidentID `json:"incident_id"`
	Level          string     `json:"level"`
	Reason         string     `json:"reason,omitempty"` // always there when it is not what was proposed
	Raised         bool       `json:"raised,omitempty"` // the incident was made to count as high with it; see raiseFacts
	Proposal       RiskGroup  `json:"proposal"`         // as it stood
	FactsRev       int        `json:"facts_rev"`
	Pack           string     `json:"pack"`
	By             AccountID  `json:"by"`
	ByName         string     `json:"by_name"`
	Role           Role       `json:"role"`
	SecondFactorAt time.Time  `json:"second_factor_at"`
	At             time.Time  `json:"at"`
	// Stale is set when another statement is proposed for the group since.
	Stale string `json:"stale,omitempty"`
}

// Agrees tells whether the officer kept the level that was proposed.
func (d RiskDecision) Agrees() bool { return d.Level == d.Proposal.Level }

// staleness says why a decision was made on another statement; empty: it was not.
func (d RiskDecision) staleness(now RiskStatement) string {
	made := "made on facts revision " + itoa(d.FactsRev)
	g, ok := now.Group(d.Proposal.Key)
	was := d.Proposal
	switch {
	case !ok:
		return made + "; by the present facts and list nobody is in the group"
	case g.Hash == was.Hash:
		return ""
	case g.Level == "":
		return made + "; too little is known now to propose a level"
	case g.Level != was.Level:
		return made + "; Tocsin now proposes “" + RiskWord(g.Level) + "”"
	case g.Persons != was.Persons || g.Others != was.Others:
		return made + "; it is about " + g.Size() + " now, and was about " + was.Size()
	case !slices.Equal(g.Data, was.Data):
		return made + "; other data is said to be touched now"
	}
	return made + "; the level is proposed for other reasons now"
}

// RiskWord says a level in plain words.
func RiskWord(level string) string {
	switch level {
	case "":
		return "not known"
	case "very_high":
		return "very high"
	}
	return level
}

// Size says how many people are in a group.
func (g RiskGroup) Size() string {
	switch {
	case g.Persons > 0 && g.Others > 0:
		return grouped(g.Persons) + " people, and up to " + grouped(g.Others) + " more of whom too little is known"
	case g.Persons == 1:
		return "1 person"
	case g.Persons > 0:
		return grouped(g.Persons) + " people"
	case g.Others > 0:
		return "up to " + grouped(g.Others) + " people; how many is not known"
	}
	return "a number of people that is not known"
}

// riskMark begins the how of a fact that an officer's decision on a group set.
const riskMark = "risk statement, group "

// SetByRisk returns the group whose decision made the context of the data weigh
// more, or "". What an officer decided for one group says nothing of the others:
// a statement leaves such a context aside.
func (f Facts) SetByRisk() string {
	x, ok := f.Known["data_context"]
	group, set := strings.CutPrefix(x.How, riskMark)
	if !ok || x.Unknown || !set {
		return ""
	}
	return group
}

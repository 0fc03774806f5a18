package incidents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"
)

// Applies says whether a rule asks something of us.
type Applies string

// The answers of a rule.
const (
	AppliesYes     Applies = "yes"
	AppliesNo      Applies = "no"
	AppliesDepends Applies = "depends" // an unknown fact decides
)

// Audience is to whom a duty is owed.
type Audience string

// The audiences.
const (
	AudienceRegulator   Audience = "regulator"
	AudienceIndividuals Audience = "individuals"
	AudiencePublic      Audience = "public"
	AudienceMedia       Audience = "media"
	AudienceAgencies    Audience = "consumer_reporting_agencies"
	AudiencePolice      Audience = "police"
	AudienceCustomers   Audience = "customers_b2b"
	AudienceInternal    Audience = "internal"
)

// An Obligation is one duty of one law, judged by one revision of the facts.
type Obligation struct {
	ID           string   `json:"id"` // rule id, with "/PLACE" when it fans out per state or country
	Rule         string   `json:"rule"`
	Jurisdiction string   `json:"jurisdiction"`
	Place        Place    `json:"place,omitempty"`
	Owed         []Place  `json:"owed,omitempty"` // the places whose people it is owed to; empty: wherever they live
	Title        string   `json:"title"`          // a human sentence: "Report to the lead supervisory authority"
	Law          string   `json:"law"`            // "GDPR Art. 33"
	Citation     string   `json:"citation"`       // full citation
	Sources      []string `json:"sources"`
	Checked      string   `json:"checked"`    // date the sources were checked, YYYY-MM-DD
	Confidence   string   `json:"confidence"` // verified, recalled
	Audience     Audience `json:"audience"`
	Authority    string   `json:"authority,omitempty"` // who receives it
	Persons      int64    `json:"persons,omitempty"`   // of that place, when known

	Applies Applies  `json:"applies"`
	Reasons []string `json:"reasons"`           // why, in plain words
	Decides []string `json:"decides,omitempty"` // unknown facts that decide (keys of the catalogue)
	Content []string `json:"content,omitempty"` // required content keys
	Report  string   `json:"report,omitempty"`  // report form: "gdpr33", "cn-cac", or ""

	Headings  []string `json:"headings,omitempty"`  // prescribed by the law, in order
	Forbidden []string `json:"forbidden,omitempty"` // what the notice must not say, in words
	Remedies  []string `json:"remedies,omitempty"`  // what is owed besides the words: "credit monitoring for 18 months, when …"

	StartFact  string     `json:"start_fact,omitempty"` // the fact whose time starts the clock
	Start      *time.Time `json:"start,omitempty"`
	Due        *time.Time `json:"due,omitempty"`        // nil: no number in the law, or the start is unknown
	Length     string     `json:"length,omitempty"`     // ISO 8601 duration with its unit: "PT72H", "P30D", "P10D business CN"
	Qualifier  string     `json:"qualifier,omitempty"`  // soft words of the law: "without undue delay"
	Soft       bool       `json:"soft"`                 // Due is our own target, not the law's number
	Arithmetic string     `json:"arithmetic,omitempty"` // "aware 2026-11-20 09:00 UTC + 72 h"
	Pack       string     `json:"pack,omitempty"`

	// Substitutes say when another notice stands in for this one, the weakest first.
	Substitutes []Substitute `json:"substitutes,omitempty"`
}

// ObligationState is an obligation on file: what became of it.
type ObligationState struct {
	IncidentID IncidentID `json:"incident_id"`
	Obligation
	FactsRev  int        `json:"facts_rev"`
	Status    DutyStatus `json:"status"`
	Evidence  string     `json:"evidence,omitempty"` // id of the notice, report or announcement that met it
	Note      string     `json:"note,omitempty"`
	ClosedAt  *time.Time `json:"closed_at,omitempty"`
	Escalated int        `json:"escalated"`         // highest step crossed: 0, 50, 75, 90, 100 (overdue); see Escalation
	Told      int        `json:"told,omitempty"`    // highest step the team was told of
	TellAt    *time.Time `json:"tell_at,omitempty"` // not told before: somebody is at it, or it failed a moment ago
	// Task is set when this is the task to give substitute notice for an obligation.
	Task     *Substituting `json:"substitute,omitempty"`
	Foreseen *Foreseen     `json:"foreseen,omitempty"`
	// Repacked is what the last new rule pack did to it: began, ended or moved it.
	Repacked string `json:"repacked,omitempty"`
	// Calendar is its entry in calendars; nil: it never had a due time while it applied.
	Calendar *CalendarEntry `json:"calendar,omitempty"`
}

// Foreseen is that the forecast of a notice passed this duty's deadline: it is
// said once for each notice and due time.
type Foreseen struct {
	Notice int64      `json:"notice"` // Notice.No
	Due    time.Time  `json:"due"`
	Likely time.Time  `json:"likely,omitzero"` // end of the sending, when it was said
	Short  int64      `json:"short,omitempty"` // messages the spend cap of Cause holds up; then no end is likely
	Cause  Channel    `json:"cause"`
	At     time.Time  `json:"at"`
	Told   bool       `json:"told"`              // the team was
	TellAt *time.Time `json:"tell_at,omitempty"` // not told before
}

// DutyStatus is what became of an obligation.
type DutyStatus string

// The states of a duty.
const (
	DutyOpen   DutyStatus = "open"
	DutyMet    DutyStatus = "met"    // with evidence
	DutyWaived DutyStatus = "waived" // with a reason, approved by an officer
	DutyMoot   DutyStatus = "moot"   // no longer applies to the present facts
)

// Severity is the result of the ENISA method: SE = DPC × EI + CB.
// Source: ENISA, Recommendations for a methodology of the assessment of
// severity of personal data breaches, working document v1.0, December 2013.
type Severity struct {
	Level   string   `json:"level"` // low, medium, high, very_high; "" when too little is known
	Score   float64  `json:"score"`
	DPC     float64  `json:"dpc"`
	EI      float64  `json:"ei"`
	CB      float64  `json:"cb"`
	Reasons []Reason `json:"reasons"`           // every figure explained
	Unknown []string `json:"unknown,omitempty"` // facts that were assumed at their worst
	Flags   []string `json:"flags,omitempty"`   // over_100_individuals, unintelligible
}

// A Reason explains one figure.
type Reason struct {
	Part  string  `json:"part"` // DPC, EI, CB.confidentiality, …
	Value float64 `json:"value"`
	Text  string  `json:"text"`
}

// A Question is an unknown fact worth asking next.
type Question struct {
	Fact    string   `json:"fact"`
	Decides []string `json:"decides"` // obligation ids it decides
	Weight  int      `json:"weight"`  // higher is more urgent
}

// An Assessment is severity and obligations by one revision of the facts.
type Assessment struct {
	FactsRev    int          `json:"facts_rev"`
	Pack        string       `json:"pack"` // rule pack version
	At          time.Time    `json:"at"`
	Severity    Severity     `json:"severity"`
	Obligations []Obligation `json:"obligations"`
	Questions   []Question   `json:"questions"`
	// Risk is the statement for each group of people; of the facts alone, until
	// the list is laid beside them.
	Risk *RiskStatement `json:"risk,omitempty"`
}

// A Verdict is an assessment as it is kept: written out before the turn of the
// one writer, for it is long.
type Verdict struct {
	Assessment
	JSON   string
	SHA256 string // of JSON
}

// Verdict writes an assessment out.
func (a Assessment) Verdict() Verdict {
	b, err := json.Marshal(a)
	if err != nil {
		panic("incidents: an assessment does not marshal: " + err.Error())
	}
	sum := sha256.Sum256(b)
	return Verdict{a, string(b), hex.EncodeToString(sum[:])}
}

// Rules judges facts. It is a pure function of facts, pack version and instant.
type Rules interface {
	Assess(f Facts, at time.Time) (Assessment, error)
	// Risk says what the incident can mean for each group of people, from the
	// facts and the kinds of people on the list.
	Risk(f Facts, list map[PersonKind]int64) RiskStatement
	Version() string
}

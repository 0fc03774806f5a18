package incidents

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// NoticeKind says what a notice is for.
type NoticeKind string

// The kinds of notice.
const (
	NoticeBreach       NoticeKind = "breach"
	NoticeTermination  NoticeKind = "termination"
	NoticePolicyChange NoticeKind = "policy_change"
	NoticeCorrection   NoticeKind = "correction" // of another notice of the incident
)

// Channel is a way to reach a person.
type Channel string

// The channels.
const (
	Email  Channel = "email"
	SMS    Channel = "sms"
	Push   Channel = "push"
	Phone  Channel = "phone"
	Letter Channel = "letter"
)

// Channels lists every channel in the order of their codes.
func Channels() []Channel { return []Channel{Email, SMS, Push, Phone, Letter} }

// Words is the text of a notice in one language. The first four texts are the
// four compulsory parts. Placeholders are {{name}}, {{data}}, {{code}},
// {{ref}}, {{verify_url}}, {{org}}, {{end_date}}; every one must resolve for every person.
type Words struct {
	Subject   string `json:"subject"`
	Happened  string `json:"happened"` // what happened and its possible effect
	Measures  string `json:"measures"` // what we have done and will do
	Advice    string `json:"advice"`   // what you can do
	Remedies  string `json:"remedies"` // what we offer
	Contact   string `json:"contact"`  // how to reach us
	SMS       string `json:"sms"`
	PushTitle string `json:"push_title"`
	PushBody  string `json:"push_body"`
	// Voice is what a telephone call says. It is left out of the JSON when it is
	// empty, so that contents written before there were calls keep their hash.
	Voice string `json:"voice,omitempty"`
}

// A PersonFilter chooses the persons of a list. Empty fields choose everybody.
type PersonFilter struct {
	Places []Place `json:"places,omitempty"` // country codes match their subdivisions
	Langs  []Lang  `json:"langs,omitempty"`
}

// reaches tells whether people a duty is owed to may be among the chosen.
func (f PersonFilter) reaches(o Obligation) bool {
	return len(f.Places) == 0 || len(o.Owed) == 0 || slices.ContainsFunc(o.Owed, func(owed Place) bool {
		return slices.ContainsFunc(f.Places, func(p Place) bool { return within(p, owed) || within(owed, p) })
	})
}

// A Step is one channel of a plan and how long to wait for a receipt before
// the next channel is tried.
type Step struct {
	Channel Channel       `json:"channel"`
	Wait    time.Duration `json:"wait"`
}

// Content is exactly what goes out, to whom and how. Its hash is what an
// officer approves: all languages and channels, the person filter and the list
// as it stands, the channel plan, the kind, the mode and the layout.
type Content struct {
	Kind     NoticeKind     `json:"kind"`
	Mode     Mode           `json:"mode"`
	Incident IncidentID     `json:"incident"`
	Langs    map[Lang]Words `json:"langs"`
	Default  Lang           `json:"default"` // for a person whose language is not among Langs
	Filter   PersonFilter   `json:"filter"`
	Plan     []Step         `json:"plan"`
	Persons  int64          `json:"persons"`            // chosen by the filter
	ListHash string         `json:"list_hash"`          // of the list the filter ran on
	Layout   string         `json:"layout"`             // version of the layouts and fixed words of templates/
	EndDate  string         `json:"end_date,omitempty"` // termination: last day of service, YYYY-MM-DD
	Answers  []string       `json:"answers,omitempty"`  // obligation ids it is meant to meet

	// What follows came later: left out, older contents keep their hash.
	Plans  []GroupPlan `json:"plans,omitempty"`  // of groups of persons; the first that fits counts, else Plan
	Routes *Routes     `json:"routes,omitempty"` // how minors and the deceased are dealt with
	// Cover leaves the parts out of the e-mail: they are read on the page where
	// the code of the message is checked.
	Cover bool `json:"cover,omitempty"`
	// Sensitive says that the list names sensitive data for somebody the filter
	// chooses: the texts others may see are judged by it, as by the facts.
	Sensitive bool `json:"sensitive,omitempty"`
	// Data are the kinds of data the facts named when it was written: what people
	// are told for whom the list names none.
	Data []string `json:"data,omitempty"`
	// QuietOverride is why people are disturbed in their quiet hours: approving
	// the content is the officer's decision on it.
	QuietOverride string `json:"quiet_override,omitempty"`
	// Corrects is the notice a correction is of, and whom it goes to: exactly the
	// deliveries of that notice that left by the time the correction is released.
	Corrects NoticeID `json:"corrects,omitempty"`
	// SMSSegments is how many segments an SMS takes at most, by the languages of
	// the people on the list: providers charge for each.
	SMSSegments map[Lang]int `json:"sms_segments,omitempty"`
}

// Parts is how many times the price a message to somebody of a language costs
// at most. A content of before segments were counted costs it once.
func (c Content) Parts(ch Channel, l Lang) int64 {
	if ch != SMS {
		return 1
	}
	n, ok := c.SMSSegments[l]
	if !ok { // whose language was on no list: never less than it may be
		for _, k := range c.SMSSegments {
			n = max(n, k)
		}
	}
	return max(int64(n), 1)
}

// MeanParts is how many times the price a message costs on average to people of these languages.
func (c Content) MeanParts(ch Channel, people map[Lang]int64) float64 {
	var n, sum int64
	for l, k := range people {
		n, sum = n+k, sum+k*c.Parts(ch, l)
	}
	if n == 0 {
		return float64(c.Parts(ch, c.Default))
	}
	return float64(sum) / float64(n)
}

// DataOf are the kinds of data a person of these categories of the list is told.
func (c Content) DataOf(listed []string) []string {
	if len(listed) > 0 {
		return listed
	}
	return c.Data
}

// NamesSensitive tells whether the list or the content itself names sensitive data.
func (c Content) NamesSensitive() bool {
	return c.Sensitive || slices.ContainsFunc(c.Data, SensitiveData)
}

// Hash is the SHA-256 of the canonical content, in lower-case hex. JSON of a
// struct with sorted map keys is canonical: the same content has the same bytes.
func (c Content) Hash() string {
	b, err := json.Marshal(c)
	if err != nil {
		panic("incidents: content does not marshal: " + err.Error()) // only strings, numbers, maps of them
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// NoticeStatus is where a notice has got to.
type NoticeStatus string

// The states of a notice. Any edit takes it back to draft.
const (
	NoticeDraft     NoticeStatus = "draft"
	NoticeSubmitted NoticeStatus = "submitted"
	NoticeApproved  NoticeStatus = "approved"
	NoticeSending   NoticeStatus = "sending"
	NoticeHeld      NoticeStatus = "held"
	NoticeStopped   NoticeStatus = "stopped" // for good
	NoticeDone      NoticeStatus = "done"
)

// A Notice is one message to a set of affected persons.
type Notice struct {
	ID         NoticeID     `json:"id"`
	No         int64        `json:"no"` // N-12; also the prefix of its delivery ids
	IncidentID IncidentID   `json:"incident_id"`
	Title      string       `json:"title"`
	Status     NoticeStatus `json:"status"`
	Version    int          `json:"version"` // latest version
	Content    Content      `json:"content"` // of the latest version
	Hash       string       `json:"hash"`
	Author     AccountID    `json:"author"`
	Editors    []AccountID  `json:"editors"`         // everybody who wrote any version, the author included
	Stale      string       `json:"stale,omitempty"` // why it no longer agrees with the facts
	HoldReason string       `json:"hold_reason,omitempty"`
	Lapsed     *Lapse       `json:"lapsed,omitempty"` // an authority's hold outlasted its approval
	CreatedAt  time.Time    `json:"created_at"`
	UpdatedAt  time.Time    `json:"updated_at"`
	ReleasedAt *time.Time   `json:"released_at,omitempty"`
	ReleasedBy AccountID    `json:"released_by,omitempty"`
	DoneAt     *time.Time   `json:"done_at,omitempty"`
}

// A Finding is one remark of the linter. Errors block submission.
type Finding struct {
	Rule  string `json:"rule"`  // "four-parts", "placeholder", "sms-length", …
	Level string `json:"level"` // error, warning, info
	Where string `json:"where"` // "zh-Hans/sms"
	Text  string `json:"text"`
	Hint  string `json:"hint,omitempty"`
}

// Wordbook writes first drafts and checks texts; templates/ implements it.
type Wordbook interface {
	// Draft proposes words in the languages asked for, from the facts.
	Draft(kind NoticeKind, in Incident, f Facts, langs []Lang) (map[Lang]Words, error)
	// Lint checks a notice's content against the facts and the obligations it answers.
	Lint(c Content, f Facts, answers []Obligation) []Finding
	// SMSSegments is how many segments the SMS of a content takes at most, by its
	// own languages and those of the people it goes to.
	SMSSegments(c Content, ref, code string, people []Lang) map[Lang]int
	// LintAnnouncement checks a public text.
	LintAnnouncement(a AnnouncementText, f Facts) []Finding
	// LintReport looks for contradictions between a report and what people and the
	// public are told of the same incident. f are the facts it was filled from.
	LintReport(c ReportContent, f Facts, told []Telling) []Finding
	// Layout is the version of the layouts and fixed words.
	Layout() string
}

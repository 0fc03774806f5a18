package incidents

import "time"

// ReportPhase is the phase of a regulator's report.
type ReportPhase string

// The phases.
const (
	PhaseInitial    ReportPhase = "initial"
	PhaseUpdate     ReportPhase = "update"
	PhaseFinal      ReportPhase = "final"
	PhaseWithdrawal ReportPhase = "withdrawal" // takes back a report that proved unfounded
)

// Phases lists the phases in their order.
func Phases() []ReportPhase {
	return []ReportPhase{PhaseInitial, PhaseUpdate, PhaseFinal, PhaseWithdrawal}
}

// FollowsUp tells whether a phase says what changed since the report before.
func (p ReportPhase) FollowsUp() bool { return p == PhaseUpdate || p == PhaseFinal }

// Fields that every form has in a withdrawal, whatever it asks otherwise.
const (
	FieldWithdrawn        = "withdrawn_report"  // the authority's number of what is withdrawn
	FieldWithdrawalReason = "withdrawal_reason" // why it proved unfounded
	FieldWithdrawnBy      = "withdrawn_by"      // who asks for it
)

// ReportStatus is where a report has got to.
type ReportStatus string

// The states of a report.
const (
	ReportDraft     ReportStatus = "draft"
	ReportSubmitted ReportStatus = "for_approval" // waits for an officer
	ReportApproved  ReportStatus = "approved"
	ReportFiled     ReportStatus = "filed" // handed to the authority, with reference and receipt
)

// A ReportField is one field of an authority's form, in its order.
type ReportField struct {
	Key     string   `json:"key"`
	Section string   `json:"section"`
	Label   string   `json:"label"`
	Value   string   `json:"value"`
	Facts   []string `json:"facts,omitempty"`   // where the value comes from
	Missing bool     `json:"missing"`           // the form asks, we do not know yet
	Edited  bool     `json:"edited,omitempty"`  // typed over by a person
	Changed bool     `json:"changed,omitempty"` // differs from the last filed phase
	Was     string   `json:"was,omitempty"`     // what it said then, when it differs
}

// ReportContent is what a report says; its hash is what an officer approves.
type ReportContent struct {
	Incident   IncidentID    `json:"incident"`
	Mode       Mode          `json:"mode"`
	Form       string        `json:"form"` // "gdpr33", "cn-cac"
	Phase      ReportPhase   `json:"phase"`
	Lang       Lang          `json:"lang"`
	Title      string        `json:"title"`
	Authority  string        `json:"authority"`
	Obligation string        `json:"obligation"` // obligation id
	FactsRev   int           `json:"facts_rev"`
	Fields     []ReportField `json:"fields"`
	Follows    string        `json:"follows,omitempty"` // reference number of the earlier phase
}

// Hash is the SHA-256 of the canonical content, in lower-case hex.
func (c ReportContent) Hash() string { return hashJSON(c) }

// Field looks a field up by its key.
func (c ReportContent) Field(key string) (ReportField, bool) {
	for _, f := range c.Fields {
		if f.Key == key {
			return f, true
		}
	}
	return ReportField{}, false
}

// Changes lists the fields that differ from the report before.
func (c ReportContent) Changes() []ReportField {
	var out []ReportField
	for _, f := range c.Fields {
		if f.Changed {
			out = append(out, f)
		}
	}
	return out
}

// Missing lists the fields that are still unanswered.
func (c ReportContent) Missing() []ReportField {
	var out []ReportField
	for _, f := range c.Fields {
		if f.Missing {
			out = append(out, f)
		}
	}
	return out
}

// A Report is what a regulator gets, one row per phase.
type Report struct {
	ID         ReportID      `json:"id"`
	No         int64         `json:"no"`
	IncidentID IncidentID    `json:"incident_id"`
	Status     ReportStatus  `json:"status"`
	Version    int           `json:"version"`
	Content    ReportContent `json:"content"`
	Hash       string        `json:"hash"`
	Author     AccountID     `json:"author"`
	Editors    []AccountID   `json:"editors"`
	Stale      string        `json:"stale,omitempty"`
	CreatedAt  time.Time     `json:"created_at"`
	UpdatedAt  time.Time     `json:"updated_at"`
	Filed      *Filing       `json:"filed,omitempty"`
	// Findings are the contradictions that were known when it was submitted, and
	// Accepted why it was submitted with them. Both go with the next edit.
	Findings     []Finding `json:"findings,omitempty"`
	Accepted     string    `json:"accepted,omitempty"`
	AcceptedName string    `json:"accepted_name,omitempty"`
}

// A Filing records that a report was handed in.
type Filing struct {
	At            time.Time `json:"at"`
	By            AccountID `json:"by"`
	ByName        string    `json:"by_name"`
	Channel       string    `json:"channel"`   // portal, email, phone, post
	Reference     string    `json:"reference"` // the authority's number
	Receipt       FileID    `json:"receipt,omitempty"`
	ReceiptName   string    `json:"receipt_name,omitempty"`
	ReceiptSHA256 string    `json:"receipt_sha256,omitempty"`
}

// Reporter fills and renders report forms; regulators/ implements it.
type Reporter interface {
	// Fill makes the content of a form from the facts. prev is the last filed
	// content of the same obligation, or nil.
	Fill(form string, phase ReportPhase, in Incident, f Facts, o Obligation, prev *ReportContent) (ReportContent, error)
	// Render writes a report as "html", "pdf", "docx", "json" or "txt", the text
	// to copy into the authority's own form.
	Render(format string, c ReportContent, n ReportMeta) ([]byte, error)
}

// ReportMeta is what a rendered report says about itself.
type ReportMeta struct {
	No       int64
	Version  int
	Hash     string
	Ref      string // of the incident
	Org      string
	Status   ReportStatus
	Made     time.Time
	Approved []Approval
	Filed    *Filing
}

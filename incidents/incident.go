package incidents

import "time"

// IncidentStatus is where the response to an incident has got to.
type IncidentStatus string

// The states of an incident.
const (
	IncidentOpen       IncidentStatus = "open"
	IncidentContaining IncidentStatus = "containing"
	IncidentNotifying  IncidentStatus = "notifying"
	IncidentClosed     IncidentStatus = "closed"
	IncidentDismissed  IncidentStatus = "dismissed"
	IncidentMerged     IncidentStatus = "merged"
)

// Over tells whether nothing is worked on any more.
func (s IncidentStatus) Over() bool {
	return s == IncidentClosed || s == IncidentDismissed || s == IncidentMerged
}

// IncidentKind says why the incident exists.
type IncidentKind string

// The kinds. A termination shares lists, notices and evidence with incidents.
const (
	KindBreach      IncidentKind = "breach"
	KindTermination IncidentKind = "termination"
)

// Mode says whether something is real. A drill is marked at birth, for ever.
type Mode string

// The modes.
const (
	Live  Mode = "live"
	Drill Mode = "drill"
)

// An Incident is what happened. Its facts are versioned beside it.
type Incident struct {
	ID         IncidentID     `json:"id"`
	Ref        string         `json:"ref"` // INC-2026-0147, TRM-2026-0009
	Kind       IncidentKind   `json:"kind"`
	Title      string         `json:"title"`
	Mode       Mode           `json:"mode"`
	Status     IncidentStatus `json:"status"`
	Severity   string         `json:"severity"` // low, medium, high, very_high or "" when not assessed
	FactsRev   int            `json:"facts_rev"`
	Persons    int64          `json:"persons"`   // on the list
	ListHash   string         `json:"list_hash"` // changes with every change of the list
	MergedInto IncidentID     `json:"merged_into,omitempty"`
	Reason     string         `json:"reason,omitempty"` // of dismissal or merge
	CreatedAt  time.Time      `json:"created_at"`
	CreatedBy  AccountID      `json:"created_by"`
	UpdatedAt  time.Time      `json:"updated_at"`
}

// A TimelineEntry is one line of an incident's story.
type TimelineEntry struct {
	IncidentID IncidentID `json:"incident_id"`
	At         time.Time  `json:"at"`
	Actor      AccountID  `json:"actor"`
	ActorName  string     `json:"actor_name"`
	Kind       string     `json:"kind"` // the audit event, for example "notice.approved"
	Text       string     `json:"text"` // one sentence without personal data
	Ref        string     `json:"ref,omitempty"`
}

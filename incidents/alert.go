package incidents

import (
	"encoding/json"
	"time"
)

// AlertSeverity is the severity of an alert on our scale.
type AlertSeverity string

// The alert severities, with their canonical score.
const (
	SeverityInfo     AlertSeverity = "info"     // 0-19, canonical 5
	SeverityLow      AlertSeverity = "low"      // 20-39, 25
	SeverityMedium   AlertSeverity = "medium"   // 40-69, 50
	SeverityHigh     AlertSeverity = "high"     // 70-89, 75
	SeverityCritical AlertSeverity = "critical" // 90-100, 95
)

// Score returns the canonical score of a severity; 50 for an unknown one.
func (s AlertSeverity) Score() int {
	switch s {
	case SeverityInfo:
		return 5
	case SeverityLow:
		return 25
	case SeverityHigh:
		return 75
	case SeverityCritical:
		return 95
	}
	return 50
}

// An Alert is one message from a source, in our terms. Adapters in
// incidents/siem produce it; it never notifies anybody by itself.
type Alert struct {
	ID         AlertID    `json:"id,omitempty"`
	IncidentID IncidentID `json:"incident_id,omitempty"`
	IntakeID   IntakeID   `json:"intake_id,omitempty"`

	Source     string `json:"source"`                // the configured source, the {source} of the hook's address
	Format     string `json:"format"`                // the adapter's format, for example "splunk-webhook"
	ExternalID string `json:"external_id"`           // the sender's own id
	Title      string `json:"title"`                 // one line
	DedupKey   string `json:"dedup_key"`             // "<format>:<stable key>": equal keys are one alert
	GroupKey   string `json:"group_key,omitempty"`   // a hint for correlation
	Revision   string `json:"revision,omitempty"`    // an older revision never overwrites a newer one
	DeliveryID string `json:"delivery_id,omitempty"` // idempotency key of one delivery

	Severity       AlertSeverity   `json:"severity"`
	SeverityScore  int             `json:"severity_score"`
	SeverityFrom   string          `json:"severity_from"` // field, field-clamped, default, format-default, format-rule
	SeverityNative *NativeSeverity `json:"severity_native,omitempty"`
	Status         string          `json:"status"` // open, acknowledged, closed, suppressed

	OccurredAt *time.Time `json:"occurred_at,omitempty"` // when the activity began; nil: not said
	ObservedAt time.Time  `json:"observed_at"`           // when the sender saw it; the hook's clock when not said
	ReceivedAt time.Time  `json:"received_at"`

	Assets    []string          `json:"assets,omitempty"`
	Users     []string          `json:"users,omitempty"`
	IPs       []string          `json:"ips,omitempty"`
	DataHints []string          `json:"data_hints,omitempty"`
	Count     *int64            `json:"count,omitempty"`
	URL       string            `json:"url,omitempty"`
	Test      bool              `json:"test"` // the sender marked it as sample, test or simulation
	Extra     map[string]string `json:"extra,omitempty"`
	Raw       json.RawMessage   `json:"raw,omitempty"` // redacted copy of what was sent, a JSON value

	State     AlertState `json:"state,omitempty"`
	Revisions int        `json:"revisions,omitempty"` // how many revisions were taken in
}

// NativeSeverity is where the sender's own severity was read, and its value.
type NativeSeverity struct {
	Field string `json:"field"`
	Value any    `json:"value"`
}

// AlertState is where triage has got to.
type AlertState string

// The states of an alert in triage.
const (
	AlertNew       AlertState = "new"       // accepted, not yet correlated
	AlertJoined    AlertState = "joined"    // belongs to an incident
	AlertDismissed AlertState = "dismissed" // a responder said it is nothing, with a reason
	AlertTest      AlertState = "test"      // a sender's test message: shown, never counted
)

// An Intake is one body as it arrived: what was accepted, and what could not be
// read and waits in quarantine. Body is redacted and sealed at rest.
type Intake struct {
	ID         IntakeID          `json:"id"`
	Source     string            `json:"source"`
	DeliveryID string            `json:"delivery_id"` // unique per source
	Via        string            `json:"via"`         // hook, bus
	ReceivedAt time.Time         `json:"received_at"`
	MediaType  string            `json:"media_type"`
	Headers    map[string]string `json:"headers,omitempty"`
	Body       []byte            `json:"-"`
	Status     int               `json:"status"`           // the HTTP status answered (202 when taken)
	Reason     string            `json:"reason,omitempty"` // why it is in quarantine; empty when taken
	Released   bool              `json:"released"`         // a responder dealt with it
	Alerts     []Alert           `json:"alerts,omitempty"`
}

// Quarantined tells whether the intake could not be read.
func (in Intake) Quarantined() bool { return in.Reason != "" }

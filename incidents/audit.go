package incidents

import "time"

// An AuditEntry is one act, appended to the Merkle log in the transaction of
// the act. It holds ids, counts and hashes only, never personal data.
type AuditEntry struct {
	Seq      int64             `json:"seq"`
	At       time.Time         `json:"at"`
	Actor    AccountID         `json:"actor"`
	Role     Role              `json:"role"`
	Via      string            `json:"via"`
	Event    string            `json:"event"`              // "alert.accepted", "notice.approved", …
	Incident IncidentID        `json:"incident,omitempty"` // what it belongs to
	Subject  string            `json:"subject,omitempty"`  // id of the thing acted on
	Text     string            `json:"text,omitempty"`     // one sentence
	Data     map[string]string `json:"data,omitempty"`     // counts, hashes, reasons
}

// A News item is what happened, by id, for live pages and workers. It goes
// through the outbox to the bus and carries no personal data.
type News struct {
	Subject  string     `json:"-"`     // "incidents.alert_accepted.v1"
	Event    string     `json:"event"` // the same as the audit event; progress has none
	Incident IncidentID `json:"incident,omitempty"`
	ID       string     `json:"id,omitempty"`
	At       time.Time  `json:"at"`
	Work     *Work      `json:"work,omitempty"` // of progress: how far it is
}

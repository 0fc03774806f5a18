package incidents

import "strconv"

// Identifiers are UUIDv7 text unless their comment says otherwise. Each has its
// own type so that the compiler sees a swapped argument.
type (
	AlertID        string
	IncidentID     string
	NoticeID       string
	ApprovalID     string
	AnnouncementID string
	ReportID       string
	TerminationID  string
	AccountID      string
	IntakeID       string
	FileID         string
	// PersonID names one affected person: the list it is on and its place there.
	PersonID string
	// Lang is a BCP 47 language tag, for example "en" or "zh-Hans".
	Lang string
	// Place is an ISO 3166 country or subdivision code: "DE", "CN", "US-CA".
	Place string
)

// NewPersonID names the seq-th person of an incident's list.
func NewPersonID(list IncidentID, seq int64) PersonID {
	return PersonID(string(list) + "/" + strconv.FormatInt(seq, 10))
}

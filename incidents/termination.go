package incidents

import "time"

// MinimumNotice is how long before the end of a service every person must have
// been told.
const MinimumNotice = 30 * 24 * time.Hour

// TerminationStatus is where a service termination has got to.
type TerminationStatus string

// The states of a termination.
const (
	TerminationDraft   TerminationStatus = "draft"
	TerminationTelling TerminationStatus = "telling" // its notice is out
	TerminationWaiting TerminationStatus = "waiting" // everybody is told, the end date is ahead
	TerminationDue     TerminationStatus = "due"     // the service has ended, the data must go
	TerminationErased  TerminationStatus = "erased"
	TerminationStopped TerminationStatus = "stopped"
)

// A Termination ends a service: everybody is told at least 30 full days
// before, and afterwards the personal data is erased and a certificate issued.
// Its list, notice and evidence hang on an Incident of KindTermination.
type Termination struct {
	ID          TerminationID     `json:"id"`
	IncidentID  IncidentID        `json:"incident_id"`
	Service     string            `json:"service"`
	EndDate     string            `json:"end_date"` // last day of service, YYYY-MM-DD, in Zone
	Zone        string            `json:"zone"`     // IANA time zone of the end date
	Status      TerminationStatus `json:"status"`
	Owner       AccountID         `json:"owner"`
	CreatedAt   time.Time         `json:"created_at"`
	ErasedAt    *time.Time        `json:"erased_at,omitempty"`
	Certificate *Certificate      `json:"certificate,omitempty"`
}

// EndsAt is the instant the service ends: the end of its last day.
func (t Termination) EndsAt() (time.Time, error) {
	zone, err := time.LoadLocation(t.Zone)
	if err != nil {
		return time.Time{}, Invalid("there is no time zone %q", t.Zone).On("zone")
	}
	day, err := time.ParseInLocation(time.DateOnly, t.EndDate, zone)
	if err != nil {
		return time.Time{}, Invalid("the end date must read like 2026-12-31").On("end_date")
	}
	return day.AddDate(0, 0, 1).UTC(), nil
}

// CheckEndDate refuses an end date that leaves less than 30 full days after
// the last person can be told.
func CheckEndDate(endsAt, lastTold time.Time) error {
	if endsAt.Sub(lastTold) < MinimumNotice {
		earliest := lastTold.Add(MinimumNotice).UTC().Format(time.RFC3339)
		return Invalid("the service would end less than 30 full days after the last person can be told").On("end_date").
			WithHint("choose a last day that ends at %s or later", earliest)
	}
	return nil
}

// A Certificate says what was erased, when and how, without naming anybody.
type Certificate struct {
	IncidentRef  string    `json:"incident_ref"`
	Persons      int64     `json:"persons"`
	Blocks       int64     `json:"blocks"` // keys destroyed
	KeyIDsSHA256 string    `json:"key_ids_sha256"`
	ListHash     string    `json:"list_hash"`
	ErasedAt     time.Time `json:"erased_at"`
	By           string    `json:"by"`
	Method       string    `json:"method"`
	Text         string    `json:"text"`
}

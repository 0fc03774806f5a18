package incidents

import (
	"context"
	"io"
	"time"
)

// Store is the truth: a nil error of Write or Group means committed and synced.
// internal/store implements it on SQLite and on PostgreSQL.
type Store interface {
	// Read runs fn on one consistent snapshot.
	Read(ctx context.Context, fn func(Tx) error) error
	// Write runs fn in one transaction; an error rolls everything back,
	// including its audit entries and messages. fn may run again after a
	// serialization failure, so it must have no other effects.
	Write(ctx context.Context, fn func(Tx) error) error
	// Group is Write shared with whoever else waits: each fn has its own
	// savepoint, all share one synced commit.
	Group(ctx context.Context, fn func(Tx) error) error
	// Halt is Write for what takes a notice out of sending: it does not wait
	// behind long writes of others where the engine lets it.
	Halt(ctx context.Context, id NoticeID, fn func(Tx) error) error
	// CancelDeliveries ends whatever is not yet sent of a stopped notice, in many
	// short transactions, and returns how many deliveries of it are cancelled then.
	// What it leaves undone, the sweeper does.
	CancelDeliveries(ctx context.Context, noticeNo int64) (int64, error)
}

// Tx is one transaction. Its methods return a not_found error for what is not
// there, and conflict for a lost race. Lists come newest first unless they say otherwise.
type Tx interface {
	AlertTx
	IncidentTx
	NoticeTx
	PublicTx
	TerminationTx
	SpendTx
	GivingUpTx
	WaveTx

	// Audit appends to the Merkle log; Seq is set by the store.
	Audit(AuditEntry) error
	// Emit puts a message into the outbox, published to the bus after commit.
	Emit(Message) error
	// Next counts up a named counter: 1, 2, 3 …
	Next(counter string) (int64, error)
	// AuditLog returns entries oldest first, from seq after on.
	AuditLog(after int64, limit int) ([]AuditEntry, error)
	// AuditOf returns the entries of one incident, oldest first.
	AuditOf(IncidentID) ([]AuditEntry, error)
	// Recent returns the newest entries that match, newest first.
	Recent(AuditFilter) ([]AuditEntry, error)
}

// An AuditFilter narrows the audit log; zero fields match everything.
type AuditFilter struct {
	Incident IncidentID
	Actor    AccountID
	Event    string // prefix
	Before   int64  // seq; for paging
	Limit    int
}

// A Message goes to the bus through the outbox: ids only, no personal data.
// Equal IDs are one message.
type Message struct {
	ID      string
	Subject string
	Data    []byte
}

// AlertTx keeps alerts and what arrived.
type AlertTx interface {
	// PutIntake stores what arrived; fresh is false when this source already
	// delivered this id, and then nothing is changed and the first one is returned.
	PutIntake(Intake) (first Intake, fresh bool, err error)
	SaveIntake(Intake) error // reason, released
	Intake(IntakeID) (Intake, error)
	Intakes(IntakeFilter) ([]Intake, error)
	// AlertByKey finds the alert of a dedup key (test alerts have their own space).
	AlertByKey(dedupKey string, test bool) (Alert, error)
	PutAlert(Alert) error // insert or replace by id
	Alert(AlertID) (Alert, error)
	Alerts(AlertFilter) ([]Alert, error)
	CountAlerts(AlertFilter) (int64, error)
	// Neighbours lists joined alerts of open incidents observed in the window that
	// share an account, asset, address or group key with a.
	Neighbours(a Alert, since time.Time) ([]Alert, error)
}

// An IntakeFilter narrows Intakes.
type IntakeFilter struct {
	Source      string
	Quarantined bool // only what waits in quarantine
	Before      IntakeID
	Limit       int
}

// An AlertFilter narrows Alerts.
type AlertFilter struct {
	State    AlertState
	Incident IncidentID
	Source   string
	Severity AlertSeverity
	Text     string // in the title
	Before   AlertID
	Limit    int
}

// IncidentTx keeps incidents, facts, assessments and obligations.
type IncidentTx interface {
	PutIncident(Incident) error // insert or replace by id
	Incident(IncidentID) (Incident, error)
	IncidentByRef(ref string) (Incident, error)
	Incidents(IncidentFilter) ([]Incident, error)
	PutFacts(IncidentID, Facts) error // a new revision; conflict when it exists
	Facts(IncidentID) (Facts, error)  // the newest
	FactsAt(IncidentID, int) (Facts, error)
	PutAssessment(IncidentID, Verdict) error
	Assessment(IncidentID) (Assessment, error) // the newest
	AssessmentNo(IncidentID, int64) (Assessment, error)
	Judgements(IncidentID, int) ([]Judgement, error) // the newest first
	// LastJudgement is the newest, without its counts.
	LastJudgement(IncidentID) (Judgement, error)
	// Obligations are those with a row, by due time, then id; see allDuties.
	Obligations(IncidentID) ([]ObligationState, error)
	PutObligations(IncidentID, []ObligationState) error // replaces the incident's set
	// OpenObligations lists what is open and applies, of every incident that is
	// not closed, dismissed or merged; by due time.
	OpenObligations(limit int) ([]ObligationState, error)
	PutObligation(ObligationState) error
	// LeftCalendars lists duties whose calendar entry ended since a time, of
	// every incident, the latest first.
	LeftCalendars(since time.Time, limit int) ([]ObligationState, error)
	AddTimeline(TimelineEntry) error
	Timeline(IncidentID, int) ([]TimelineEntry, error)
	PutDecision(Decision) error
	Decisions(IncidentID) ([]Decision, error)
	PutRiskDecision(RiskDecision) error
	RiskDecisions(IncidentID) ([]RiskDecision, error)
	PutWaiver(Waiver) error
	Waiver(id string) (Waiver, error)
	Waivers(IncidentID) ([]Waiver, error)
	Imports(IncidentID) ([]Import, error)
	PutFileRef(FileRef) error
	Files(IncidentID) ([]FileRef, error)
}

// An IncidentFilter narrows Incidents.
type IncidentFilter struct {
	Kind   IncidentKind
	Open   bool // not closed, dismissed or merged
	Mode   Mode
	Text   string
	Before IncidentID
	Limit  int
}

// A Waiver asks an officer to close an obligation without doing it.
type Waiver struct {
	ID         string     `json:"id"`
	IncidentID IncidentID `json:"incident_id"`
	Obligation string     `json:"obligation"`
	Reason     string     `json:"reason"`
	By         AccountID  `json:"by"`
	ByName     string     `json:"by_name"`
	At         time.Time  `json:"at"`
	Status     string     `json:"status"` // asked, approved, returned
}

// Hash is what the officer's decision is bound to.
func (w Waiver) Hash() string {
	return hashJSON(struct{ ID, Obligation, Reason string }{w.ID, w.Obligation, w.Reason})
}

// A FileRef is a file kept with an incident; its bytes are sealed at rest.
type FileRef struct {
	ID         FileID     `json:"id"`
	IncidentID IncidentID `json:"incident_id"`
	Name       string     `json:"name"` // as given: data, never a path
	Kind       string     `json:"kind"` // receipt, rejects, evidence
	Size       int64      `json:"size"`
	SHA256     string     `json:"sha256"`
	By         AccountID  `json:"by"`
	At         time.Time  `json:"at"`
}

// NoticeTx keeps notices, approvals and reports.
type NoticeTx interface {
	PutNotice(Notice) error // insert or replace by id; each Version's content is kept for ever
	Notice(NoticeID) (Notice, error)
	NoticeByNo(int64) (Notice, error)
	NoticeVersions(NoticeID) ([]Notice, error) // as they were, oldest first
	Notices(NoticeFilter) ([]Notice, error)
	PutApproval(Approval) error
	Approvals(kind SubjectKind, id string) ([]Approval, error) // oldest first
	VoidApprovals(kind SubjectKind, id, why string) (int, error)
	PutReport(Report) error
	Report(ReportID) (Report, error)
	ReportVersions(ReportID) ([]Report, error)
	Reports(ReportFilter) ([]Report, error)
	// CountPersons counts who the filter chooses: on the list, and excluded.
	CountPersons(IncidentID, PersonFilter) (listed, excluded int64, err error)
	// Release writes the deliveries of an approved notice as planned, cuts them
	// into chunks, and puts one message per chunk into the outbox. Once only.
	Release(NoticeID, time.Time) error
	// Watch has Release say how far along the list it is: at its beginning, and
	// many times after that. The transaction waits for who is told.
	Watch(Far)
	// Approved returns the notice if it may be sent now; see Admit.
	Approved(NoticeID) (ApprovedNotice, error)
	Tallies(noticeNo int64) ([]Tally, error)
	Reconcile(noticeNo int64) (Reconciliation, error)
	// Refusals counts what did not arrive by channel, code and reason, most first.
	// It reads every delivery of the notice.
	Refusals(noticeNo int64, limit int) ([]Refusal, error)
	Deliveries(DeliveryFilter) ([]Delivery, error)
	// Handled counts deliveries that left the planned states since a time, for the rate.
	Handled(noticeNo int64, since time.Time) (int64, error)
	// PlanAhead counts what Release would plan now, by channel; under no channel
	// who cannot be reached. Nothing is told of a correction. It reads the list.
	PlanAhead(Notice) ([]Tally, error)
	// Pace tells how a released notice went so far and what waits for which time.
	Pace(noticeNo int64) (PaceView, error)
	// LastRate is the rate, per second, of the last notice that used a channel; 0: none did.
	LastRate(Channel) (float64, error)
	// SettleDoubt is a person's decision on one in-doubt delivery: accepted, or
	// ready again; of a parked one ready again, or rejected.
	SettleDoubt(DeliveryID, DeliveryState, string, time.Time) error
	// PutReceipt keeps what came back of a delivery, to be folded into its state;
	// fresh is false when a receipt of this id is there already.
	PutReceipt(StatusReceipt) (fresh bool, err error)
	// SetExcluded takes a person out of sending for a reason, with a note, or
	// back in with no reason. What has not left is suppressed.
	SetExcluded(id PersonID, reason, note string) error
	// Redirect says whom messages about a person go to from now on, by flags and
	// the channels of who reads them. What has not left is suppressed where a
	// notice's content bars such a person; what the reader has no address for
	// goes on to a channel they have.
	Redirect(id PersonID, flags int, channels []Channel) error
	// Exclusions counts the suppressed deliveries of a notice by reason.
	Exclusions(noticeNo int64) ([]Exclusion, error)
	// CountUnreached counts who of a list cannot be reached by any of the notices.
	CountUnreached(IncidentID, Unreached) (int64, error)
	// NamesSensitive tells whether the list names sensitive data for anybody the
	// filter chooses, excluded or not.
	NamesSensitive(IncidentID, PersonFilter) (bool, error)
	// CountFlags counts who the filter chooses by their flags, without those excluded.
	CountFlags(IncidentID, PersonFilter) (map[int]int64, error)
	Person(PersonID) (Person, error)
	Persons(IncidentID, PersonPage) ([]Person, error) // by seq
}

// A PersonPage is one page of a list.
type PersonPage struct {
	Filter    PersonFilter
	Unreached *Unreached // only who cannot be reached
	After     int64      // seq
	Limit     int
}

// A NoticeFilter narrows Notices.
type NoticeFilter struct {
	Incident IncidentID
	Status   []NoticeStatus
	Limit    int
}

// A ReportFilter narrows Reports.
type ReportFilter struct {
	Incident IncidentID
	Status   []ReportStatus
	Limit    int
}

// A DeliveryFilter narrows Deliveries.
type DeliveryFilter struct {
	Notice int64
	Seq    int64 // one person; 0: everybody
	States []DeliveryState
	After  DeliveryID // for paging, in order of seq and channel
	Skip   int        // so many of them first
	Limit  int
}

// PublicTx keeps announcements.
type PublicTx interface {
	PutAnnouncement(Announcement) error
	Announcement(AnnouncementID) (Announcement, error)
	AnnouncementBySlug(string) (Announcement, error)
	Announcements(IncidentID) ([]Announcement, error) // "" for all
	// Published lists what the public may see: published, live, newest first.
	Published(limit int) ([]Announcement, error)
}

// TerminationTx keeps service terminations.
type TerminationTx interface {
	PutTermination(Termination) error
	Termination(TerminationID) (Termination, error)
	TerminationOf(IncidentID) (Termination, error)
	Terminations() ([]Termination, error)
}

// Roll keeps the sealed lists of affected persons. internal/store implements
// it: personal data is sealed before it reaches SQL.
type Roll interface {
	StartImport(context.Context, Import) error
	// PreparePersons makes a batch ready to be added. It does what needs no
	// transaction, so that one batch is made ready while another is added; ahead
	// is how many candidates are ready and not added yet.
	PreparePersons(ctx context.Context, importID string, ahead int, batch []Candidate) (AddBatch, error)
	// NoteImport changes the record of an import that is not closed.
	NoteImport(ctx context.Context, importID string, note ImportNote) (Import, error)
	// FinishImport closes an import and moves the incident's Persons and ListHash on.
	FinishImport(ctx context.Context, im Import) (Import, error)
	// OpenContact opens one person's data in memory.
	OpenContact(ctx context.Context, p Person) (Contact, error)
	// FindPerson finds a person by the list's own id, by keyed hash.
	FindPerson(ctx context.Context, list IncidentID, ref string) (Person, error)
	// EraseList destroys the keys of a whole list and its rows' contents.
	EraseList(ctx context.Context, list IncidentID) (blocks int64, keyIDsSHA256 string, err error)
	// ErasePerson re-seals the rest of a block under a fresh key and destroys the old one.
	ErasePerson(ctx context.Context, id PersonID) error
}

// An AddBatch seals a prepared batch, drops who is already on the list, and
// adds the rest, in one transaction. It adds the batch's counts to the import,
// and lets note have its say before it keeps it; note may be nil.
type AddBatch func(ctx context.Context, note ImportNote) (Import, error)

// An ImportNote changes the record of an import in the transaction that keeps
// it. It may run again, as what is handed to Store.Write.
type ImportNote func(Tx, *Import) error

// Files keeps files sealed, in pieces, so that none is whole in memory.
type Files interface {
	SaveFile(ctx context.Context, ref FileRef, r io.Reader) (FileRef, error)
	OpenFile(ctx context.Context, id FileID) (FileRef, io.ReadCloser, error)
}

// A ListReader reads a list as a stream; internal/roster implements it.
type ListReader interface {
	Read(ctx context.Context, r io.Reader, o ListOptions, yield func(Candidate, *Reject) error) error
}

// ListOptions says how to read a list.
type ListOptions struct {
	Name     string // file name, for detecting the format
	Format   string // csv, jsonl, or "" to detect
	Encoding string // utf-8, utf-16, gbk, or "" to detect
	AsOf     time.Time
	Progress func(rows, bytes int64)
}

package incidents

import (
	"strconv"
	"strings"
	"time"
)

// DeliveryState is where one delivery has got to; see RELIABILITY §5.
type DeliveryState string

// The states of a delivery.
const (
	Planned     DeliveryState = "planned"
	Held        DeliveryState = "held"
	Ready       DeliveryState = "ready"
	Attempting  DeliveryState = "attempting" // written down before any byte leaves
	Accepted    DeliveryState = "accepted"   // the provider said yes
	RetryWait   DeliveryState = "retry_wait"
	Rejected    DeliveryState = "rejected"
	InDoubt     DeliveryState = "in_doubt"
	Manual      DeliveryState = "manual"
	Delivered   DeliveryState = "delivered"
	Undelivered DeliveryState = "undelivered"
	Expired     DeliveryState = "expired"
	Suppressed  DeliveryState = "suppressed"
	Cancelled   DeliveryState = "cancelled"
	Escalated   DeliveryState = "escalated" // went on to the next channel
)

// DeliveryStates lists every state in the order of their codes.
func DeliveryStates() []DeliveryState {
	return []DeliveryState{Planned, Held, Ready, Attempting, Accepted, RetryWait, Rejected, InDoubt, Manual,
		Delivered, Undelivered, Expired, Suppressed, Cancelled, Escalated}
}

// A DeliveryID names one person × one channel × one notice: "12-345-e".
type DeliveryID struct {
	Notice  int64 // Notice.No
	Seq     int64 // Person.Seq
	Channel Channel
}

// letter is a channel in the text form.
func (c Channel) letter() string {
	switch c {
	case Email:
		return "e"
	case SMS:
		return "s"
	case Push:
		return "p"
	case Phone:
		return "v"
	case Letter:
		return "l"
	}
	return ""
}

func (d DeliveryID) String() string {
	var room [2*20 + 3]byte
	return string(d.Append(room[:0]))
}

// Append adds the text form to b.
func (d DeliveryID) Append(b []byte) []byte {
	b = append(strconv.AppendInt(b, d.Notice, 10), '-')
	b = append(strconv.AppendInt(b, d.Seq, 10), '-')
	return append(b, d.Channel.letter()...)
}

// MarshalText is the text form, also in JSON.
func (d DeliveryID) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the text form.
func (d *DeliveryID) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDeliveryID(string(b))
	return err
}

// ParseDeliveryID reads the text form of a delivery id.
func ParseDeliveryID(s string) (DeliveryID, error) {
	parts := strings.Split(s, "-")
	if len(parts) == 3 {
		n, err1 := strconv.ParseInt(parts[0], 10, 64)
		q, err2 := strconv.ParseInt(parts[1], 10, 64)
		for _, c := range Channels() {
			if err1 == nil && err2 == nil && c.letter() == parts[2] {
				return DeliveryID{n, q, c}, nil
			}
		}
	}
	return DeliveryID{}, Invalid("%q is not a delivery id", s)
}

// A Delivery is one row of the journal.
type Delivery struct {
	ID         DeliveryID    `json:"id"`
	Step       int           `json:"step"` // place in the channel plan, from 0
	State      DeliveryState `json:"state"`
	Attempts   int           `json:"attempts"`
	Fence      int64         `json:"fence"` // epoch of the worker that holds it
	NextAt     *time.Time    `json:"next_at,omitempty"`
	ProviderID string        `json:"provider_id,omitempty"`
	Provider   string        `json:"provider,omitempty"` // account that made the last attempt, as "sms/second"
	Code       string        `json:"code,omitempty"`     // provider's or SMTP status code
	Reason     string        `json:"reason,omitempty"`   // one sentence without personal data
	MaybeTwice bool          `json:"maybe_twice,omitempty"`
	UpdatedAt  time.Time     `json:"updated_at"`
}

// Outcome is what came of one attempt.
type Outcome string

// The outcomes of an attempt.
const (
	OutcomeAccepted Outcome = "accepted" // definite yes
	OutcomeRetry    Outcome = "retry"    // definite transient no
	OutcomeRefused  Outcome = "refused"  // definite permanent no
	OutcomeGone     Outcome = "gone"     // the address does not exist any more
	OutcomeDoubt    Outcome = "doubt"    // nobody can say
	OutcomeKept     Outcome = "kept"     // written down, and halted before it left
	OutcomeBroken   Outcome = "broken"   // definitely not sent, and the fault is ours: the message could not be made or handed over
)

// CodeParked is the code of a delivery that was given up because the message
// could not be made or handed over, by our own fault. It was never sent.
const CodeParked = "parked"

// Parked tells that a person has to mend something before the message can
// leave: it was never sent, so sending it again is sending it for the first time.
func (d Delivery) Parked() bool { return d.State == Manual && d.Code == CodeParked }

// A Receipt says what the provider answered.
type Receipt struct {
	Outcome    Outcome
	RetryAfter time.Duration // of OutcomeRetry; zero: our own backoff. Of OutcomeKept: not before. Of OutcomeDoubt: the account rests
	ProviderID string
	Code       string
	Reason     string // without personal data
	// Provider is the account that was asked, "sms/second"; "" where there is one only.
	Provider string
	// Elsewhere, of a definite no, tells that it says nothing of the person or
	// the message: the provider cannot be reached, or does not take our account.
	// Another provider may take the message at once.
	Elsewhere bool
	// Unasked tells that it was decided here: no provider was asked, so that it
	// says nothing of one.
	Unasked bool
}

// A Chunk is a range of persons of one released notice, the unit of work on
// the bus. Fence grows each time a worker takes it; what an older holder
// writes is refused.
type Chunk struct {
	Notice int64     `json:"notice"` // Notice.No
	No     int64     `json:"no"`
	From   int64     `json:"from"` // person seq, inclusive
	To     int64     `json:"to"`   // inclusive
	Fence  int64     `json:"fence"`
	Until  time.Time `json:"until"` // lease
	Owner  string    `json:"owner"`
}

// Claimed is one delivery written down as attempting, with what the sender needs.
type Claimed struct {
	Delivery Delivery
	Person   Person    // Sealed is set
	First    time.Time // when the first attempt was written down
	Wave     bool      // of the first wave: the message is looked at once more before it leaves
}

// Recorded is the outcome of one claimed delivery.
type Recorded struct {
	ID      DeliveryID
	Receipt Receipt
	At      time.Time
}

// A StatusReceipt is what a provider reports later: a callback or a bounce. It is
// stored first and folded into the delivery's state second.
type StatusReceipt struct {
	ID         string // unique: provider, message, status
	Delivery   DeliveryID
	Attempt    int // which attempt it is of; 0: the provider does not say
	ProviderID string
	Channel    Channel
	Status     string // sent, delivered, undelivered, failed, bounced, delayed, complaint; of a call also ended: answered, and over
	Code       string
	Reason     string
	At         time.Time
}

// Tally counts deliveries of one channel by state.
type Tally struct {
	Channel Channel                 `json:"channel"`
	States  map[DeliveryState]int64 `json:"states"`
}

// Sum returns the number of deliveries of the channel.
func (t Tally) Sum() (n int64) {
	for _, v := range t.States {
		n += v
	}
	return n
}

// Reconciliation says where everybody on the list is: each person in exactly
// one row. Its rows always add up to List.
type Reconciliation struct {
	List          int64 `json:"list"`          // persons chosen by the notice
	ReachedDirect int64 `json:"reached"`       // delivered or accepted with receipt, first channel
	ReachedLater  int64 `json:"reached_later"` // on a later channel
	Sent          int64 `json:"sent"`          // accepted by the provider, receipt not (yet) back
	PushOnly      int64 `json:"push_only"`     // accepted as push alone, which nobody says was shown: not told
	Trying        int64 `json:"trying"`        // attempting, waiting for a retry
	ToSend        int64 `json:"to_send"`       // planned, ready or held
	InDoubt       int64 `json:"in_doubt"`      // in doubt or with a person to decide
	Unreachable   int64 `json:"unreachable"`   // every channel failed, or none known
	Excluded      int64 `json:"excluded"`      // with a reason
	Cancelled     int64 `json:"cancelled"`     // by the stop button
}

// Sum adds up the rows.
func (r Reconciliation) Sum() int64 {
	return r.ReachedDirect + r.ReachedLater + r.Sent + r.PushOnly + r.Trying + r.ToSend + r.InDoubt + r.Unreachable + r.Excluded + r.Cancelled
}

// Told is the number of persons who were told, as far as anybody says.
func (r Reconciliation) Told() int64 { return r.ReachedDirect + r.ReachedLater + r.Sent }

// Unaccounted is the number of persons in no row; it must be 0 at any moment.
func (r Reconciliation) Unaccounted() int64 { return r.List - r.Sum() }

// Progress is what a delivery page shows.
type Progress struct {
	Notice         Notice         `json:"notice"`
	Tallies        []Tally        `json:"tallies"`
	Reconciliation Reconciliation `json:"reconciliation"`
	Exclusions     []Exclusion    `json:"exclusions,omitempty"` // the excluded by reason, most first
	PerSecond      float64        `json:"per_second"`           // over the last minute
	StartedAt      *time.Time     `json:"started_at,omitempty"`
	FinishAt       *time.Time     `json:"finish_at,omitempty"` // forecast
	FirstWave      *FirstWave     `json:"first_wave,omitempty"`
}

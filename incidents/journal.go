package incidents

import (
	"context"
	"time"
)

// Journal is the delivery journal of DESIGN §9 and RELIABILITY §5: nothing is
// sent that is not written down first, and what was written down and never
// answered is in doubt. Every method is one transaction, synced before it returns
// unless nothing may leave or was recorded by it: then the next one's commit is.
// internal/store implements it; notifiers drives it.
type Journal interface {
	// TakeChunk leases a chunk to owner and raises its fence. ok is false when
	// somebody else holds it, or nothing is left to do in it.
	TakeChunk(ctx context.Context, notice, chunk int64, owner string, lease time.Duration) (c Chunk, ok bool, err error)
	// Admitted returns the approved notice of a number, checked as by Admit.
	Admitted(ctx context.Context, notice int64) (ApprovedNotice, error)
	// Turn records the outcomes of the last window and claims the next one of a
	// channel, in one transaction: it re-checks that the notice is released, not
	// held or stopped, still approved under the same hash, and that the chunk's
	// fence is the newest (conflict otherwise: stop working on it). Claimed
	// deliveries are written as attempting before it returns. Claims are due
	// deliveries (planned, ready, or waiting for a retry whose time has come) of
	// the chunk, in order of seq; what became due again behind those that were read
	// ahead comes after them. It extends the chunk's lease. An outcome from which
	// nothing follows may stand with its claim for a moment, as attempting and not
	// in doubt, before it is the delivery's state.
	Turn(ctx context.Context, t Turn) (Claims, error)
	// JudgeFirstWave looks at what came of a notice's first wave and lets the rest
	// go, puts the notice on hold, or waits on; see incidents.JudgeWave. passed is
	// true when the wave is not in the way (any more).
	JudgeFirstWave(ctx context.Context, notice int64) (passed bool, err error)
	// LeaveChunk gives the lease back.
	LeaveChunk(ctx context.Context, c Chunk) error
	// PutReceipt stores what a provider reported; equal ids are one. A receipt
	// whose delivery is not known yet waits for it.
	PutReceipt(ctx context.Context, r StatusReceipt) error
	// FoldReceipts folds stored receipts into states, up to limit; it never
	// lowers a state, and undelivered ones go on to the next channel.
	FoldReceipts(ctx context.Context, limit int) (folded int, err error)
	// Sweep finds what no bus message will wake: attempts of dead workers become
	// in doubt, waits for a receipt that ran out go on to the next channel,
	// retries past their time expire, notices with nothing left are done, and
	// chunks with work that is due are put on the bus again.
	Sweep(ctx context.Context, p SweepPolicy) (Swept, error)
	// Doubts claims in-doubt deliveries whose next step is due, for the reconciler.
	Doubts(ctx context.Context, limit int) ([]Doubt, error)
	// ResolveDoubt records what the reconciler found.
	ResolveDoubt(ctx context.Context, id DeliveryID, r Resolution) error
}

// A Turn is one step through a chunk.
type Turn struct {
	Chunk   Chunk
	Notice  ApprovedNotice
	Channel Channel
	Done    []Recorded
	Want    int // how many to claim next; 0 only records
	Now     time.Time
	Lease   time.Duration
	// Backoff says when a transient refusal is tried again, given the attempts so far.
	Backoff func(Channel, int) time.Duration
}

// Claims is what a turn gave.
type Claims struct {
	Next []Claimed
	// Halt says why nothing may be claimed: "held", "stopped", or "".
	Halt string
	// Fallback tells that the recorded outcomes opened deliveries on other channels of this chunk.
	Fallback bool
	// Judge tells that the notice is in its first wave and something came of it,
	// or nothing more of this chunk may be claimed: JudgeFirstWave is next.
	Judge bool
}

// A SweepPolicy says when the sweeper gives up waiting.
type SweepPolicy struct {
	Now       time.Time
	RetryFor  map[Channel]time.Duration // email 48 h, sms 4 h, push 24 h
	DoubtWait map[Channel]time.Duration // before the first step of the reconciler: email 15 min, sms 2 min
}

// Swept counts what a sweep did.
type Swept struct {
	InDoubt, Fallback, Expired, Requeued, Done int
}

// A Doubt is an in-doubt delivery the reconciler may now look at.
type Doubt struct {
	Claimed
	Notice ApprovedNotice // the zero value when the message can no longer be made
	Over   bool           // it is not sent again: only a lookup is allowed
	Tries  int            // reconciler steps taken
	Since  time.Time      // when the attempt was written down
}

// A Resolution is what became of a doubt.
type Resolution struct {
	// State is Accepted (proof it was sent), Ready (proof of absence, or the one
	// allowed resend), Manual (a person decides) or InDoubt (look again at Again).
	State      DeliveryState
	MaybeTwice bool // a resend without proof of absence
	ProviderID string
	Reason     string
	Again      time.Time
	Now        time.Time
}

// An Opener opens one person's data in memory; Roll is one.
type Opener interface {
	OpenContact(ctx context.Context, p Person) (Contact, error)
}

// A Capture is a message kept in the sandbox instead of being sent.
type Capture struct {
	ID       string     `json:"id"`
	Delivery DeliveryID `json:"delivery"`
	Channel  Channel    `json:"channel"`
	Mode     Mode       `json:"mode"`
	Lang     Lang       `json:"lang"`
	At       time.Time  `json:"at"`
	Subject  string     `json:"-"` // sealed at rest with the rest
	To       string     `json:"-"`
	Body     []byte     `json:"-"` // the message as it would have left
}

// Sandbox keeps captures, sealed.
type Sandbox interface {
	Capture(ctx context.Context, c Capture) error
	Captures(ctx context.Context, notice int64, before string, limit int) ([]Capture, error) // without To, Subject, Body
	OpenCapture(ctx context.Context, id string) (Capture, error)
}

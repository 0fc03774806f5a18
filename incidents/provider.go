package incidents

import (
	"context"
	"time"
)

// Providers is what all processes of the service know together of the
// providers' accounts: how fast each may be used, until when it asked to be
// left alone, and how it was last found. internal/store implements it; every
// method is one short transaction. Accounts go by names of ours, "sms/first".
type Providers interface {
	// LeaseSends reserves the next free stretch of an account's time for up to
	// want sends, after every stretch anybody else holds. want 0 only asks for pauses.
	LeaseSends(ctx context.Context, ask LeaseAsk) (SendLease, error)
	// PauseProvider keeps everybody away from an account until a time. A pause
	// is never shortened.
	PauseProvider(ctx context.Context, account string, until time.Time) error
	// ReportProvider writes down how an account was found.
	ReportProvider(ctx context.Context, r ProviderReport) error
	// ProviderHealth lists what is known, by account.
	ProviderHealth(ctx context.Context) ([]ProviderHealth, error)
}

// A LeaseAsk is what one process wants of an account.
type LeaseAsk struct {
	Account   string
	PerSecond float64 // the account's rate; 0: unlimited
	Want      int     // sends wanted
	Sent      int64   // sends since this process last asked, for the figures
	Now       time.Time
}

// A SendLease is a stretch of an account's time: Sends of them, the first at
// From, one each Every. None while the account is paused.
type SendLease struct {
	Sends  int
	From   time.Time
	Every  time.Duration
	Paused time.Time // nothing may leave before; zero: not paused
}

// What a provider's account is found to be.
const (
	ProviderWell    = "well"
	ProviderAway    = "away"    // left alone for a while after failures in a row
	ProviderProbing = "probing" // one message finds out whether it is back
)

// A ProviderReport is how a process found an account.
type ProviderReport struct {
	Account string
	Channel Channel
	State   string // ProviderWell, ProviderAway, ProviderProbing
	Error   string // of the last failure, without personal data; "" leaves the one before
	At      time.Time
}

// ProviderHealth is what is known of one account.
type ProviderHealth struct {
	Account     string     `json:"account"`
	Channel     Channel    `json:"channel,omitempty"`
	State       string     `json:"state"`
	Since       time.Time  `json:"since"`
	LastError   string     `json:"last_error,omitempty"`
	LastErrorAt *time.Time `json:"last_error_at,omitempty"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	Pauses      int64      `json:"pauses"`     // how often it asked for one, ever
	PerSecond   float64    `json:"per_second"` // allowed; 0: unlimited
	Minute      int64      `json:"minute"`     // sends in the last whole minute
	Total       int64      `json:"total"`      // sends, ever
}

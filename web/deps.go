package web

import (
	"context"
	"io"
	"log/slog"
	"time"

	"tocsin/incidents"
	"tocsin/internal/account"
	"tocsin/regulators"
	"tocsin/templates"
	"tocsin/web/hook"
)

// Deps is what the web works with. Pages call the Desk for the domain and these
// small interfaces for the rest; they never see the store, the bus or a channel.
type Deps struct {
	Desk       *incidents.Desk
	Accounts   *account.Desk
	Sessions   *account.Sessions
	Hook       *hook.Receiver
	Rules      *regulators.Holder
	Book       *templates.Book
	News       News
	Works      Works
	Evidence   Evidence
	Status     Status
	Sandbox    Sandbox
	Providers  Providers
	Letters    Letters
	Callbacks  Callbacks
	Checkpoint Checkpoints
	Ready      func() error

	PublicURL, InsideURL string
	Org                  Org
	TrustedProxies       []string // whose X-Forwarded-For is believed, addresses or networks
	MaxImport, MaxUpload int64    // bytes
	Now                  func() time.Time
	Log                  *slog.Logger
	Version              string
}

// Org is who the public site speaks for.
type Org struct {
	Name      string
	Contact   []string // lines: who answers, and how
	Languages []incidents.Lang
}

// News tells open pages that something happened: ids only. An empty incident
// asks for everything. The returned function ends the subscription.
type News interface {
	Subscribe(ctx context.Context, in incidents.IncidentID) (<-chan incidents.News, func())
}

// Works is the long work of an incident, in any process: what is running and what
// failed a short while ago, the newest first.
type Works interface {
	Works(in incidents.IncidentID) []incidents.Work
}

// Evidence writes the evidence bundle of an incident.
type Evidence interface {
	Bundle(ctx context.Context, a incidents.Actor, in incidents.IncidentID, w io.Writer) error
}

// Status yields one line per delivery of a notice: the list's own person id.
type Status interface {
	ClaimedStatus(ctx context.Context, a incidents.Actor, notice int64, yield func(ref string, c incidents.Channel, s incidents.DeliveryState) error) error
}

// Sandbox shows what was captured instead of sent. Listing it shows no personal data.
type Sandbox interface {
	Captures(ctx context.Context, notice int64, before string, limit int) ([]incidents.Capture, error)
	OpenCapture(ctx context.Context, id string) (incidents.Capture, error)
}

// Providers tells how the providers' accounts are.
type Providers interface {
	ProviderHealth(ctx context.Context) ([]incidents.ProviderHealth, error)
}

// Callbacks takes what providers report.
type Callbacks interface {
	Twilio(ctx context.Context, publicURL string, form map[string]string, signature, delivery, attempt, mac string) error
	// Speak answers a key that was pressed in a call with what is said next, as TwiML.
	Speak(ctx context.Context, publicURL string, form map[string]string, signature, delivery, attempt, mac string) (string, error)
}

// Checkpoints is the signed state of the audit log, and the key that checks it.
type Checkpoints interface {
	Latest(ctx context.Context) ([]byte, error)
	Verifier() string
}

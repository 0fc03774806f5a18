package hook

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"tocsin/incidents"
)

// A Source may post alerts to /hooks/<Name>.
type Source struct {
	Name            string
	Format          string // the adapter that reads it
	Auth            Auth
	DefaultSeverity incidents.AlertSeverity // when the sender says none
	MaxBody         int64                   // bytes; 0: DefaultMaxBody
}

// DefaultMaxBody is how much one body may hold unless its source says otherwise.
const DefaultMaxBody = 1 << 20

func (s Source) maxBody() int64 {
	if s.MaxBody <= 0 {
		return DefaultMaxBody
	}
	return s.MaxBody
}

// A Desk keeps what arrives; *incidents.Desk is one. A nil error means
// committed and synced.
type Desk interface {
	Accept(ctx context.Context, in incidents.Intake) (incidents.Taken, error)
	Quarantine(ctx context.Context, in incidents.Intake) (incidents.Intake, error)
}

// A Receiver takes what sources post. It holds no state but its budgets, and is
// safe for concurrent use. Fields may be set before its first use only.
type Receiver struct {
	Desk    Desk
	Sources map[string]Source
	Now     func() time.Time
	Log     *slog.Logger  // nil: nothing is logged
	Within  time.Duration // how long one body may take to be stored; 0: 2 s
	Slow    time.Duration // how long a sender may take to hand a body over; 0: 10 s
	Each    int           // bodies of one source in hand at a time; 0: 64
	All     int           // bodies in hand at a time; 0: 256

	once    sync.Once
	budgets map[string]chan struct{}
	total   chan struct{}
	storing sync.WaitGroup
}

// An Answer is what a sender is told about one body.
type Answer struct {
	Status    int
	Intake    incidents.Intake // as it is on file; the zero value when nothing was kept
	Alerts    int              // alerts the body holds
	Duplicate bool             // this delivery was taken before, nothing changed
	Err       error            // why not, for every status but 202
	Echo      string           // answered as plain text instead: a handshake
}

// Wait returns when every store call that outlived its request has ended.
func (rc *Receiver) Wait() { rc.storing.Wait() }

func (rc *Receiver) setUp() {
	rc.once.Do(func() {
		rc.Within = orElse(rc.Within, 2*time.Second)
		rc.Slow = orElse(rc.Slow, 10*time.Second)
		rc.total = make(chan struct{}, orElse(rc.All, 256))
		rc.budgets = make(map[string]chan struct{}, len(rc.Sources))
		for name := range rc.Sources {
			rc.budgets[name] = make(chan struct{}, orElse(rc.Each, 64))
		}
	})
}

func orElse[T ~int | ~int64](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// enter takes a place in the budgets of a source: one that floods leaves room
// for the others. leave must be called once when ok.
func (rc *Receiver) enter(source string) (leave func(), ok bool) {
	mine := rc.budgets[source]
	select {
	case mine <- struct{}{}:
	default:
		return nil, false
	}
	select {
	case rc.total <- struct{}{}:
		return func() { <-rc.total; <-mine }, true
	default:
		<-mine
		return nil, false
	}
}

var errBusy = incidents.Unavailable("too many alerts are waiting to be stored").WithHint("send it again after the time in Retry-After")

// Take reads one body of a source and keeps it: its alerts, or, when it cannot
// be read, the body itself in quarantine. via is "hook" or "bus". Who sent it
// must have been checked before. A status of 202 means committed and synced.
func (rc *Receiver) Take(ctx context.Context, source, via string, header http.Header, body []byte) Answer {
	rc.setUp()
	src, ok := rc.Sources[source]
	if !ok {
		return Answer{Status: http.StatusUnauthorized, Err: errWho}
	}
	if int64(len(body)) > src.maxBody() {
		return rc.tooLarge(ctx, src, via, header, body[:src.maxBody()])
	}
	now := rc.Now().UTC()
	in, err := read(src, via, header, body, now)
	if err != nil {
		return rc.quarantine(ctx, in, err)
	}
	if in.Quarantined() {
		return rc.quarantine(ctx, in, nil)
	}
	taken, err := rc.Desk.Accept(ctx, in)
	if err != nil {
		return unstored(err)
	}
	return Answer{Status: http.StatusAccepted, Intake: taken.Intake, Alerts: len(in.Alerts), Duplicate: !taken.Fresh}
}

// quarantine keeps what holds no alert, with its reason and the status the
// sender gets: one that none of them repeats for days.
func (rc *Receiver) quarantine(ctx context.Context, in incidents.Intake, why error) Answer {
	kept, err := rc.Desk.Quarantine(ctx, in)
	if err != nil {
		return unstored(err)
	}
	return Answer{Status: in.Status, Intake: kept, Err: why}
}

// tooLarge keeps the head of a body that is larger than its source may send.
func (rc *Receiver) tooLarge(ctx context.Context, src Source, via string, header http.Header, head []byte) Answer {
	why := tooMuch(src)
	return rc.quarantine(ctx, unread(src, via, header, head[:min(len(head), keptHead)], rc.Now().UTC(), http.StatusRequestEntityTooLarge, why), why)
}

func tooMuch(src Source) error {
	return incidents.Invalid("the body is larger than the %d bytes this source may send", src.maxBody()).
		WithHint("raise max-body of the source in the settings, or send fewer alerts in one body")
}

// keptHead is how much of a body that is too large is kept.
const keptHead = 64 << 10

// unstored says that something cannot be kept now. Senders repeat a 503 and
// never a 429; what was stored after all is a duplicate the second time.
func unstored(err error) Answer {
	return Answer{Status: http.StatusServiceUnavailable, Err: err}
}

// Reparse reads a quarantined body again, by the present adapter and settings
// of its source.
func (rc *Receiver) Reparse(in incidents.Intake) (incidents.Intake, error) {
	src, ok := rc.Sources[in.Source]
	if !ok {
		return in, incidents.Conflict("there is no source %q in the settings any more", in.Source)
	}
	if in.Status == http.StatusRequestEntityTooLarge {
		return in, incidents.Conflict("only the head of this body was kept: it was too large").WithHint("have the sender send it again")
	}
	header := http.Header{}
	for k, v := range in.Headers {
		header.Set(k, v)
	}
	header.Set("Content-Type", in.MediaType)
	again, err := read(src, in.Via, header, in.Body, in.ReceivedAt)
	again.ID = in.ID
	if err == nil && again.Quarantined() {
		err = incidents.Conflict("%s", again.Reason)
	}
	return again, err
}

// storable turns a failure of the store into what the sender is told.
func storable(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return incidents.Unavailable("the alert could not be stored in time")
	}
	var e *incidents.Error
	if errors.As(err, &e) && e.Kind == incidents.KindUnavailable {
		return e
	}
	return incidents.Unavailable("the alert cannot be stored now")
}

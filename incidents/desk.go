package incidents

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strconv"
	"time"
)

// A Desk is where the response team works: each use case is one method, each
// method one transaction that carries its audit entry and its messages.
// Who acts is always an argument.
type Desk struct{ Deps }

// Deps is what a desk works with.
type Deps struct {
	Store      Store
	Roll       Roll
	Files      Files
	Lists      ListReader
	Rules      Rules
	Words      Wordbook
	Reports    Reporter
	Codes      CodeBook
	Now        func() time.Time
	NewID      func() string
	Gate       Gate
	Cover      bool                         // notices about sensitive data are read on the verification page, not in the e-mail
	Routes     Routes                       // how minors and the deceased are dealt with; no value: as before there were routes
	Accounts   Accounts                     // the providers' accounts, for forecasts; nil: none are known
	Rates      map[Channel]float64          // what the settings allow each channel, per second; 0: no limit
	Quiet      QuietHours                   // as the store claims by, for forecasts
	Langs      []Lang                       // the organisation's languages, default first
	Org        string                       // legal name, for reports
	Seed       map[string]any               // facts every breach begins with: who we are and who answers
	Newer      func(old, new string) bool   // whether an alert's revision is newer
	JoinWithin time.Duration                // alerts that share something join an open incident within this window
	Reparse    func(Intake) (Intake, error) // reads a quarantined body again
	Watch      Watch                        // is told how far long work is; nil: nobody
}

// NewDesk builds a desk.
func NewDesk(d Deps) *Desk {
	if d.JoinWithin == 0 {
		d.JoinWithin = 24 * time.Hour
	}
	return &Desk{d}
}

// An event is one act as it is written down: the audit entry, the timeline
// line and the news.
type event struct {
	name     string // "notice.approved"
	incident IncidentID
	subject  string
	line     string            // timeline sentence; may quote a person of the team; never personal data of affected persons
	data     map[string]string // of the audit entry: counts, hashes
	quote    string            // free text by a person; the audit log keeps its hash only
}

// record writes an event in the act's transaction.
func (d *Desk) record(tx Tx, a Actor, e event) error {
	now := d.Now().UTC().Truncate(time.Second)
	data := e.data
	if e.quote != "" {
		data = map[string]string{"quote_sha256": sha256Hex(e.quote)}
		for k, v := range e.data {
			data[k] = v
		}
	}
	entry := AuditEntry{At: now, Actor: a.ID, Role: a.Role, Via: a.Via, Event: e.name,
		Incident: e.incident, Subject: e.subject, Data: data}
	if err := tx.Audit(entry); err != nil {
		return err
	}
	if e.incident != "" && e.line != "" {
		line := e.line
		if e.quote != "" {
			line += " “" + e.quote + "”"
		}
		if err := tx.AddTimeline(TimelineEntry{IncidentID: e.incident, At: now, Actor: a.ID, ActorName: a.Name, Kind: e.name, Text: line, Ref: e.subject}); err != nil {
			return err
		}
	}
	return d.tell(tx, e.name, e.incident, e.subject)
}

// tell puts news on the bus: ids only.
func (d *Desk) tell(tx Tx, name string, in IncidentID, id string) error {
	b, err := json.Marshal(News{Event: name, Incident: in, ID: id, At: d.Now().UTC()})
	if err != nil {
		return err
	}
	return tx.Emit(Message{ID: d.NewID(), Subject: "incidents." + underscore(name) + ".v1", Data: b})
}

func underscore(name string) string {
	b := []byte(name)
	for i, c := range b {
		if c == '.' || c == '-' {
			b[i] = '_'
		}
	}
	return string(b)
}

func sha256Hex(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func itoa[T ~int | ~int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// read runs fn on a snapshot and returns what it found.
func read[T any](ctx context.Context, d *Desk, a Actor, act Act, fn func(Tx) (T, error)) (out T, err error) {
	if err = a.May(act); err != nil {
		return out, err
	}
	err = d.Store.Read(ctx, func(tx Tx) error {
		out, err = fn(tx)
		return err
	})
	return out, err
}

// write runs fn in a transaction after checking the actor's right.
func (d *Desk) write(ctx context.Context, a Actor, act Act, fn func(Tx) error) error {
	if err := a.May(act); err != nil {
		return err
	}
	return d.Store.Write(ctx, fn)
}

// openIncident loads an incident that may still be worked on.
func openIncident(tx Tx, id IncidentID) (Incident, error) {
	in, err := tx.Incident(id)
	if err != nil {
		return in, err
	}
	if in.Status.Over() {
		return in, Conflict("incident %s is %s", in.Ref, in.Status)
	}
	return in, nil
}

func isNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == KindNotFound
}

func reasonGiven(s string) error {
	if len(s) < 3 {
		return Invalid("say why, in a few words").On("reason")
	}
	if len(s) > 2000 {
		return Invalid("keep the reason under 2,000 characters").On("reason")
	}
	return nil
}

package incidents

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// An opening is what a breach begins with: what is true of us and the facts of
// what opened it, judged once.
type opening struct {
	facts map[string]Fact
	ahead *judged
}

func (d *Desk) opening(known map[string]Fact) (o opening, err error) {
	now := d.Now().UTC().Truncate(time.Second)
	o.facts = map[string]Fact{}
	maps.Copy(o.facts, known)
	for key, v := range d.Seed {
		if v != nil && v != "" {
			o.facts[key] = Fact{Value: v, SetBy: System.ID, SetName: System.Name, SetAt: now, How: "settings"}
		}
	}
	if len(o.facts) > 0 {
		o.ahead, err = d.judge(KindBreach, noFacts().next(Incident{}, o.facts).after(nil), nil)
	}
	return o, err
}

// newIncident opens an incident inside a transaction.
func (d *Desk) newIncident(tx Tx, a Actor, title string, kind IncidentKind, mode Mode, first opening) (Incident, error) {
	now := d.Now().UTC().Truncate(time.Second)
	prefix := "INC"
	if kind == KindTermination {
		prefix = "TRM"
	}
	n, err := tx.Next(fmt.Sprintf("%s-%d", prefix, now.Year()))
	if err != nil {
		return Incident{}, err
	}
	in := Incident{ID: IncidentID(d.NewID()), Ref: fmt.Sprintf("%s-%d-%04d", prefix, now.Year(), n), Kind: kind, Title: title,
		Mode: mode, Status: IncidentOpen, CreatedAt: now, CreatedBy: a.ID, UpdatedAt: now}
	if err := tx.PutIncident(in); err != nil {
		return in, err
	}
	if err := tx.PutFacts(in.ID, noFacts()); err != nil {
		return in, err
	}
	line := "Opened " + in.Ref + "."
	if mode == Drill {
		line = "Opened " + in.Ref + " as a drill."
	}
	err = d.record(tx, a, event{name: "incident.opened", incident: in.ID, subject: string(in.ID), line: line,
		data: map[string]string{"ref": in.Ref, "mode": string(mode), "kind": string(kind)}})
	if err != nil || len(first.facts) == 0 {
		return in, err
	}
	if _, err := d.setFacts(tx, System, in, noFacts(), first.facts, first.ahead); err != nil {
		return in, err
	}
	return tx.Incident(in.ID)
}

// OpenIncident opens an incident by hand. mode is for ever.
func (d *Desk) OpenIncident(ctx context.Context, a Actor, title string, mode Mode) (in Incident, err error) {
	title = strings.TrimSpace(title)
	if title == "" || len(title) > 300 {
		return in, Invalid("give the incident a title of 1 to 300 characters").On("title")
	}
	if mode != Live && mode != Drill {
		return in, Invalid("an incident is live or drill").On("mode")
	}
	first, err := d.opening(nil)
	if err != nil {
		return in, err
	}
	err = d.write(ctx, a, ActTriage, func(tx Tx) error {
		in, err = d.newIncident(tx, a, title, KindBreach, mode, first)
		return err
	})
	return in, err
}

// Incidents lists incidents.
func (d *Desk) Incidents(ctx context.Context, a Actor, f IncidentFilter) ([]Incident, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Incident, error) { return tx.Incidents(f) })
}

// A Dossier is everything about one incident but personal data.
type Dossier struct {
	Incident      Incident
	Facts         Facts
	Assessment    Assessment
	Obligations   []ObligationState
	Alerts        []Alert
	Imports       []Import
	Notices       []Notice
	Announcements []Announcement
	Reports       []Report
	Waivers       []Waiver
	Proposals     []Proposal
	Decisions     []Decision     // newest first
	Risk          *RiskStatement // nil: of a service termination
	RiskDecisions []RiskDecision // newest first
	Files         []FileRef
	Timeline      []TimelineEntry // newest first
	Termination   *Termination
}

// Dossier returns everything about one incident, by id or by reference.
func (d *Desk) Dossier(ctx context.Context, a Actor, idOrRef string) (Dossier, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (out Dossier, err error) {
		if out.Incident, err = d.find(tx, idOrRef); err != nil {
			return out, err
		}
		id := out.Incident.ID
		steps := []func() error{
			func() error { out.Facts, err = tx.Facts(id); return err },
			func() error { out.Assessment, err = tx.Assessment(id); return ignoreMissing(err) },
			func() error { out.Obligations, err = tx.Obligations(id); return err },
			func() error { out.Alerts, err = tx.Alerts(AlertFilter{Incident: id, Limit: 200}); return err },
			func() error { out.Imports, err = tx.Imports(id); return err },
			func() error { out.Notices, err = tx.Notices(NoticeFilter{Incident: id}); return err },
			func() error { out.Announcements, err = tx.Announcements(id); return err },
			func() error { out.Reports, err = tx.Reports(ReportFilter{Incident: id}); return err },
			func() error { out.Waivers, err = tx.Waivers(id); return err },
			func() error { out.Decisions, err = tx.Decisions(id); return err },
			func() error { out.RiskDecisions, err = tx.RiskDecisions(id); return err },
			func() error { out.Files, err = tx.Files(id); return err },
			func() error { out.Timeline, err = tx.Timeline(id, 200); return err },
			func() error {
				t, err := tx.TerminationOf(id)
				if err == nil {
					out.Termination = &t
				}
				return ignoreMissing(err)
			},
		}
		for _, step := range steps {
			if err := step(); err != nil {
				return out, err
			}
		}
		out.Obligations = out.Assessment.duties(id, out.Obligations)
		out.Proposals = Propose(out.Facts, out.Assessment)
		if out.Incident.Kind == KindBreach {
			risk := d.Rules.Risk(out.Facts, KindsOf(out.Imports))
			out.Risk = &risk
		}
		return out, nil
	})
}

func ignoreMissing(err error) error {
	if isNotFound(err) {
		return nil
	}
	return err
}

func (d *Desk) find(tx Tx, idOrRef string) (Incident, error) {
	if strings.HasPrefix(idOrRef, "INC-") || strings.HasPrefix(idOrRef, "TRM-") {
		return tx.IncidentByRef(idOrRef)
	}
	return tx.Incident(IncidentID(idOrRef))
}

// Find returns an incident by id or by reference.
func (d *Desk) Find(ctx context.Context, a Actor, idOrRef string) (Incident, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Incident, error) { return d.find(tx, idOrRef) })
}

// Note adds a line to the timeline by hand.
func (d *Desk) Note(ctx context.Context, a Actor, id IncidentID, text string) error {
	text = strings.TrimSpace(text)
	if text == "" || len(text) > 4000 {
		return Invalid("write 1 to 4,000 characters").On("text")
	}
	return d.write(ctx, a, ActFacts, func(tx Tx) error {
		if _, err := tx.Incident(id); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "timeline.noted", incident: id, line: "Noted:", quote: text})
	})
}

// DismissIncident says an incident is nothing, with a reason.
func (d *Desk) DismissIncident(ctx context.Context, a Actor, id IncidentID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActTriage, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		if err := noneSending(tx, id); err != nil {
			return err
		}
		in.Status, in.Reason, in.UpdatedAt = IncidentDismissed, reason, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutIncident(in); err != nil {
			return err
		}
		if err := d.leaveCalendars(tx, id); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "incident.dismissed", incident: id, subject: string(id), line: "Dismissed the incident.", quote: reason})
	})
}

func noneSending(tx Tx, id IncidentID) error {
	busy, err := tx.Notices(NoticeFilter{Incident: id, Status: []NoticeStatus{NoticeSending, NoticeHeld}})
	if err != nil {
		return err
	}
	if len(busy) > 0 {
		return Conflict("notice N-%d is still being sent", busy[0].No).WithHint("wait until it is done, or stop it first")
	}
	return nil
}

// MergeIncidents moves the alerts of one incident into another and closes the
// first. Its facts stay on file; its list must be empty, so that nobody is told twice.
func (d *Desk) MergeIncidents(ctx context.Context, a Actor, from, into IncidentID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	if from == into {
		return Invalid("an incident cannot be merged into itself").On("into")
	}
	return d.write(ctx, a, ActTriage, func(tx Tx) error {
		src, err := openIncident(tx, from)
		if err != nil {
			return err
		}
		dst, err := openIncident(tx, into)
		if err != nil {
			return err
		}
		switch {
		case src.Mode != dst.Mode:
			return Forbidden("a drill and a live incident cannot be merged")
		case src.Kind != dst.Kind:
			return Conflict("a termination and a breach cannot be merged")
		case src.Persons > 0:
			return Conflict("%s has a list of persons", src.Ref).WithHint("merge the other way round, or import the list there")
		}
		if err := noneSending(tx, from); err != nil {
			return err
		}
		moved, err := moveAlerts(tx, from, into)
		if err != nil {
			return err
		}
		src.Status, src.MergedInto, src.Reason, src.UpdatedAt = IncidentMerged, into, reason, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutIncident(src); err != nil {
			return err
		}
		if err := d.leaveCalendars(tx, from); err != nil {
			return err
		}
		if err := d.record(tx, a, event{name: "incident.merged", incident: from, subject: string(into), line: "Merged into " + dst.Ref + ".", quote: reason}); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "incident.absorbed", incident: into, subject: string(from), line: src.Ref + " was merged into this incident: " + itoa(moved) + " alerts."})
	})
}

// moveAlerts moves every alert, however many pages there are.
func moveAlerts(tx Tx, from, into IncidentID) (moved int, err error) {
	for {
		alerts, err := tx.Alerts(AlertFilter{Incident: from})
		if err != nil || len(alerts) == 0 {
			return moved, err
		}
		for _, al := range alerts {
			al.IncidentID = into
			if err := tx.PutAlert(al); err != nil {
				return moved, err
			}
		}
		moved += len(alerts)
	}
}

// SetStatus moves an incident between open and containing.
func (d *Desk) SetStatus(ctx context.Context, a Actor, id IncidentID, s IncidentStatus) error {
	if !slices.Contains([]IncidentStatus{IncidentOpen, IncidentContaining, IncidentNotifying}, s) {
		return Invalid("the status is open, containing or notifying").On("status")
	}
	return d.write(ctx, a, ActTriage, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil || in.Status == s {
			return err
		}
		in.Status, in.UpdatedAt = s, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutIncident(in); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "incident.status", incident: id, subject: string(id), line: "Status is now " + string(s) + ".", data: map[string]string{"status": string(s)}})
	})
}

// CloseIncident ends an incident whose obligations are all met, waived or moot.
func (d *Desk) CloseIncident(ctx context.Context, a Actor, id IncidentID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActFacts, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		if err := noneSending(tx, id); err != nil {
			return err
		}
		duties, err := allDuties(tx, id)
		if err != nil {
			return err
		}
		for _, o := range duties {
			if o.Status == DutyOpen && o.Applies != AppliesNo {
				return Conflict("“%s” (%s) is still open", o.Title, o.Law).WithHint("meet it, answer the facts that decide it, or ask an officer for a waiver")
			}
		}
		if err := d.kept(tx, id); err != nil {
			return err
		}
		in.Status, in.Reason, in.UpdatedAt = IncidentClosed, reason, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutIncident(in); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "incident.closed", incident: id, subject: string(id), line: "Closed the incident.", quote: reason})
	})
}

// A FactChange is one answer: a JSON value, or unknown.
type FactChange struct {
	Value   json.RawMessage `json:"value,omitempty"`
	Unknown bool            `json:"unknown,omitempty"`
}

// A Change says what a new revision of the facts did.
type Change struct {
	Facts      Facts
	Assessment Assessment
	Severity   [2]string         // before, after
	Began      []Obligation      // apply now and did not
	Ended      []ObligationState // applied and do no longer
	Moved      []ObligationState // still apply, with another due time
	Stale      []string          // drafts that no longer agree
}

// SetFacts writes a new revision of the facts, re-judges them, and marks what
// no longer agrees. base is the revision the form showed; a conflict means
// somebody else wrote meanwhile.
func (d *Desk) SetFacts(ctx context.Context, a Actor, id IncidentID, base int, changes map[string]FactChange, how string) (out Change, err error) {
	facts, err := parseChanges(changes)
	if err != nil {
		return out, err
	}
	if len(facts) == 0 {
		return out, Invalid("nothing was changed")
	}
	now := d.Now().UTC().Truncate(time.Second)
	for k, f := range facts {
		f.SetBy, f.SetName, f.SetAt, f.How = a.ID, a.Name, now, how
		facts[k] = f
	}
	ahead, err := d.judgeAhead(ctx, a, ActFacts, id, facts)
	if err != nil {
		return out, err
	}
	err = d.write(ctx, a, ActFacts, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		f, err := tx.Facts(id)
		if err != nil {
			return err
		}
		if base >= 0 && f.Rev != base {
			return Conflict("the facts are at revision %d now, the form showed %d", f.Rev, base).WithHint("look at the present facts and save again")
		}
		out, err = d.setFacts(tx, a, in, f, facts, ahead)
		return err
	})
	return out, err
}

func parseChanges(changes map[string]FactChange) (map[string]Fact, error) {
	out := make(map[string]Fact, len(changes))
	for key, c := range changes {
		def, ok := FactByKey(key)
		if !ok {
			return nil, Invalid("there is no fact %q", key).On(key)
		}
		if c.Unknown {
			out[key] = Fact{Unknown: true}
			continue
		}
		v, err := def.Parse(c.Value)
		if err != nil {
			return nil, err
		}
		out[key] = Fact{Value: v}
	}
	return out, nil
}

// few names some of many.
func few(words []string, n int) string {
	if len(words) <= n+1 {
		return strings.Join(words, ", ")
	}
	return strings.Join(words[:n], ", ") + " and " + itoa(len(words)-n) + " more"
}

func noFacts() Facts { return Facts{Known: map[string]Fact{}} }

// next is the next revision of an incident's facts.
func (f Facts) next(in Incident, changes map[string]Fact) Facts {
	f = f.With(changes)
	f.Rev = in.FactsRev + 1
	return f
}

// setFacts writes revision n+1, judges it and settles what follows. ahead is
// its judgement if it was made before the transaction.
func (d *Desk) setFacts(tx Tx, a Actor, in Incident, old Facts, changes map[string]Fact, ahead *judged) (out Change, err error) {
	f := old.next(in, changes)
	if err := tx.PutFacts(in.ID, f); err != nil {
		return out, err
	}
	in.FactsRev = f.Rev
	keys := make([]string, 0, len(changes))
	for k := range changes {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	if err := d.record(tx, a, event{name: "facts.changed", incident: in.ID, subject: itoa(f.Rev),
		line: "Facts revision " + itoa(f.Rev) + ": " + few(keys, 4) + ".",
		data: map[string]string{"rev": itoa(f.Rev), "facts": strings.Join(keys, ","), "facts_sha256": hashJSON(f)}}); err != nil {
		return out, err
	}
	return d.assess(tx, a, in, f, ahead)
}

package incidents

import (
	"context"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"time"
)

// assess judges facts and writes down severity, obligations and what went stale.
// ahead is their judgement if it was made before the transaction.
func (d *Desk) assess(tx Tx, a Actor, in Incident, f Facts, ahead *judged) (out Change, err error) {
	now := d.Now().UTC().Truncate(time.Second)
	before, err := tx.Obligations(in.ID)
	if err != nil {
		return out, err
	}
	last, err := tx.LastJudgement(in.ID)
	if err != nil && !isNotFound(err) {
		return out, err
	}
	list, err := kindsOf(tx, in.ID)
	if err != nil {
		return out, err
	}
	if !d.holds(ahead, f.after(before), list) {
		if ahead, err = d.judge(in.Kind, f.after(before), list); err != nil {
			return out, err
		}
	}
	as := ahead.Assessment
	out = Change{Facts: f, Assessment: as, Severity: [2]string{in.Severity, as.Severity.Level}}
	after := settle(before, as.Obligations, in.ID, f.Rev, &out)
	for i := range after {
		after[i] = after[i].entered(now)
	}
	slices.SortFunc(after, byDue)
	repacked := last.Pack != "" && last.Pack != as.Pack
	why, err := staleBecause(tx, in.ID, last, as)
	if err != nil {
		return out, err
	}
	if repacked {
		noteRepacked(after, before, as.Pack, out)
	}
	if err := tx.PutObligations(in.ID, after); err != nil {
		return out, err
	}
	if err := d.substitutes(tx, in, f, after); err != nil {
		return out, err
	}
	if err := tx.PutAssessment(in.ID, ahead.Verdict); err != nil {
		return out, err
	}
	in.Severity, in.UpdatedAt = as.Severity.Level, now
	if err := tx.PutIncident(in); err != nil {
		return out, err
	}
	if why != "" {
		if out.Stale, err = d.markStale(tx, in, f, why); err != nil {
			return out, err
		}
	}
	old, err := d.markDecisions(tx, in.ID, Propose(f, as))
	if err != nil {
		return out, err
	}
	out.Stale = append(out.Stale, old...)
	if as.Risk != nil {
		if old, err = d.markRisks(tx, in.ID, *as.Risk); err != nil {
			return out, err
		}
		out.Stale = append(out.Stale, old...)
	}
	if err := d.obey(tx, a, in); err != nil {
		return out, err
	}
	if repacked {
		if err := d.recordRepacked(tx, in, last.Pack, before, out); err != nil {
			return out, err
		}
	}
	return out, d.record(tx, a, event{name: "incident.assessed", incident: in.ID, subject: itoa(f.Rev),
		data: map[string]string{"rev": itoa(f.Rev), "pack": as.Pack, "severity": as.Severity.Level,
			"began": itoa(len(out.Began)), "ended": itoa(len(out.Ended)), "assessment_sha256": ahead.SHA256}})
}

// A judged is a judgement that is ready to be written down.
type judged struct {
	facts Facts
	list  map[PersonKind]int64
	Verdict
}

// judge judges facts, and who is on the list, as they are now.
func (d *Desk) judge(kind IncidentKind, f Facts, list map[PersonKind]int64) (*judged, error) {
	as, err := d.weigh(kind, f, list)
	if err != nil {
		return nil, err
	}
	return &judged{f, list, as.Verdict()}, nil
}

func (d *Desk) weigh(kind IncidentKind, f Facts, list map[PersonKind]int64) (as Assessment, err error) {
	if as, err = d.Rules.Assess(f, d.Now().UTC().Truncate(time.Second)); err != nil {
		return as, err
	}
	as.Obligations = append(as.Obligations, holdDuty(f)...)
	if len(list) > 0 {
		risk := d.Rules.Risk(f, list)
		as.Risk = &risk
	}
	if kind == KindTermination {
		as.Obligations, as.Questions, as.Risk = nil, nil, nil // a termination has its own gate
	}
	return as, nil
}

// aheadFor is how long a judgement may wait for its transaction.
const aheadFor = time.Minute

// holds tells whether a judgement made before the transaction is of these very
// facts and of this list, by the present rules.
func (d *Desk) holds(j *judged, f Facts, list map[PersonKind]int64) bool {
	return j != nil && maps.Equal(j.list, list) && j.Pack == d.Rules.Version() && d.Now().Sub(j.At) < aheadFor && reflect.DeepEqual(j.facts, f)
}

// judgeAhead judges an incident before the turn of the one writer, so that
// nobody waits for it meanwhile. Whether it still holds then is seen then.
func (d *Desk) judgeAhead(ctx context.Context, a Actor, act Act, id IncidentID, changes map[string]Fact) (*judged, error) {
	var kind IncidentKind
	var list map[PersonKind]int64
	f, err := read(ctx, d, a, act, func(tx Tx) (f Facts, err error) {
		in, err := openIncident(tx, id)
		if err != nil {
			return f, err
		}
		if f, err = tx.Facts(id); err != nil {
			return f, err
		}
		if list, err = kindsOf(tx, id); err != nil {
			return f, err
		}
		if kind = in.Kind; len(changes) > 0 {
			f = f.next(in, changes)
		}
		rows, err := tx.Obligations(id)
		return f.after(rows), err
	})
	if err != nil {
		return nil, err
	}
	return d.judge(kind, f, list)
}

// staleBecause says why what was written before no longer stands; empty: it
// does. The same facts judged again by the same pack, because a duty was met,
// only move clocks.
func staleBecause(tx Tx, id IncidentID, last Judgement, now Assessment) (string, error) {
	switch {
	case last.FactsRev != now.FactsRev:
		return "the facts changed (revision " + itoa(now.FactsRev) + ")", nil
	case last.Pack == now.Pack, last.Pack == "":
		return "", nil
	}
	was, err := tx.Assessment(id)
	if err != nil || asksTheSame(was, now) {
		return "", err
	}
	return "the rules changed (pack " + now.Pack + ")", nil
}

// after lays over the facts when duties were met.
func (f Facts) after(duties []ObligationState) Facts {
	f.Done = map[string]time.Time{}
	for _, o := range duties {
		if o.Status == DutyMet && o.ClosedAt != nil {
			f.Done[o.ID] = *o.ClosedAt
		}
	}
	return f
}

// settle carries what became of each duty over to the new judgement. What has
// no row and does not apply gets none; see allDuties.
func settle(before []ObligationState, now []Obligation, id IncidentID, rev int, out *Change) []ObligationState {
	old := make(map[string]ObligationState, len(before))
	for _, o := range before {
		old[o.ID] = o
	}
	var after []ObligationState
	for _, o := range now {
		was, had := old[o.ID]
		delete(old, o.ID)
		if !had && o.Applies != AppliesYes {
			continue
		}
		s := ObligationState{IncidentID: id, Obligation: o, FactsRev: rev, Status: DutyOpen}
		if had {
			s.Status, s.Evidence, s.Note, s.ClosedAt = was.Status, was.Evidence, was.Note, was.ClosedAt
			s.Escalated, s.Told, s.TellAt, s.Foreseen, s.Repacked, s.Calendar = was.Escalated, was.Told, was.TellAt, was.Foreseen, was.Repacked, was.Calendar
		}
		if s.Status == DutyMoot && o.Applies != AppliesNo {
			s.Status, s.ClosedAt = DutyOpen, nil
		}
		if o.Applies == AppliesNo && s.Status == DutyOpen {
			s.Status = DutyMoot
		}
		applied := had && was.Applies == AppliesYes
		switch {
		case o.Applies == AppliesYes && !applied:
			out.Began = append(out.Began, o)
		case o.Applies != AppliesYes && applied:
			out.Ended = append(out.Ended, s)
		case o.Applies == AppliesYes && !sameTime(was.Due, o.Due):
			out.Moved = append(out.Moved, s)
		}
		if had && !sameTime(was.Due, o.Due) {
			s.Escalated, s.Told, s.TellAt = 0, 0, nil // another clock
		}
		after = append(after, s)
	}
	for _, o := range before { // rules the pack no longer has
		if o.Task != nil {
			after = append(after, o) // tasks follow their obligations; see substitutes
			continue
		}
		if _, gone := old[o.ID]; gone {
			if o.Status == DutyOpen {
				o.Status = DutyMoot
			}
			if o.Applies == AppliesYes {
				out.Ended = append(out.Ended, o)
			}
			o.Applies = AppliesNo
			after = append(after, o)
		}
	}
	return after
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}

// markStale marks drafts whose words were written from older facts, or by older
// rules, and voids approvals that wait. What is already out stays out.
func (d *Desk) markStale(tx Tx, in Incident, f Facts, why string) ([]string, error) {
	var stale []string
	notices, err := tx.Notices(NoticeFilter{Incident: in.ID, Status: []NoticeStatus{NoticeDraft, NoticeSubmitted, NoticeApproved}})
	if err != nil {
		return nil, err
	}
	for _, n := range notices {
		if n.Content.Correction() {
			continue // its words are not written from the facts
		}
		if d.Words == nil || !hasErrors(d.Words.Lint(n.Content, f, nil)) {
			if n.Stale == "" && n.Status == NoticeDraft {
				continue
			}
		}
		if n.Stale == why {
			continue
		}
		n.Stale = why
		if n.Status == NoticeSubmitted || n.Status == NoticeApproved {
			n.Status = NoticeDraft
		}
		if _, err := tx.VoidApprovals(SubjectNotice, string(n.ID), why); err != nil {
			return nil, err
		}
		if err := tx.PutNotice(n); err != nil {
			return nil, err
		}
		stale = append(stale, "notice N-"+itoa(n.No))
	}
	reports, err := tx.Reports(ReportFilter{Incident: in.ID, Status: []ReportStatus{ReportDraft, ReportSubmitted, ReportApproved}})
	if err != nil {
		return nil, err
	}
	for _, r := range reports {
		r.Stale = why
		if r.Status == ReportSubmitted || r.Status == ReportApproved {
			r.Status = ReportDraft
		}
		if _, err := tx.VoidApprovals(SubjectReport, string(r.ID), why); err != nil {
			return nil, err
		}
		if err := tx.PutReport(r); err != nil {
			return nil, err
		}
		stale = append(stale, "report R-"+itoa(r.No))
	}
	public, err := tx.Announcements(in.ID)
	if err != nil {
		return nil, err
	}
	for _, n := range public {
		if n.Status != AnnouncementSubmitted && n.Status != AnnouncementApproved {
			continue
		}
		n.Status, n.Stale = AnnouncementDraft, why
		if _, err := tx.VoidApprovals(SubjectAnnouncement, string(n.ID), why); err != nil {
			return nil, err
		}
		if err := tx.PutAnnouncement(n); err != nil {
			return nil, err
		}
		stale = append(stale, "the announcement")
	}
	return stale, nil
}

func hasErrors(fs []Finding) bool {
	return slices.ContainsFunc(fs, func(f Finding) bool { return f.Level == "error" })
}

// Preview judges the facts as they would be with changes, and says what would
// differ. Nothing is written.
func (d *Desk) Preview(ctx context.Context, a Actor, id IncidentID, changes map[string]FactChange) (Change, error) {
	facts, err := parseChanges(changes)
	if err != nil {
		return Change{}, err
	}
	return read(ctx, d, a, ActRead, func(tx Tx) (out Change, err error) {
		in, err := tx.Incident(id)
		if err != nil {
			return out, err
		}
		f, err := tx.Facts(id)
		if err != nil {
			return out, err
		}
		before, err := tx.Obligations(id)
		if err != nil {
			return out, err
		}
		list, err := kindsOf(tx, id)
		if err != nil {
			return out, err
		}
		as, err := d.weigh(in.Kind, f.With(facts).after(before), list)
		if err != nil {
			return out, err
		}
		out = Change{Facts: f.With(facts), Assessment: as, Severity: [2]string{in.Severity, as.Severity.Level}}
		settle(before, as.Obligations, id, f.Rev+1, &out)
		return out, nil
	})
}

// RejudgeAll judges every open incident by the present rule pack that was judged
// by another one; it is run at the start of the service and after a new pack. One
// that fails keeps no other from its own: the error joins an Unjudged for each.
func (d *Desk) RejudgeAll(ctx context.Context) error {
	open, err := read(ctx, d, System, ActRead, func(tx Tx) ([]Incident, error) { return tx.Incidents(IncidentFilter{Open: true, Kind: KindBreach}) })
	if err != nil {
		return err
	}
	return each(ctx, open, func(in Incident) (string, error) { return "judge incident " + in.Ref, d.rejudge(ctx, in.ID) })
}

func (d *Desk) rejudge(ctx context.Context, id IncidentID) error {
	last, err := read(ctx, d, System, ActRead, func(tx Tx) (Judgement, error) { return tx.LastJudgement(id) })
	if err == nil && last.Pack == d.Rules.Version() {
		return nil
	}
	ahead, err := d.judgeAhead(ctx, System, ActRead, id, nil)
	if err != nil {
		return ignoreConflict(err)
	}
	return d.Store.Write(ctx, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return ignoreConflict(err)
		}
		last, err := tx.LastJudgement(id)
		if err == nil && last.Pack == d.Rules.Version() {
			return nil
		}
		f, err := tx.Facts(id)
		if err != nil {
			return err
		}
		_, err = d.assess(tx, System, in, f, ahead)
		return err
	})
}

func ignoreConflict(err error) error {
	if KindOf(err) == KindConflict {
		return nil
	}
	return err
}

// An Escalation is one step of one burning clock, to be told to the team.
type Escalation struct {
	Duty     ObligationState
	Incident Incident
	// Step is 50, 75, 90, 100 (overdue) of the time. A task to give substitute
	// notice begins with 1: it was opened. The end of an authority's hold has 25,
	// 50 and 75 for the last 72 hours, 24 hours and hour, and 100 for the end.
	Step int
}

// mostDuties is how many open duties are looked at, the earliest due first.
const mostDuties = 10_000

// tellAgain is how long one process has to tell the team before another tries.
const tellAgain = 5 * time.Minute

// Escalate finds clocks that crossed 50, 75, 90 % or their end since the last
// time, writes each step down once, and returns what the team has to be told.
// Steps missed while the service was down come once, the highest only. Until
// EscalationTold says that the team knows, a step comes again every 5 minutes.
func (d *Desk) Escalate(ctx context.Context) (out []Escalation, err error) {
	now := d.Now().UTC()
	burning, err := read(ctx, d, System, ActRead, func(tx Tx) (bool, error) {
		duties, err := tx.OpenObligations(mostDuties)
		return slices.ContainsFunc(duties, func(o ObligationState) bool { return o.burns(now) }), err
	})
	if err != nil || !burning {
		return nil, err // most times nothing burns, and the writer is left alone
	}
	err = d.Store.Write(ctx, func(tx Tx) error {
		out = nil
		duties, err := tx.OpenObligations(mostDuties)
		if err != nil {
			return err
		}
		for _, o := range duties {
			if !o.burns(now) {
				continue
			}
			step := max(clockStep(o, now), o.Escalated)
			crossed := step > o.Escalated
			in, err := tx.Incident(o.IncidentID)
			if err != nil {
				return err
			}
			next := now.Add(tellAgain)
			o.Escalated, o.TellAt = step, &next
			if err := d.putDuty(tx, o); err != nil {
				return err
			}
			out = append(out, Escalation{o, in, step})
			if !crossed {
				continue
			}
			if err := d.record(tx, System, event{name: "clock.escalated", incident: in.ID, subject: o.ID, line: stepLine(o, step), data: map[string]string{"step": itoa(step)}}); err != nil {
				return err
			}
		}
		return nil
	})
	return out, err
}

// burns tells whether a step is to be told now: it was just crossed, or was
// crossed before and the team does not know.
func (o ObligationState) burns(now time.Time) bool {
	step := clockStep(o, now)
	return step > o.Escalated || o.Escalated > o.Told && (o.TellAt == nil || !now.Before(*o.TellAt))
}

// EscalationTold notes that the team was told of a step.
func (d *Desk) EscalationTold(ctx context.Context, e Escalation) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		o, err := obligation1(tx, e.Incident.ID, e.Duty.ID)
		if err != nil {
			return ignoreMissing(err)
		}
		if o.Escalated < e.Step {
			return nil // the clock was set anew meanwhile
		}
		o.Told = max(o.Told, e.Step)
		return d.putDuty(tx, o)
	})
}

func stepLine(o ObligationState, step int) string {
	switch {
	case o.ID == HoldDuty:
		return holdLine(step)
	case step == 100:
		return "“" + o.Title + "” (" + o.Law + ") is overdue."
	case step == stepOpened:
		return "The team is told that “" + o.Title + "” (" + o.Law + ") is asked for."
	}
	return itoa(step) + " % of the time for “" + o.Title + "” is gone."
}

// stepOpened is the first step of a task: it is there.
const stepOpened = 1

// clockStep is the highest step an open duty's clock has crossed.
func clockStep(o ObligationState, now time.Time) int {
	if o.Applies != AppliesYes || o.Status != DutyOpen {
		return 0
	}
	first := 0
	if o.Task != nil {
		first = stepOpened
	}
	switch {
	case o.Due == nil:
		return first
	case o.ID == HoldDuty:
		return holdStep(o.Due.Sub(now))
	case !now.Before(*o.Due):
		return 100
	case o.Start == nil || !o.Due.After(*o.Start):
		return first
	}
	gone := int(100 * now.Sub(*o.Start) / o.Due.Sub(*o.Start))
	for _, step := range []int{90, 75, 50} {
		if gone >= step {
			return step
		}
	}
	return first
}

// Burning lists open obligations of every incident, least time left first.
func (d *Desk) Burning(ctx context.Context, a Actor, limit int) ([]Escalation, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Escalation, error) {
		duties, err := tx.OpenObligations(limit)
		if err != nil {
			return nil, err
		}
		var out []Escalation
		for _, o := range duties {
			in, err := tx.Incident(o.IncidentID)
			if err != nil {
				return nil, err
			}
			out = append(out, Escalation{o, in, clockStep(o, d.Now().UTC())})
		}
		return out, nil
	})
}

// AskWaiver asks an officer to close an obligation without doing it.
func (d *Desk) AskWaiver(ctx context.Context, a Actor, id IncidentID, obligation, reason string) (w Waiver, err error) {
	if err := reasonGiven(reason); err != nil {
		return w, err
	}
	if obligation == HoldDuty {
		return w, Conflict("nobody here can waive the hold of an authority").WithHint("when it is lifted, say so in the facts")
	}
	w = Waiver{ID: d.NewID(), IncidentID: id, Obligation: obligation, Reason: reason, By: a.ID, ByName: a.Name, At: d.Now().UTC().Truncate(time.Second), Status: "asked"}
	err = d.write(ctx, a, ActFacts, func(tx Tx) error {
		o, err := obligation1(tx, id, obligation)
		if err != nil {
			return err
		}
		if o.Status != DutyOpen {
			return Conflict("this obligation is %s", o.Status)
		}
		if err := d.keepDuties(tx, id, obligation); err != nil {
			return err
		}
		if err := tx.PutWaiver(w); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "waiver.asked", incident: id, subject: w.ID, line: "Asked to waive “" + o.Title + "”:", quote: reason, data: map[string]string{"obligation": obligation, "hash": w.Hash()}})
	})
	return w, err
}

// meet closes obligations with evidence, as of the time it was done. What
// follows a duty that was met counts from then.
func (d *Desk) meet(tx Tx, a Actor, id IncidentID, ids []string, at time.Time, evidence, how string) error {
	at, met := at.UTC().Truncate(time.Second), false
	for _, oid := range ids {
		o, err := obligation1(tx, id, oid)
		if isNotFound(err) {
			continue // the rules changed since
		}
		if err != nil {
			return err
		}
		if o.Status != DutyOpen || o.Task != nil { // a task is met by its own means; see did
			continue
		}
		o.Status, o.Evidence, o.Note, o.ClosedAt = DutyMet, evidence, how, &at
		met = true
		if err := d.putDuty(tx, o); err != nil {
			return err
		}
		line := "“" + o.Title + "” is met: " + how
		if o.Due != nil && at.After(*o.Due) {
			line += ", late"
		}
		if err := d.record(tx, a, event{name: "obligation.met", incident: id, subject: oid, line: line + ".", data: map[string]string{"evidence": evidence}}); err != nil {
			return err
		}
	}
	if !met {
		return nil
	}
	in, err := tx.Incident(id)
	if err != nil {
		return err
	}
	f, err := tx.Facts(id)
	if err != nil {
		return err
	}
	_, err = d.assess(tx, a, in, f, nil)
	return err
}

// FactValues turns typed values into changes, for callers inside the program.
func FactValues(values map[string]any) map[string]FactChange {
	out := make(map[string]FactChange, len(values))
	for k, v := range values {
		b, err := json.Marshal(v)
		if err != nil {
			panic("incidents: fact " + k + " does not marshal: " + err.Error())
		}
		out[k] = FactChange{Value: b}
	}
	return out
}

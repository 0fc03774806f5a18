package incidents

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// NoticeInput is what a form or a script says about a notice.
type NoticeInput struct {
	Title   string         `json:"title"`
	Kind    NoticeKind     `json:"kind"`
	Langs   map[Lang]Words `json:"langs"` // empty at the first draft: proposed from the facts
	Default Lang           `json:"default"`
	Filter  PersonFilter   `json:"filter"`
	Plan    []Step         `json:"plan"`
	Answers []string       `json:"answers"` // obligation ids; empty at the first draft: all open ones to individuals
	Plans   []GroupPlan    `json:"plans,omitempty"`
	// QuietOverride lets SMS and calls leave in people's quiet hours, and says why.
	QuietOverride string `json:"quiet_override,omitempty"`
	// Corrects makes it the correction of another notice of the incident: plan,
	// filter and, at the first draft, languages are that notice's.
	Corrects NoticeID `json:"corrects,omitempty"`
}

// DefaultPlan tries e-mail, then push, then SMS.
var DefaultPlan = []Step{{Email, 0}, {Push, 24 * time.Hour}, {SMS, 24 * time.Hour}}

// DraftNotice writes the first draft of a notice from the facts.
func (d *Desk) DraftNotice(ctx context.Context, a Actor, id IncidentID, input NoticeInput) (n Notice, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		in, err := openIncident(tx, id)
		if err != nil {
			return err
		}
		no, err := tx.Next("notice")
		if err != nil {
			return err
		}
		now := d.Now().UTC().Truncate(time.Second)
		n = Notice{ID: NoticeID(d.NewID()), No: no, IncidentID: id, Author: a.ID, CreatedAt: now}
		if err := d.proposal(tx, in, &input); err != nil {
			return err
		}
		if err := d.apply(tx, a, in, &n, input); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.drafted", incident: id, subject: string(n.ID), line: "Drafted notice N-" + itoa(no) + ".",
			data: map[string]string{"no": itoa(no), "version": "1", "hash": n.Hash}})
	})
	return n, err
}

// proposal fills what the input leaves open.
func (d *Desk) proposal(tx Tx, in Incident, input *NoticeInput) error {
	if err := d.correct(tx, in, input); err != nil || input.Corrects != "" {
		return err
	}
	if input.Kind == "" {
		input.Kind = NoticeBreach
		if in.Kind == KindTermination {
			input.Kind = NoticeTermination
		}
	}
	if input.Title == "" {
		input.Title = in.Title
	}
	if len(input.Plan) == 0 {
		input.Plan = DefaultPlan
	}
	if input.Default == "" && len(d.Langs) > 0 {
		input.Default = d.Langs[0]
	}
	if len(input.Langs) == 0 {
		f, err := factsFor(tx, in.ID, input.Filter)
		if err != nil {
			return err
		}
		if input.Langs, err = d.Words.Draft(input.Kind, in, f, d.Langs); err != nil {
			return err
		}
	}
	if input.Answers != nil || in.Kind == KindTermination {
		return nil
	}
	duties, err := allDuties(tx, in.ID)
	if err != nil {
		return err
	}
	for _, o := range duties {
		if o.Audience == AudienceIndividuals && o.concerns() && o.Status == DutyOpen && o.Task == nil && input.Filter.reaches(o.Obligation) {
			input.Answers = append(input.Answers, o.ID)
		}
	}
	return nil
}

// concerns tells whether a notice is drafted for a duty: it applies, or may and
// is owed to people on the list. What only hangs on a special regime is not.
func (o Obligation) concerns() bool {
	return o.Applies == AppliesYes || o.Applies == AppliesDepends && len(o.Owed) > 0 && o.Persons > 0
}

// apply turns input into the next version of n, back at draft.
func (d *Desk) apply(tx Tx, a Actor, in Incident, n *Notice, input NoticeInput) error {
	if err := checkInput(input); err != nil {
		return err
	}
	listed, _, err := tx.CountPersons(in.ID, input.Filter)
	if err != nil {
		return err
	}
	c := Content{Kind: input.Kind, Mode: in.Mode, Incident: in.ID, Langs: input.Langs, Default: input.Default, Filter: input.Filter,
		Plan: input.Plan, Persons: listed, ListHash: in.ListHash, Layout: d.Words.Layout(), Answers: input.Answers,
		Plans: input.Plans, QuietOverride: strings.TrimSpace(input.QuietOverride)}
	if d.Routes != (Routes{}) {
		routes := d.Routes
		c.Routes = &routes
	}
	f, err := factsFor(tx, in.ID, input.Filter)
	if err != nil {
		return err
	}
	c.Sensitive, c.Cover = f.Listed, d.covers(in, f)
	if input.Kind != NoticePolicyChange {
		c.Data = f.Kinds()
	}
	if input.Corrects != "" {
		of, err := corrected(tx, in.ID, input.Corrects)
		if err != nil {
			return err
		}
		c.bound(of)
	} else if in.Kind == KindTermination {
		t, err := tx.TerminationOf(in.ID)
		if err != nil {
			return err
		}
		c.EndDate = t.EndDate
	}
	if c.SMSSegments, err = d.segments(tx, in, n.No, c); err != nil {
		return err
	}
	if err := d.keepDuties(tx, in.ID, input.Answers...); err != nil {
		return err
	}
	n.Title, n.Content, n.Hash = strings.TrimSpace(input.Title), c, c.Hash()
	n.Version++
	n.Status, n.Stale, n.UpdatedAt = NoticeDraft, "", d.Now().UTC().Truncate(time.Second)
	if !slices.Contains(n.Editors, a.ID) {
		n.Editors = append(slices.Clone(n.Editors), a.ID)
	}
	return tx.PutNotice(*n)
}

// segments measures the SMS of a content, with the longest code there can be, in
// the languages of the people on the list.
func (d *Desk) segments(tx Tx, in Incident, no int64, c Content) (map[Lang]int, error) {
	if !slices.Contains(c.Channels(), SMS) {
		return nil, nil
	}
	_, langs, err := peopleOf(tx, in.ID)
	if err != nil {
		return nil, err
	}
	return d.Words.SMSSegments(c, in.Ref, d.Codes.Code(no, in.Persons), slices.Collect(maps.Keys(langs))), nil
}

// factsFor are the facts of an incident, none if there are none yet, with what
// its list says of the people a filter chooses.
func factsFor(tx Tx, id IncidentID, filter PersonFilter) (Facts, error) {
	f, err := tx.Facts(id)
	if err := ignoreMissing(err); err != nil {
		return f, err
	}
	f.Listed, err = tx.NamesSensitive(id, filter)
	return f, err
}

// covers tells whether a notice of an incident is read on the verification page:
// when the team wants that, and facts or list name sensitive data.
func (d *Desk) covers(in Incident, f Facts) bool {
	sensitive, _ := f.Sensitive()
	return d.Cover && in.Kind == KindBreach && sensitive
}

// writtenFor refuses a version that was not written for the sensitive data its
// list names: one of before lists were looked at. What a list names cannot change
// under a version, since its hash would. A correction goes to whom it corrects,
// whatever the list became since.
func writtenFor(tx Tx, n Notice) error {
	if n.Content.Sensitive || n.Content.Correction() {
		return nil
	}
	named, err := tx.NamesSensitive(n.IncidentID, n.Content.Filter)
	if err != nil || !named {
		return err
	}
	return Conflict("the list names sensitive data for people of notice N-%d, which this version was not written for", n.No).WithHint("save the notice again")
}

func checkInput(input NoticeInput) error {
	if t := strings.TrimSpace(input.Title); t == "" || len(t) > 300 {
		return Invalid("give the notice a title of 1 to 300 characters").On("title")
	}
	if !slices.Contains([]NoticeKind{NoticeBreach, NoticeTermination, NoticePolicyChange}, input.Kind) && input.Corrects == "" {
		return Invalid("the kind is breach, termination or policy_change").On("kind")
	}
	if len(input.Langs) == 0 {
		return Invalid("a notice needs words in at least one language").On("langs")
	}
	if _, ok := input.Langs[input.Default]; !ok {
		return Invalid("the default language %q has no words", input.Default).On("default")
	}
	if err := checkPlan(input.Plan, "plan"); err != nil {
		return err
	}
	if err := checkPlans(input.Plans); err != nil {
		return err
	}
	if err := checkOverride(input.QuietOverride); err != nil {
		return err
	}
	for _, p := range input.Filter.Places {
		if !ValidPlace(p) {
			return Invalid("%q is not an ISO 3166 code", p).On("places")
		}
	}
	return nil
}

func checkPlan(plan []Step, field string) error {
	if len(plan) == 0 {
		return Invalid("choose at least one channel").On(field)
	}
	seen := map[Channel]bool{}
	for _, s := range plan {
		if !slices.Contains([]Channel{Email, SMS, Push, Phone, Letter}, s.Channel) {
			return Invalid("there is no channel %q to send by", s.Channel).On(field).WithHint("use email, sms, push, phone or letter")
		}
		if seen[s.Channel] || s.Wait < 0 {
			return Invalid("the channel plan names %q twice, or waits less than no time", s.Channel).On(field)
		}
		seen[s.Channel] = true
	}
	return nil
}

// EditNotice writes a new version. base is the version the form showed. Any
// edit takes the notice back to draft and voids its approvals.
func (d *Desk) EditNotice(ctx context.Context, a Actor, id NoticeID, base int, input NoticeInput) (n Notice, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		if n, err = tx.Notice(id); err != nil {
			return err
		}
		in, err := openIncident(tx, n.IncidentID)
		if err != nil {
			return err
		}
		switch {
		case n.Version != base:
			return Conflict("version %d was written meanwhile, the form showed %d", n.Version, base).WithHint("look at the present version and edit that")
		case n.ReleasedAt != nil:
			return Conflict("notice N-%d was already released", n.No).WithHint("draft a new notice for a correction")
		}
		if _, err := tx.VoidApprovals(SubjectNotice, string(id), "the notice was edited"); err != nil {
			return err
		}
		if input.Corrects = n.Content.Corrects; input.Corrects != "" {
			if err := d.correct(tx, in, &input); err != nil {
				return err
			}
		}
		if err := d.apply(tx, a, in, &n, input); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.edited", incident: in.ID, subject: string(id), line: "Edited notice N-" + itoa(n.No) + " (version " + itoa(n.Version) + ").",
			data: map[string]string{"no": itoa(n.No), "version": itoa(n.Version), "hash": n.Hash}})
	})
	return n, err
}

// Notice returns a notice with its versions and approvals.
func (d *Desk) Notice(ctx context.Context, a Actor, id NoticeID) (n Notice, approvals []Approval, err error) {
	_, err = read(ctx, d, a, ActRead, func(tx Tx) (struct{}, error) {
		if n, err = tx.Notice(id); err != nil {
			return struct{}{}, err
		}
		approvals, err = tx.Approvals(SubjectNotice, string(id))
		return struct{}{}, err
	})
	return n, approvals, err
}

// NoticeByNo finds a notice by its number.
func (d *Desk) NoticeByNo(ctx context.Context, a Actor, no int64) (Notice, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Notice, error) { return tx.NoticeByNo(no) })
}

// NoticeVersions returns every version of a notice, oldest first.
func (d *Desk) NoticeVersions(ctx context.Context, a Actor, id NoticeID) ([]Notice, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Notice, error) { return tx.NoticeVersions(id) })
}

// Notices lists notices.
func (d *Desk) Notices(ctx context.Context, a Actor, f NoticeFilter) ([]Notice, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Notice, error) { return tx.Notices(f) })
}

// LintNotice checks a notice as submission would.
func (d *Desk) LintNotice(ctx context.Context, a Actor, id NoticeID) ([]Finding, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Finding, error) {
		n, err := tx.Notice(id)
		if err != nil {
			return nil, err
		}
		in, err := tx.Incident(n.IncidentID)
		if err != nil {
			return nil, err
		}
		return d.lint(tx, in, n)
	})
}

func (d *Desk) lint(tx Tx, in Incident, n Notice) ([]Finding, error) {
	f, err := tx.Facts(in.ID)
	if err != nil {
		return nil, err
	}
	duties, err := dutiesNamed(tx, in.ID, n.Content.Answers)
	if err != nil {
		return nil, err
	}
	var answers []Obligation
	for _, o := range duties {
		answers = append(answers, o.Obligation)
	}
	found := d.Words.Lint(n.Content, f, answers)
	for _, o := range answers {
		if !n.Content.Filter.reaches(o) {
			found = append(found, Finding{Rule: "places", Level: "error", Where: o.ID, Text: "the notice is meant to meet “" + o.Title + "”, but goes to nobody it is owed to", Hint: "take the duty off, or widen the places"})
		}
	}
	if n.Content.Layout != d.Words.Layout() {
		found = append(found, Finding{Rule: "layout", Level: "error", Text: "the layouts changed since this version was written", Hint: "save the notice again"})
	}
	listHash := in.ListHash
	if n.Content.Correction() {
		of, err := tx.Notice(n.Content.Corrects)
		if err != nil {
			return nil, err
		}
		listHash = of.Content.ListHash
	}
	if n.Content.ListHash != listHash {
		found = append(found, Finding{Rule: "list", Level: "error", Text: "the list changed since this version was written", Hint: "save the notice again"})
	}
	if err := writtenFor(tx, n); KindOf(err) == KindConflict {
		found = append(found, Finding{Rule: "list", Level: "error", Text: "the list names sensitive data for people of this notice, which this version was not written for", Hint: "save the notice again"})
	} else if err != nil {
		return nil, err
	}
	if n.Content.Persons == 0 {
		found = append(found, Finding{Rule: "nobody", Level: "error", Text: "the filter chooses nobody on the list", Hint: "import a list, or widen the filter"})
	}
	return found, nil
}

// SubmitNotice hands the present version to the privacy officers. Errors of
// the linter block it.
func (d *Desk) SubmitNotice(ctx context.Context, a Actor, id NoticeID) (n Notice, err error) {
	err = d.write(ctx, a, ActDraft, func(tx Tx) error {
		if n, err = tx.Notice(id); err != nil {
			return err
		}
		in, err := openIncident(tx, n.IncidentID)
		if err != nil {
			return err
		}
		if n.Status != NoticeDraft {
			return Conflict("notice N-%d is %s", n.No, n.Status)
		}
		if err := notReturned(tx, Subject{SubjectNotice, string(id), n.Version, n.Hash}); err != nil {
			return err
		}
		found, err := d.lint(tx, in, n)
		if err != nil {
			return err
		}
		if err := blocked(found); err != nil {
			return err
		}
		if in.Kind == KindTermination && !n.Content.Correction() {
			t, err := tx.TerminationOf(in.ID)
			if err != nil {
				return err
			}
			if err := d.checkTermination(t); err != nil {
				return err
			}
		}
		n.Status, n.Stale, n.UpdatedAt = NoticeSubmitted, "", d.Now().UTC().Truncate(time.Second)
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.submitted", incident: in.ID, subject: string(id),
			line: "Submitted notice N-" + itoa(n.No) + " version " + itoa(n.Version) + " for approval.",
			data: map[string]string{"version": itoa(n.Version), "hash": n.Hash, "persons": itoa(n.Content.Persons)}})
	})
	return n, err
}

func blocked(found []Finding) error {
	for _, f := range found {
		if f.Level == "error" {
			e := Invalid("%s: %s", f.Rule, f.Text).On(f.Where)
			if f.Hint != "" {
				return e.WithHint("%s", f.Hint)
			}
			return e
		}
	}
	return nil
}

// A Release starts the sending of an approved notice. The person who releases
// types the incident's reference and the number of persons; of a correction the
// reference alone, with a fresh second factor.
type Release struct {
	Ref     string `json:"ref"`
	Persons int64  `json:"persons"`
}

// ReleaseNotice starts sending. It is the only way from approved to sending. A
// long list takes a while: who watches is told how far it is.
func (d *Desk) ReleaseNotice(ctx context.Context, a Actor, id NoticeID, typed Release) (err error) {
	job := d.Begin(a, WorkRelease, "", string(id))
	defer func() { job.End(err) }()
	return d.write(ctx, a, ActRelease, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		in, err := openIncident(tx, n.IncidentID)
		if err != nil {
			return err
		}
		switch {
		case n.Status != NoticeApproved:
			return Conflict("notice N-%d is %s, not approved", n.No, n.Status)
		case strings.TrimSpace(typed.Ref) != in.Ref:
			return Invalid("type the reference of the incident: %s", in.Ref).On("ref")
		case typed.Persons != n.Content.Persons && !n.Content.Correction():
			return Invalid("type the number of persons: %d", n.Content.Persons).On("persons")
		}
		if err := held(tx, in); err != nil {
			return err
		}
		if err := writtenFor(tx, n); err != nil {
			return err
		}
		var of Notice
		if n.Content.Correction() {
			if of, err = d.mayCorrect(tx, a, n); err != nil {
				return err
			}
		}
		now := d.Now().UTC().Truncate(time.Second)
		if in.Kind == KindTermination && !n.Content.Correction() {
			if err := d.startTelling(tx, in, now); err != nil {
				return err
			}
		}
		job.Incident = in.ID
		tx.Watch(job.Far)
		if err := tx.Release(id, now); err != nil {
			return err
		}
		if n, err = tx.Notice(id); err != nil {
			return err
		}
		n.ReleasedBy = a.ID
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		return d.released(tx, a, in, n, of)
	})
}

// held is a conflict while an authority has asked to delay telling people. A
// drill tells nobody.
func held(tx Tx, in Incident) error {
	f, err := tx.Facts(in.ID)
	if err != nil {
		return ignoreMissing(err)
	}
	if on, known := f.Bool(holdFact); in.Mode == Live && known && on {
		return Conflict(holdReason).WithHint("end the hold in the facts once the authority lifts it")
	}
	return nil
}

const (
	holdFact   = "law_enforcement_hold"
	holdReason = "an authority asked to delay telling people"
)

// obey puts what is being sent on hold when an authority asks for it.
func (d *Desk) obey(tx Tx, a Actor, in Incident) error {
	reason := held(tx, in)
	if KindOf(reason) != KindConflict {
		return reason
	}
	sending, err := tx.Notices(NoticeFilter{Incident: in.ID, Status: []NoticeStatus{NoticeSending}})
	if err != nil {
		return err
	}
	for _, n := range sending {
		n.Status, n.HoldReason, n.UpdatedAt = NoticeHeld, holdReason, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		if err := d.record(tx, a, event{name: "notice.held", incident: in.ID, subject: string(n.ID), line: "Put notice N-" + itoa(n.No) + " on hold: " + n.HoldReason + "."}); err != nil {
			return err
		}
	}
	return nil
}

// HoldNotice halts sending within seconds; what is in flight finishes. It goes on
// when whoever asked has left.
func (d *Desk) HoldNotice(ctx context.Context, a Actor, id NoticeID, reason string) error {
	if err := mayHalt(a, reason); err != nil {
		return err
	}
	return d.Store.Halt(context.WithoutCancel(ctx), id, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		if n.Status != NoticeSending {
			return Conflict("notice N-%d is %s", n.No, n.Status)
		}
		n.Status, n.HoldReason, n.UpdatedAt = NoticeHeld, reason, d.Now().UTC().Truncate(time.Second)
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.held", incident: n.IncidentID, subject: string(id), line: "Put notice N-" + itoa(n.No) + " on hold.", quote: reason})
	})
}

func mayHalt(a Actor, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return a.May(ActStop)
}

// ResumeNotice lets a held notice go on.
func (d *Desk) ResumeNotice(ctx context.Context, a Actor, id NoticeID, reason string) error {
	if err := reasonGiven(reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActRelease, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		if n.Status != NoticeHeld {
			return Conflict("notice N-%d is %s", n.No, n.Status)
		}
		in, err := tx.Incident(n.IncidentID)
		if err != nil {
			return err
		}
		if err := held(tx, in); err != nil {
			return err
		}
		if err := waveDecided(tx, n); err != nil {
			return err
		}
		if err := mayResume(tx, a, n); err != nil {
			return err
		}
		n.Lapsed = nil
		n.Status, n.HoldReason, n.UpdatedAt = NoticeSending, "", d.Now().UTC().Truncate(time.Second)
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.resumed", incident: n.IncidentID, subject: string(id), line: "Resumed notice N-" + itoa(n.No) + ".", quote: reason})
	})
}

// StopNotice ends a sending for good: what has not left will not leave. The stop
// itself is one short transaction, after which nothing is claimed any more, and
// the deliveries are cancelled behind it. Both go on when whoever asked has left.
func (d *Desk) StopNotice(ctx context.Context, a Actor, id NoticeID, reason string) (cancelled int64, err error) {
	if err := mayHalt(a, reason); err != nil {
		return 0, err
	}
	ctx = context.WithoutCancel(ctx)
	var no int64
	err = d.Store.Halt(ctx, id, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil {
			return err
		}
		if n.Status != NoticeSending && n.Status != NoticeHeld {
			return Conflict("notice N-%d is %s", n.No, n.Status)
		}
		no = n.No
		now := d.Now().UTC().Truncate(time.Second)
		n.Status, n.HoldReason, n.UpdatedAt, n.DoneAt = NoticeStopped, reason, now, &now
		if err := tx.PutNotice(n); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "notice.stopped", incident: n.IncidentID, subject: string(id), line: "Stopped notice N-" + itoa(no) + " for good.", quote: reason})
	})
	if err != nil {
		return 0, err
	}
	cancelled, err = d.Store.CancelDeliveries(ctx, no)
	if err != nil {
		return 0, fmt.Errorf("notice N-%d is stopped, and its deliveries are cancelled later: %w", no, err)
	}
	return cancelled, nil
}

// Progress shows where a released notice stands.
func (d *Desk) Progress(ctx context.Context, a Actor, id NoticeID) (Progress, error) {
	accounts, err := d.accounts(ctx)
	if err != nil {
		return Progress{}, err
	}
	return read(ctx, d, a, ActRead, func(tx Tx) (p Progress, err error) {
		if p.Notice, err = tx.Notice(id); err != nil {
			return p, err
		}
		if p.Tallies, err = tx.Tallies(p.Notice.No); err != nil {
			return p, err
		}
		if p.Reconciliation, err = tx.Reconcile(p.Notice.No); err != nil {
			return p, err
		}
		if p.Exclusions, err = tx.Exclusions(p.Notice.No); err != nil {
			return p, err
		}
		w, err := tx.FirstWave(p.Notice.No)
		if err == nil {
			p.FirstWave = &w
		} else if !isNotFound(err) {
			return p, err
		}
		p.StartedAt = p.Notice.ReleasedAt
		return p, d.forecast(tx, &p, accounts)
	})
}

// forecast adds the rate of the last minute and the likely end.
func (d *Desk) forecast(tx Tx, p *Progress, accounts []ProviderHealth) error {
	if p.StartedAt == nil || p.Notice.Status != NoticeSending {
		return nil
	}
	now := d.Now().UTC()
	window := min(time.Minute, max(time.Second, now.Sub(*p.StartedAt)))
	n, err := tx.Handled(p.Notice.No, now.Add(-window))
	if err != nil {
		return err
	}
	p.PerSecond = float64(n) / window.Seconds()
	pace, err := d.pace(tx, p.Notice, accounts)
	if err != nil {
		return err
	}
	p.FinishAt = ForecastOf(pace, nil).Ends.Likely
	return nil
}

// InDoubt lists deliveries nobody can say about.
func (d *Desk) InDoubt(ctx context.Context, a Actor, notice int64, limit int) ([]Delivery, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Delivery, error) {
		return tx.Deliveries(DoubtPage{Notice: notice, Limit: limit}.filter())
	})
}

// SettleDoubt is a person's decision on one in-doubt delivery: it was sent
// (Accepted), or send it again (Ready). A parked one was never sent: send it
// now that the cause is mended (Ready), or go on to the next channel (Rejected).
// To give up on one (Cancelled) is for SettleDoubts.
func (d *Desk) SettleDoubt(ctx context.Context, a Actor, id DeliveryID, to DeliveryState, reason string) error {
	if err := doubtDecision(to, reason); err != nil {
		return err
	}
	return d.write(ctx, a, ActRelease, func(tx Tx) error {
		n, err := tx.NoticeByNo(id.Notice)
		if err != nil {
			return err
		}
		if err := tx.SettleDoubt(id, to, "decided by a person", d.Now().UTC().Truncate(time.Second)); err != nil {
			return err
		}
		return d.record(tx, a, event{name: "delivery.settled", incident: n.IncidentID, subject: id.String(), line: "Decided on delivery " + id.String() + ": " + string(to) + ".", quote: reason})
	})
}

// SettleDone closes what a finished notice meets; it is run on the news that a
// notice is done, and by the clock. It may run any number of times. A notice that
// fails keeps no other from its own: the error joins an Unjudged for each.
func (d *Desk) SettleDone(ctx context.Context) error {
	var broken error
	unsettled, err := read(ctx, d, System, ActRead, func(tx Tx) (out []Notice, err error) {
		done, err := tx.Notices(NoticeFilter{Status: []NoticeStatus{NoticeDone}})
		if err != nil {
			return nil, err
		}
		broken = each(ctx, done, func(n Notice) (string, error) {
			open, err := unsettled(tx, n)
			if open && err == nil {
				out = append(out, n)
			}
			return "settle notice N-" + itoa(n.No), err
		})
		return out, nil
	})
	if err != nil {
		return err
	}
	return errors.Join(broken, each(ctx, unsettled, func(n Notice) (string, error) {
		return "settle notice N-" + itoa(n.No), d.Store.Write(ctx, func(tx Tx) error { return d.settleDone(tx, n) })
	}))
}

// unsettled tells whether a finished notice may still meet something.
func unsettled(tx Tx, n Notice) (bool, error) {
	switch {
	case n.Content.Mode == Drill || n.Content.Kind == NoticePolicyChange || n.Content.Correction():
		return false, nil
	case n.Content.Kind == NoticeTermination:
		t, err := tx.TerminationOf(n.IncidentID)
		return t.Status == TerminationTelling, err
	}
	duties, err := dutiesNamed(tx, n.IncidentID, n.Content.Answers)
	return slices.ContainsFunc(duties, func(o ObligationState) bool { return o.Status == DutyOpen }), err
}

func (d *Desk) settleDone(tx Tx, n Notice) error {
	if n.Content.Kind == NoticeTermination {
		return d.toldAll(tx, n)
	}
	r, err := tx.Reconcile(n.No)
	if err != nil {
		return err
	}
	reached := r.Told()
	if reached == 0 {
		return nil // nobody was told
	}
	how := "notice N-" + itoa(n.No) + " went to " + itoa(reached) + " of " + itoa(r.List) + " persons"
	return d.meet(tx, System, n.IncidentID, n.Content.Answers, d.Now(), string(n.ID), how)
}

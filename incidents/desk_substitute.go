package incidents

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// An Unreached asks who on a list cannot be reached: every way of these
// notices came to nothing for them, and none is left.
type Unreached struct {
	Notices []int64 // by number; none: nobody
	Places  []Place // who lives there; none: wherever
}

// unreachedOf is who an obligation is owed to and its notices did not reach.
func unreachedOf(tx Tx, in IncidentID, o Obligation) (Unreached, error) {
	u := Unreached{Places: o.Owed}
	notices, err := tx.Notices(NoticeFilter{Incident: in})
	for _, n := range notices {
		if n.ReleasedAt != nil && slices.Contains(n.Content.Answers, o.ID) {
			u.Notices = append(u.Notices, n.No)
		}
	}
	return u, err
}

// substitutes opens the tasks to give substitute notice that the numbers and
// the facts ask for, each once, and keeps those that are there up to date.
// duties are those with a row: what may apply at most asks for no substitute.
func (d *Desk) substitutes(tx Tx, in Incident, f Facts, duties []ObligationState) error {
	if in.Kind != KindBreach {
		return nil
	}
	tasks := map[string]ObligationState{}
	for _, o := range duties {
		if o.Task != nil {
			tasks[o.Task.Of] = o
		}
	}
	for _, o := range duties {
		task, had := tasks[o.ID]
		delete(tasks, o.ID)
		if o.Task != nil || (len(o.Substitutes) == 0 && !had) {
			continue
		}
		if err := d.substitute(tx, in, f, o, task, had); err != nil {
			return err
		}
	}
	for _, task := range tasks { // the rule is gone from the pack
		if err := d.endTask(tx, task, "the rule it came from is no longer in the pack"); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) substitute(tx Tx, in Incident, f Facts, of, task ObligationState, had bool) error {
	if of.Applies != AppliesYes || of.Status == DutyWaived {
		if had && of.Applies == AppliesNo {
			return d.endTask(tx, task, "“"+of.Title+"” no longer applies")
		}
		return nil
	}
	s, err := standingOf(tx, in, f, of)
	if err != nil {
		return err
	}
	rank, why := due(of.Substitutes, s)
	now := d.Now().UTC().Truncate(time.Second)
	switch {
	case rank < 0 && !had, had && task.Status == DutyWaived:
		return nil
	case rank >= 0 && (!had || task.Status == DutyMoot):
		fresh := substituteTask(of, rank, why, s.unreached, now)
		fresh.Calendar = task.Calendar
		return d.openTask(tx, fresh)
	case rank < 0:
		return d.easeTask(tx, of, task, s)
	}
	return d.holdTask(tx, of, task, s, rank, why)
}

func standingOf(tx Tx, in Incident, f Facts, of ObligationState) (s standing, err error) {
	who, err := unreachedOf(tx, in.ID, of.Obligation)
	if err != nil {
		return s, err
	}
	if s.unreached, err = tx.CountUnreached(in.ID, who); err != nil {
		return s, err
	}
	s.persons, s.released = of.Persons, len(who.Notices) > 0
	s.cost, _ = f.Count(costFact)
	hard, known := f.Bool(hardFact)
	s.hard, s.direct = known && hard, known && !hard
	return s, nil
}

func (d *Desk) openTask(tx Tx, task ObligationState) error {
	if err := d.putDuty(tx, task); err != nil {
		return err
	}
	return d.record(tx, System, event{name: "substitute.opened", incident: task.IncidentID, subject: task.ID,
		line: "“" + task.Title + "” (" + task.Law + ") is asked for: " + task.Reasons[0], data: task.numbers()})
}

// numbers are what the audit entry of a task says: counts and the condition.
func (o ObligationState) numbers() map[string]string {
	return map[string]string{"unreached": itoa(o.Task.Unreached), "condition": o.Task.When.Words(), "citation": o.Citation}
}

// easeTask notes that the numbers fell under the threshold. What the team's
// own answers opened goes with them; what people's silence opened stays.
func (d *Desk) easeTask(tx Tx, of, task ObligationState, s standing) error {
	if task.Status == DutyMoot {
		return nil
	}
	if task.Status == DutyOpen && task.Task.Answered {
		return d.endTask(tx, task, "the facts no longer ask for it, or each person is being told directly")
	}
	before, was := task, *task.Task
	task.Task = &was
	was.time(&task, of)
	task.Task.Unreached, task.Task.Below = s.unreached, true
	if task.Status == DutyOpen {
		task.Note = belowNote(s.unreached)
	}
	return d.keepTask(tx, before, task, before.Task.Below, "substitute.eased", "“"+task.Title+"” is below its threshold now.")
}

func belowNote(unreached int64) string {
	return fmt.Sprintf("Now %s of its people cannot be reached, which is below the threshold. It stays until it is done, or an officer waives it.", grouped(unreached))
}

// holdTask keeps a task whose condition holds: its numbers, a stronger
// condition, and people it was not done for.
func (d *Desk) holdTask(tx Tx, of, task ObligationState, s standing, rank int, why string) error {
	before, t := task, *task.Task
	task.Task = &t
	grew := rank > t.Rank || t.Below
	switch {
	case rank > t.Rank:
		t.Rank, t.OpenedAt = rank, d.Now().UTC().Truncate(time.Second)
		t.set(&task, of, of.Substitutes[rank], why, s.unreached)
		task.Escalated, task.Told, task.TellAt = 0, 0, nil // the team hears of it again
	case rank == t.Rank:
		t.set(&task, of, of.Substitutes[rank], why, s.unreached)
	default: // a weaker condition does not take the stronger back
		t.Unreached, t.Below = s.unreached, true
		t.time(&task, of)
		grew = false
	}
	if task.Status == DutyOpen {
		task.Note = ""
		if t.Below {
			task.Note = belowNote(s.unreached)
		}
	}
	if task.Status == DutyMet && !t.met() {
		return d.reopen(tx, System, task, grouped(s.unreached)+" of its people cannot be reached now")
	}
	return d.keepTask(tx, before, task, !grew, "substitute.grew", "“"+task.Title+"” is asked for now: "+why)
}

// keepTask writes a task that changed, and says so unless it was only counted.
func (d *Desk) keepTask(tx Tx, before, task ObligationState, quiet bool, name, line string) error {
	if hashJSON(before) == hashJSON(task) {
		return nil
	}
	if err := d.putDuty(tx, task); err != nil || quiet {
		return err
	}
	return d.record(tx, System, event{name: name, incident: task.IncidentID, subject: task.ID, line: line, data: task.numbers()})
}

func (d *Desk) endTask(tx Tx, task ObligationState, why string) error {
	if task.Status != DutyOpen {
		return nil
	}
	task.Status, task.Note = DutyMoot, why
	if err := d.putDuty(tx, task); err != nil {
		return err
	}
	return d.record(tx, System, event{name: "substitute.ended", incident: task.IncidentID, subject: task.ID, line: "“" + task.Title + "” is not asked for any more: " + why + ".", data: task.numbers()})
}

// reopen opens a task that was met: what met it is gone, or is not enough.
func (d *Desk) reopen(tx Tx, a Actor, task ObligationState, why string) error {
	task.Status, task.Evidence, task.Note, task.ClosedAt = DutyOpen, "", "Open again: "+why+".", nil
	task.Task.KeepUntil, task.Task.OpenedAt = nil, d.Now().UTC().Truncate(time.Second)
	task.Escalated, task.Told, task.TellAt = 0, 0, nil
	if err := d.putDuty(tx, task); err != nil {
		return err
	}
	return d.record(tx, a, event{name: "substitute.reopened", incident: task.IncidentID, subject: task.ID, line: "“" + task.Title + "” is open again: " + why + ".", data: task.numbers()})
}

// did writes one means down and closes the task when it is enough.
func (d *Desk) did(tx Tx, a Actor, task ObligationState, m MeansDone) (ObligationState, error) {
	t := *task.Task
	task.Task = &t
	m.Persons, m.By, m.ByName = t.Unreached, a.ID, a.Name
	t.Done = append(slices.Clone(t.Done), m)
	t.KeepUntil = t.keep()
	if t.met() && task.Status == DutyOpen {
		now := d.Now().UTC().Truncate(time.Second)
		task.Status, task.ClosedAt, task.Evidence, task.Note = DutyMet, &now, string(m.Announcement), "done by "+t.Ways()
		if t.KeepUntil != nil {
			task.Note += fmt.Sprintf(", kept for %d days", t.Days)
		}
	}
	if err := d.putDuty(tx, task); err != nil {
		return task, err
	}
	line := "“" + task.Title + "”: " + MeansLabel(m.Means) + " is done."
	if task.Status == DutyMet {
		line = "“" + task.Title + "” is met by " + MeansLabel(m.Means)
		if task.Due != nil && m.At.After(*task.Due) {
			line += ", late"
		}
		line += "."
	}
	data := task.numbers()
	data["means"], data["at"], data["receipt_sha256"], data["announcement"] = string(m.Means), m.At.Format(time.RFC3339), m.ReceiptSHA256, string(m.Announcement)
	return task, d.record(tx, a, event{name: "substitute.done", incident: task.IncidentID, subject: task.ID, line: line, quote: m.Reference, data: data})
}

// posted lets a published announcement meet the tasks it answers, and no longer
// those it does not answer any more.
func (d *Desk) posted(tx Tx, a Actor, n Announcement, at time.Time) error {
	return d.eachTask(tx, n.IncidentID, func(task ObligationState) error {
		if !slices.Contains(n.Text.Answers, task.ID) {
			return d.takenDown(tx, a, task, n.ID, "the announcement no longer answers it")
		}
		for _, m := range task.Task.By {
			there := slices.ContainsFunc(task.Task.Done, func(x MeansDone) bool { return x.Means == m && x.Announcement == n.ID })
			if !m.published() || there || task.Status == DutyWaived {
				continue
			}
			var err error
			if task, err = d.did(tx, a, task, MeansDone{Means: m, At: at, Announcement: n.ID}); err != nil {
				return err
			}
		}
		return nil
	})
}

// unposted opens the tasks again that an announcement met and had to stay for.
func (d *Desk) unposted(tx Tx, a Actor, n Announcement) error {
	return d.eachTask(tx, n.IncidentID, func(task ObligationState) error {
		return d.takenDown(tx, a, task, n.ID, "the announcement was withdrawn")
	})
}

func (d *Desk) takenDown(tx Tx, a Actor, task ObligationState, id AnnouncementID, why string) error {
	t, had := *task.Task, len(task.Task.Done)
	task.Task = &t
	t.Done = slices.DeleteFunc(slices.Clone(t.Done), func(m MeansDone) bool { return m.Announcement == id })
	switch until := task.Task.KeepUntil; {
	case len(t.Done) == had:
		return nil
	case until != nil && !d.Now().Before(*until):
		return nil // it stayed as long as it had to
	case task.Status == DutyMet && !t.met():
		if until != nil {
			why += " before " + until.UTC().Format("2006-01-02 15:04 UTC")
		}
		return d.reopen(tx, a, task, why)
	}
	t.KeepUntil = t.keep()
	return d.putDuty(tx, task)
}

func (d *Desk) eachTask(tx Tx, in IncidentID, fn func(ObligationState) error) error {
	duties, err := tx.Obligations(in)
	for _, o := range duties {
		if err == nil && o.Task != nil && o.Status != DutyMoot {
			err = fn(o)
		}
	}
	return err
}

// kept is a conflict while something published has to stay up: a closed
// incident would have nobody watching it.
func (d *Desk) kept(tx Tx, in IncidentID) error {
	return d.eachTask(tx, in, func(o ObligationState) error {
		if until := o.Task.KeepUntil; o.Status == DutyMet && until != nil && d.Now().Before(*until) {
			return Conflict("“%s” (%s) has to be kept until %s", o.Title, o.Law, until.UTC().Format("2006-01-02 15:04 UTC")).WithHint("close the incident after that; until then a withdrawal has to be noticed")
		}
		return nil
	})
}

// A MeansInput says how a substitute notice was given.
type MeansInput struct {
	Obligation   string         `json:"obligation"` // the task's id
	Means        Means          `json:"means"`
	At           time.Time      `json:"at"`                     // zero: now
	Reference    string         `json:"reference"`              // where it can be found; no personal data
	Announcement AnnouncementID `json:"announcement,omitempty"` // one that is published already
	ReceiptName  string         `json:"-"`
}

// RecordSubstitute records that a substitute notice was given outside Tocsin,
// with a reference and a receipt, or by an announcement that was public before.
func (d *Desk) RecordSubstitute(ctx context.Context, a Actor, id IncidentID, m MeansInput, receipt io.Reader) (task ObligationState, err error) {
	now := d.Now().UTC().Truncate(time.Second)
	m.Reference = strings.TrimSpace(m.Reference)
	switch {
	case m.Announcement == "" && (len(m.Reference) < 3 || len(m.Reference) > 500):
		return task, Invalid("say where it can be found, in 3 to 500 characters").On("reference").WithHint("the paper and its date, the order of the broadcaster, the file of the calls; no personal data")
	case m.At.IsZero():
		m.At = now
	case m.At.After(now.Add(time.Minute)):
		return task, Invalid("the time lies ahead").On("at")
	}
	done := MeansDone{Means: m.Means, At: m.At.UTC().Truncate(time.Second), Reference: m.Reference, Announcement: m.Announcement}
	task, err = read(ctx, d, a, ActFacts, func(tx Tx) (ObligationState, error) { return d.recordable(tx, id, m, &done) })
	if err != nil {
		return task, err
	}
	if receipt == nil && m.Means == MeansMedia {
		return task, Invalid("add the receipt: the page as printed, or the broadcaster's confirmation").On("receipt")
	}
	if receipt != nil {
		ref, err := d.Files.SaveFile(ctx, FileRef{IncidentID: id, Name: m.ReceiptName, Kind: "receipt", By: a.ID, At: now}, receipt)
		if err != nil {
			return task, err
		}
		done.Receipt, done.ReceiptSHA256 = ref.ID, ref.SHA256
	}
	err = d.write(ctx, a, ActFacts, func(tx Tx) error {
		if task, err = d.recordable(tx, id, m, &done); err != nil {
			return err
		}
		task, err = d.did(tx, a, task, done)
		return err
	})
	return task, err
}

func (d *Desk) recordable(tx Tx, id IncidentID, m MeansInput, done *MeansDone) (task ObligationState, err error) {
	if _, err := openIncident(tx, id); err != nil {
		return task, err
	}
	if task, err = obligation1(tx, id, m.Obligation); err != nil {
		return task, err
	}
	switch {
	case task.Task == nil:
		return task, Invalid("“%s” is no substitute notice", task.Title).On("obligation").WithHint("choose one whose id ends in %s", substituteEnd)
	case task.Status == DutyWaived || task.Status == DutyMoot:
		return task, Conflict("this substitute notice is %s", task.Status)
	case !slices.Contains(task.Task.By, m.Means):
		return task, Invalid("%q is not how this notice is given", string(m.Means)).On("means").WithHint("it is given by %s", task.Task.Ways())
	case m.Announcement == "":
		return task, nil
	case !m.Means.published():
		return task, Invalid("an announcement is no %s", MeansLabel(m.Means)).On("means")
	}
	n, err := tx.Announcement(m.Announcement)
	if isNotFound(err) || (err == nil && (n.IncidentID != id || n.Text.Mode != Live || n.Status == AnnouncementWithdrawn || len(n.Published) == 0)) {
		return task, Invalid("there is no such announcement of this incident on the public site").On("announcement")
	}
	if err == nil {
		done.At = n.Published[len(n.Published)-1].At
	}
	return task, err
}

// JudgeSubstitutes looks at every open incident whose numbers moved since the
// caller's last look, which seen remembers. It may run any number of times, in
// any number of processes: a task is opened once. One that fails keeps no other
// from its own: the error joins an Unjudged for each.
func (d *Desk) JudgeSubstitutes(ctx context.Context, seen map[IncidentID]string) error {
	var broken error
	open, err := read(ctx, d, System, ActRead, func(tx Tx) (out map[IncidentID]string, err error) {
		out, broken, err = d.moved(ctx, tx, seen)
		return out, err
	})
	if err != nil {
		return err
	}
	return errors.Join(broken, each(ctx, slices.Sorted(maps.Keys(open)), func(id IncidentID) (string, error) {
		err := d.Store.Write(ctx, func(tx Tx) error {
			in, err := openIncident(tx, id)
			if err != nil {
				return ignoreConflict(err)
			}
			f, err := tx.Facts(id)
			if err != nil {
				return err
			}
			duties, err := tx.Obligations(id)
			if err != nil {
				return err
			}
			return d.substitutes(tx, in, f, duties)
		})
		if err == nil {
			seen[id] = open[id]
		}
		return "judge who is not reached of incident " + string(id), err
	}))
}

// moved finds the incidents whose reconciliations changed. Counting who is not
// reached reads deliveries; these are sums that stand ready.
func (d *Desk) moved(ctx context.Context, tx Tx, seen map[IncidentID]string) (out map[IncidentID]string, broken, err error) {
	all, err := tx.Incidents(IncidentFilter{Open: true, Kind: KindBreach})
	if err != nil {
		return nil, nil, err
	}
	out = map[IncidentID]string{}
	broken = each(ctx, all, func(in Incident) (string, error) {
		mark, err := markOf(tx, in.ID)
		if was, looked := seen[in.ID]; err == nil && (mark != was || !looked) {
			out[in.ID] = mark
		}
		return "judge who is not reached of incident " + string(in.ID), err
	})
	return out, broken, nil
}

// markOf is what the reconciliations of an incident come to.
func markOf(tx Tx, id IncidentID) (mark string, err error) {
	notices, err := tx.Notices(NoticeFilter{Incident: id})
	if err != nil {
		return "", err
	}
	for _, n := range notices {
		if n.ReleasedAt == nil {
			continue
		}
		r, err := tx.Reconcile(n.No)
		if err != nil {
			return "", err
		}
		mark += fmt.Sprint(n.No, r.Unreachable, r.Told(), ";")
	}
	return mark, nil
}

// recount judges the tasks of one incident anew.
func (d *Desk) recount(tx Tx, id IncidentID) error {
	in, err := tx.Incident(id)
	if err != nil {
		return err
	}
	f, err := tx.Facts(id)
	if err != nil {
		return ignoreMissing(err)
	}
	duties, err := tx.Obligations(id)
	if err != nil {
		return err
	}
	return d.substitutes(tx, in, f, duties)
}

// UnreachedPersons lists, masked, who a task to give substitute notice is for.
func (d *Desk) UnreachedPersons(ctx context.Context, a Actor, id IncidentID, task string, page PersonPage) ([]MaskedPerson, error) {
	page, err := read(ctx, d, a, ActPersons, func(tx Tx) (PersonPage, error) {
		o, err := obligation1(tx, id, task)
		if err != nil {
			return page, err
		}
		if o.Task == nil {
			return page, Invalid("“%s” is no substitute notice", o.Title).On("unreached").WithHint("choose one whose id ends in %s", substituteEnd)
		}
		of := o.Obligation
		of.ID = o.Task.Of
		who, err := unreachedOf(tx, id, of)
		page.Unreached = &who
		return page, err
	})
	if err != nil {
		return nil, err
	}
	return d.Persons(ctx, a, id, page)
}

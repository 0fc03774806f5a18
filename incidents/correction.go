package incidents

import (
	"context"
	"slices"
)

// A correction tells who got a notice that it was wrong. It is drafted and
// approved beforehand, so that it can leave minutes after somebody stops the
// wrong one (RELIABILITY P8). Content.Corrects is its audience: exactly the
// deliveries of that notice that left, by the channel they left by. An approval
// covers that rule; who it comes to is found out when the correction is released.

// Correction tells whether the content is a correction of another notice.
func (c Content) Correction() bool { return c.Corrects != "" }

// correct fills what a correction has from the notice it is of.
func (d *Desk) correct(tx Tx, in Incident, input *NoticeInput) error {
	if input.Corrects == "" {
		if input.Kind == NoticeCorrection {
			return Invalid("a correction is of another notice").On("corrects").WithHint("name the notice by its id")
		}
		return nil
	}
	of, err := corrected(tx, in.ID, input.Corrects)
	if err != nil {
		return err
	}
	c := of.Content
	input.Kind, input.Filter, input.Plan, input.Plans, input.Answers = NoticeCorrection, c.Filter, nil, nil, []string{}
	for _, ch := range c.Channels() {
		input.Plan = append(input.Plan, Step{Channel: ch})
	}
	if input.Default == "" {
		input.Default = c.Default
	}
	if input.Title == "" {
		input.Title = "Correction of N-" + itoa(of.No)
	}
	if len(input.Langs) > 0 {
		return nil
	}
	f, err := factsFor(tx, in.ID, c.Filter)
	if err != nil {
		return err
	}
	var langs []Lang
	for l := range c.Langs {
		langs = append(langs, l)
	}
	slices.Sort(langs)
	input.Langs, err = d.Words.Draft(NoticeCorrection, in, f, langs)
	return err
}

// corrected loads the notice that a correction is of.
func corrected(tx Tx, in IncidentID, id NoticeID) (Notice, error) {
	of, err := tx.Notice(id)
	switch {
	case isNotFound(err) || err == nil && of.IncidentID != in:
		return of, Invalid("this incident has no notice %q", id).On("corrects")
	case err != nil:
		return of, err
	case of.Content.Correction():
		return of, Invalid("notice N-%d is a correction itself", of.No).On("corrects").WithHint("correct the notice it is of, with a new correction")
	}
	return of, nil
}

// bound copies into a correction what its approval covers of the other notice:
// the list it went to, and who reads for minors and the dead.
func (c *Content) bound(of Notice) {
	c.Corrects, c.Persons, c.ListHash = of.ID, of.Content.Persons, of.Content.ListHash
	c.Filter, c.Routes, c.Cover, c.Answers = of.Content.Filter, of.Content.Routes, false, nil
}

// mayCorrect checks that a correction may be released: by somebody who just
// proved the second factor, of a notice of which nothing more leaves.
func (d *Desk) mayCorrect(tx Tx, a Actor, n Notice) (of Notice, err error) {
	if of, err = tx.Notice(n.Content.Corrects); err != nil {
		return of, err
	}
	if of.Status != NoticeStopped && of.Status != NoticeDone {
		return of, Conflict("notice N-%d is %s", of.No, of.Status).WithHint("stop it first: then it is settled who got it")
	}
	return of, freshFactor(a, d.Now(), "sending a correction")
}

// CorrectionsOf lists the corrections of a notice, newest first.
func (d *Desk) CorrectionsOf(ctx context.Context, a Actor, of Notice) ([]Notice, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Notice, error) {
		all, err := tx.Notices(NoticeFilter{Incident: of.IncidentID, Limit: mostNotices})
		return slices.DeleteFunc(all, func(n Notice) bool { return n.Content.Corrects != of.ID }), err
	})
}

const mostNotices = 1000

// released is what the audit log and the timeline say of a release.
func (d *Desk) released(tx Tx, a Actor, in Incident, n, of Notice) error {
	persons, line := n.Content.Persons, "Released notice N-"+itoa(n.No)+" to "+itoa(n.Content.Persons)+" persons ("+string(in.Mode)+")."
	data := map[string]string{"no": itoa(n.No), "version": itoa(n.Version), "hash": n.Hash, "mode": string(in.Mode)}
	if n.Content.Correction() {
		r, err := tx.Reconcile(n.No)
		if err != nil {
			return err
		}
		persons = r.List
		line = "Released correction N-" + itoa(n.No) + " after the " + itoa(persons) + " messages of notice N-" + itoa(of.No) + " that had left (" + string(in.Mode) + ")."
		data["corrects"] = itoa(of.No)
	}
	data["persons"] = itoa(persons)
	return d.record(tx, a, event{name: "notice.released", incident: in.ID, subject: string(n.ID), line: line, data: data})
}

package incidents

import (
	"context"
	"slices"
	"strings"
	"time"
)

// A Pending is something that waits for an officer.
type Pending struct {
	Subject   Subject
	Incident  Incident
	Title     string
	By        AccountID
	Editors   []AccountID
	Since     time.Time
	Persons   int64
	Needs     int
	Approvals []Approval // that count so far
	Mine      bool       // the asking officer may decide
}

// Decide is an officer's decision on exactly one hash: approve, or return with
// a comment. The officer must not have written any of it, and must have proved
// the second factor just now.
func (d *Desk) Decide(ctx context.Context, a Actor, s Subject, decision, comment string) error {
	if decision != "approve" && decision != "return" {
		return Invalid("decide on approve or return").On("decision")
	}
	if decision == "return" {
		if err := reasonGiven(comment); err != nil {
			return err
		}
	}
	return d.write(ctx, a, ActApprove, func(tx Tx) error {
		p, err := d.pending(tx, s.Kind, s.ID)
		if err != nil {
			return err
		}
		if p.Subject != s {
			return Conflict("this is not the version that was shown").WithHint("look at the present version and decide on that")
		}
		now := d.Now().UTC().Truncate(time.Second)
		if err := CheckApprover(a, p.Editors, d.Now()); err != nil {
			return err
		}
		if slices.ContainsFunc(p.Approvals, func(x Approval) bool { return x.By == a.ID }) {
			return Conflict("you approved this already")
		}
		ap := Approval{ID: ApprovalID(d.NewID()), IncidentID: p.Incident.ID, Subject: s, Decision: decision, By: a.ID, ByName: a.Name, Role: a.Role,
			SecondFactorAt: a.SecondFactorAt.UTC(), At: now, Comment: comment}
		if ap.At.Before(ap.SecondFactorAt) {
			ap.At = ap.SecondFactorAt // stored times are whole seconds
		}
		if err := tx.PutApproval(ap); err != nil {
			return err
		}
		enough := decision == "approve" && len(p.Approvals)+1 >= p.Needs
		if err := d.decided(tx, a, p, decision, enough, now); err != nil {
			return err
		}
		verb := map[string]string{"approve": "Approved", "return": "Returned"}[decision]
		return d.record(tx, a, event{name: string(s.Kind) + "." + strings.ToLower(verb), incident: p.Incident.ID, subject: s.ID,
			line: verb + " " + p.Title + " version " + itoa(s.Version) + ".", quote: comment,
			data: map[string]string{"version": itoa(s.Version), "hash": s.Hash, "decision": decision, "approvals": itoa(len(p.Approvals) + 1), "needs": itoa(p.Needs)}})
	})
}

// notReturned refuses a version an officer sent back: what was asked for is
// changed, or at least saved as a version of its own, before it is looked at again.
func notReturned(tx Tx, s Subject) error {
	all, err := tx.Approvals(s.Kind, s.ID)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(a Approval) bool { return a.Void == "" && a.Subject == s && a.Decision == "return" }) {
		return Conflict("version %d was returned", s.Version).WithHint("edit it, or save it again as a new version")
	}
	return nil
}

// decided moves the subject on.
func (d *Desk) decided(tx Tx, a Actor, p Pending, decision string, enough bool, now time.Time) error {
	back := decision == "return"
	if !back && !enough {
		return nil
	}
	switch p.Subject.Kind {
	case SubjectNotice:
		n, err := tx.Notice(NoticeID(p.Subject.ID))
		if err != nil {
			return err
		}
		if n.Lapsed != nil {
			return decidedAnew(tx, n, decision, now)
		}
		n.Status, n.UpdatedAt = pick(back, NoticeDraft, NoticeApproved), now
		return tx.PutNotice(n)
	case SubjectAnnouncement:
		n, err := tx.Announcement(AnnouncementID(p.Subject.ID))
		if err != nil {
			return err
		}
		n.Status, n.UpdatedAt = pick(back, AnnouncementDraft, AnnouncementApproved), now
		return tx.PutAnnouncement(n)
	case SubjectReport:
		r, err := tx.Report(ReportID(p.Subject.ID))
		if err != nil {
			return err
		}
		r.Status, r.UpdatedAt = pick(back, ReportDraft, ReportApproved), now
		return tx.PutReport(r)
	case SubjectWaiver:
		return d.waived(tx, a, p, back, now)
	case SubjectCapRaise:
		return d.raised(tx, a, p, back, now)
	case SubjectGivingUp:
		return d.gaveUp(tx, a, p, back, now)
	}
	return Invalid("nothing of kind %q can be approved", p.Subject.Kind)
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

func (d *Desk) waived(tx Tx, a Actor, p Pending, back bool, now time.Time) error {
	w, err := tx.Waiver(p.Subject.ID)
	if err != nil {
		return err
	}
	w.Status = pick(back, "returned", "approved")
	if err := tx.PutWaiver(w); err != nil || back {
		return err
	}
	o, err := obligation1(tx, w.IncidentID, w.Obligation)
	if err != nil {
		return err
	}
	o.Status, o.Evidence, o.Note, o.ClosedAt = DutyWaived, w.ID, w.Reason, &now
	return d.putDuty(tx, o)
}

// pending loads what waits for a decision, as it stands.
func (d *Desk) pending(tx Tx, kind SubjectKind, id string) (p Pending, err error) {
	p.Needs = 1
	waits := false
	var in IncidentID
	switch kind {
	case SubjectNotice:
		n, err := tx.Notice(NoticeID(id))
		if err != nil {
			return p, err
		}
		waits, in = n.Status == NoticeSubmitted || n.lapsed(), n.IncidentID
		p.Subject, p.Title = Subject{kind, id, n.Version, n.Hash}, "notice N-"+itoa(n.No)
		p.By, p.Editors, p.Since, p.Persons, p.Needs = n.Author, n.Editors, n.UpdatedAt, n.Content.Persons, d.Gate.Needs(n.Content.Persons)
	case SubjectAnnouncement:
		n, err := tx.Announcement(AnnouncementID(id))
		if err != nil {
			return p, err
		}
		waits, in = n.Status == AnnouncementSubmitted, n.IncidentID
		p.Subject, p.Title, p.Needs = Subject{kind, id, n.Version, n.Hash}, "the announcement", 2
		p.By, p.Editors, p.Since = n.Author, n.Editors, n.UpdatedAt
	case SubjectReport:
		r, err := tx.Report(ReportID(id))
		if err != nil {
			return p, err
		}
		waits, in = r.Status == ReportSubmitted, r.IncidentID
		p.Subject, p.Title = Subject{kind, id, r.Version, r.Hash}, "report R-"+itoa(r.No)
		p.By, p.Editors, p.Since = r.Author, r.Editors, r.UpdatedAt
	case SubjectWaiver:
		w, err := tx.Waiver(id)
		if err != nil {
			return p, err
		}
		waits, in = w.Status == "asked", w.IncidentID
		p.Subject, p.Title = Subject{kind, id, 1, w.Hash()}, "the waiver of "+w.Obligation
		p.By, p.Editors, p.Since = w.By, []AccountID{w.By}, w.At
	case SubjectCapRaise:
		if waits, in, err = p.capRaise(tx, id); err != nil {
			return p, err
		}
	case SubjectGivingUp:
		if waits, in, err = p.givingUp(tx, id); err != nil {
			return p, err
		}
	default:
		return p, Invalid("nothing of kind %q can be approved", kind)
	}
	if !waits {
		return p, Conflict("%s does not wait for a decision", p.Title)
	}
	if p.Incident, err = tx.Incident(in); err != nil {
		return p, err
	}
	all, err := tx.Approvals(kind, id)
	if err != nil {
		return p, err
	}
	for _, x := range all {
		if x.Void == "" && x.Subject == p.Subject && x.Decision == "approve" {
			p.Approvals = append(p.Approvals, x)
		}
	}
	return p, nil
}

// Waiting lists everything that waits for an officer, oldest first.
func (d *Desk) Waiting(ctx context.Context, a Actor) ([]Pending, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]Pending, error) {
		var out []Pending
		add := func(kind SubjectKind, id string) error {
			p, err := d.pending(tx, kind, id)
			if err != nil {
				return ignoreConflict(err)
			}
			p.Mine = Allowed(a.Role, ActApprove) && !slices.Contains(p.Editors, a.ID) && !slices.ContainsFunc(p.Approvals, func(x Approval) bool { return x.By == a.ID })
			out = append(out, p)
			return nil
		}
		notices, err := tx.Notices(NoticeFilter{Status: []NoticeStatus{NoticeSubmitted, NoticeHeld}})
		if err != nil {
			return nil, err
		}
		for _, n := range notices {
			if err := add(SubjectNotice, string(n.ID)); err != nil {
				return nil, err
			}
		}
		anns, err := tx.Announcements("")
		if err != nil {
			return nil, err
		}
		for _, n := range anns {
			if n.Status != AnnouncementSubmitted {
				continue
			}
			if err := add(SubjectAnnouncement, string(n.ID)); err != nil {
				return nil, err
			}
		}
		reports, err := tx.Reports(ReportFilter{Status: []ReportStatus{ReportSubmitted}})
		if err != nil {
			return nil, err
		}
		for _, r := range reports {
			if err := add(SubjectReport, string(r.ID)); err != nil {
				return nil, err
			}
		}
		waivers, err := tx.Waivers("")
		if err != nil {
			return nil, err
		}
		for _, w := range waivers {
			if w.Status != "asked" {
				continue
			}
			if err := add(SubjectWaiver, w.ID); err != nil {
				return nil, err
			}
		}
		raises, err := tx.CapRaises("")
		if err != nil {
			return nil, err
		}
		for _, r := range raises {
			if r.Status != "asked" {
				continue
			}
			if err := add(SubjectCapRaise, r.ID); err != nil {
				return nil, err
			}
		}
		asked, err := tx.GivingUpsAsked(0)
		if err != nil {
			return nil, err
		}
		for _, g := range asked {
			if err := add(SubjectGivingUp, g.ID); err != nil {
				return nil, err
			}
		}
		slices.SortStableFunc(out, func(x, y Pending) int { return x.Since.Compare(y.Since) })
		return out, nil
	})
}

// PendingOf returns what one subject waits for.
func (d *Desk) PendingOf(ctx context.Context, a Actor, kind SubjectKind, id string) (Pending, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) (Pending, error) { return d.pending(tx, kind, id) })
}

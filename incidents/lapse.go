package incidents

import (
	"context"
	"slices"
	"time"
)

// HoldApprovalMaxAge is how old the approval of a notice may be when the hold
// of an authority ends and what it had halted would go on by itself.
const HoldApprovalMaxAge = 24 * time.Hour

// A Lapse is that the approval of a notice did not outlast the hold it was
// halted for. The notice stays held until an officer approves it anew and
// somebody else resumes it; its old approvals are void.
type Lapse struct {
	At       time.Time `json:"at"`
	Why      string    `json:"why"`
	Decision string    `json:"decision,omitempty"` // of the officers since: approve, return; "": they are waited for
	Told     bool      `json:"told,omitempty"`     // the team knows
}

// lapsed tells whether a notice is held until officers decide on it anew.
func (n Notice) lapsed() bool {
	return n.Status == NoticeHeld && n.Lapsed != nil && n.Lapsed.Decision == ""
}

// outlasts is forbidden, or a conflict, when the approval of a notice does not
// let it go on by itself after a hold.
func outlasts(tx Tx, n Notice, end time.Time) error {
	an, err := tx.Approved(n.ID)
	if err == nil && outdated(an.Approvals(), end) {
		err = Forbidden("it is older than %d hours", int(HoldApprovalMaxAge.Hours()))
	}
	return err
}

// outdated tells whether one of the approvals is too old at the end of a hold.
func outdated(approvals []Approval, end time.Time) bool {
	return slices.ContainsFunc(approvals, func(a Approval) bool { return end.Sub(a.At) > HoldApprovalMaxAge })
}

// lapse leaves a notice held, and makes its approvals void: whoever resumes it,
// and however, nothing leaves before it is approved anew.
func (d *Desk) lapse(tx Tx, n Notice, why string, at time.Time) error {
	why = "the authority's hold ended, but the approval no longer stands: " + why
	if _, err := tx.VoidApprovals(SubjectNotice, string(n.ID), why); err != nil {
		return err
	}
	n.HoldReason, n.UpdatedAt = why+"; an officer approves it anew, and somebody else resumes it", at
	n.Lapsed = &Lapse{At: at, Why: why}
	if err := tx.PutNotice(n); err != nil {
		return err
	}
	return d.record(tx, System, event{name: "notice.left_held", incident: n.IncidentID, subject: string(n.ID), line: "Notice N-" + itoa(n.No) + " stays on hold: " + n.HoldReason + "."})
}

// decidedAnew notes what officers decided on a notice that lapsed. It stays
// held: approved, somebody resumes it; returned, all that is left is to stop it.
func decidedAnew(tx Tx, n Notice, decision string, at time.Time) error {
	l := *n.Lapsed
	l.Decision = decision
	n.Lapsed, n.UpdatedAt = &l, at
	n.HoldReason = pick(decision == "approve", "approved anew after the authority's hold; somebody else resumes it", "an officer returned it after the authority's hold; stop it, and draft another")
	return tx.PutNotice(n)
}

// mayResume refuses to let a held notice go on without a standing approval. One
// that lapsed is resumed by somebody else than who approved it anew.
func mayResume(tx Tx, a Actor, n Notice) error {
	an, err := tx.Approved(n.ID)
	switch {
	case err != nil && n.lapsed():
		return Conflict("notice N-%d waits for a new approval: %s", n.No, n.Lapsed.Why).WithHint("it is among the approvals; once an officer has approved it, resume it")
	case err != nil:
		return err
	case n.Lapsed != nil && slices.ContainsFunc(an.Approvals(), func(x Approval) bool { return x.By == a.ID }):
		return Forbidden("you approved this anew, so somebody else has to resume it")
	}
	return nil
}

// A LapseAlarm is a notice whose approval did not outlast a hold.
type LapseAlarm struct {
	Notice   Notice
	Incident Incident
	Due      *time.Time // the earliest open deadline it is to meet; nil: none has a number
}

// LapseAlarms lists notices that wait for a new approval and of which the team
// was not told.
func (d *Desk) LapseAlarms(ctx context.Context) ([]LapseAlarm, error) {
	return read(ctx, d, System, ActRead, func(tx Tx) (out []LapseAlarm, err error) {
		held, err := tx.Notices(NoticeFilter{Status: []NoticeStatus{NoticeHeld}})
		for _, n := range held {
			if err != nil {
				return nil, err
			}
			if !n.lapsed() || n.Lapsed.Told {
				continue
			}
			x := LapseAlarm{Notice: n}
			if x.Due, err = firstDue(tx, n); err == nil {
				x.Incident, err = tx.Incident(n.IncidentID)
			}
			out = append(out, x)
		}
		return out, err
	})
}

// firstDue is the earliest deadline of the open duties a notice answers.
func firstDue(tx Tx, n Notice) (*time.Time, error) {
	duties, err := dutiesNamed(tx, n.IncidentID, n.Content.Answers) // by due time
	for _, o := range duties {
		if o.Status == DutyOpen && o.Due != nil {
			return o.Due, err
		}
	}
	return nil, err
}

// LapseTold notes that the team was told.
func (d *Desk) LapseTold(ctx context.Context, id NoticeID) error {
	return d.Store.Write(ctx, func(tx Tx) error {
		n, err := tx.Notice(id)
		if err != nil || n.Lapsed == nil {
			return err // resumed meanwhile
		}
		l := *n.Lapsed
		l.Told = true
		n.Lapsed = &l
		return tx.PutNotice(n)
	})
}

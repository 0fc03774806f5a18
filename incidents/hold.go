package incidents

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// HoldDuty is the id of the duty to wait until an authority's hold ends, and to
// see that it does. It stands among an incident's obligations while a hold is on.
const HoldDuty = "authority-hold"

// The bases of a hold: how it ends. That a written statement holds for the time
// it states and an oral one, documented, for at most 30 days is HIPAA's rule
// (see exceptions in regulators/rules/us-hipaa.yaml, checked 2026-11-23).
const (
	holdBasisFact = "law_enforcement_hold_basis"
	holdAtFact    = "law_enforcement_hold_at"
	holdUntilFact = "law_enforcement_hold_until"

	holdWritten = "written"
	holdOral    = "oral"
	oralLimit   = 30 // days of 24 hours
)

// A holdEnd is when a hold ends, and whether it then ends by itself.
type holdEnd struct {
	at     time.Time // zero: not known
	itself bool
	why    string
	asks   []string // facts that would say more
}

// holdEndOf works out the end of the hold that is on.
func holdEndOf(f Facts) (e holdEnd) {
	basis, _ := f.Text(holdBasisFact)
	until, dated := f.Time(holdUntilFact)
	asked, asking := f.Time(holdAtFact)
	limit := asked.AddDate(0, 0, oralLimit)
	switch {
	case basis == holdOral && !asking:
		e.asks = []string{holdAtFact}
	case basis == holdOral && (!dated || limit.Before(until)):
		return holdEnd{at: limit, itself: true, why: "asked by word of mouth " + asked.UTC().Format("2006-01-02 15:04 UTC") + " + 30 days, the most the law allows"}
	case !dated:
		e.asks = []string{holdUntilFact}
	case basis == holdOral, basis == holdWritten:
		return holdEnd{at: until, itself: true, why: "until the time the authority stated"}
	default:
		e.at, e.why = until, "the date the authority named; the hold goes on until it is lifted"
	}
	if basis == "" {
		e.asks = append(e.asks, holdBasisFact)
	}
	return e
}

// holdDuty is the duty that stands for a hold that is on; its due time is the
// end of the hold.
func holdDuty(f Facts) []Obligation {
	if on, known := f.Bool(holdFact); !known || !on {
		return nil
	}
	e := holdEndOf(f)
	o := Obligation{ID: HoldDuty, Rule: HoldDuty, Jurisdiction: "hold", Title: "Wait: the hold of an authority", Law: "the authority's request", Citation: "the authority's request, as the facts record it",
		Sources: []string{}, Confidence: "verified", Audience: AudienceInternal, Applies: AppliesYes, Decides: e.asks, Soft: false}
	o.Reasons = []string{"An authority has asked to delay telling people: nothing is released, resumed or published."}
	switch {
	case e.at.IsZero():
		o.Applies = AppliesDepends
		o.Reasons = append(o.Reasons, "When it ends is not known, so nobody can be warned.")
		return []Obligation{o}
	case e.itself:
		o.Reasons = append(o.Reasons, "It ends by itself then. What was halted for it goes on if its approval still stands and is at most 24 hours old; else it needs a new one.")
	default:
		o.Reasons = append(o.Reasons, "It does not end by itself: ask the authority, and answer in the facts.")
	}
	if asked, ok := f.Time(holdAtFact); ok {
		o.Start, o.StartFact = &asked, holdAtFact
	}
	o.Due, o.Arithmetic = &e.at, e.why
	return []Obligation{o}
}

// holdStep is the step of a hold with so much time left.
func holdStep(left time.Duration) int {
	switch {
	case left <= 0:
		return 100
	case left <= time.Hour:
		return 75
	case left <= 24*time.Hour:
		return 50
	case left <= 72*time.Hour:
		return 25
	}
	return 0
}

func holdLine(step int) string {
	switch step {
	case 100:
		return "The time of the authority's hold is over."
	case 75:
		return "The authority's hold ends within an hour."
	case 50:
		return "The authority's hold ends within 24 hours."
	}
	return "The authority's hold ends within 72 hours."
}

// tellFirst is how long the end of a hold waits until the team was told of it.
const tellFirst = time.Hour

// EndHolds ends the holds whose time is over, where their basis says that they
// end by themselves, and lets go on what was halted for them if its approval
// still stands and is not too old. One that cannot be ended keeps no other from
// its end. It may run any number of times.
func (d *Desk) EndHolds(ctx context.Context) error {
	now := d.Now().UTC()
	over, err := read(ctx, d, System, ActRead, func(tx Tx) (out []ObligationState, err error) {
		duties, err := tx.OpenObligations(mostDuties)
		for _, o := range duties {
			if o.ID == HoldDuty && o.Due != nil && !now.Before(*o.Due) && (o.Told == 100 || now.Sub(*o.Due) > tellFirst) {
				out = append(out, o)
			}
		}
		return out, err
	})
	if err != nil {
		return err
	}
	var errs []error
	for _, o := range over {
		if err := d.Store.Write(ctx, func(tx Tx) error { return d.endHold(tx, o.IncidentID, now) }); err != nil {
			errs = append(errs, fmt.Errorf("end the hold of incident %s: %w", o.IncidentID, err))
		}
	}
	return errors.Join(errs...)
}

func (d *Desk) endHold(tx Tx, id IncidentID, now time.Time) error {
	in, err := openIncident(tx, id)
	if err != nil {
		return ignoreConflict(err)
	}
	f, err := tx.Facts(id)
	if err != nil {
		return err
	}
	e := holdEndOf(f)
	if on, known := f.Bool(holdFact); !known || !on || !e.itself || now.Before(e.at) {
		return nil
	}
	at := now.Truncate(time.Second)
	duty, err := obligation1(tx, id, HoldDuty)
	if err != nil {
		return ignoreMissing(err)
	}
	duty.Status, duty.ClosedAt, duty.Note = DutyMet, &at, "ended by itself: "+e.why
	if err := d.putDuty(tx, duty); err != nil {
		return err
	}
	if err := d.record(tx, System, event{name: "hold.ended", incident: id, subject: HoldDuty, line: "The authority's hold ended: " + e.why + ".",
		data: map[string]string{"end": e.at.UTC().Format(time.RFC3339)}}); err != nil {
		return err
	}
	off := map[string]Fact{holdFact: {Value: false, SetBy: System.ID, SetName: System.Name, SetAt: at, How: "the hold ended: " + e.why}}
	if _, err := d.setFacts(tx, System, in, f, off, nil); err != nil {
		return err
	}
	return d.goOn(tx, id, at)
}

// goOn resumes what the hold had halted, if its approval outlasts the hold; else
// the team has to act.
func (d *Desk) goOn(tx Tx, id IncidentID, at time.Time) error {
	halted, err := tx.Notices(NoticeFilter{Incident: id, Status: []NoticeStatus{NoticeHeld}})
	if err != nil {
		return err
	}
	for _, n := range halted {
		if n.HoldReason != holdReason {
			continue // a person halted it, and a person resumes it
		}
		switch err = outlasts(tx, n, at); {
		case err == nil:
			err = d.resumeAfterHold(tx, n, at)
		case KindOf(err) == KindForbidden || KindOf(err) == KindConflict:
			err = d.lapse(tx, n, err.Error(), at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) resumeAfterHold(tx Tx, n Notice, at time.Time) error {
	n.Status, n.HoldReason, n.UpdatedAt = NoticeSending, "", at
	if err := tx.PutNotice(n); err != nil {
		return err
	}
	return d.record(tx, System, event{name: "notice.resumed", incident: n.IncidentID, subject: string(n.ID), line: "Resumed notice N-" + itoa(n.No) + ": the authority's hold ended and its approval stands."})
}

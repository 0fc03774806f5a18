package incidents

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// A CalendarEntry is how calendars know a duty that had a due time once. Seq
// goes up, and At moves, with whatever an entry shows of it.
type CalendarEntry struct {
	Due   time.Time `json:"due"` // the last one it had
	Open  bool      `json:"open"`
	Seq   int       `json:"seq"`
	At    time.Time `json:"at"`
	Words string    `json:"words"` // a hash of what it says
}

// entered brings the calendar's entry of a duty up to date. What ended stays as
// it ended until it is open again.
func (o ObligationState) entered(now time.Time) ObligationState {
	open := o.Status == DutyOpen && o.Applies == AppliesYes && o.Due != nil
	was := o.Calendar
	if !open && (was == nil || !was.Open) {
		return o
	}
	e := CalendarEntry{Open: open, Words: hashJSON(struct {
		Title, Law, Citation, Authority, Qualifier, Arithmetic string
		Place                                                  Place
		Soft                                                   bool
	}{o.Title, o.Law, o.Citation, o.Authority, o.Qualifier, o.Arithmetic, o.Place, o.Soft})[:16]}
	if was != nil {
		e.Due, e.Seq, e.At = was.Due, was.Seq, was.At
	}
	if open {
		e.Due = o.Due.UTC()
	}
	if was == nil || was.Open != open || !was.Due.Equal(e.Due) || was.Words != e.Words {
		e.Seq, e.At = e.Seq+1, now.UTC().Truncate(time.Second)
	}
	o.Calendar = &e
	return o
}

// putDuty writes one duty, with its entry in calendars.
func (d *Desk) putDuty(tx Tx, o ObligationState) error {
	return tx.PutObligation(o.entered(d.Now()))
}

// leaveCalendars ends the entries of an incident that is over.
func (d *Desk) leaveCalendars(tx Tx, id IncidentID) error {
	duties, err := tx.Obligations(id)
	if err != nil {
		return err
	}
	for _, o := range duties {
		if o.Calendar == nil || !o.Calendar.Open {
			continue
		}
		e := *o.Calendar
		e.Open, e.Seq, e.At = false, e.Seq+1, d.Now().UTC().Truncate(time.Second)
		o.Calendar = &e
		if err := tx.PutObligation(o); err != nil {
			return err
		}
	}
	return nil
}

// A CalendarDuty is one duty as a calendar shows it.
type CalendarDuty struct {
	Duty     ObligationState
	Incident Incident
	Entry    CalendarEntry
}

// Over says in one word why the duty is not waited for any more; empty: it is.
func (c CalendarDuty) Over() string {
	switch {
	case c.Entry.Open:
		return ""
	case c.Duty.Status == DutyMet:
		return "met"
	case c.Duty.Status == DutyWaived:
		return "waived"
	}
	return "no longer asked"
}

// calendarKeeps is how long calendars are told that an entry is over. After
// that it is left out: a program that reads less often drops it by itself.
const calendarKeeps = 30 * 24 * time.Hour

// Calendar lists the open duties that apply and have a due time, of every
// incident that is not over, and those that ended lately; by due time.
func (d *Desk) Calendar(ctx context.Context, a Actor) ([]CalendarDuty, error) {
	return read(ctx, d, a, ActRead, func(tx Tx) ([]CalendarDuty, error) {
		open, err := tx.OpenObligations(mostDuties)
		if err != nil {
			return nil, err
		}
		ended, err := tx.LeftCalendars(d.Now().UTC().Add(-calendarKeeps), mostDuties)
		if err != nil {
			return nil, err
		}
		var out []CalendarDuty
		known := map[IncidentID]Incident{}
		for _, o := range slices.Concat(open, ended) {
			if o.Calendar == nil && o.Due == nil {
				continue
			}
			in, ok := known[o.IncidentID]
			if !ok {
				if in, err = tx.Incident(o.IncidentID); err != nil {
					return nil, err
				}
				known[in.ID] = in
			}
			e := CalendarEntry{Open: true, At: in.CreatedAt} // of a time before entries were kept
			if o.Calendar != nil {
				e = *o.Calendar
			} else {
				e.Due = o.Due.UTC()
			}
			out = append(out, CalendarDuty{o, in, e})
		}
		slices.SortStableFunc(out, func(x, y CalendarDuty) int {
			return cmp.Or(x.Entry.Due.Compare(y.Entry.Due), cmp.Compare(x.Incident.ID, y.Incident.ID), cmp.Compare(x.Duty.ID, y.Duty.ID))
		})
		return out, nil
	})
}

package incidents

import (
	"cmp"
	"slices"
	"strings"
)

// A duty has a row of its own once it applied, or once something was done about
// it. Of the many that may apply, or do not, the last assessment alone tells:
// hundreds of rows would be read and written at every judgement. Here, and
// nowhere else, the two are laid together.

// allDuties are the duties of an incident, by due time, then id; those that
// never applied come last.
func allDuties(tx Tx, id IncidentID) ([]ObligationState, error) {
	rows, err := tx.Obligations(id)
	if err != nil {
		return nil, err
	}
	as, err := tx.Assessment(id)
	if err != nil {
		return rows, ignoreMissing(err)
	}
	return as.duties(id, rows), nil
}

// duties are the duties with a row, as their rows say, and those without one.
func (as Assessment) duties(id IncidentID, rows []ObligationState) []ObligationState {
	has := make(map[string]bool, len(rows))
	for _, o := range rows {
		has[o.ID] = true
	}
	out := make([]ObligationState, len(rows), len(rows)+len(as.Obligations))
	copy(out, rows)
	var never []ObligationState
	for _, o := range as.Obligations {
		s := ObligationState{IncidentID: id, Obligation: o, FactsRev: as.FactsRev, Status: DutyOpen}
		switch {
		case has[o.ID]:
		case o.Applies == AppliesNo:
			s.Status = DutyMoot
			never = append(never, s)
		default:
			out = append(out, s)
		}
	}
	slices.SortFunc(out, byDue)
	return append(out, never...)
}

// byDue puts what has no due time last.
func byDue(a, b ObligationState) int {
	switch {
	case a.Due != nil && b.Due != nil:
		return cmp.Or(a.Due.Compare(*b.Due), strings.Compare(a.ID, b.ID))
	case a.Due != nil:
		return -1
	case b.Due != nil:
		return 1
	}
	return strings.Compare(a.ID, b.ID)
}

// dutiesNamed are those duties of an incident whose ids are given; what the
// rules no longer have is left out. The assessment is read only for those
// without a row.
func dutiesNamed(tx Tx, id IncidentID, ids []string) ([]ObligationState, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	all, err := tx.Obligations(id)
	if err != nil {
		return nil, err
	}
	has := func(named string) bool {
		return slices.ContainsFunc(all, func(o ObligationState) bool { return o.ID == named })
	}
	if slices.ContainsFunc(ids, func(named string) bool { return !has(named) }) {
		as, err := tx.Assessment(id)
		if err != nil && !isNotFound(err) {
			return nil, err
		}
		all = as.duties(id, all)
	}
	return slices.DeleteFunc(all, func(o ObligationState) bool { return !slices.Contains(ids, o.ID) }), nil
}

func obligation1(tx Tx, id IncidentID, obligation string) (ObligationState, error) {
	found, err := dutiesNamed(tx, id, []string{obligation})
	if err == nil && len(found) == 0 {
		err = NotFound("the incident has no obligation %q", obligation)
	}
	if err != nil {
		return ObligationState{}, err
	}
	return found[0], nil
}

// keepDuties gives the duties an act names their rows: from now on they stay on
// file, whatever facts and rules say.
func (d *Desk) keepDuties(tx Tx, id IncidentID, ids ...string) error {
	named, err := dutiesNamed(tx, id, ids)
	for _, o := range named {
		if err == nil && o.Applies != AppliesYes {
			err = d.putDuty(tx, o)
		}
	}
	return err
}

package store

import "tocsin/incidents"

// NamesSensitive tells whether the list names sensitive data for anybody the
// filter chooses. Who is excluded counts: they can be taken back in any time,
// and the list's hash stays as it is.
func (t *tx) NamesSensitive(in incidents.IncidentID, f incidents.PersonFilter) (bool, error) {
	l, err := t.list(in)
	if err != nil {
		if incidents.KindOf(err) == incidents.KindNotFound {
			err = nil
		}
		return false, err
	}
	inc, err := t.Incident(in)
	if err != nil {
		return false, err
	}
	var one int
	where, params := filterSQL(f, args{l.no, inc.Persons, incidents.FlagSensitive})
	return t.one(`SELECT 1 FROM persons WHERE list_no = $1 AND seq <= $2 AND flags & $3 <> 0 AND sealed IS NOT NULL`+where+` LIMIT 1`, params, &one)
}

package store

import (
	"strconv"
	"strings"

	"tocsin/incidents"
)

// unreachedSQL writes "cannot be reached" over persons p: a delivery of these
// notices came to nothing, and none of them is or may still be with the person.
// Who is excluded or erased is not looked for.
func (t *tx) unreachedSQL(u incidents.Unreached, params args) (string, args) {
	if len(u.Notices) == 0 {
		return ` AND 1 = 0`, params
	}
	numbers := make([]string, len(u.Notices))
	for i, no := range u.Notices {
		numbers[i] = strconv.FormatInt(no, 10)
	}
	of := `notice_no IN (` + strings.Join(numbers, ", ") + `)`
	cond := ` AND p.excluded = '' AND p.sealed IS NOT NULL
		AND p.seq IN (SELECT d.seq FROM deliveries d` + t.indexed(`deliveries_apart`) + ` WHERE d.` + of + ` AND d.apart > 5 AND d.apart IN (6, 10, 11))
		AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.` + of + ` AND o.seq = p.seq AND o.state NOT IN (6, 10, 11, 12, 13, 14))`
	if len(u.Places) > 0 {
		var places string
		places, params = placesSQL(u.Places, params)
		cond += ` AND ` + places
	}
	return cond, params
}

// CountUnreached counts who of a list cannot be reached by any of the notices.
func (t *tx) CountUnreached(in incidents.IncidentID, u incidents.Unreached) (n int64, err error) {
	l, err := t.list(in)
	if err != nil || len(u.Notices) == 0 {
		if incidents.KindOf(err) == incidents.KindNotFound {
			err = nil
		}
		return 0, err
	}
	cond, params := t.unreachedSQL(u, args{l.no})
	_, err = t.one(`SELECT COUNT(*) FROM persons p WHERE p.list_no = $1`+cond, params, &n)
	return n, err
}

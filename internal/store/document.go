package store

import "tocsin/incidents"

// document reads one value kept as JSON; what names it in the not_found error.
func document[T any](t *tx, what, query string, params ...any) (v T, err error) {
	var body string
	found, err := t.one(query, params, &body)
	if err != nil {
		return v, err
	}
	if !found {
		return v, incidents.NotFound("there is no such %s", what)
	}
	return undoc[T](body)
}

// documents reads a list of values kept as JSON.
func documents[T any](t *tx, query string, params ...any) (out []T, err error) {
	err = t.rows(query, params, func(r scanner) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		v, err := undoc[T](body)
		out = append(out, v)
		return err
	})
	return out, err
}

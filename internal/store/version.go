package store

import "tocsin/incidents"

// keepVersion keeps a version of what is approved, for ever. The same version
// again must have the same content.
func (t *tx) keepVersion(kind incidents.SubjectKind, id string, version int, hash, body string) error {
	n, err := t.run(`INSERT INTO versions (kind, id, version, hash, body) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (kind, id, version) DO NOTHING`, string(kind), id, version, hash, body)
	if err != nil || n == 1 {
		return err
	}
	var was string
	if _, err := t.one(`SELECT hash FROM versions WHERE kind = $1 AND id = $2 AND version = $3`, args{string(kind), id, version}, &was); err != nil {
		return err
	}
	if was != hash {
		return incidents.Conflict("version %d of this %s is on file with another content", version, kind)
	}
	return nil
}

// versions lists what was kept, oldest first.
func versions[T any](t *tx, kind incidents.SubjectKind, id string) ([]T, error) {
	return documents[T](t, `SELECT body FROM versions WHERE kind = $1 AND id = $2 ORDER BY version`, string(kind), clean(id))
}

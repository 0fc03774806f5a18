package store

import (
	"context"
	"time"
)

// Session returns a session by the hash of its cookie; one that ran out is not there.
func (s *Store) Session(ctx context.Context, token string) (data []byte, expires time.Time, found bool, err error) {
	err = s.read(ctx, func(t *tx) error {
		var at int64
		found, err = t.one(`SELECT data, expires_at FROM sessions WHERE token = $1 AND expires_at > $2`, args{clean(token), ms(t.now())}, &data, &at)
		if found {
			expires = fromMS(at)
		}
		return err
	})
	return data, expires, found, err
}

// SaveSession writes a session. Unless fresh it only replaces one that is
// still there: a session that another request ended stays ended.
func (s *Store) SaveSession(ctx context.Context, token string, data []byte, expires time.Time, fresh bool) error {
	return s.together(ctx, func(t *tx) error {
		if !fresh {
			_, err := t.run(`UPDATE sessions SET data = $1, expires_at = $2 WHERE token = $3`, nonNil(data), ms(expires), clean(token))
			return err
		}
		if _, err := t.run(`DELETE FROM sessions WHERE expires_at <= $1`, ms(t.now())); err != nil {
			return err
		}
		_, err := t.run(`INSERT INTO sessions (token, data, expires_at) VALUES ($1, $2, $3) ON CONFLICT (token) DO UPDATE SET data = excluded.data, expires_at = excluded.expires_at`,
			clean(token), nonNil(data), ms(expires))
		return err
	})
}

// DropSession ends a session.
func (s *Store) DropSession(ctx context.Context, token string) error {
	return s.together(ctx, func(t *tx) error {
		_, err := t.run(`DELETE FROM sessions WHERE token = $1`, clean(token))
		return err
	})
}

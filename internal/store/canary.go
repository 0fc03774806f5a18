package store

import "context"

const canaryKey = "bus canary"

type canary struct {
	Sealed  []byte   `json:"sealed"`
	Streams []string `json:"streams"`
}

// LoadCanary returns what the bus left to prove its key by; nil when there is nothing yet.
func (s *Store) LoadCanary(ctx context.Context) (sealed []byte, streams []string, err error) {
	err = s.read(ctx, func(t *tx) error {
		var b []byte
		found, err := t.one(`SELECT value FROM meta WHERE key = $1`, args{canaryKey}, &b)
		if err != nil || !found {
			return err
		}
		c, err := undoc[canary](string(b))
		sealed, streams = c.Sealed, c.Streams
		return err
	})
	return sealed, streams, err
}

// SaveCanary keeps it.
func (s *Store) SaveCanary(ctx context.Context, sealed []byte, streams []string) error {
	return s.together(ctx, func(t *tx) error {
		_, err := t.run(`INSERT INTO meta (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, canaryKey, []byte(doc(canary{sealed, streams})))
		return err
	})
}

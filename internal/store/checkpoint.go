package store

import (
	"context"
	"fmt"
	"iter"
	"time"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// A LogView is the audit log on one snapshot. It is of use within View only.
type LogView struct {
	Size int64
	Root ledger.Hash
	t    *tx
}

// View runs fn on a snapshot of the audit log, for proofs and evidence.
func (s *Store) View(ctx context.Context, fn func(LogView) error) error {
	return s.read(ctx, func(t *tx) error {
		v := LogView{t: t}
		var err error
		if v.Size, v.Root, err = t.head(); err != nil {
			return err
		}
		return fn(v)
	})
}

// Head is how long the audit log is and what its root is.
func (s *Store) Head(ctx context.Context) (size int64, root ledger.Hash, err error) {
	err = s.read(ctx, func(t *tx) error {
		size, root, err = t.head()
		return err
	})
	return size, root, err
}

func (t *tx) head() (size int64, root ledger.Hash, err error) {
	var b []byte
	found, err := t.one(`SELECT size, root FROM ledger_head WHERE id = 1`, nil, &size, &b)
	if err == nil && (!found || len(b) != len(root)) {
		err = fmt.Errorf("the audit log has lost its head")
	}
	copy(root[:], b)
	return size, root, err
}

// Hashes reads stored hashes of the tree; it is a ledger.Reader.
func (v LogView) Hashes(idx []int64) ([]ledger.Hash, error) { return v.t.hashes(idx) }

// Leaf reads the stored hash of entry i, from 0.
func (v LogView) Leaf(i int64) (ledger.Hash, error) {
	h, err := v.t.hashes([]int64{ledger.LeafIndex(i)})
	if err != nil {
		return ledger.Hash{}, err
	}
	return h[0], nil
}

// Entries yields the encoded entries after a seq, oldest first.
func (v LogView) Entries(after int64) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for {
			n := 0
			page, err := v.t.encoded(`SELECT seq, body FROM ledger_entries WHERE seq > $1 ORDER BY seq LIMIT 1000`, after)
			if err != nil {
				yield(nil, err)
				return
			}
			for _, e := range page {
				if n++; !yield(e.body, nil) {
					return
				}
				after = e.seq
			}
			if n < 1000 {
				return
			}
		}
	}
}

// Of returns the encoded entries of an incident, oldest first.
func (v LogView) Of(id incidents.IncidentID) ([][]byte, error) {
	all, err := v.t.encoded(`SELECT seq, body FROM ledger_entries WHERE incident_id = $1 ORDER BY seq`, clean(string(id)))
	out := make([][]byte, len(all))
	for i, e := range all {
		out[i] = e.body
	}
	return out, err
}

type encodedEntry struct {
	seq  int64
	body []byte
}

func (t *tx) encoded(query string, params ...any) (out []encodedEntry, err error) {
	err = t.rows(query, params, func(r scanner) error {
		var seq int64
		var body string
		err := r.Scan(&seq, &body)
		out = append(out, encodedEntry{seq, []byte(body)})
		return err
	})
	return out, err
}

// A Checkpoint is a signed statement of the audit log's size and root.
type Checkpoint struct {
	Size   int64
	At     time.Time
	Signed []byte
}

// SaveCheckpoint keeps a checkpoint. A second one of the same size is dropped:
// it says the same. One beyond the end of the log is refused.
func (s *Store) SaveCheckpoint(ctx context.Context, c Checkpoint) error {
	return s.together(ctx, func(t *tx) error {
		size, _, err := t.head()
		if err != nil {
			return err
		}
		if c.Size < 0 || c.Size > size {
			return incidents.Invalid("a checkpoint at %d is beyond the audit log, which ends at %d", c.Size, size)
		}
		_, err = t.run(`INSERT INTO checkpoints (size, at, signed) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING`, c.Size, ms(c.At), nonNil(c.Signed))
		return err
	})
}

// Sign signs the audit log as it stands and keeps the checkpoint. While the
// log does not grow, it returns the one it has.
func (s *Store) Sign(ctx context.Context, signer *ledger.Signer) (Checkpoint, error) {
	size, root, err := s.Head(ctx)
	if err != nil {
		return Checkpoint{}, err
	}
	last, err := s.Checkpoints(ctx, 1)
	if err != nil || len(last) == 1 && last[0].Size == size {
		return append(last, Checkpoint{})[0], err
	}
	signed, err := signer.Sign(ledger.Checkpoint{Size: size, Root: root})
	if err != nil {
		return Checkpoint{}, err
	}
	c := Checkpoint{Size: size, At: s.o.Now().UTC(), Signed: signed}
	return c, s.SaveCheckpoint(ctx, c)
}

// Checkpoints lists the newest checkpoints, newest first.
func (s *Store) Checkpoints(ctx context.Context, limit int) (out []Checkpoint, err error) {
	err = s.read(ctx, func(t *tx) error {
		return t.rows(`SELECT size, at, signed FROM checkpoints ORDER BY size DESC LIMIT $1`, args{limited(limit)}, func(r scanner) error {
			var c Checkpoint
			var at int64
			err := r.Scan(&c.Size, &at, &c.Signed)
			c.At = fromMS(at)
			out = append(out, c)
			return err
		})
	})
	return out, err
}

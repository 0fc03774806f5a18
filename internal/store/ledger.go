package store

import (
	"fmt"
	"sync"

	"tocsin/incidents"
	"tocsin/internal/ledger"
)

// Audit takes an entry into the transaction; it is appended at the end, in order.
func (t *tx) Audit(e incidents.AuditEntry) error {
	e.Seq = 0
	t.entries = append(t.entries, e)
	return nil
}

// appendLedger numbers the entries of the transaction and appends them with
// the hashes they add to the tree. The head stays locked until the commit, so
// the log has one order.
func (t *tx) appendLedger() error {
	if len(t.entries) == 0 {
		return nil
	}
	size, err := t.lockHead()
	if err != nil {
		return err
	}
	records := make([][]byte, len(t.entries))
	for i, e := range t.entries {
		e.Seq = size + int64(i) + 1
		records[i] = ledger.Encode(e)
		if err := t.later(nil, `INSERT INTO ledger_entries (seq, at, incident_id, actor, event, body) VALUES ($1, $2, $3, $4, $5, $6)`,
			e.Seq, ms(e.At), clean(string(e.Incident)), clean(string(e.Actor)), clean(e.Event), string(records[i])); err != nil {
			return err
		}
	}
	if t.added, err = ledger.Append(size, records, t.s.edge.over(t.hashes)); err != nil {
		return err
	}
	for i, h := range t.added.Hashes {
		if err := t.later(nil, `INSERT INTO ledger_hashes (idx, hash) VALUES ($1, $2)`, t.added.First+int64(i), h[:]); err != nil {
			return err
		}
	}
	return t.later(nil, `UPDATE ledger_head SET size = $1, root = $2 WHERE id = 1`, t.added.NewSize, t.added.Root[:])
}

// An edge remembers hashes of the tree that the next entries are hashed with.
// What was committed never changes, so what is remembered is what is stored.
type edge struct {
	mu sync.Mutex
	by map[int64]ledger.Hash
}

const maxEdge = 1024

// over reads what is not remembered, and remembers it.
func (e *edge) over(read ledger.Reader) ledger.Reader {
	return func(idx []int64) ([]ledger.Hash, error) {
		if out, ok := e.recall(idx); ok {
			return out, nil
		}
		out, err := read(idx)
		if err == nil {
			e.keep(idx, out)
		}
		return out, err
	}
}

func (e *edge) recall(idx []int64) ([]ledger.Hash, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	out := make([]ledger.Hash, len(idx))
	for i, x := range idx {
		h, ok := e.by[x]
		if !ok {
			return nil, false
		}
		out[i] = h
	}
	return out, true
}

// keep remembers hashes that are committed.
func (e *edge) keep(idx []int64, hashes []ledger.Hash) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.by == nil || len(e.by)+len(idx) > maxEdge {
		e.by = map[int64]ledger.Hash{}
	}
	for i, x := range idx {
		e.by[x] = hashes[i]
	}
}

// committed remembers what an append added.
func (e *edge) committed(a ledger.Appended) {
	idx := make([]int64, len(a.Hashes))
	for i := range idx {
		idx[i] = a.First + int64(i)
	}
	e.keep(idx, a.Hashes)
}

func (t *tx) lockHead() (size int64, err error) {
	q := `SELECT size FROM ledger_head WHERE id = 1`
	if t.s.pg {
		q += ` FOR UPDATE`
	}
	found, err := t.one(q, nil, &size)
	if err == nil && !found {
		err = fmt.Errorf("the audit log has lost its head")
	}
	return size, err
}

// hashes reads stored hashes of the tree, in the order asked for.
func (t *tx) hashes(idx []int64) ([]ledger.Hash, error) {
	at := make(map[int64]int, len(idx))
	rows := make([][]any, len(idx))
	for i, x := range idx {
		at[x], rows[i] = i, []any{x}
	}
	out, found := make([]ledger.Hash, len(idx)), 0
	err := t.rows(`SELECT h.idx, h.hash FROM ledger_hashes h JOIN `+t.table("$1", "idx:int")+` v ON v.idx = h.idx`, args{asJSON(rows)}, func(r scanner) error {
		var x int64
		var h []byte
		if err := r.Scan(&x, &h); err != nil {
			return err
		}
		if len(h) != len(ledger.Hash{}) {
			return fmt.Errorf("hash %d of the audit log is damaged", x)
		}
		copy(out[at[x]][:], h)
		found++
		return nil
	})
	if err == nil && found != len(at) {
		err = fmt.Errorf("the audit log lost %d of its hashes", len(at)-found)
	}
	return out, err
}

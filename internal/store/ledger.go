package store

import (
	"fmt"

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
	rows := make([][]any, len(t.entries))
	for i, e := range t.entries {
		e.Seq = size + int64(i) + 1
		records[i] = ledger.Encode(e)
		rows[i] = []any{e.Seq, ms(e.At), clean(string(e.Incident)), clean(string(e.Actor)), clean(e.Event), string(records[i])}
	}
	added, err := ledger.Append(size, records, t.hashes)
	if err != nil {
		return err
	}
	if _, err := t.run(`INSERT INTO ledger_entries (seq, at, incident_id, actor, event, body) SELECT v.seq, v.at, v.incident_id, v.actor, v.event, v.body FROM `+
		t.table("$1", "seq:int", "at:int", "incident_id:text", "actor:text", "event:text", "body:text")+` v ORDER BY v.seq`, asJSON(rows)); err != nil {
		return err
	}
	hashes := make([][]any, len(added.Hashes))
	for i, h := range added.Hashes {
		hashes[i] = []any{added.First + int64(i), fmt.Sprintf("%x", h)}
	}
	if _, err := t.run(`INSERT INTO ledger_hashes (idx, hash) SELECT v.idx, `+t.unhex("v.hash")+` FROM `+t.table("$1", "idx:int", "hash:text")+` v ORDER BY v.idx`, asJSON(hashes)); err != nil {
		return err
	}
	_, err = t.run(`UPDATE ledger_head SET size = $1, root = $2 WHERE id = 1`, added.NewSize, added.Root[:])
	return err
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

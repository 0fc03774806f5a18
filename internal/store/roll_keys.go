package store

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tocsin/incidents"
)

// A keyHash is the short keyed hash of something that identifies a person.
type keyHash [16]byte

func (a keyHash) compare(b keyHash) int {
	if x, y := binary.BigEndian.Uint64(a[:]), binary.BigEndian.Uint64(b[:]); x != y {
		if x < y {
			return -1
		}
		return 1
	}
	return slices.Compare(a[8:], b[8:])
}

// sortedKeys are the keys of a map in their order in person_keys.
func sortedKeys(of map[keyHash]int64) []keyHash {
	out := slices.AppendSeq(make([]keyHash, 0, len(of)), maps.Keys(of))
	slices.SortFunc(out, keyHash.compare)
	return out
}

const packedKey = len(keyHash{}) + 8 // a key and its person's place in a run

// packKeys writes keys as a run.
func packKeys(of map[keyHash]int64) []byte {
	out := make([]byte, 0, packedKey*len(of))
	for _, k := range sortedKeys(of) {
		out = append(out, k[:]...)
		out = binary.BigEndian.AppendUint64(out, uint64(of[k]))
	}
	return out
}

// unpackKeys adds the keys of a run to those that are there.
func unpackKeys(run []byte, to map[keyHash]int64) error {
	if len(run)%packedKey != 0 {
		return fmt.Errorf("a run of keys has %d bytes: it is damaged", len(run))
	}
	for ; len(run) > 0; run = run[packedKey:] {
		to[keyHash(run)] = int64(binary.BigEndian.Uint64(run[len(keyHash{}):]))
	}
	return nil
}

// keptKeys are the 16-byte hashes in a person's own row.
func keptKeys(b []byte) (out []keyHash) {
	for ; len(b) >= len(keyHash{}); b = b[len(keyHash{}):] {
		out = append(out, keyHash(b))
	}
	return out
}

// newKeys reads the runs of a list that are not sorted in yet.
func (t *tx) newKeys(l list) (map[keyHash]int64, error) {
	keys := map[keyHash]int64{}
	if l.runs == l.merged {
		return keys, nil
	}
	return keys, t.rows(`SELECT packed FROM person_key_runs WHERE list_no = $1 AND no > $2`, args{l.no, l.merged}, func(r scanner) error {
		var run []byte
		if err := r.Scan(&run); err != nil {
			return err
		}
		return unpackKeys(run, keys)
	})
}

// addRun keeps keys as the next run of a list. The caller saves the list.
func (t *tx) addRun(l *list, keys map[keyHash]int64) error {
	if len(keys) == 0 {
		return nil
	}
	l.runs++
	_, err := t.run(`INSERT INTO person_key_runs (list_no, no, packed) VALUES ($1, $2, $3)`, l.no, l.runs, packKeys(keys))
	return err
}

// mergeKeys sorts keys, which are all of the list's runs, into person_keys. The
// caller saves the list.
func (t *tx) mergeKeys(l *list, keys map[keyHash]int64) error {
	for part := range slices.Chunk(sortedKeys(keys), 1<<14) {
		seqs := make([]int64, len(part))
		for i, k := range part {
			seqs[i] = keys[k]
		}
		if err := t.addKeys(l.no, part, seqs); err != nil {
			return err
		}
	}
	l.merged = l.runs
	_, err := t.run(`DELETE FROM person_key_runs WHERE list_no = $1`, l.no)
	return err
}

// addKeys inserts keys in their order: neighbours of the index are written
// together. A key that is there keeps its person.
func (t *tx) addKeys(list int64, keys []keyHash, seqs []int64) error {
	if t.postgres() {
		_, err := t.run(`INSERT INTO person_keys (list_no, hash, seq) SELECT $1::bigint, h, s FROM unnest($2::bytea[], $3::bigint[]) AS x(h, s) ON CONFLICT DO NOTHING`, list, byteSlices(keys), seqs)
		return err
	}
	// A statement that may fail half way costs SQLite a copy of every page it
	// changes; one that ignores what it cannot insert does not.
	_, err := t.run(`INSERT OR IGNORE INTO person_keys (list_no, hash, seq) SELECT $1, SUBSTR($2, 16 * key + 1, 16), value FROM json_each($3)`, list, joined(keys), doc(seqs))
	return err
}

// storedKeys finds which keys are in person_keys, and whose they are.
func (t *tx) storedKeys(list int64, keys []keyHash) (map[keyHash]int64, error) {
	found := map[keyHash]int64{}
	if len(keys) == 0 {
		return found, nil
	}
	slices.SortFunc(keys, keyHash.compare)
	take := func(r scanner) error {
		var at, seq int64
		err := r.Scan(&at, &seq)
		if err == nil {
			found[keys[at]] = seq
		}
		return err
	}
	if t.postgres() {
		return found, t.rows(`SELECT x.at - 1, k.seq FROM unnest($2::bytea[]) WITH ORDINALITY AS x(h, at) JOIN person_keys k ON k.list_no = $1 AND k.hash = x.h`,
			args{list, byteSlices(keys)}, take)
	}
	rows := "[0" + strings.Repeat(",0", len(keys)-1) + "]"
	return found, t.rows(`SELECT x.key, k.seq FROM json_each($3) x CROSS JOIN person_keys k WHERE k.list_no = $1 AND k.hash = SUBSTR($2, 16 * x.key + 1, 16)`,
		args{list, joined(keys), rows}, take)
}

func joined(keys []keyHash) []byte {
	out := make([]byte, 0, len(keyHash{})*len(keys))
	for _, k := range keys {
		out = append(out, k[:]...)
	}
	return out
}

func byteSlices(keys []keyHash) [][]byte {
	out := make([][]byte, len(keys))
	for i := range keys {
		out[i] = keys[i][:]
	}
	return out
}

// keepMore adds keys to the rows of persons who were on the list before.
func (t *tx) keepMore(list int64, more map[int64][]byte) error {
	kind := "BLOB" // SQLite calls what it put together a text
	if t.postgres() {
		kind = "BYTEA"
	}
	for _, seq := range slices.Sorted(maps.Keys(more)) {
		if _, err := t.run(`UPDATE persons SET keys = CAST(keys || $3 AS `+kind+`) WHERE list_no = $1 AND seq = $2`, list, seq, more[seq]); err != nil {
			return err
		}
	}
	return nil
}

// dropKeys takes the keys of one person out, so that nobody can tell any more
// that this person was on the list.
func (t *tx) dropKeys(l list, seq int64) error {
	if err := t.settleKeys(&l); err != nil {
		return err
	}
	var kept []byte
	if _, err := t.one(`SELECT keys FROM persons WHERE list_no = $1 AND seq = $2`, args{l.no, seq}, &kept); err != nil {
		return err
	}
	if kept == nil { // a row of before, or one whose keys are gone already
		_, err := t.run(`DELETE FROM person_keys WHERE list_no = $1 AND seq = $2`, l.no, seq)
		return err
	}
	for _, k := range keptKeys(kept) {
		if _, err := t.run(`DELETE FROM person_keys WHERE list_no = $1 AND hash = $2`, l.no, k[:]); err != nil {
			return err
		}
	}
	return nil
}

// settleKeys sorts in what runs there are, and saves the list.
func (t *tx) settleKeys(l *list) error {
	if l.runs == l.merged {
		return nil
	}
	keys, err := t.newKeys(*l)
	if err != nil {
		return err
	}
	if err := t.mergeKeys(l, keys); err != nil {
		return err
	}
	t.s.books.drop(l.no)
	_, err = t.run(`UPDATE lists SET key_merged = $2 WHERE no = $1`, l.no, l.merged)
	return err
}

// seqOf finds the person of a key, 0 when there is none.
func (t *tx) seqOf(l list, in incidents.IncidentID, key string, fresh map[keyHash]int64) (seq int64, err error) {
	h := t.s.keyHash(in, key)
	if seq = fresh[h]; seq != 0 {
		return seq, nil
	}
	_, err = t.one(`SELECT seq FROM person_keys WHERE list_no = $1 AND hash = $2`, args{l.no, h[:]}, &seq)
	return seq, err
}

package store

import (
	"runtime"
	"sync"

	"tocsin/incidents"
	"tocsin/internal/sealed"
)

// A batch is candidates made ready outside of the transaction.
type batch struct {
	in     incidents.IncidentID
	rows   []incidents.Candidate
	plain  [][]byte
	keys   [][]keyHash
	blocks map[int64]*sealed.Block
}

// keyField names the space of lookup hashes of one list, so that lists cannot be linked.
func keyField(in incidents.IncidentID) string { return "person/" + string(in) }

func (s *Store) keyHash(in incidents.IncidentID, key string) keyHash {
	return keyHash(s.o.Keeper.Lookup(keyField(in), key)[:len(keyHash{})])
}

func (s *Store) prepare(in incidents.IncidentID, rows []incidents.Candidate) *batch {
	b := &batch{in: in, rows: rows, plain: make([][]byte, len(rows)), keys: make([][]keyHash, len(rows))}
	shared(len(rows), func(from, to int) {
		hasher := s.o.Keeper.Hasher(keyField(in))
		for i := from; i < to; i++ {
			b.plain[i] = encodeContact(rows[i].Contact)
			b.keys[i] = make([]keyHash, len(rows[i].Keys))
			for j, k := range rows[i].Keys {
				full := hasher.Lookup(k)
				copy(b.keys[i][j][:], full[:])
			}
		}
	})
	return b
}

// shared runs fn on parts of n things, on all processors.
func shared(n int, fn func(from, to int)) {
	const least = 256 // less is not worth a goroutine
	workers := min(runtime.GOMAXPROCS(0), n/least+1)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() { fn(n*w/workers, n*(w+1)/workers) })
	}
	wg.Wait()
}

// A taken is what became of a batch: who is new, and which keys are.
type taken struct {
	people *people
	plain  [][]byte          // of the people
	fresh  map[keyHash]int64 // keys nobody had
	more   map[int64][]byte  // of these, keys of persons who were on the list before
}

// decide says in order of rows who is new: a candidate is a duplicate when any
// of its keys is known. What else a duplicate is known by is remembered for the
// person it is, so that a third row is found by it too. stored are the keys of
// the batch found in person_keys.
func (b *batch) decide(l list, im *incidents.Import, book *keyBook, stored map[keyHash]int64) taken {
	out := taken{people: newPeople(l, im.ID), fresh: make(map[keyHash]int64, 2*len(b.rows)), more: map[int64][]byte{}}
	known := func(k keyHash) int64 {
		if seq := book.recent[k]; seq != 0 {
			return seq
		}
		if seq := out.fresh[k]; seq != 0 {
			return seq
		}
		return stored[k]
	}
	for i, c := range b.rows {
		seq := int64(0)
		for _, k := range b.keys[i] {
			if seq = known(k); seq != 0 {
				break
			}
		}
		if seq != 0 {
			im.Duplicates++
		} else {
			seq = out.people.add(c)
			out.plain = append(out.plain, b.plain[i])
			count(im, c)
		}
		for _, k := range b.keys[i] {
			if known(k) == 0 {
				out.fresh[k] = seq
				out.keep(l, seq, k)
			}
		}
	}
	im.Rows += int64(len(b.rows))
	return out
}

// keep writes a key into the row of its person.
func (d *taken) keep(l list, seq int64, k keyHash) {
	if seq <= l.persons {
		d.more[seq] = append(d.more[seq], k[:]...)
		return
	}
	r := &d.people.rows[seq-l.persons-1]
	if r.keys == nil {
		r.keys = make([]byte, 0, 2*len(k))
	}
	r.keys = append(r.keys, k[:]...)
}

// seal seals the new people under the keys of their blocks.
func (t *tx) seal(b *batch, d taken) error {
	rows := d.people.rows
	if len(rows) == 0 {
		return nil
	}
	for n := blockOf(rows[0].seq); n <= blockOf(rows[len(rows)-1].seq); n++ {
		if b.blocks[n] != nil {
			continue // kept before the transaction began
		}
		block, err := t.s.openBlock(t.ctx, b.in, n) // somebody else added to the list meanwhile
		if err != nil {
			return err
		}
		b.blocks[n] = block
	}
	shared(len(rows), func(from, to int) {
		for i := from; i < to; i++ {
			r := &rows[i]
			r.sealed = b.blocks[blockOf(r.seq)].Seal(string(incidents.NewPersonID(b.in, r.seq)), d.plain[i])
			r.sum = r.hash()
		}
	})
	return nil
}

// addBatch takes a prepared batch into the list.
func (t *tx) addBatch(importID string, b *batch, note incidents.ImportNote) (im incidents.Import, book *keyBook, err error) {
	l, err := t.lockList(b.in)
	if err != nil {
		return im, nil, err
	}
	if im, err = t.importByID(importID); err != nil {
		return im, nil, err
	}
	if l.erased {
		return im, nil, incidents.Conflict("the list of this incident was erased")
	}
	n, err := t.run(`INSERT INTO import_batches (import_id, first_row, row_count, added, list_hash) VALUES ($1, $2, $3, 0, $4) ON CONFLICT (import_id, first_row) DO NOTHING`,
		importID, b.rows[0].Row, len(b.rows), l.hash)
	if err != nil || n == 0 {
		return im, nil, err // a batch that was taken in before changes nothing
	}
	if im.Done {
		return im, nil, incidents.Conflict("import %s is closed", importID)
	}
	if err := t.keepPages(importCache); err != nil {
		return im, nil, err
	}
	if book, err = t.keyBook(l); err != nil {
		return im, nil, err
	}
	stored, err := t.storedKeys(l.no, book.unsure(b.keys))
	if err != nil {
		return im, nil, err
	}
	d := b.decide(l, &im, book, stored)
	if err := t.seal(b, d); err != nil {
		return im, nil, err
	}
	if book.at, err = t.store(l, book, d); err != nil {
		return im, nil, err
	}
	if note != nil {
		if err := note(t, &im); err != nil {
			return im, nil, err
		}
	}
	return im, book, t.saveImport(im)
}

// store writes what became of a batch, and moves the list and its book on.
func (t *tx) store(l list, book *keyBook, d taken) (list, error) {
	if err := t.addPeople(d.people); err != nil {
		return l, err
	}
	if err := t.keepMore(l.no, d.more); err != nil {
		return l, err
	}
	if err := t.addRun(&l, d.fresh); err != nil {
		return l, err
	}
	for k, seq := range d.fresh {
		book.recent[k] = seq
	}
	if len(book.recent) >= t.s.mergeAt {
		if err := t.mergeKeys(&l, book.recent); err != nil {
			return l, err
		}
		book.merged()
	}
	l.persons, l.hash = l.persons+int64(len(d.people.rows)), d.people.hash()
	_, err := t.run(`UPDATE lists SET persons = $2, hash = $3, key_runs = $4, key_merged = $5 WHERE no = $1`, l.no, l.persons, l.hash, l.runs, l.merged)
	return l, err
}

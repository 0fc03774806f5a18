package store

import (
	"bytes"
	"encoding/binary"
	"sync"
)

// waitingKeys is how many keys may wait in runs. More of them cost less to sort
// in and more memory, and keep other writers waiting longer at once. A map of a
// few more than these would take twice the memory.
const waitingKeys = 200_000

// A keyBook is what this process remembers of the keys of a list that grows, so
// that most of a batch is decided without asking the database. The truth is in
// the database: a book that is not of the list as it stands is thrown away.
type keyBook struct {
	at     list              // the list as it was when the book was written
	recent map[keyHash]int64 // keys in runs
	tree   bool              // there are keys in person_keys
	filter *keyFilter        // of all keys in person_keys; nil when we do not know them
}

// A keyBooks holds the books of the lists that grow.
type keyBooks struct {
	mu    sync.Mutex // guards the map; a book belongs to whoever took it
	books map[int64]*keyBook
}

// maxBooks bounds what imports that were broken off leave behind.
const maxBooks = 4

// take hands out the book of a list as it stands, nil when there is none.
func (k *keyBooks) take(l list) *keyBook {
	k.mu.Lock()
	defer k.mu.Unlock()
	b := k.books[l.no]
	delete(k.books, l.no)
	if b == nil || b.at.runs != l.runs || b.at.merged != l.merged || b.at.persons != l.persons || !bytes.Equal(b.at.hash, l.hash) {
		return nil
	}
	return b
}

// put gives a book back after the transaction that wrote in it is committed.
func (k *keyBooks) put(b *keyBook) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.books == nil {
		k.books = map[int64]*keyBook{}
	}
	for no := range k.books {
		if len(k.books) < maxBooks {
			break
		}
		delete(k.books, no)
	}
	k.books[b.at.no] = b
}

func (k *keyBooks) drop(list int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.books, list)
}

// keyBook is the book of a list, read from the database when this process has
// none. It must be given back with books.put after the commit, and only then.
func (t *tx) keyBook(l list) (*keyBook, error) {
	if b := t.s.books.take(l); b != nil {
		return b, nil
	}
	b := &keyBook{at: l}
	var err error
	if b.recent, err = t.newKeys(l); err != nil {
		return nil, err
	}
	var any int
	b.tree, err = t.one(`SELECT 1 FROM person_keys WHERE list_no = $1 LIMIT 1`, args{l.no}, &any)
	return b, err
}

// unsure picks the keys that only the database can tell about.
func (b *keyBook) unsure(keys [][]keyHash) (out []keyHash) {
	if !b.tree {
		return nil
	}
	asked := map[keyHash]bool{}
	for _, row := range keys {
		for _, k := range row {
			if b.recent[k] != 0 || asked[k] || b.filter != nil && !b.filter.may(k) {
				continue
			}
			asked[k] = true
			out = append(out, k)
		}
	}
	return out
}

// merged notes that the runs are sorted in.
func (b *keyBook) merged() {
	if !b.tree {
		b.filter = &keyFilter{}
	}
	if b.filter != nil {
		for k := range b.recent {
			b.filter.add(k)
		}
	}
	b.tree = true
	clear(b.recent)
}

// A keyFilter tells which keys it has surely never been given (Bloom 1970). Its
// size is fixed: of two million keys it is wrong about one in four hundred,
// of ten million about one in four.
type keyFilter struct{ bits [filterBits / 64]uint64 }

const (
	filterBits   = 1 << 25
	filterProbes = 4
)

func (f *keyFilter) add(k keyHash) {
	a, b := halves(k)
	for range filterProbes {
		f.bits[a%filterBits/64] |= 1 << (a % 64)
		a += b
	}
}

func (f *keyFilter) may(k keyHash) bool {
	a, b := halves(k)
	for range filterProbes {
		if f.bits[a%filterBits/64]&(1<<(a%64)) == 0 {
			return false
		}
		a += b
	}
	return true
}

func halves(k keyHash) (a, b uint64) {
	return binary.BigEndian.Uint64(k[:]), binary.BigEndian.Uint64(k[8:]) | 1
}

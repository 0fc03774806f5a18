package ledger

import (
	"crypto/sha256"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// A Tree computes a root over a stream of records, keeping one hash per level.
// The zero value is the empty tree.
type Tree struct {
	size  int64
	peaks []peak
}

// A peak is a finished subtree.
type peak struct {
	hash Hash
	size int64
}

// Add adds one record.
func (t *Tree) Add(record []byte) { t.AddLeaf(LeafHash(record)) }

// AddLeaf adds a record by its leaf hash.
func (t *Tree) AddLeaf(leaf Hash) {
	p := peak{leaf, 1}
	t.size++
	for len(t.peaks) > 0 && t.peaks[len(t.peaks)-1].size == p.size {
		p = join(t.peaks[len(t.peaks)-1], p)
		t.peaks = t.peaks[:len(t.peaks)-1]
	}
	t.peaks = append(t.peaks, p)
}

func join(left, right peak) peak {
	return peak{Hash(tlog.NodeHash(tlog.Hash(left.hash), tlog.Hash(right.hash))), left.size + right.size}
}

// Size is how many records were added.
func (t *Tree) Size() int64 { return t.size }

// Root is the root of what was added so far; more may be added afterwards.
func (t *Tree) Root() Hash {
	if t.size == 0 {
		return sha256.Sum256(nil)
	}
	top := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		top = join(t.peaks[i], top)
	}
	return top.hash
}

// RootOf returns root and number of a stream of records, in memory that grows
// with the logarithm of their number.
func RootOf(records iter.Seq2[[]byte, error]) (root Hash, n int64, err error) {
	var t Tree
	for rec, err := range records {
		if err != nil {
			return Hash{}, t.size, err
		}
		t.Add(rec)
	}
	return t.Root(), t.size, nil
}

package ledger

import (
	"crypto/sha256"
	"fmt"
	"iter"

	"golang.org/x/mod/sumdb/tlog"
)

// A Tree computes a root over a stream of records, keeping one hash per level.
// The zero value is the empty tree. With Watch it also collects the proof of
// one record on the way.
type Tree struct {
	size  int64
	peaks []peak

	watched bool
	target  int64
	proof   []Hash
}

// A peak is a finished subtree; has tells that the watched record is in it.
type peak struct {
	hash Hash
	size int64
	has  bool
}

// Watch collects the inclusion proof of record index (from 0). Call it before Add.
func (t *Tree) Watch(index int64) { t.watched, t.target = true, index }

// Add adds one record.
func (t *Tree) Add(record []byte) { t.AddLeaf(LeafHash(record)) }

// AddLeaf adds a record by its leaf hash.
func (t *Tree) AddLeaf(leaf Hash) {
	p := peak{leaf, 1, t.watched && t.size == t.target}
	t.size++
	for len(t.peaks) > 0 && t.peaks[len(t.peaks)-1].size == p.size {
		p = t.join(t.peaks[len(t.peaks)-1], p, &t.proof)
		t.peaks = t.peaks[:len(t.peaks)-1]
	}
	t.peaks = append(t.peaks, p)
}

func (t *Tree) join(left, right peak, proof *[]Hash) peak {
	if left.has {
		*proof = append(*proof, right.hash)
	}
	if right.has {
		*proof = append(*proof, left.hash)
	}
	return peak{
		hash: Hash(tlog.NodeHash(tlog.Hash(left.hash), tlog.Hash(right.hash))),
		size: left.size + right.size,
		has:  left.has || right.has,
	}
}

// Size is how many records were added.
func (t *Tree) Size() int64 { return t.size }

// Root is the root of what was added so far; more may be added afterwards.
func (t *Tree) Root() Hash {
	h, _ := t.close()
	return h
}

// Proof is the inclusion proof of the watched record in the tree as it is now.
func (t *Tree) Proof() ([]Hash, error) {
	if !t.watched || t.target < 0 || t.target >= t.size {
		return nil, fmt.Errorf("record %d of %d was not watched", t.target, t.size)
	}
	_, proof := t.close()
	return proof, nil
}

func (t *Tree) close() (Hash, []Hash) {
	if t.size == 0 {
		return sha256.Sum256(nil), nil
	}
	proof := append([]Hash(nil), t.proof...)
	top := t.peaks[len(t.peaks)-1]
	for i := len(t.peaks) - 2; i >= 0; i-- {
		top = t.join(t.peaks[i], top, &proof)
	}
	return top.hash, proof
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

// FlatRoot is the root over lines that are all in memory.
func FlatRoot(lines [][]byte) Hash {
	var t Tree
	for _, l := range lines {
		t.Add(l)
	}
	return t.Root()
}

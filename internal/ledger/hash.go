package ledger

import (
	"golang.org/x/mod/sumdb/tlog"
)

// A Hash is a SHA-256 of a record or of a node of the tree.
type Hash = [32]byte

// A Reader returns the stored hashes at the given indexes, in their order. It
// is an error when one is missing.
type Reader func(indexes []int64) ([]Hash, error)

// LeafHash is the hash of one record as a leaf of the tree.
func LeafHash(record []byte) Hash { return Hash(tlog.RecordHash(record)) }

// HashCount is how many hashes are stored for a log of size records: the
// indexes 0 to HashCount(size)-1.
func HashCount(size int64) int64 { return tlog.StoredHashCount(size) }

// LeafIndex is the index at which the leaf hash of record i (from 0) is stored.
func LeafIndex(i int64) int64 { return tlog.StoredHashIndex(0, i) }

// hashReader lets the tlog package read through a Reader.
func (r Reader) hashReader() tlog.HashReader {
	return tlog.HashReaderFunc(func(idx []int64) ([]tlog.Hash, error) {
		if len(idx) == 0 {
			return nil, nil
		}
		hashes, err := r(idx)
		return toTlog(hashes), err
	})
}

func toTlog(in []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(in))
	for i, h := range in {
		out[i] = tlog.Hash(h)
	}
	return out
}

func fromTlog(in []tlog.Hash) []Hash {
	out := make([]Hash, len(in))
	for i, h := range in {
		out[i] = Hash(h)
	}
	return out
}

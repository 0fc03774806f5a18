package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Prove returns the proof that record index (from 0) is in the log of size records.
func Prove(size, index int64, read Reader) ([]Hash, error) {
	p, err := tlog.ProveRecord(size, index, read.hashReader())
	if err != nil {
		return nil, fmt.Errorf("prove record %d of %d: %w", index, size, err)
	}
	return fromTlog(p), nil
}

// CheckInclusion returns nil when proof shows that leaf is record index (from 0)
// of the tree of size records with this root.
func CheckInclusion(proof []Hash, size int64, root Hash, index int64, leaf Hash) error {
	if err := tlog.CheckRecord(toTlog(proof), size, tlog.Hash(root), index, tlog.Hash(leaf)); err != nil {
		return fmt.Errorf("record %d of %d is not in the tree of this root: %w", index, size, err)
	}
	return nil
}

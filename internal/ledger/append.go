package ledger

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

// Appended is what the store writes for new records.
type Appended struct {
	NewSize int64
	First   int64  // index of Hashes[0]; the others follow without a gap
	Hashes  []Hash // to store at First, First+1, …
	Root    Hash   // of the log of NewSize records
}

// Append works out the hashes that records add to a log of size records. The
// store writes records and hashes in the transaction of the act.
func Append(size int64, records [][]byte, read Reader) (Appended, error) {
	a := Appended{NewSize: size, First: HashCount(size)}
	if size < 0 {
		return a, fmt.Errorf("append to a log of %d records", size)
	}
	over := a.over(read).hashReader() // also sees what this call has added
	for _, rec := range records {
		hs, err := tlog.StoredHashesForRecordHash(a.NewSize, tlog.RecordHash(rec), over)
		if err != nil {
			return a, fmt.Errorf("append record %d to the log: %w", a.NewSize+1, err)
		}
		a.Hashes = append(a.Hashes, fromTlog(hs)...)
		a.NewSize++
	}
	root, err := tlog.TreeHash(a.NewSize, over)
	if err != nil {
		return a, fmt.Errorf("root of the log at %d: %w", a.NewSize, err)
	}
	a.Root = Hash(root)
	return a, nil
}

func (a *Appended) over(read Reader) Reader {
	return func(idx []int64) ([]Hash, error) {
		out := make([]Hash, len(idx))
		var old, at []int64
		for i, x := range idx {
			switch own := x - a.First; {
			case own < 0:
				old, at = append(old, x), append(at, int64(i))
			case own < int64(len(a.Hashes)):
				out[i] = a.Hashes[own]
			default:
				return nil, fmt.Errorf("hash %d is not in the log yet", x)
			}
		}
		if len(old) == 0 {
			return out, nil
		}
		hashes, err := read(old)
		if err != nil {
			return nil, err
		}
		if len(hashes) != len(old) {
			return nil, fmt.Errorf("asked for %d stored hashes, got %d", len(old), len(hashes))
		}
		for j, h := range hashes {
			out[at[j]] = h
		}
		return out, nil
	}
}

// Root returns the root of the first size records of a log.
func Root(size int64, read Reader) (Hash, error) {
	h, err := tlog.TreeHash(size, read.hashReader())
	if err != nil {
		return Hash{}, fmt.Errorf("root of the log at %d: %w", size, err)
	}
	return Hash(h), nil
}

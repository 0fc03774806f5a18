package ledger

import (
	"fmt"
	"iter"
	"slices"
)

// A Log is what VerifyLog looks at.
type Log struct {
	// Records are the encoded entries, oldest first.
	Records iter.Seq2[[]byte, error]
	// Checkpoints are signed notes from outside, in any order: the more, the
	// closer a change is located.
	Checkpoints [][]byte
	VerifierKey string
	// Leaf, if there, returns the stored leaf hash of record i (from 0); with it
	// a changed record is named exactly.
	Leaf func(i int64) (Hash, error)
}

// A Report says what VerifyLog found. Problems are sentences, the first one
// is about the first thing that is wrong.
type Report struct {
	Records     int64
	Root        Hash
	Checkpoints int   // that verified and agree
	Proven      int64 // records covered by a checkpoint that agrees
	Problems    []string
}

// OK tells that nothing is wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// maxProblems keeps a wholly broken log readable.
const maxProblems = 100

func (r *Report) add(format string, args ...any) {
	if len(r.Problems) < maxProblems {
		r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
	}
}

// VerifyLog recomputes a log and compares it with its checkpoints. An error
// means that it could not be read; what is wrong with it is in the report.
func VerifyLog(l Log) (Report, error) {
	v := verifier{log: l, expect: 1}
	v.openCheckpoints()
	v.compare() // a checkpoint of the empty log
	for rec, err := range l.Records {
		if err != nil {
			return v.report, fmt.Errorf("read record %d of the log: %w", v.tree.Size()+1, err)
		}
		v.record(rec)
	}
	v.finish()
	return v.report, nil
}

type verifier struct {
	log    Log
	report Report
	tree   Tree
	points []Checkpoint // ascending, not yet reached
	expect int64        // seq of the next record
	seen   map[int64]bool
	good   int64 // size of the last checkpoint that agreed
	broken int64 // problems known when that was
	lost   bool  // a checkpoint disagreed: the later ones will too
}

func (v *verifier) openCheckpoints() {
	for i, b := range v.log.Checkpoints {
		c, err := Open(b, v.log.VerifierKey)
		if err != nil {
			v.report.add("checkpoint %d of %d was changed or is of another key: %v", i+1, len(v.log.Checkpoints), err)
			continue
		}
		v.points = append(v.points, c)
	}
	slices.SortStableFunc(v.points, func(a, b Checkpoint) int { return int(min(max(a.Size-b.Size, -1), 1)) })
	for i := 1; i < len(v.points); i++ {
		if a, b := v.points[i-1], v.points[i]; a.Size == b.Size && a.Root != b.Root {
			v.report.add("two checkpoints were signed at record %d with different roots: the log was told in two versions", a.Size)
		}
	}
	v.broken = int64(len(v.report.Problems))
}

func (v *verifier) record(rec []byte) {
	leaf, at := LeafHash(rec), v.tree.Size()
	v.sequence(rec, at)
	if v.log.Leaf != nil {
		stored, err := v.log.Leaf(at)
		if err != nil {
			v.report.add("the stored hash of record %d is missing: %v", at+1, err)
		} else if stored != leaf {
			v.report.add("record %d was edited: its hash is not the one stored when it was written", at+1)
		}
	}
	v.tree.AddLeaf(leaf)
	v.compare()
}

// sequence checks the number each record carries.
func (v *verifier) sequence(rec []byte, at int64) {
	e, err := Decode(rec)
	if err != nil {
		v.report.add("record %d was edited: it is %v", at+1, err)
		v.expect++
		return
	}
	switch {
	case e.Seq == v.expect:
	case v.seen[e.Seq]:
		v.report.add("record %d is out of place: it stands where record %d belongs", e.Seq, v.expect)
		return // expect stays: the one that belongs here may follow
	case e.Seq > v.expect:
		v.report.add("%s before record %d", missing(v.expect, e.Seq-1), e.Seq)
		if v.seen == nil {
			v.seen = map[int64]bool{}
		}
		for s := v.expect; s < e.Seq && len(v.seen) < 1000; s++ {
			v.seen[s] = true
		}
	default:
		v.report.add("record %d is there twice, or out of place: it stands where record %d belongs", e.Seq, v.expect)
		return
	}
	v.expect = e.Seq + 1
}

func missing(from, to int64) string {
	if from == to {
		return fmt.Sprintf("record %d was deleted or moved: it is missing", from)
	}
	return fmt.Sprintf("records %d to %d were deleted or moved: they are missing", from, to)
}

// compare compares with the checkpoints of exactly this size.
func (v *verifier) compare() {
	for len(v.points) > 0 && v.points[0].Size == v.tree.Size() {
		c := v.points[0]
		v.points = v.points[1:]
		switch {
		case c.Root == v.tree.Root():
			v.report.Checkpoints++
			v.good = c.Size
			v.report.Proven = c.Size
			v.broken = int64(len(v.report.Problems))
			v.lost = false
		case !v.lost && int64(len(v.report.Problems)) == v.broken:
			v.report.add("something in records %d to %d was edited, replaced or reordered: the root at record %d is not the one that was signed",
				v.good+1, c.Size, c.Size)
			v.lost = true
		default:
			v.lost = true
		}
	}
}

func (v *verifier) finish() {
	v.report.Records, v.report.Root = v.tree.Size(), v.tree.Root()
	if n := len(v.points); n > 0 {
		last := v.points[n-1]
		v.report.add("the log was truncated: it ends at record %d, but a checkpoint was signed at record %d; %d at the end are missing",
			v.tree.Size(), last.Size, last.Size-v.tree.Size())
	}
}

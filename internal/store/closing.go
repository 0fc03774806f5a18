package store

import "maps"

// A closing is what the deliveries of a notice came to: the Merkle root over their
// lines. Of a million it takes seconds, in which nobody else could write, so it is
// read beside the writers, and holds while the counts are those it was read with.
type closing struct {
	wanted bool // nothing is left of the notice, and the root is not known
	root   string
	counts map[stateCount]int64
	tries  int
}

// closingTries is how often it is read beside the writers before it is read by one:
// a notice whose mail keeps coming back would never end.
const closingTries = 2

// A stateCount says whose deliveries are counted.
type stateCount struct{ channel, step, state int }

// counts counts the deliveries of a notice.
func (t *tx) counts(notice int64) (map[stateCount]int64, error) {
	out := map[stateCount]int64{}
	return out, t.counted(notice, func(channel, step, state int, n int64) { out[stateCount{channel, step, state}] = n })
}

// foresee reads what the deliveries of a notice came to.
func (t *tx) foresee(notice int64, e *closing) (err error) {
	e.tries++
	if e.counts, err = t.counts(notice); err != nil {
		return err
	}
	e.root, err = t.deliveryRoot(notice)
	return err
}

// root is the root of a notice that counts as it does now, "" when it has to be
// read first.
func (t *tx) root(notice int64, counts map[stateCount]int64, e *closing) (string, error) {
	switch {
	case maps.Equal(counts, e.counts):
		return e.root, nil
	case e.tries >= closingTries:
		return t.deliveryRoot(notice)
	}
	e.wanted = true
	return "", nil
}

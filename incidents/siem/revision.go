package siem

import (
	"math/big"
	"strconv"
	"strings"
)

// NewerRevision tells whether a revision is newer than the one on file: by
// number, by time, by the counter behind a "#", else as text. The same is not
// newer; a sender that stops naming revisions is believed.
func NewerRevision(old, revision string) bool {
	if old == revision {
		return false
	}
	if old == "" || revision == "" {
		return true
	}
	if order, ok := compareNumbers(old, revision); ok {
		return order < 0
	}
	oldTime, oldCount, _ := strings.Cut(old, "#")
	newTime, newCount, _ := strings.Cut(revision, "#")
	t, u := instant(oldTime), instant(newTime)
	if t == nil || u == nil {
		return revision > old
	}
	if !t.Equal(*u) {
		return u.After(*t)
	}
	order, ok := compareNumbers(oldCount, newCount)
	return ok && order < 0
}

// compareNumbers compares whole numbers of any size exactly, others as floats.
func compareNumbers(a, b string) (order int, ok bool) {
	if len(a) > 100 || len(b) > 100 {
		return 0, false
	}
	x, okX := new(big.Int).SetString(a, 10)
	y, okY := new(big.Int).SetString(b, 10)
	if okX && okY {
		return x.Cmp(y), true
	}
	f, errF := strconv.ParseFloat(a, 64)
	g, errG := strconv.ParseFloat(b, 64)
	switch {
	case errF != nil || errG != nil || f != f || g != g:
		return 0, false
	case f < g:
		return -1, true
	case f > g:
		return 1, true
	}
	return 0, true
}

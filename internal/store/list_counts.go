package store

import (
	"fmt"
	"sync"
	"time"
)

// listCounts are what was counted over whole lists, for whoever asks the same again:
// over a million it takes most of a second, and a page asks each time it is shown.
type listCounts struct {
	mu sync.Mutex
	by map[string]listCount
}

// A listCount holds while nobody was added to the list or changed on it, and for a
// while only: that an address is gone revises no list.
type listCount struct {
	persons, rev int64
	at           time.Time
	value        any
}

const (
	listCountsKept = 256
	listCountHolds = time.Minute
)

// countOnce counts over a list what a query asks of it, unless that is known. Who
// writes counts each time: a list is revised at the end of what changes it. Nobody
// changes what it returns.
func countOnce[T any](t *tx, l list, query string, params args, count func() (T, error)) (T, error) {
	if !t.reads {
		return count()
	}
	known, key := &t.s.counts, fmt.Sprintf("%d %q %q", l.no, query, params)
	known.mu.Lock()
	c, ok := known.by[key]
	known.mu.Unlock()
	if v, is := c.value.(T); ok && is && c.persons == l.persons && c.rev == l.rev && t.now().Sub(c.at) < listCountHolds {
		return v, nil
	}
	v, err := count()
	if err != nil {
		return v, err
	}
	known.mu.Lock()
	defer known.mu.Unlock()
	if known.by == nil || len(known.by) >= listCountsKept {
		known.by = map[string]listCount{}
	}
	known.by[key] = listCount{l.persons, l.rev, t.now(), v}
	return v, nil
}

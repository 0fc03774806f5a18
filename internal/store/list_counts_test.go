package store

import (
	"maps"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
)

// A list is counted once for everybody who asks the same, until somebody is added
// to it or changed on it; who writes counts what there is.
func TestAListIsCountedOnceUntilItChanges(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", candidates(5), 1000)
		counts, asked := map[int]int64{}, 0
		ask := func(within func(func(*tx) error) error, filter incidents.PersonFilter) int64 {
			t.Helper()
			asked = 0
			w.ok(within(func(q *tx) (err error) {
				q.seen = func(query string, _ args) {
					if strings.Contains(query, "GROUP BY flags") {
						asked++
					}
				}
				counts, err = q.CountFlags(w.in.ID, filter)
				return err
			}))
			n := int64(0)
			for m := range maps.Values(counts) {
				n += m
			}
			return n
		}
		read := func(fn func(*tx) error) error { return w.s.read(always, fn) }
		write := func(fn func(*tx) error) error { return w.s.write(always, fn) }
		is := func(what string, within func(func(*tx) error) error, filter incidents.PersonFilter, n int64, counted int) {
			t.Helper()
			if got := ask(within, filter); got != n || asked != counted {
				t.Errorf("%s: %d people, counted %d times; want %d, %d", what, got, asked, n, counted)
			}
		}
		all := incidents.PersonFilter{}
		is("at first", read, all, 5, 1)
		is("again", read, all, 5, 0)
		is("others", read, incidents.PersonFilter{Places: []incidents.Place{"XX"}}, 0, 1)
		is("who writes", write, all, 5, 1)
		w.ok(write(func(q *tx) error { return q.SetExcluded(incidents.NewPersonID(w.in.ID, 2), "safety", "") }))
		is("one was excluded", read, all, 4, 1)
		is("again", read, all, 4, 0)
		w.list("im2", candidates(8)[5:], 1000)
		is("some were added", read, all, 7, 1)
		w.pass(2 * time.Minute)
		is("a while later", read, all, 7, 1)
	})
}

package store

import (
	"errors"
	"slices"
	"testing"
	"time"

	"tocsin/incidents"
)

// crowd makes a list of n people out of one, each 40,000th of whom lives in France.
func (w *world) crowd(n int64) {
	w.t.Helper()
	w.incident("i1", incidents.Live)
	w.list("im1", candidates(1), 1)
	w.write(func(t *tx) error {
		_, err := t.run(`WITH RECURSIVE g(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM g WHERE i < $1)
			INSERT INTO persons (list_no, seq, import_id, lang, place, channels, flags, sealed)
			SELECT p.list_no, g.i, p.import_id, p.lang, CASE WHEN g.i % 40000 = 0 THEN 'FR' ELSE p.place END, p.channels, p.flags, p.sealed FROM g, persons p WHERE p.seq = 1`, n)
		if err != nil {
			return err
		}
		_, err = t.run(`UPDATE lists SET persons = $1`, n)
		w.in.Persons = n
		return errors.Join(err, t.PutIncident(w.in))
	})
	w.reload()
}

type telling struct{ done, total int64 }

// watched releases the notice and returns how far it was said to be.
func (w *world) watched(after error) (told []telling, err error) {
	err = w.s.write(always, func(t *tx) error {
		told = nil
		t.Watch(func(done, total int64) { told = append(told, telling{done, total}) })
		if err := t.Release(w.n.ID, w.now()); err != nil {
			return err
		}
		return after
	})
	return told, err
}

// numbers runs a query that counts.
func (w *world) numbers(query string, params ...any) (n int64) {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) error {
		_, err := t.one(query, params, &n)
		return err
	}))
	return n
}

// A release goes along the list in stretches and says how far it is; what it
// writes is one delivery for each person, counted once, whatever the stretch.
func TestAReleaseSaysHowFarItIs(t *testing.T) {
	const people = 70_000
	eachEngine(t, func(t *testing.T, w *world) {
		w.crowd(people)
		w.draft(1, twoSteps)
		w.approve("otto")
		w.approve("olga")

		broken := errors.New("the power went")
		told, err := w.watched(broken)
		if !errors.Is(err, broken) || len(told) != 4 {
			t.Fatal(told, err)
		}
		for _, table := range []string{"deliveries", "delivery_counts", "chunks", "releases", "outbox"} {
			if n := w.numbers(`SELECT COUNT(*) FROM ` + table); n != 0 {
				t.Errorf("a release that broke off left %d %s", n, table)
			}
		}

		told, err = w.watched(nil)
		w.ok(err)
		if want := []telling{{0, people}, {32_000, people}, {64_000, people}, {people, people}}; !slices.Equal(told, want) {
			t.Errorf("it said %v, want %v", told, want)
		}
		for query, want := range map[string]int64{
			`SELECT COUNT(*) FROM deliveries`: people, `SELECT COUNT(DISTINCT seq) FROM deliveries`: people, `SELECT SUM(n) FROM delivery_counts`: people,
			`SELECT COUNT(*) FROM chunks`: 70, `SELECT SUM(todo) FROM chunks`: people, `SELECT total FROM releases`: people, `SELECT SUM(to_seq - from_seq + 1) FROM chunks`: people,
		} {
			if n := w.numbers(query); n != want {
				t.Errorf("%s: %d, want %d", query, n, want)
			}
		}
	})
}

// A stretch in which nobody is chosen is gone along all the same.
func TestAReleaseToAFewOfMany(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.crowd(70_000)
		w.draft(1, twoSteps)
		w.n.Version, w.n.Content.Filter.Places, w.n.Content.Persons = 2, []incidents.Place{"FR"}, 1
		w.n.Hash = w.n.Content.Hash()
		w.put()
		w.approve("otto")
		told, err := w.watched(nil)
		w.ok(err)
		if len(told) != 4 || told[3] != (telling{70_000, 70_000}) {
			t.Errorf("it said %v", told)
		}
		if total, seq := w.numbers(`SELECT total FROM releases`), w.numbers(`SELECT MIN(seq) FROM deliveries`); total != 1 || seq != 40_000 {
			t.Errorf("%d released, from %d", total, seq)
		}
	})
}

// Nobody need watch, and who watches a release does not watch the next one.
func TestNobodyWatchesARelease(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(3, twoSteps)
		w.pass(time.Minute)
		w.draft(2, twoSteps)
		w.approve("otto")
		told, err := w.watched(nil)
		w.ok(err)
		if !slices.Equal(told, []telling{{0, 3}, {3, 3}}) {
			t.Errorf("it said %v", told)
		}
	})
}

package store

import (
	"context"
	"errors"
	"testing"
)

func TestAMomentPassesWhenSomebodyElseWrites(t *testing.T) {
	o := options(t, "")
	s, other := opened(t, o), opened(t, o)
	within := func(quiet bool, of *Store) (m moment) {
		t.Helper()
		err := of.write(context.Background(), func(q *tx) (err error) {
			q.quiet = quiet
			if _, err = q.run(`UPDATE ledger_head SET size = size + 1 WHERE id = 1`); err != nil {
				return err
			}
			m, err = q.moment()
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	first := within(true, s)
	for range 3 {
		within(true, s)
	}
	failed := errors.New("broken off")
	if err := s.write(context.Background(), func(q *tx) error { _, err := q.run(`DELETE FROM ledger_head`); return errors.Join(err, failed) }); !errors.Is(err, failed) {
		t.Fatal(err)
	}
	if now := within(false, s); now != first {
		t.Errorf("turns of this process alone, one broken off, made %v of %v", now, first)
	}
	second := within(true, s)
	if second == first || second.version != first.version {
		t.Errorf("another write of this process made %v of %v", second, first)
	}
	for n := range 3 {
		for range n {
			within(true, s)
		}
		within(true, other)
		now := within(true, s)
		if now.version == second.version || now.writes != second.writes {
			t.Errorf("another process wrote, and %v became %v", second, now)
		}
		second = now
	}
}

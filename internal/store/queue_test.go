package store

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"tocsin/incidents"
)

func TestTwentyGroupedActsAllCommit(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				if err := s.Group(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, fmt.Sprint(i)) }); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		same(t, verified(t, s), int64(20))
		whole(t, s)
	})
}

// commit runs acts in one shared transaction, as if they had waited together.
func commit(s *Store, fns ...func(*tx) error) (errs []error) {
	acts := make([]*act, len(fns))
	for i, fn := range fns {
		acts[i] = &act{fn: fn, out: make(chan error, 1)}
	}
	s.queue.commit(acts)
	for _, a := range acts {
		errs = append(errs, <-a.out)
	}
	return errs
}

func TestAFailureWithinAGroupUndoesItselfAlone(t *testing.T) {
	no := errors.New("no")
	for _, c := range []struct {
		name string
		fail func(*tx) error
		is   func(error) bool
	}{
		{"an error", func(*tx) error { return no }, func(err error) bool { return errors.Is(err, no) }},
		{"a panic", func(*tx) error { panic("at the disco") }, func(err error) bool { return err != nil }},
		{"a statement the database refuses", func(t *tx) error { _, err := t.run(`INSERT INTO nowhere VALUES (1)`); return err },
			func(err error) bool { return incidents.KindOf(err) == incidents.KindInternal }},
		{"a key that is taken", func(t *tx) error {
			return t.PutIncident(incidents.Incident{ID: "other", Ref: "INC-first", Mode: incidents.Live})
		},
			func(err error) bool { return incidents.KindOf(err) == incidents.KindConflict }},
	} {
		t.Run(c.name, func(t *testing.T) {
			engines(t, func(t *testing.T, o Options) {
				s := opened(t, o)
				errs := commit(s,
					func(tx *tx) error { return openIncident(tx, "first") },
					func(tx *tx) error {
						if err := openIncident(tx, "undone"); err != nil {
							return err
						}
						return c.fail(tx)
					},
					func(tx *tx) error { return openIncident(tx, "third") })
				if errs[0] != nil || errs[2] != nil || !c.is(errs[1]) {
					t.Fatalf("got %v", errs)
				}
				same(t, verified(t, s), int64(2))
				whole(t, s)
				ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
					_, err := tx.Incident("undone")
					refused(t, incidents.KindNotFound, err)
					_, err = tx.Incident("third")
					return err
				}))
			})
		})
	}
}

func TestACallerWhoGivesUpBeforeItsTurnIsNotWritten(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		busy, free := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Group(t.Context(), func(tx incidents.Tx) error { close(busy); <-free; return openIncident(tx, "slow") }); err != nil {
				t.Error(err)
			}
		})
		<-busy
		ctx, cancel := context.WithCancel(t.Context())
		gaveUp := make(chan error)
		wg.Go(func() {
			gaveUp <- s.Group(ctx, func(tx incidents.Tx) error { t.Error("it ran"); return nil })
		})
		cancel()
		if err := <-gaveUp; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
		close(free)
		wg.Wait()
		same(t, verified(t, s), int64(1))
	})
}

func TestCloseFinishesWhatWaits(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s, err := Open(t.Context(), o)
		ok(t, err)
		busy, free := make(chan struct{}), make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := s.Group(t.Context(), func(tx incidents.Tx) error { close(busy); <-free; return nil }); err != nil {
				t.Error(err)
			}
		})
		<-busy
		for i := range 3 {
			a := &act{fn: func(tx *tx) error { return openIncident(tx, fmt.Sprint(i)) }, out: make(chan error, 1)}
			ok(t, s.queue.hand(t.Context(), a))
			wg.Go(func() {
				if err := <-a.out; err != nil {
					t.Error(err)
				}
			})
		}
		closed := make(chan error)
		wg.Go(func() { closed <- s.Close() })
		close(free)
		ok(t, <-closed)
		wg.Wait()
		refused(t, incidents.KindUnavailable, s.Group(t.Context(), func(incidents.Tx) error { return nil }))
		s = opened(t, o)
		same(t, verified(t, s), int64(3))
	})
}

func TestWritersTakeTurns(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "i") }))
		// Each reads the incident and writes it back with one person more: none may be lost.
		more := func(tx incidents.Tx) error {
			in, err := tx.Incident("i")
			if err != nil {
				return err
			}
			in.Persons++
			return tx.PutIncident(in)
		}
		var wg sync.WaitGroup
		for range 15 {
			for _, how := range []func(context.Context, func(incidents.Tx) error) error{s.Write, s.Group} {
				wg.Go(func() {
					if err := how(t.Context(), more); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			in, err := tx.Incident("i")
			same(t, in.Persons, int64(30))
			return err
		}))
	})
}

func TestAReadSeesOneMoment(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
			before, err := tx.Incidents(incidents.IncidentFilter{})
			ok(t, err)
			ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "meanwhile") }))
			after, err := tx.Incidents(incidents.IncidentFilter{})
			same(t, len(before)+len(after), 0)
			return err
		}))
		err := s.Read(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "by a reader") })
		if err == nil {
			t.Error("a reader wrote")
		}
	})
}

package store

import (
	"context"
	"errors"
	"testing"

	"tocsin/incidents"
)

// What a transaction wrote together is there whole or not at all, however it ends.
func TestWhatIsWrittenTogetherIsWholeOrNothing(t *testing.T) {
	insert := func(name string) (string, string) {
		return `INSERT INTO counters (name, n) VALUES ($1, 1)`, name
	}
	wrong := errors.New("not like this")
	for name, c := range map[string]struct {
		fn   func(x *tx) error
		want error // nil: some error
	}{
		"an error": {func(x *tx) error {
			q, p := insert("a")
			if err := x.later(nil, q, p); err != nil {
				return err
			}
			return wrong
		}, wrong},
		"an error after a journey": {func(x *tx) error {
			q, p := insert("a")
			if _, err := x.run(q, p); err != nil {
				return err
			}
			return wrong
		}, wrong},
		"who hears how many rows changed wants others": {func(x *tx) error {
			q, p := insert("a")
			if err := x.later(nil, q, p); err != nil {
				return err
			}
			return x.later(func(n int64) error {
				if n != 1 {
					return wrong
				}
				return nil
			}, `UPDATE counters SET n = 2 WHERE name = $1`, "nobody's")
		}, wrong},
		"a statement that fails is overlooked": {func(x *tx) error {
			q, p := insert("a")
			if _, err := x.run(q, p); err != nil {
				return err
			}
			if _, err := x.run(q, p); err == nil {
				return errors.New("it was there already")
			}
			if !x.postgres() { // SQLite takes back the statement alone
				return wrong
			}
			return nil
		}, nil},
		"the last statement fails": {func(x *tx) error {
			q, p := insert("a")
			if err := x.later(nil, q, p); err != nil {
				return err
			}
			return x.later(nil, q, p)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, o Options) {
				s := opened(t, o)
				for _, do := range []func(context.Context, func(*tx) error) error{s.together, s.write} {
					err := do(t.Context(), c.fn)
					if err == nil || c.want != nil && !errors.Is(err, c.want) {
						t.Errorf("got %v, not %v", err, c.want)
					}
					ok(t, s.together(t.Context(), func(x *tx) error { // the connection is as good as before
						var n int
						if _, err := x.one(`SELECT COUNT(*) FROM counters WHERE name = 'a'`, nil, &n); err != nil || n != 0 {
							t.Errorf("%d rows stayed, %v", n, err)
						}
						return nil
					}))
				}
			})
		})
	}
}

// What panics leaves no transaction open behind it.
func TestWhatPanicsLeavesNothingOpen(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("it went on")
				}
			}()
			_ = s.write(t.Context(), func(x *tx) error {
				if _, err := x.Next("a"); err != nil {
					return err
				}
				panic("out of order")
			})
		}()
		ok(t, s.write(t.Context(), func(x *tx) error {
			n, err := x.Next("a")
			if n != 1 {
				t.Errorf("the counter is at %d", n)
			}
			return err
		}))
	})
}

// Questions that ride together are answered each with its own row, or with none.
func TestQuestionsAreAnsweredTogether(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		ok(t, s.write(t.Context(), func(x *tx) error { return openIncident(x, "i1") }))
		ok(t, s.together(t.Context(), func(x *tx) error {
			var ref, none string
			var there, absent bool
			ok(t, x.ask(&there, `SELECT ref FROM incidents WHERE id = $1`, args{"i1"}, &ref))
			ok(t, x.ask(&absent, `SELECT ref FROM incidents WHERE id = $1`, args{"i2"}, &none))
			ok(t, x.flush())
			if !there || ref != "INC-i1" || absent || none != "" {
				t.Errorf("answered %v %q, %v %q", there, ref, absent, none)
			}
			return nil
		}))
		err := s.together(t.Context(), func(x *tx) error {
			var found bool
			var n int
			if err := x.ask(&found, `SELECT no_such_column FROM incidents`, nil, &n); err != nil {
				return err
			}
			return x.flush()
		})
		refused(t, incidents.KindInternal, err)
	})
}

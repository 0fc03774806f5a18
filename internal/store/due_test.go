package store

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"tocsin/incidents"
)

// What is due is the same however it is read: column by column, person by person,
// or in sweeps.
func TestWhatIsDueOfAStretch(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		r := rand.New(rand.NewPCG(7, 9))
		w.sending(chunkSize+40, twoSteps)
		someone := func() int64 { return 1 + r.Int64N(chunkSize+40) }
		w.write(func(q *tx) error {
			for range 150 {
				for _, x := range []struct {
					query  string
					params args
				}{
					{`UPDATE persons SET excluded = $1 WHERE seq = $2`, args{fmt.Sprint("on a list of ", r.IntN(9), " übrigens\nund mehr"), someone()}},
					{`UPDATE persons SET sealed = NULL WHERE seq = $1`, args{someone()}},
					{`UPDATE persons SET sealed = $1, flags = $2, lang = $3, place = '', zone = '' WHERE seq = $4`, args{[]byte("\n\x00 1 2\xff")[:1+r.IntN(7)], r.IntN(64), []string{"", "de", "zh-CN"}[r.IntN(3)], someone()}},
					{`UPDATE deliveries SET state = $1, step = $2, next_at = $3` + q.apart(`$1`, `$3`) + ` WHERE seq = $4`, args{r.IntN(9), r.IntN(3), []any{nil, 1, ms(w.now()) + 1}[r.IntN(3)], someone()}},
					{`UPDATE deliveries SET state = 5, attempts = $1, fence = $2, first_at = $3, maybe_twice = $4, next_at = $5` + q.apart(`5`, `$5`) + ` WHERE seq = $6`,
						args{1 + r.IntN(4), 1 + r.IntN(9), ms(w.now()), r.IntN(2), ms(w.now()), someone()}},
					{`DELETE FROM deliveries WHERE seq = $1`, args{someone()}},
				} {
					if _, err := q.run(x.query, x.params...); err != nil {
						return err
					}
				}
			}
			return nil
		})
		var list int64
		var all []dueRow
		w.ok(w.s.read(t.Context(), func(q *tx) error {
			if _, err := q.one(`SELECT list_no FROM releases`, nil, &list); err != nil {
				return err
			}
			return q.rows(`SELECT d.seq, d.step, d.state, p.flags, p.lang, p.place, p.zone, p.excluded, p.sealed, d.attempts, d.fence, COALESCE(d.first_at, 0), d.maybe_twice
				FROM deliveries d JOIN persons p ON p.seq = d.seq WHERE d.channel = $1 AND d.state IN (0, 1, 2, 5) AND (d.next_at <= $2 OR d.next_at IS NULL AND d.state <> 1) ORDER BY d.seq`,
				args{channelCode(incidents.Email), ms(w.now())}, func(r scanner) error {
					var x dueRow
					err := r.Scan(&x.seq, &x.step, &x.state, &x.flags, &x.lang, &x.place, &x.zone, &x.excluded, &x.sealed, &x.attempts, &x.fence, &x.first, (*flag)(&x.twice))
					all = append(all, x)
					return err
				})
		}))
		if len(all) < 700 || len(all) > 1000 {
			t.Fatalf("%d are due", len(all))
		}
		for _, s := range [][2]int64{{1, chunkSize}, {1, 1}, {33, 64}, {2, 999}, {500, 531}, {chunkSize + 1, 2 * chunkSize}, {5000, 6000}} {
			var want, stretch, rows []dueRow
			for _, x := range all {
				if x.seq >= s[0] && x.seq <= s[1] {
					want = append(want, x)
				}
			}
			w.ok(w.s.read(t.Context(), func(q *tx) error {
				if err := q.dueStretch(list, w.n.No, s[0], s[1], incidents.Email, func(x dueRow) { stretch = append(stretch, x) }); err != nil {
					return err
				}
				return q.dueRows(q.dueSQL()+` ORDER BY d.seq`, args{list, w.n.No, s[0], s[1], channelCode(incidents.Email), ms(w.now())}, func(x dueRow) { rows = append(rows, x) })
			}))
			for how, got := range map[string][]dueRow{"a stretch": stretch, "rows": rows} {
				if len(got) != len(want) {
					t.Errorf("%s from %d to %d: %d, want %d", how, s[0], s[1], len(got), len(want))
					continue
				}
				for i := range want {
					if !reflect.DeepEqual(got[i], want[i]) {
						t.Fatalf("%s from %d to %d: %+v, want %+v", how, s[0], s[1], got[i], want[i])
					}
				}
			}
		}
	})
}

// Few on a channel are looked up one by one.
func TestFewThatAreDueOfAStretch(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(chunkSize, mailOnly)
		w.write(func(q *tx) error {
			_, err := q.run(`DELETE FROM deliveries WHERE seq % 100 <> 7`)
			return err
		})
		var got []int64
		w.ok(w.s.read(t.Context(), func(q *tx) error {
			return q.dueStretch(1, w.n.No, 1, chunkSize, incidents.Email, func(x dueRow) { got = append(got, x.seq) })
		}))
		if !slices.Equal(got, []int64{7, 107, 207, 307, 407, 507, 607, 707, 807, 907}) {
			t.Errorf("due: %v", got)
		}
	})
}

func TestUnreadablePersonsAreNoPersons(t *testing.T) {
	for _, bad := range []string{"x", "0 3 1 0 en \nab", "-1 3 1 0 en \nabc", "0 x 1 0 en \nabc", "2 -1 1 0 en \na", "0 0 1"} {
		if err := personsOf([]byte(bad), func(dueRow) error { return nil }); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	for _, bad := range []string{"1 2", "x", "1 0 0 0 0", "1\n2 3"} {
		if due, err := dueLines(bad); err == nil {
			t.Errorf("%q reads as %v", bad, due)
		}
	}
}

package store

import (
	"os"
	"path/filepath"
	"testing"

	"tocsin/incidents"
)

// level is what SQLite's writer was last told of syncing what it commits.
func (w *world) level() (level int) {
	w.t.Helper()
	w.ok(w.s.writer.conn.QueryRowContext(always, "PRAGMA synchronous").Scan(&level))
	return level
}

// logged is how long SQLite's write-ahead log is.
func (w *world) logged() int64 {
	w.t.Helper()
	f, err := os.Stat(filepath.Join(w.s.o.Dir, "tocsin.db-wal"))
	w.ok(err)
	return f.Size()
}

func TestNothingIsSyncedButWhatMayLeaveAndWhatCameOfIt(t *testing.T) {
	const carried, synced = 1, 2
	w := newWorld(t, options(t, ""))
	w.s.landAt = landTogether
	w.sending(3, mailOnly)
	is := func(want int, what string) {
		t.Helper()
		if got := w.level(); got != want {
			t.Errorf("%s was committed with synchronous = %d, not %d", what, got, want)
		}
	}
	is(synced, "a release")
	c := w.mustTake(1)
	is(carried, "a lease")
	began := w.logged()
	one := w.mustTurn(c, incidents.Email, 1).Next
	claimed := w.logged()
	if len(one) != 1 {
		t.Fatalf("%d were claimed", len(one))
	}
	is(synced, "a claim that was the only one asked for")
	w.ok(w.s.synced(always, c))
	if own := w.logged() - claimed; own <= 0 || claimed-began <= own {
		t.Errorf("a claim wrote %d bytes and what syncs it %d: there is nothing to sync", claimed-began, own)
	}
	w.mustTurn(c, incidents.Email, 0)
	is(carried, "a lease that is renewed")
	two := w.mustTurn(c, incidents.Email, 2).Next
	is(synced, "a claim")
	w.mustTurn(c, incidents.Email, 0, w.outcomes(append(one, two...), incidents.OutcomeAccepted)...)
	is(synced, "a record")
	w.mustTurn(c, incidents.Email, 1)
	is(carried, "a landing")
	w.ok(w.s.Group(always, func(incidents.Tx) error { return nil }))
	is(synced, "what has nothing to do with it")
	w.ok(w.s.LeaveChunk(always, c))
	is(carried, "the end of a lease")
	w.counted()
}

func TestATransactionSaysWhetherItIsSynced(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		ask, on, off := `PRAGMA synchronous`, "2", "1"
		if w.s.pg {
			ask, on, off = `SHOW synchronous_commit`, "on", "off"
		}
		level := func(want string) func(*tx) error {
			return func(tx *tx) error {
				var got string
				_, err := tx.one(ask, nil, &got)
				same(t, got, want)
				return err
			}
		}
		for range 2 {
			w.ok(w.s.together(always, level(on)))
			w.ok(w.s.carried(always, level(off)))
			w.ok(w.s.carried(always, level(off)))
			w.ok(w.s.write(always, level(on)))
		}
	})
}

// After the machine lost what was not on the disk, two may have taken a chunk under one fence.
func TestALeaseIsGivenBackByItsOwnerAlone(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(2, mailOnly)
		c := w.mustTake(1)
		other := c
		other.Owner = "another"
		w.ok(w.s.LeaveChunk(always, other))
		if _, ok := w.take(1); ok {
			t.Error("a chunk was taken that is somebody's")
		}
		w.mustTurn(c, incidents.Email, 2)
	})
}

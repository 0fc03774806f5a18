package store

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"tocsin/internal/store/storetest/cluster"
)

// engines runs a test on both engines, with the options of an empty database.
func engines(t *testing.T, run func(t *testing.T, o Options)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, options(t, "")) })
	t.Run("postgres", func(t *testing.T) { run(t, options(t, cluster.URL(t))) })
}

// noon is when the clock of the tests starts.
var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func options(t testing.TB, url string) Options {
	return Options{URL: url, Dir: t.TempDir(), Now: func() time.Time { return noon }, NewID: newID, Box: plainBox{}}
}

var ids atomic.Int64

// newID makes ids that sort like UUIDv7: later ones are greater.
func newID() string { return fmt.Sprintf("019abcde-0000-7000-8000-%012x", ids.Add(1)) }

// opened opens a store for the length of a test.
func opened(t testing.TB, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return s
}

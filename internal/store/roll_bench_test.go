package store

import (
	"fmt"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/store/storetest/cluster"
)

func benchEngines(b *testing.B, run func(b *testing.B, w *world)) {
	b.Run("sqlite", func(b *testing.B) { run(b, newWorld(b, options(b, ""))) })
	b.Run("postgres", func(b *testing.B) { run(b, newWorld(b, options(b, cluster.URL(b)))) })
}

// Taking in 100,000 candidates, in batches of 1,000.
func BenchmarkImport(b *testing.B) {
	const n = 100_000
	people := candidates(n)
	for _, size := range []int{1000, 10000} {
		b.Run(fmt.Sprint("batch ", size), func(b *testing.B) {
			benchEngines(b, func(b *testing.B, w *world) {
				rows := 0
				for i := range b.N {
					b.StopTimer()
					w.incident(fmt.Sprint("bench-", i), incidents.Live)
					b.StartTimer()
					im := w.list(fmt.Sprint("im-", i), people, size)
					if im.Imported != n {
						b.Fatalf("imported %d", im.Imported)
					}
					rows += n
				}
				b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
			})
		})
	}
}

// One window: outcomes of the last 64 recorded, the next 64 claimed, synced.
func BenchmarkTurn(b *testing.B) {
	const window = 64
	benchEngines(b, func(b *testing.B, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", candidates(20_000), 5000)
		w.draft(1, twoSteps)
		w.approve("otto")
		w.ok(w.release())
		chunk, no, turns := incidents.Chunk{}, int64(0), 0
		var done []incidents.Recorded
		b.ResetTimer()
		for b.Loop() {
			if chunk.No == 0 {
				b.StopTimer()
				no++
				if no > 20 {
					b.Skip("the list is used up: run fewer turns")
				}
				chunk = w.mustTake(no)
				b.StartTimer()
			}
			got, err := w.turn(chunk, incidents.Email, window, done...)
			w.ok(err)
			turns++
			done = w.outcomes(got.Next, incidents.OutcomeAccepted)
			if len(got.Next) == 0 {
				chunk.No = 0
			}
		}
		b.ReportMetric(float64(turns*window)/b.Elapsed().Seconds(), "deliveries/s")
	})
}

// What a window is measured against: one synced commit.
func BenchmarkSyncedCommit(b *testing.B) {
	benchEngines(b, func(b *testing.B, w *world) {
		for b.Loop() {
			w.write(func(t *tx) error { _, err := t.Next("bench"); return err })
		}
	})
}

package store

import (
	"fmt"
	"testing"
	"time"

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

// What the journal pays per message: a worker records half a window and claims
// as much again, while the other half is being sent.
func BenchmarkTurn(b *testing.B) {
	const persons, half = 20_000, 32
	benchEngines(b, func(b *testing.B, w *world) {
		var people []incidents.Candidate
		for i := int64(1); i <= persons; i++ {
			people = append(people, candidate(i, incidents.Email))
		}
		for i := range b.N {
			b.StopTimer()
			w.incident(fmt.Sprint("i", i), incidents.Live)
			w.list(fmt.Sprint("im", i), people, 5000)
			w.draft(int64(i+1), []incidents.Step{{Channel: incidents.Email}})
			w.approve("otto")
			w.ok(w.release())
			an, err := w.s.Admitted(always, w.n.No)
			w.ok(err)
			turn := func(c incidents.Chunk, done []incidents.Recorded) []incidents.Recorded {
				w.pass(time.Millisecond)
				got, err := w.s.Turn(always, incidents.Turn{Chunk: c, Notice: an, Channel: incidents.Email, Want: half, Done: done, Now: w.now(), Lease: lease})
				w.ok(err)
				return w.outcomes(got.Next, incidents.OutcomeAccepted)
			}
			b.StartTimer()
			for no := int64(1); no <= persons/1000; no++ {
				c := w.mustTake(no)
				flying, next := turn(c, nil), turn(c, nil)
				for len(flying) > 0 {
					flying, next = next, turn(c, flying)
				}
			}
		}
		b.ReportMetric(float64(b.N*persons)/b.Elapsed().Seconds(), "deliveries/s")
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

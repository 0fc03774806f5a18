// Package bench measures the service where its speed matters to a person
// waiting for it. Its numbers are for comparing one commit with the next on one
// machine; it proves nothing about what is right, which the tests beside the
// code do.
package bench

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"tocsin/bench/lists"
	"tocsin/incidents"
	"tocsin/internal/roster"
	"tocsin/internal/store/storetest"
)

// importRows are the sizes of list that are measured. A million rows take their
// time: TOCSIN_BENCH_ROWS=100000,1000000 asks for them.
func importRows(t testing.TB) (out []int64) {
	text := os.Getenv("TOCSIN_BENCH_ROWS")
	if text == "" {
		text = "100000"
	}
	for _, s := range strings.Split(text, ",") {
		n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 64)
		if err != nil || n < 1 {
			t.Fatalf("TOCSIN_BENCH_ROWS is a list of numbers of rows, such as 100000,1000000, not %q", text)
		}
		out = append(out, n)
	}
	return out
}

// A whole import as the console starts it: read, normalised, sealed,
// deduplicated, committed and synced. TOCSIN_BENCH_LIST measures the list in
// that file instead of one of our own.
func BenchmarkImport(b *testing.B) {
	for _, engine := range []string{storetest.SQLite, storetest.Postgres} {
		for _, n := range importRows(b) {
			b.Run(fmt.Sprint(engine, "/", n), func(b *testing.B) {
				path, want := listFile(b, n)
				for range b.N {
					measureImport(b, engine, path, want)
				}
			})
		}
	}
}

func listFile(t testing.TB, n int64) (path string, want lists.Counts) {
	t.Helper()
	if path := os.Getenv("TOCSIN_BENCH_LIST"); path != "" {
		return path, want
	}
	path = filepath.Join(t.TempDir(), "list.csv")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if want, err = lists.Write(f, n); err != nil {
		t.Fatal(err)
	}
	return path, want
}

// measureImport takes one list into an empty store; opening that is not measured.
func measureImport(b *testing.B, engine, path string, want lists.Counts) {
	b.StopTimer()
	h := openDesk(b, engine)
	list, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer list.Close()
	debug.FreeOSMemory()
	forgetPeak()
	cpu := cpuTime()
	b.StartTimer()
	start := time.Now()
	im, err := h.desk.ImportList(b.Context(), responder, h.incident, incidents.ListUpload{Name: "list.csv", Body: list})
	took := time.Since(start)
	b.StopTimer()
	if err != nil {
		b.Fatal(err)
	}
	if want.Rows != 0 {
		checkCounts(b, im, want)
	}
	rows := float64(im.Rows)
	b.ReportMetric(rows/took.Seconds(), "rows/s")
	b.ReportMetric(float64((cpuTime()-cpu).Microseconds())/rows, "µs-cpu/row")
	b.ReportMetric(peakMB(), "peak-MB")
	b.StartTimer()
}

func checkCounts(t testing.TB, im incidents.Import, want lists.Counts) {
	t.Helper()
	got := lists.Counts{Rows: im.Rows, Persons: im.Imported, Duplicates: im.Duplicates, Rejected: im.Rejected, Unreachable: im.Unreachable}
	if got != want || !im.Done {
		t.Fatalf("the import made %+v of the list, done %v; want %+v", got, im.Done, want)
	}
}

// TestTheBenchmarkListIsWhatItSays keeps the benchmark honest: an import that
// loses rows would be fast.
func TestTheBenchmarkListIsWhatItSays(t *testing.T) {
	var list bytes.Buffer
	want, err := lists.Write(&list, 12_345)
	if err != nil {
		t.Fatal(err)
	}
	h := openDesk(t, storetest.SQLite)
	im, err := h.desk.ImportList(t.Context(), responder, h.incident, incidents.ListUpload{Name: "list.csv", Body: &list})
	if err != nil {
		t.Fatal(err)
	}
	checkCounts(t, im, want)
}

var responder = incidents.Actor{ID: "bench", Name: "Bench", Role: incidents.RoleResponder, Via: "bench"}

// A deskHouse is a desk over a real store, with one open incident.
type deskHouse struct {
	desk     *incidents.Desk
	incident incidents.IncidentID
}

func openDesk(t testing.TB, engine string) deskHouse {
	t.Helper()
	d := storetest.Open(t, engine)
	in := incidents.Incident{ID: incidents.IncidentID(storetest.NewID()), Ref: "INC-2026-0001", Kind: incidents.KindTermination, Mode: incidents.Drill, Status: incidents.IncidentOpen}
	if err := d.Write(t.Context(), func(tx incidents.Tx) error { return tx.PutIncident(in) }); err != nil {
		t.Fatal(err)
	}
	desk := incidents.NewDesk(incidents.Deps{Store: d, Roll: d, Files: d, Lists: roster.Lists{DefaultPlace: "US"}, Now: func() time.Time { return storetest.Noon }, NewID: storetest.NewID})
	return deskHouse{desk: desk, incident: in.ID}
}

func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// forgetPeak lets the kernel count the peak anew; where it cannot, the peak is
// the one since the process began.
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peakMB is the largest resident size since forgetPeak, 0 where it is not known.
func peakMB() float64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kb, _ := strconv.ParseFloat(fields[0], 64)
	return kb / 1024
}

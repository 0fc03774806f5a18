// Command dispatch measures how fast a notice leaves, beside a plain sender
// that keeps no record, and how fast the list of its persons is taken in, in one
// run on one machine: what counts is the ratios.
// Every measurement is a process of its own; the relay is bench/mailsink.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"sync"
	"text/tabwriter"
	"time"

	"tocsin/internal/store/storetest/cluster"
)

var quiet = slog.New(slog.DiscardHandler)

const childEnv = "TOCSIN_BENCH_TASK"

func main() {
	if raw := os.Getenv(childEnv); raw != "" {
		if err := child(context.Background(), raw); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A scenario is one measurement and how the relay behaves meanwhile.
type scenario struct {
	Name     string
	task     task
	sink     []string
	postgres bool
	workers  int // processes that share a notice that another one released; 0: the one that sends it releases it
}

// A result is the median of a scenario's rounds.
type result struct {
	Name      string    `json:"name"`
	PerSecond float64   `json:"per_second"`  // messages, or rows of a list; median
	CPU       float64   `json:"cpu_us_each"` // median, this process
	Peak      int64     `json:"peak_rss_kib"`
	Plan      float64   `json:"release_seconds,omitempty"`
	Rounds    []float64 `json:"rounds_per_second"`
}

// A ratio compares two scenarios, or one with a figure that is to be reached.
type ratio struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Goal  string  `json:"goal"`
	Met   bool    `json:"met"`
}

type bench struct {
	persons, rounds, million int
	postgres                 bool
	only                     *regexp.Regexp
	sink, dir                string
	results                  []result
	ratios                   []ratio
}

func run() (err error) {
	b := &bench{}
	out := flag.String("out", "bench/results.json", "where the results are kept")
	flag.IntVar(&b.persons, "persons", 100_000, "persons of a notice")
	flag.IntVar(&b.rounds, "rounds", 5, "rounds of each measurement, interleaved")
	flag.IntVar(&b.million, "million", 1_000_000, "persons of the long notice; 0 leaves it out")
	flag.BoolVar(&b.postgres, "postgres", true, "measure on PostgreSQL too: the server of TOCSIN_TEST_POSTGRES, else one of its own where it is installed")
	only := flag.String("only", "", "measure only scenarios whose name matches this regular expression")
	flag.Parse()
	if b.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "tocsin-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	b.sink = filepath.Join(b.dir, "mailsink")
	build := exec.Command("go", "build", "-o", b.sink, "./bench/mailsink")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return fmt.Errorf("build the relay: %w", err)
	}
	if b.postgres {
		if _, _, err := cluster.Fresh(); errors.Is(err, cluster.ErrNone) {
			fmt.Fprintln(os.Stderr, "PostgreSQL is not installed: what runs on it is left out")
			b.postgres = false
		} else if err != nil {
			return err
		}
	}
	for _, group := range b.groups() {
		if err := b.group(group); err != nil {
			return err
		}
	}
	b.compare()
	b.print(os.Stdout)
	raw, err := json.MarshalIndent(map[string]any{"persons": b.persons, "rounds": b.rounds, "results": b.results, "ratios": b.ratios}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(*out, append(raw, '\n'), 0o644)
}

// groups are the scenarios, each group's rounds interleaved.
func (b *bench) groups() [][]scenario {
	base := task{Persons: b.persons, Connections: 4, Window: 64, Workers: 2}
	with := func(fn func(*task)) task { t := base; fn(&t); return t }
	slow := task{Persons: max(1000, b.persons/2), Connections: 32, Window: 2048, Workers: 2} // a window that fills 32 connections
	groups := [][]scenario{{
		{Name: "pool", task: with(func(t *task) { t.Kind, t.Connections = "pool", 16 })},
		{Name: "tocsin", task: with(func(t *task) { t.Kind = "tocsin" })},
		{Name: "no ledger", task: with(func(t *task) { t.Kind = "no-ledger" })},
		{Name: "tocsin, window 256", task: with(func(t *task) { t.Kind, t.Window = "tocsin", 256 })},
	}}
	if b.postgres {
		groups[0] = append(groups[0], scenario{Name: "tocsin on PostgreSQL", postgres: true, task: with(func(t *task) { t.Kind = "tocsin" })})
	}
	lag := []string{"-latency", "10ms"}
	groups = append(groups, []scenario{
		{Name: "10 ms: pool", task: task{Kind: "pool", Persons: max(1000, b.persons/20), Connections: 32}, sink: lag},
		{Name: "10 ms: PIPELINING", task: with(func(t *task) { *t = slow; t.Kind = "tocsin" }), sink: append([]string{"-chunking=false"}, lag...)},
		{Name: "10 ms: CHUNKING", task: with(func(t *task) { *t = slow; t.Persons, t.Kind = b.persons, "tocsin" }), sink: lag},
	})
	if b.postgres {
		far := task{Kind: "tocsin", Persons: max(8000, b.persons/4), Connections: 4, Window: 64, Workers: 1}
		groups = append(groups, []scenario{
			{Name: "20 ms: one worker", postgres: true, workers: 1, task: far, sink: []string{"-latency", "20ms"}},
			{Name: "20 ms: two workers", postgres: true, workers: 2, task: far, sink: []string{"-latency", "20ms"}},
		})
	}
	imports := []scenario{{Name: "import", task: task{Kind: "import", Persons: b.persons}}}
	if b.million > 0 {
		imports = append(imports, scenario{Name: "the long import", task: task{Kind: "import", Persons: b.million}})
	}
	groups = append(groups, imports)
	if b.million > 0 {
		groups = append(groups, []scenario{{Name: "the long notice", task: with(func(t *task) { t.Kind, t.Persons = "tocsin", b.million })}})
	}
	return groups
}

func (b *bench) group(all []scenario) error {
	all = slices.DeleteFunc(all, func(s scenario) bool { return !b.only.MatchString(s.Name) })
	figures := make([][]figure, len(all))
	for round := range b.rounds {
		for i, s := range all {
			if s.Name == "the long notice" && round > 0 {
				continue
			}
			f, err := b.measure(s)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Name, err)
			}
			fmt.Fprintf(os.Stderr, "round %d  %-22s %8.0f/s  %5.1f µs CPU each\n", round+1, s.Name, float64(f.Messages)/f.Seconds, f.CPU/float64(f.Messages)*1e6)
			figures[i] = append(figures[i], f)
		}
	}
	for i, s := range all {
		b.results = append(b.results, median(s.Name, figures[i]))
	}
	return nil
}

func median(name string, fs []figure) result {
	r := result{Name: name}
	var used []float64
	for _, f := range fs {
		r.Rounds = append(r.Rounds, float64(f.Messages)/f.Seconds)
		used = append(used, f.CPU/float64(f.Messages)*1e6)
		r.Peak, r.Plan = max(r.Peak, f.Peak), f.PlanTime
	}
	mid := func(v []float64) float64 { v = slices.Sorted(slices.Values(v)); return v[len(v)/2] }
	r.PerSecond, r.CPU = mid(r.Rounds), mid(used)
	return r
}

// measure runs one scenario against a fresh relay and counts what it got.
func (b *bench) measure(s scenario) (f figure, err error) {
	relay, at, stats, err := b.relay(s.sink)
	if err != nil {
		return f, err
	}
	defer func() {
		_ = relay.Process.Kill()
		_ = relay.Wait()
	}()
	t := s.task
	t.Sink = at
	if t.Dir, err = os.MkdirTemp(b.dir, "run-"); err != nil {
		return f, err
	}
	defer os.RemoveAll(t.Dir)
	if s.postgres {
		if t.Database, t.Keys, err = cluster.Fresh(); err != nil {
			return f, err
		}
		t.Keys += "_keys"
	}
	if s.workers == 0 {
		f, err = spawn(t)
	} else {
		f, err = together(t, s.workers)
	}
	if err != nil {
		return f, err
	}
	if t.Kind == "import" {
		return f, nil
	}
	return f, took(stats, int64(t.Persons))
}

// spawn measures in a process of its own.
func spawn(t task) (f figure, err error) {
	raw, err := json.Marshal(t)
	if err != nil {
		return f, err
	}
	self, err := os.Executable()
	if err != nil {
		return f, err
	}
	cmd := exec.Command(self)
	cmd.Env, cmd.Stderr = append(os.Environ(), childEnv+"="+string(raw)), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(out, &f)
}

// together has processes share one notice, from the first's start to the last's end.
func together(t task, workers int) (f figure, err error) {
	release := t
	release.Kind = "release"
	if _, err := spawn(release); err != nil {
		return f, err
	}
	t.Join = true
	all, errs := make([]figure, workers), make([]error, workers)
	var wg sync.WaitGroup
	for i := range workers {
		wg.Go(func() { all[i], errs[i] = spawn(t) })
	}
	wg.Wait()
	f = all[0]
	for _, x := range all[1:] {
		f.CPU += x.CPU
		f.Peak = max(f.Peak, x.Peak)
		if x.Begun.Before(f.Begun) {
			f.Begun = x.Begun
		}
		if x.Ended.After(f.Ended) {
			f.Ended = x.Ended
		}
	}
	f.Seconds = f.Ended.Sub(f.Begun).Seconds()
	return f, errors.Join(errs...)
}

// took checks that the relay has every message once.
func took(stats string, want int64) error {
	resp, err := client.Get(stats)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var got struct{ Messages, Unique, Duplicates int64 }
	if err := json.NewDecoder(resp.Body).Decode(&got); err != nil {
		return err
	}
	if got.Messages != want || got.Unique != want || got.Duplicates != 0 {
		return fmt.Errorf("the relay has %d messages to %d persons, %d of them twice; sent to %d", got.Messages, got.Unique, got.Duplicates, want)
	}
	return nil
}

var client = &http.Client{Timeout: 10 * time.Second}

// relay starts a mail sink on free ports of loopback.
func (b *bench) relay(flags []string) (cmd *exec.Cmd, at, stats string, err error) {
	var ports [2]string
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, "", "", err
		}
		ports[i] = l.Addr().String()
		l.Close()
	}
	cmd = exec.Command(b.sink, append([]string{"-addr", ports[0], "-http", ports[1]}, flags...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, "", "", err
	}
	stats = "http://" + ports[1] + "/stats"
	for range 100 {
		if resp, err := client.Get(stats); err == nil {
			resp.Body.Close()
			return cmd, ports[0], stats, nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = cmd.Process.Kill()
	return nil, "", "", errors.New("the relay does not answer")
}

func (b *bench) of(name string) (r result, ok bool) {
	for _, r := range b.results {
		if r.Name == name {
			return r, true
		}
	}
	return r, false
}

func (b *bench) compare() {
	judge := func(name string, v, goal float64, atMost bool) {
		r := ratio{Name: name, Value: v, Goal: fmt.Sprintf("at least %.2f", goal), Met: v >= goal}
		if atMost {
			r.Goal, r.Met = fmt.Sprintf("at most %.2f", goal), v <= goal
		}
		b.ratios = append(b.ratios, r)
	}
	add := func(name, over, under string, of func(result) float64, goal float64, atMost bool) {
		x, ok1 := b.of(over)
		y, ok2 := b.of(under)
		if ok1 && ok2 {
			judge(name, of(x)/of(y), goal, atMost)
		}
	}
	speed := func(r result) float64 { return r.PerSecond }
	used := func(r result) float64 { return r.CPU }
	peak := func(r result) float64 { return float64(r.Peak) }
	add("messages/s over Pool", "tocsin", "pool", speed, 4, false)
	add("CPU per message over Pool", "tocsin", "pool", used, 0.4, true)
	add("messages/s over the pipeline without ledger", "tocsin", "no ledger", speed, 0.6, false)
	add("messages/s over Pool, window of 256", "tocsin, window 256", "pool", speed, 4, false)
	add("messages/s over the pipeline without ledger, window of 256", "tocsin, window 256", "no ledger", speed, 0.6, false)
	add("messages/s on PostgreSQL over SQLite", "tocsin on PostgreSQL", "tocsin", speed, 0.7, false)
	add("10 ms latency, PIPELINING, messages/s over Pool", "10 ms: PIPELINING", "10 ms: pool", speed, 3.5, false)
	add("10 ms latency, CHUNKING, messages/s over Pool", "10 ms: CHUNKING", "10 ms: pool", speed, 15, false)
	add("20 ms latency, two workers over one", "20 ms: two workers", "20 ms: one worker", speed, 1.6, false)
	add("peak memory of the long notice over the short", "the long notice", "tocsin", peak, 1.3, true)
	add("CPU per message of the long notice over the short", "the long notice", "tocsin", used, 1.15, true)
	if r, ok := b.of("the long import"); ok {
		judge("thousands of rows a second of the long import", r.PerSecond/1000, 50, false)
	}
	add("peak memory of the long import over the short", "the long import", "import", peak, 1.3, true)
}

func (b *bench) print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "measured\ta second\tµs CPU each\tpeak MiB\trelease s")
	for _, r := range b.results {
		fmt.Fprintf(t, "%s\t%.0f\t%.1f\t%d\t%.2f\n", r.Name, r.PerSecond, r.CPU, r.Peak/1024, r.Plan)
	}
	fmt.Fprintln(t, "\nratio\tvalue\tgoal\t")
	for _, r := range b.ratios {
		mark := "met"
		if !r.Met {
			mark = "missed"
		}
		fmt.Fprintf(t, "%s\t%.2f\t%s\t%s\n", r.Name, r.Value, r.Goal, mark)
	}
	t.Flush()
}

package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store/storetest"
)

const (
	manyPersons = 4000 // four chunks: one for the service and each of three workers
	manyWindow  = 16
)

// A service and three workers, all of them the real program, share PostgreSQL
// and three nats-servers. While they tell 4,000 persons one worker is killed,
// one is stopped until the others have done its work and comes back late, and
// one nats-server is killed and comes back. Nobody is missing, who may have
// been told twice is listed, and the late worker's outcomes are refused.
func TestManyWorkersShareANotice(t *testing.T) {
	// What a frozen worker has locked comes free by itself.
	database := storetest.URL(t, storetest.Postgres) + "&idle_in_transaction_session_timeout=2000"
	n := newNATS(t)
	b := newBinary(t, "TOCSIN_DATABASE_URL="+database, "TOCSIN_BUS_PASSWORD="+natsPassword)
	b.rewrite("limits: {window", fmt.Sprintf("bus: {url: %q, user: tocsin}\nlimits: {two-approvers-above: 0, window", strings.Join(n.urls, ",")),
		"dispatch: {lease: 1s", "dispatch: {workers: 1, lease: 3s", "log: {level: warn}", "log: {level: debug}")
	b.mail.Answer = func(string) error { time.Sleep(20 * time.Millisecond); return nil }
	b.start(true)
	workers := []*worker{b.work("one"), b.work("two"), b.work("three")}
	killed, late, steady := workers[0], workers[1], workers[2]
	in, notice := b.released("olga", incidents.Email, manyPersons, csvOf(manyPersons))
	for _, w := range workers {
		w.says("msg=attempt", 2*manyWindow)
	}
	late.signal(syscall.SIGSTOP)
	killed.signal(syscall.SIGKILL)
	n.kill(1)
	b.moved(notice)
	n.start(1)
	late.signal(syscall.SIGCONT) // long after its lease
	late.says(`msg="chunk taken over"`, 1)
	p := b.settled(notice)
	t.Logf("%+v", p.Reconciliation)
	b.checkMany(in, notice)
	for _, w := range []*worker{late, steady} {
		w.signal(syscall.SIGTERM)
		if code := w.ended(); code != 0 {
			t.Errorf("SIGTERM ended worker %s with %d:\n%s", w.name, code, w.log.tail())
		}
	}
	b.checkDrain()
}

// moved waits until nothing is left to send, though a stopped worker holds a part.
func (b *binary) moved(notice int64) {
	b.t.Helper()
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		r := b.progress(notice).Reconciliation
		if r.Unaccounted() != 0 {
			b.t.Fatalf("somebody is in no row: %+v", r)
		}
		if r.ToSend+r.Trying == 0 {
			return
		}
	}
	b.t.Fatalf("the work of lost workers was not taken over: %+v", b.progress(notice).Reconciliation)
}

// checkMany compares what the relay took with what the journal says: two
// workers were lost, each with a window at most.
func (b *binary) checkMany(in incidents.Incident, notice int64) {
	b.t.Helper()
	copies := map[string]int{}
	for _, l := range b.mail.Letters() {
		copies[l.To]++
	}
	missing, extra := 0, 0
	for seq := 1; seq <= manyPersons; seq++ {
		n := copies[fmt.Sprintf("person.%05d@example.com", seq)]
		if n == 0 {
			missing++
		}
		if n < 2 {
			continue
		}
		extra += n - 1
		var list page[incidents.Delivery]
		b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", in.Ref, seq, notice), nil, &list, "")
		if !list.Items[0].MaybeTwice {
			b.t.Errorf("%d copies went to person %d, who was never listed as in doubt", n, seq)
		}
	}
	b.t.Logf("%d missing, %d copies beyond the first", missing, extra)
	if missing > 0 {
		b.t.Errorf("%d of %d persons were not told", missing, manyPersons)
	}
	if extra > 2*manyWindow {
		b.t.Errorf("%d extra copies are more than two lost workers' windows of %d", extra, manyWindow)
	}
}

// A worker is one `tocsin worker`.
type worker struct {
	t    *testing.T
	name string
	cmd  *exec.Cmd
	log  *logFile
	gone <-chan struct{}
}

// work starts a worker and waits until it is ready.
func (b *binary) work(name string, flags ...string) *worker {
	b.t.Helper()
	w := &worker{t: b.t, name: name, cmd: b.command(append([]string{"worker", "--config", b.config}, flags...)...), log: &logFile{}}
	w.cmd.Stderr, w.cmd.Stdout = w.log, w.log
	if err := w.cmd.Start(); err != nil {
		b.t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = w.cmd.Wait(); close(gone) }()
	w.gone = gone
	b.t.Cleanup(func() { _ = w.cmd.Process.Kill(); <-gone })
	w.says("msg=ready", 1)
	return w
}

func (w *worker) signal(s syscall.Signal) {
	w.t.Helper()
	if err := w.cmd.Process.Signal(s); err != nil {
		w.t.Fatalf("worker %s: %v", w.name, err)
	}
}

// ended waits for its end and returns the exit code.
func (w *worker) ended() int {
	w.t.Helper()
	select {
	case <-w.gone:
		return w.cmd.ProcessState.ExitCode()
	case <-time.After(4 * time.Minute):
		w.t.Fatalf("worker %s does not end:\n%s", w.name, w.log.tail())
		return 0
	}
}

// says waits until its log has said something so many times.
func (w *worker) says(what string, times int) {
	w.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if w.log.count(what) >= times {
			return
		}
	}
	w.t.Fatalf("worker %s did not say %s:\n%s", w.name, what, w.log.tail())
}

// A logFile is what a process printed, read while it prints.
type logFile struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logFile) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logFile) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Count(l.b.Bytes(), []byte(what))
}

func (l *logFile) tail() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.b.Bytes()[max(0, l.b.Len()-4000):])
}

const natsPassword = "secret of the cluster"

// natsServers are three real nats-servers that sync every write.
type natsServers struct {
	t    *testing.T
	path string
	urls []string
	conf [3]string
	cmd  [3]*exec.Cmd
}

func newNATS(t *testing.T) *natsServers {
	t.Helper()
	n := &natsServers{t: t, path: builtNATS.build(t, "", "github.com/nats-io/nats-server/v2")}
	var routes []string
	for range n.conf {
		routes = append(routes, "nats://"+freePort(t))
	}
	dir := t.TempDir()
	for i := range n.conf {
		at := freePort(t)
		n.urls = append(n.urls, "nats://"+at)
		n.conf[i] = filepath.Join(dir, fmt.Sprintf("n%d.conf", i))
		text := fmt.Sprintf(`server_name: n%d
listen: %q
authorization { user: tocsin, password: %q }
jetstream { store_dir: %q, sync_interval: always, max_file_store: 4GB }
cluster { name: three, listen: %q, routes: [%s], no_advertise: true } # nobody learns of a way around a wire
`, i, at, natsPassword, filepath.Join(dir, fmt.Sprint("n", i)), strings.TrimPrefix(routes[i], "nats://"), strings.Join(routes, ", "))
		if err := os.WriteFile(n.conf[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		for i := range n.cmd {
			n.kill(i)
		}
	})
	for i := range n.cmd {
		n.start(i)
	}
	for i := range n.cmd {
		n.listens(i)
	}
	return n
}

func (n *natsServers) start(i int) {
	n.t.Helper()
	n.cmd[i] = exec.Command(n.path, "-c", n.conf[i])
	if err := n.cmd[i].Start(); err != nil {
		n.t.Fatal(err)
	}
}

func (n *natsServers) listens(i int) {
	n.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", strings.TrimPrefix(n.urls[i], "nats://")); err == nil {
			c.Close()
			return
		}
	}
	n.t.Fatalf("nats-server %d does not listen", i)
}

// kill ends a server as a power cut would.
func (n *natsServers) kill(i int) {
	if n.cmd[i] == nil {
		return
	}
	_ = n.cmd[i].Process.Kill()
	_ = n.cmd[i].Wait()
	n.cmd[i] = nil
}

package e2e

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/internal/store/storetest"
)

// A worker is cut off from PostgreSQL and the bus in the middle of a notice,
// while the relay can still be reached: what it has claimed may leave, and
// nothing more. Its chunk moves on and the notice ends without it. Then the
// wires carry again, in one way or another: nothing it says of that notice is
// taken, and it works on the next. Told to stop while cut off, it ends.
func TestAWorkerIsCutOff(t *testing.T) {
	c := newCutOff(t)
	for _, way := range []struct {
		name string
		back func()
	}{
		{"everything that was held up arrives late", c.wires.mend},
		{"every connection is reset", c.wires.reset},
		{"old connections stay silent", c.wires.forget},
	} {
		t.Log(way.name)
		c.away(func() {
			way.back()
			c.late.says(`msg="chunk taken over"`, c.rounds)
		})
	}
	c.away(func() {
		c.late.signal(syscall.SIGTERM)
		t.Logf("told to stop while cut off it ended with %d", c.late.ended())
	})
	for _, w := range c.others {
		w.signal(syscall.SIGTERM)
		if code := w.ended(); code != 0 {
			t.Errorf("SIGTERM ended worker %s with %d:\n%s", w.name, code, w.log.tail())
		}
	}
	c.b.checkDrain()
}

// A cutOff is a service and three workers. One of them has wires to cut and a
// relay of its own, so that what it sends can be counted.
type cutOff struct {
	t      *testing.T
	b      *binary
	wires  *wires
	relay  *standin.Mail // of the late worker
	late   *worker
	others []*worker
	until  atomic.Int64 // after so many messages the late worker's relay makes it wait, and the others wait from the start; 0: nobody waits
	waits  atomic.Bool  // the late worker does
	rounds int
}

const cutPersons = 3*1000 + 300 // four chunks: one for the service and each of three workers

func newCutOff(t *testing.T) *cutOff {
	// What a worker that is cut off has locked comes free by itself.
	database := storetest.URL(t, storetest.Postgres) + "&idle_in_transaction_session_timeout=2000"
	n := newNATS(t)
	c := &cutOff{t: t, b: newBinary(t, "TOCSIN_DATABASE_URL="+database, "TOCSIN_BUS_PASSWORD="+natsPassword), wires: newWires(t)}
	c.b.rewrite("limits: {window", fmt.Sprintf("bus: {url: %q, user: tocsin}\nlimits: {two-approvers-above: 0, window", strings.Join(n.urls, ",")),
		"dispatch: {lease: 1s", "dispatch: {workers: 1, lease: 5s", "connections: 4}", "connections: 4, timeout: 10m}", "log: {level: warn}", "log: {level: debug}")
	c.b.mail.Answer = func(string) error {
		for c.until.Load() > 0 { // the others leave a chunk for the late one
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}
	t.Cleanup(func() { c.until.Store(0) }) // before the relays are closed
	var err error
	if c.relay, err = standin.NewMail(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.relay.Close(); err != nil {
			t.Error(err)
		}
	})
	c.relay.KeepData = false
	c.relay.Answer = func(string) error {
		for most := c.until.Load(); most > 0 && c.relay.Count() >= most; most = c.until.Load() {
			c.waits.Store(true)
			time.Sleep(5 * time.Millisecond)
		}
		return nil
	}
	c.b.start(true)
	c.others = []*worker{c.b.work("one"), c.b.work("two")}
	var bus []string
	for _, u := range n.urls {
		bus = append(bus, "nats://"+c.wires.to("tcp", strings.TrimPrefix(u, "nats://")))
	}
	c.late = c.b.work("late", "--config", c.ownRelay(), "--database", c.wires.toPostgres(database), "--nats", strings.Join(bus, ","))
	return c
}

// ownRelay writes settings that differ in the relay alone.
func (c *cutOff) ownRelay() string {
	c.t.Helper()
	text, err := os.ReadFile(c.b.config)
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.b.dir, "late.yaml")
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), c.b.mail.Addr, c.relay.Addr, 1)), 0o600); err != nil {
		c.t.Fatal(err)
	}
	return path
}

// toPostgres returns an address that leads to a database over the wires.
func (w *wires) toPostgres(database string) string {
	w.t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		w.t.Fatal("the database's address is not readable")
	}
	q := u.Query()
	network, at := "tcp", u.Host
	if dir := q.Get("host"); strings.HasPrefix(dir, "/") {
		network, at = "unix", filepath.Join(dir, ".s.PGSQL."+cmp.Or(q.Get("port"), "5432"))
	}
	q.Del("host")
	q.Set("sslmode", cmp.Or(q.Get("sslmode"), "disable"))
	u.Host, u.RawQuery = w.to(network, at), q.Encode()
	return u.String()
}

// away lets a notice begin, cuts the late worker off in the middle of it, and
// waits for the notice's end. then says what happens after it; who was told is
// counted when that is done.
func (c *cutOff) away(then func()) {
	c.t.Helper()
	c.rounds++
	mark, officer := fmt.Sprint("round", c.rounds), fmt.Sprint("officer", c.rounds)
	c.b.hire(officer, "officer", "read,approve") // each code of a second factor is good once
	c.waits.Store(false)
	c.until.Store(c.relay.Count() + 2*manyWindow)
	in, notice := c.b.released(officer, incidents.Email, cutPersons, strings.ReplaceAll(csvOf(cutPersons), "person.", mark+"."))
	c.sending()
	c.wires.cut()
	sent := c.relay.Count()
	c.until.Store(0) // what it was sending leaves now
	c.b.moved(notice)
	p := c.b.settled(notice)
	c.t.Logf("%+v", p.Reconciliation)
	then()
	if n := c.relay.Count() - sent; n < 1 || n > manyWindow {
		c.t.Errorf("%d messages left after the worker was cut off, want some, and no more than its window of %d", n, manyWindow)
	} else {
		c.t.Logf("%d messages left after the worker was cut off", n)
	}
	if now := c.b.progress(notice); now.Reconciliation != p.Reconciliation {
		c.t.Errorf("the late worker's outcomes were taken: %+v, it was %+v", now.Reconciliation, p.Reconciliation)
	}
	c.check(in, notice, mark)
}

// sending waits until the late worker is in the middle of a window.
func (c *cutOff) sending() {
	c.t.Helper()
	for end := time.Now().Add(4 * time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if c.waits.Load() {
			return
		}
	}
	c.t.Fatalf("worker %s has sent no more than %d messages:\n%s", c.late.name, c.relay.Count(), c.late.log.tail())
}

// check compares what both relays took with what the journal says: one worker
// was cut off, with a window at most.
func (c *cutOff) check(in incidents.Incident, notice int64, mark string) {
	c.t.Helper()
	copies := map[string]int{}
	for _, l := range append(c.b.mail.Letters(), c.relay.Letters()...) {
		copies[l.To]++
	}
	missing, extra := 0, 0
	for seq := 1; seq <= cutPersons; seq++ {
		n := copies[fmt.Sprintf("%s.%05d@example.com", mark, seq)]
		if n == 0 {
			missing++
		}
		if n < 2 {
			continue
		}
		extra += n - 1
		var list page[incidents.Delivery]
		c.b.api("rita", "GET", fmt.Sprintf("/incidents/%s/persons/%d/deliveries?notice=%d", in.Ref, seq, notice), nil, &list, "")
		if !list.Items[0].MaybeTwice {
			c.t.Errorf("%d copies went to person %d, who was never listed as in doubt", n, seq)
		}
	}
	c.t.Logf("%d missing, %d copies beyond the first", missing, extra)
	if missing > 0 {
		c.t.Errorf("%d of %d persons were not told", missing, cutPersons)
	}
	if extra > manyWindow {
		c.t.Errorf("%d extra copies are more than one lost worker's window of %d", extra, manyWindow)
	}
}

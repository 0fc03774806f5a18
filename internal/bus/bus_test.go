package bus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("TOCSIN_BUS_HELPER"); dir != "" {
		publishUntilKilled(dir)
		return
	}
	goleak.VerifyTestMain(m)
}

// memoryCanary is the table in the database.
type memoryCanary struct {
	mu      sync.Mutex
	sealed  []byte
	streams []string
}

func (c *memoryCanary) LoadCanary(context.Context) ([]byte, []string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.sealed, c.streams, nil
}

func (c *memoryCanary) SaveCanary(_ context.Context, sealed []byte, streams []string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sealed, c.streams = sealed, slices.Clone(streams)
	return nil
}

var (
	rightKey = bytes.Repeat([]byte{7}, KeySize)
	wrongKey = bytes.Repeat([]byte{8}, KeySize)
)

func options(t *testing.T) Options {
	return Options{Dir: filepath.Join(t.TempDir(), "bus"), Password: "a password of the process", Key: rightKey, Canary: &memoryCanary{}}
}

func open(t *testing.T, o Options) *Bus {
	t.Helper()
	b, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, b) })
	return b
}

// shut closes b once; closing it again in the cleanup is harmless.
func shut(t *testing.T, b *Bus) {
	t.Helper()
	if b.nc.IsClosed() {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := b.Close(ctx); err != nil {
		t.Error(err)
	}
}

func publish(t *testing.T, b *Bus, subject, id, data string) {
	t.Helper()
	if err := b.Publish(t.Context(), subject, id, []byte(data)); err != nil {
		t.Fatal(err)
	}
}

// consume runs spec until stop says so, and returns what was parked.
func consume(t *testing.T, b *Bus, spec ConsumerSpec, handler func(Msg) (v Verdict, last bool)) (parked []string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	if spec.OnPark == nil {
		spec.OnPark = func(_ context.Context, m Msg, reason string) error {
			mu.Lock()
			defer mu.Unlock()
			parked = append(parked, string(m.Data)+" | "+reason)
			cancel()
			return nil
		}
	}
	err := b.Consume(ctx, spec, func(_ context.Context, m Msg) Verdict {
		v, last := handler(m)
		if last {
			cancel()
		}
		return v
	})
	if err != nil {
		t.Fatal(err)
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatal("the message never came")
	}
	return parked
}

func TestWhatIsPublishedIsConsumedOnceAndInOrder(t *testing.T) {
	b := open(t, options(t))
	for i := range 5 {
		publish(t, b, "dispatch.email", fmt.Sprint("chunk-", i), fmt.Sprint(i))
		publish(t, b, "dispatch.email", fmt.Sprint("chunk-", i), "the same again")
	}
	var got []string
	consume(t, b, ConsumerSpec{Stream: Dispatch, Durable: "workers"}, func(m Msg) (Verdict, bool) {
		got = append(got, string(m.Data))
		if m.ID == "" || m.Delivered != 1 || m.Subject != "dispatch.email" || m.StoredAt.IsZero() {
			t.Errorf("message is not whole: %+v", m)
		}
		return Done, len(got) == 5
	})
	if s := strings.Join(got, ""); s != "01234" {
		t.Errorf("got %s", s)
	}
	if n := inStream(t, b, Dispatch); n != 0 {
		t.Errorf("%d messages left in the work queue", n)
	}
}

func inStream(t *testing.T, b *Bus, stream string) uint64 {
	t.Helper()
	s, err := b.js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().State.Msgs
}

func TestABatchIsStoredWholeEvenWhenOneIDIsKnown(t *testing.T) {
	for _, tc := range []struct {
		name  string
		known bool
	}{
		{"all ids are new", false},
		{"one id is known, which refuses the atomic batch", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			b := open(t, options(t))
			var batch []Outgoing
			for i := range 3 * batchLimit / 2 {
				batch = append(batch, Outgoing{Subject: "intake.splunk", ID: fmt.Sprint("a", i), Data: []byte("x")})
			}
			if tc.known {
				publish(t, b, "intake.splunk", "a7", "x")
			}
			for range 2 { // publishing again changes nothing
				if err := b.PublishBatch(t.Context(), batch); err != nil {
					t.Fatal(err)
				}
			}
			if n := inStream(t, b, Intake); n != uint64(len(batch)) {
				t.Errorf("%d messages in the stream, want %d", n, len(batch))
			}
		})
	}
}

func TestABatchMayGoToSeveralStreams(t *testing.T) {
	b := open(t, options(t))
	if parts := batches([]Outgoing{{Subject: "intake.a"}, {Subject: "dispatch.a"}, {Subject: "intake.b"}}); len(parts) != 2 || len(parts[0]) != 2 {
		t.Errorf("parts %v", parts)
	}
	err := b.PublishBatch(t.Context(), []Outgoing{{"intake.a", "1", nil}, {"dispatch.b", "2", nil}, {"incidents.x.v1", "3", nil}, {"intake.c", "4", nil}})
	if err != nil {
		t.Fatal(err)
	}
	for stream, want := range map[string]uint64{Intake: 2, Dispatch: 1, News: 1} {
		if n := inStream(t, b, stream); n != want {
			t.Errorf("%s has %d", stream, n)
		}
	}
}

func TestWhatCannotBeStoredIsRefused(t *testing.T) {
	b := open(t, options(t))
	for _, tc := range []struct {
		name, subject string
		size          int
		kind          incidents.Kind
	}{
		{"a message that is too big", "intake.a", maxPayload + 1, incidents.KindInvalid},
		{"a subject with a blank", "intake.a b", 1, incidents.KindInvalid},
		{"a subject no stream takes", "elsewhere.a", 1, incidents.KindUnavailable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := b.Publish(t.Context(), tc.subject, "1", make([]byte, tc.size))
			if incidents.KindOf(err) != tc.kind {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestVerdictsOfErrors(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
		want verdictKind
	}{
		{"no error", nil, done},
		{"what the sender got wrong", fmt.Errorf("parse: %w", incidents.Invalid("no")), park},
		{"what is gone", incidents.NotFound("no"), park},
		{"a lost race", incidents.Conflict("no"), retry},
		{"a database that is down", incidents.Unavailable("no"), retry},
		{"what nobody classified", errors.New("no"), retry},
	} {
		if v := VerdictOf(tc.err); v.kind != tc.want || (tc.err != nil && v.reason == "") {
			t.Errorf("%s: %+v", tc.name, v)
		}
	}
	last := time.Duration(0)
	for n := range 100 {
		if d := Retry(0).delay(n); d < last || d > time.Minute || d <= 0 {
			t.Errorf("delay %v after %d tries", d, n)
		} else {
			last = d
		}
	}
}

func TestAtomicBatchIsOneSync(t *testing.T) {
	b := open(t, options(t))
	if err := b.publishAtomic(t.Context(), []Outgoing{{"intake.a", "1", nil}, {"intake.a", "2", nil}, {"intake.b", "3", nil}}); err != nil {
		t.Fatal(err)
	}
	if n := inStream(t, b, Intake); n != 3 {
		t.Errorf("%d stored", n)
	}
}

func TestAFailedHandlerSeesTheMessageAgain(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "intake.wazuh", "1", "alert")
	for _, tc := range []struct {
		name  string
		first func() Verdict
	}{
		{"it asks for another try", func() Verdict { return Retry(time.Millisecond) }},
		{"it panics", func() Verdict { panic("no such luck") }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tries []int
			consume(t, b, ConsumerSpec{Stream: Intake, Durable: strings.ReplaceAll(tc.name, " ", "-")}, func(m Msg) (Verdict, bool) {
				if tries = append(tries, m.Delivered); len(tries) == 1 {
					return tc.first(), false
				}
				return Done, true
			})
			if !slices.Equal(tries, []int{1, 2}) {
				t.Errorf("tries %v", tries)
			}
		})
	}
}

func TestAPoisonMessageIsParkedWithItsBytesAndItsNeighbourGoesOn(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "intake.wazuh", "1", "poison")
	publish(t, b, "intake.wazuh", "2", "good")
	good := false
	parked := consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d", MaxDeliver: 3, MaxInFlight: 2}, func(m Msg) (Verdict, bool) {
		if string(m.Data) == "poison" {
			return RetryFor("cannot be read", time.Millisecond), false
		}
		good = true
		return Done, false
	})
	if want := []string{"poison | given up after 3 tries: cannot be read"}; !slices.Equal(parked, want) {
		t.Errorf("parked %q", parked)
	}
	if !good {
		t.Error("the neighbour was blocked")
	}
	assertNothingPending(t, b, Intake, "d")
}

func assertNothingPending(t *testing.T, b *Bus, stream, durable string) {
	t.Helper()
	c, err := b.js.Consumer(t.Context(), stream, durable)
	if err != nil {
		t.Fatal(err)
	}
	if i := c.CachedInfo(); i.NumPending != 0 || i.NumAckPending != 0 {
		t.Errorf("%d pending, %d unacknowledged", i.NumPending, i.NumAckPending)
	}
}

func TestAHandlerMayParkAtOnce(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "receipts.sms", "1", "no such delivery")
	parked := consume(t, b, ConsumerSpec{Stream: Receipts, Durable: "d"}, func(Msg) (Verdict, bool) { return Park("unknown"), false })
	if !slices.Equal(parked, []string{"no such delivery | unknown"}) {
		t.Errorf("parked %q", parked)
	}
}

func TestAMessageThatKillsItsProcessIsParkedBeforeTheHandlerSeesItAgain(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "intake.wazuh", "1", "killer")
	spec := ConsumerSpec{Stream: Intake, Durable: "d", MaxDeliver: 2, AckWait: 200 * time.Millisecond}
	dieWithTheMessage(t, b, spec, 2)
	parked := consume(t, b, spec, func(m Msg) (Verdict, bool) {
		t.Errorf("handled again, delivery %d", m.Delivered)
		return Done, true
	})
	if !slices.Equal(parked, []string{"killer | given up after 2 tries"}) {
		t.Errorf("parked %q", parked)
	}
}

// dieWithTheMessage takes the message n times and never answers, as a killed process.
func dieWithTheMessage(t *testing.T, b *Bus, spec ConsumerSpec, n int) {
	t.Helper()
	cons, err := b.js.CreateOrUpdateConsumer(t.Context(), spec.Stream, spec.withDefaults().config())
	if err != nil {
		t.Fatal(err)
	}
	w := worker{bus: b, spec: spec, cons: cons}
	for range n {
		if _, err := w.next(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAMessageThatCannotBeParkedStays(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "intake.wazuh", "1", "poison")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	attempts := 0
	spec := ConsumerSpec{Stream: Intake, Durable: "d", OnPark: func(context.Context, Msg, string) error {
		if attempts++; attempts == 1 {
			return errors.New("database is down")
		}
		cancel()
		return nil
	}}
	if err := b.Consume(ctx, spec, func(context.Context, Msg) Verdict { return Park("unreadable") }); err != nil {
		t.Fatal(err)
	}
	if attempts != 2 {
		t.Errorf("%d attempts to park", attempts)
	}
}

func TestALongHandlerKeepsItsMessage(t *testing.T) {
	b := open(t, options(t))
	publish(t, b, "dispatch.email", "1", "a thousand persons")
	deliveries := 0
	spec := ConsumerSpec{Stream: Dispatch, Durable: "d", AckWait: 300 * time.Millisecond, MaxInFlight: 2}
	consume(t, b, spec, func(m Msg) (Verdict, bool) {
		deliveries = max(deliveries, m.Delivered)
		time.Sleep(4 * spec.AckWait)
		return Done, true
	})
	if deliveries != 1 {
		t.Errorf("delivered %d times", deliveries)
	}
}

// A message that was set aside holds nothing up, and is settled all the same.
func TestAMessageSetAsideGivesItsPlaceToTheNext(t *testing.T) {
	b := open(t, options(t))
	for _, id := range []string{"slow", "quick", "last"} {
		publish(t, b, "dispatch."+id, id, id)
	}
	others, last := make(chan struct{}), make(chan struct{})
	var at, peak atomic.Int32
	consume(t, b, ConsumerSpec{Stream: Dispatch, Durable: "d"}, func(m Msg) (Verdict, bool) {
		peak.Store(max(peak.Load(), at.Add(1)))
		defer at.Add(-1)
		switch string(m.Data) {
		case "slow":
			m.Aside()
			m.Aside() // makes room once
			<-others
			defer close(last)
		case "last":
			close(others)
			<-last
			return Done, true
		}
		return Done, false
	})
	if n := inStream(t, b, Dispatch); n != 0 || peak.Load() != 2 {
		t.Errorf("%d messages are left, %d were at work at once", n, peak.Load())
	}
}

func TestARestartKeepsMessagesAndPlaces(t *testing.T) {
	o := options(t)
	b := open(t, o)
	publish(t, b, "intake.wazuh", "1", "first")
	publish(t, b, "intake.wazuh", "2", "second")
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(m Msg) (Verdict, bool) { return Done, true })
	shut(t, b)

	b = open(t, o)
	var got string
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(m Msg) (Verdict, bool) { got = string(m.Data); return Done, true })
	if got != "second" {
		t.Errorf("got %q", got)
	}
}

func TestADeletedFolderStartsAfresh(t *testing.T) {
	o := options(t)
	b := open(t, o)
	publish(t, b, "dispatch.email", "1", "x")
	shut(t, b)
	if err := os.RemoveAll(o.Dir); err != nil {
		t.Fatal(err)
	}
	for _, key := range [][]byte{rightKey, wrongKey} { // a new folder may have a new key
		o.Key = key
		b = open(t, o)
		if n := inStream(t, b, Dispatch); n != 0 {
			t.Errorf("%d messages", n)
		}
		publish(t, b, "dispatch.email", "1", "x")
		shut(t, b)
		if err := os.RemoveAll(o.Dir); err != nil {
			t.Fatal(err)
		}
	}
}

// A process that is killed between the two files that describe a stream or a
// consumer leaves the first. It is made anew, for good; what holds messages is not touched.
func TestWhatWasBegunWhenAProcessWasKilledIsMadeAnew(t *testing.T) {
	o := options(t)
	b := open(t, o)
	publish(t, b, "intake.a", "1", "x")
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(Msg) (Verdict, bool) { return Done, true })
	shut(t, b)
	of := func(parts ...string) string {
		found, err := filepath.Glob(filepath.Join(append([]string{o.Dir, "jetstream", "*", "streams"}, parts...)...))
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		return found[0]
	}
	halve := func(dir string) {
		for _, name := range []string{"meta.sum", "o.dat"} {
			if err := os.Remove(filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				t.Fatal(err)
			}
		}
	}
	halve(of(Dispatch))
	halve(of(Intake, "obs", "d"))
	b = open(t, o)
	publish(t, b, "dispatch.email", "1", "x")
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(Msg) (Verdict, bool) { return Done, true })
	shut(t, b)
	b = open(t, o) // what was made anew is read
	if alerts, work := inStream(t, b, Intake), inStream(t, b, Dispatch); alerts != 1 || work != 1 {
		t.Errorf("%d alerts, %d to do", alerts, work)
	}
	if c, err := b.js.Consumer(t.Context(), Intake, "d"); err != nil || c.CachedInfo().AckFloor.Stream != 1 {
		t.Errorf("the consumer forgot what it had: %v", err)
	}
	shut(t, b)
	halve(of(Intake))
	if b, err := Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "cannot be read") {
		if err == nil {
			shut(t, b)
		}
		t.Errorf("a stream with an alert in it and no checksum: %v", err)
	}
	if _, err := os.Stat(of(Intake, "meta.inf")); err != nil {
		t.Error(err)
	}
}

func TestAWrongKeyIsRefusedAndDestroysNothing(t *testing.T) {
	for _, tc := range []struct {
		name string
		bend func(t *testing.T, o *Options)
		says string
	}{
		{"the key is another", func(_ *testing.T, o *Options) { o.Key = wrongKey }, "not the one"},
		{"the database was lost", func(_ *testing.T, o *Options) { o.Canary = &memoryCanary{} }, "knows no key"},
		{"the canary proves a key that is not the folder's", func(t *testing.T, o *Options) {
			sealed, err := sealCanary(wrongKey)
			if err != nil {
				t.Fatal(err)
			}
			o.Key, o.Canary = wrongKey, &memoryCanary{sealed: sealed, streams: []string{Intake, Dispatch, Receipts, News}}
		}, "cannot be read"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t)
			b := open(t, o)
			publish(t, b, "intake.wazuh", "1", "accepted")
			shut(t, b)

			bent := o
			tc.bend(t, &bent)
			b, err := Open(t.Context(), bent)
			if err == nil {
				shut(t, b)
				t.Fatal("opened")
			}
			if incidents.KindOf(err) != incidents.KindConflict || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("error %v", err)
			}

			b = open(t, o)
			var got string
			consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(m Msg) (Verdict, bool) { got = string(m.Data); return Done, true })
			if got != "accepted" {
				t.Errorf("got %q", got)
			}
		})
	}
}

func TestASecondOpenerIsRefused(t *testing.T) {
	o := options(t)
	open(t, o)
	b, err := Open(t.Context(), o)
	if err == nil {
		shut(t, b)
		t.Fatal("two servers on one folder")
	}
	if incidents.KindOf(err) != incidents.KindConflict {
		t.Errorf("error %v", err)
	}
}

func TestNothingLiesInClearOnDisk(t *testing.T) {
	o := options(t)
	b := open(t, o)
	publish(t, b, "intake.wazuh", "canary-id-91c4", "canary-payload-5f1e")
	shut(t, b)
	files := 0
	err := filepath.WalkDir(o.Dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		data, err := os.ReadFile(path)
		for _, secret := range []string{"canary-id-91c4", "canary-payload-5f1e", o.Password} {
			if bytes.Contains(data, []byte(secret)) {
				t.Errorf("%s contains %s", path, secret)
			}
		}
		return err
	})
	if err != nil || files < 5 {
		t.Errorf("looked at %d files: %v", files, err)
	}
}

func TestLiveNewsReachesWhoListens(t *testing.T) {
	b := open(t, options(t))
	got := make(chan Msg, 4)
	stop, err := b.Subscribe(t.Context(), "incidents.>", func(m Msg) { got <- m })
	if err != nil {
		t.Fatal(err)
	}
	publish(t, b, "incidents.opened.v1", "n1", "I-1")
	if m := <-got; string(m.Data) != "I-1" || m.ID != "n1" || m.Subject != "incidents.opened.v1" {
		t.Errorf("got %+v", m)
	}
	stop()
	publish(t, b, "incidents.closed.v1", "n2", "I-1")
	if n := inStream(t, b, News); n != 2 || len(got) != 0 {
		t.Errorf("%d stored, %d heard after stop", n, len(got))
	}
}

func TestReady(t *testing.T) {
	o := options(t)
	b := open(t, o)
	if err := b.Ready(); err != nil {
		t.Fatal(err)
	}
	publish(t, b, "intake.a", "0", "before")
	if err := b.server.DisableJetStream(); err != nil { // as the server does on a full disk
		t.Fatal(err)
	}
	if err := b.Ready(); err != nil {
		t.Fatalf("not mended: %v", err)
	}
	publish(t, b, "intake.a", "1", "after")
	if n := inStream(t, b, Intake); n != 2 {
		t.Errorf("%d messages after mending", n)
	}
	if c := b.server.JetStreamConfig(); !c.SyncAlways {
		t.Error("it no longer syncs")
	}
	shut(t, b)
	if err := b.Ready(); incidents.KindOf(err) != incidents.KindUnavailable {
		t.Errorf("ready after close: %v", err)
	}
}

// A killed process cannot show this, only a power cut can: the kernel keeps what was written.
func TestEveryWriteIsSynced(t *testing.T) {
	if c := open(t, options(t)).server.JetStreamConfig(); !c.SyncAlways {
		t.Error("acknowledged messages would die with the power")
	}
}

func TestOptionsAreChecked(t *testing.T) {
	for _, tc := range []struct {
		name string
		bend func(*Options)
	}{
		{"no folder", func(o *Options) { o.Dir = "" }},
		{"no password", func(o *Options) { o.Password = "" }},
		{"a short key", func(o *Options) { o.Key = o.Key[1:] }},
		{"no canary", func(o *Options) { o.Canary = nil }},
		{"replicas of one server", func(o *Options) { o.Replicas = 3 }},
		{"collectors on the network", func(o *Options) { o.CollectorListen = "0.0.0.0:4222" }},
		{"collectors without an address", func(o *Options) { o.CollectorListen = "4222" }},
		{"a source with a wildcard", func(o *Options) {
			o.CollectorListen, o.Collectors = "127.0.0.1:0", map[string]string{"a.>": strings.Repeat("p", 20)}
		}},
		{"a short collector password", func(o *Options) { o.CollectorListen, o.Collectors = "127.0.0.1:0", map[string]string{"splunk": "x"} }},
		{"collectors of an external bus", func(o *Options) { o.URL, o.CollectorListen = "nats://localhost:1", "127.0.0.1:0" }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := options(t)
			tc.bend(&o)
			if _, err := Open(t.Context(), o); incidents.KindOf(err) != incidents.KindInvalid {
				t.Errorf("error %v", err)
			}
		})
	}
}

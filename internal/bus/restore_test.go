package bus

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

// An operator deletes a stream, or the cluster comes back empty.
func TestAnExternalBusGetsItsLostStreamsBack(t *testing.T) {
	b := open(t, Options{URL: external(t), User: "tocsin-app", Password: "secret of the cluster"})
	lose := func(name string) {
		t.Helper()
		if err := b.js.DeleteStream(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	lose(Dispatch)
	lose(News)
	publish(t, b, "dispatch.1.1", "c1", "chunk")
	for stream, want := range map[string]uint64{Dispatch: 1, News: 0} {
		if n := inStream(t, b, stream); n != want {
			t.Errorf("%s has %d messages", stream, n)
		}
	}
	lose(Dispatch)
	if err := b.PublishBatch(t.Context(), []Outgoing{{"dispatch.1.1", "c1", nil}, {"dispatch.1.2", "c2", nil}}); err != nil {
		t.Fatal(err)
	}
	if n := inStream(t, b, Dispatch); n != 2 {
		t.Errorf("%d of a batch are stored", n)
	}
	if err := b.Publish(t.Context(), "elsewhere.a", "1", nil); incidents.KindOf(err) != incidents.KindUnavailable {
		t.Errorf("what no stream takes: %v", err)
	}
	lose(Intake)
	b.look(t.Context()) // nobody publishes through us: collectors have accounts of their own
	if n := inStream(t, b, Intake); n != 0 {
		t.Errorf("a new intake has %d messages", n)
	}
}

func TestAConsumerOutlivesWhatAnExternalBusLost(t *testing.T) {
	for _, tc := range []struct {
		name string
		lose func(ctx context.Context, b *Bus) error
	}{
		{"the consumer", func(ctx context.Context, b *Bus) error { return b.js.DeleteConsumer(ctx, Dispatch, "workers") }},
		{"the stream, and the consumer with it", func(ctx context.Context, b *Bus) error { return b.js.DeleteStream(ctx, Dispatch) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := Options{URL: external(t), User: "tocsin-app", Password: "secret of the cluster"}
			b, other := open(t, o), open(t, o)
			publish(t, other, "dispatch.1.1", "c1", "before")
			lost := make(chan error, 1)
			var got []string
			consume(t, b, ConsumerSpec{Stream: Dispatch, Durable: "workers"}, func(m Msg) (Verdict, bool) {
				if got = append(got, string(m.Data)); len(got) == 1 {
					go func() { lost <- loseWhileItWaits(t.Context(), other, tc.lose) }()
				}
				return Done, len(got) == 2
			})
			if err := <-lost; err != nil {
				t.Error(err)
			}
			if !slices.Equal(got, []string{"before", "after"}) {
				t.Errorf("got %q", got)
			}
		})
	}
}

// loseWhileItWaits lets the worker finish its message and ask for the next one,
// loses what it asks, and publishes.
func loseWhileItWaits(ctx context.Context, b *Bus, lose func(context.Context, *Bus) error) error {
	for {
		c, err := b.js.Consumer(ctx, Dispatch, "workers")
		if err != nil {
			return err
		}
		if i := c.CachedInfo(); i.NumWaiting == 1 && i.NumAckPending == 0 {
			break
		}
		pause(ctx, 10*time.Millisecond)
	}
	if err := lose(ctx, b); err != nil {
		return err
	}
	return b.Publish(ctx, "dispatch.1.2", "c2", []byte("after"))
}

// A password that is changed at the cluster first and here later must not end
// a service that runs.
func TestAReconnectIsNeverGivenUp(t *testing.T) {
	dir := t.TempDir()
	serve := func(port int, password string) *server.Server {
		t.Helper()
		s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoSigs: true, SyncAlways: true, Username: "tocsin-app", Password: password})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(readyWithin) {
			t.Fatal("the external server does not start")
		}
		return s
	}
	s := serve(server.RANDOM_PORT, "secret of the cluster")
	at := s.Addr().String()
	var refusals refusalLog
	b := open(t, Options{URL: s.ClientURL(), User: "tocsin-app", Password: "secret of the cluster", Log: slog.New(slog.NewTextHandler(&refusals, nil))})
	s.Shutdown()
	s.WaitForShutdown()
	var n int
	if _, err := fmt.Sscanf(at, "127.0.0.1:%d", &n); err != nil {
		t.Fatal(err)
	}
	s = serve(n, "another secret for a while")
	for refusals.n.Load() < 3 && !b.nc.IsClosed() { // a client gives up at the second as a rule
		pause(t.Context(), 20*time.Millisecond)
	}
	s.Shutdown()
	s.WaitForShutdown()
	serve(n, "secret of the cluster")
	for !b.nc.IsConnected() {
		if b.nc.IsClosed() {
			t.Fatal("the connection was given up")
		}
		pause(t.Context(), 20*time.Millisecond)
	}
	publish(t, b, "intake.a", "1", "after")
}

// A refusalLog counts how often the password was refused.
type refusalLog struct{ n atomic.Int64 }

func (l *refusalLog) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("authorization violation")) {
		l.n.Add(1)
	}
	return len(b), nil
}

// cluster starts three servers that know each other.
func cluster(t *testing.T) (urls string) {
	t.Helper()
	var ports [3]int
	var routes, all []string
	for i := range ports {
		ports[i] = freePort(t)
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", ports[i]))
	}
	for i, port := range ports {
		s, err := server.NewServer(&server.Options{ServerName: fmt.Sprint("n", i), Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoSigs: true, SyncAlways: true,
			Cluster: server.ClusterOpts{Name: "three", Host: "127.0.0.1", Port: port}, Routes: server.RoutesFromStr(strings.Join(routes, ","))})
		if err != nil {
			t.Fatal(err)
		}
		s.Start()
		t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
		if !s.ReadyForConnections(readyWithin) {
			t.Fatal("a server of the cluster does not start")
		}
		all = append(all, s.ClientURL())
	}
	return strings.Join(all, ",")
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

func TestStreamsHaveThreeCopiesWhereTheClusterHasThreeServers(t *testing.T) {
	b := open(t, Options{URL: cluster(t)})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range streams(b.o) {
		for copies(t, b, i) != 3 { // not all servers may have been seen at first
			if ctx.Err() != nil {
				t.Fatalf("%s has %d copies", streams(b.o)[i].Name, copies(t, b, i))
			}
			pause(ctx, 100*time.Millisecond)
			b.look(ctx)
		}
	}
	publish(t, b, "dispatch.1.1", "c1", "chunk")
	consume(t, b, ConsumerSpec{Stream: Dispatch, Durable: "workers"}, func(Msg) (Verdict, bool) { return Done, true })
}

func copies(t *testing.T, b *Bus, i int) int {
	t.Helper()
	s, err := b.js.Stream(t.Context(), streams(b.o)[i].Name)
	if err != nil {
		t.Fatal(err)
	}
	return s.CachedInfo().Config.Replicas
}

func TestMoreCopiesThanServersAreRefusedWhereTheyWereAskedFor(t *testing.T) {
	o := Options{URL: external(t), User: "tocsin-app", Password: "secret of the cluster", Replicas: 3}
	if _, err := Open(t.Context(), o); incidents.KindOf(err) != incidents.KindUnavailable || !strings.Contains(err.Error(), "bus.replicas") {
		t.Errorf("error %v", err)
	}
	o.Replicas = 0
	b := open(t, o)
	if n := copies(t, b, 0); n != 1 {
		t.Errorf("%d copies on one server", n)
	}
}

func TestAFullIntakeRefusesAndDropsNothing(t *testing.T) {
	o := options(t)
	o.MaxStore = 1 << 20
	b := open(t, o)
	alert := make([]byte, 100<<10)
	taken := 0
	fill := func() (err error) {
		for ; taken < 20; taken++ {
			if err = b.Publish(t.Context(), "intake.a", fmt.Sprint(taken), alert); err != nil {
				return err
			}
		}
		return nil
	}
	if err := fill(); incidents.KindOf(err) != incidents.KindUnavailable || taken != 5 {
		t.Fatalf("%d of five taken, then %v", taken, err)
	}
	publish(t, b, "dispatch.1.1", "1", "a chunk")
	for i := range 20 {
		publish(t, b, "incidents.opened.v1", fmt.Sprint(i), strings.Repeat("n", 10<<10))
	}
	if n := inStream(t, b, News); n == 0 || n > 12 {
		t.Errorf("%d news are kept", n)
	}
	consume(t, b, ConsumerSpec{Stream: Dispatch, Durable: "d"}, func(Msg) (Verdict, bool) { return Done, true })
	b.look(t.Context())
	if n := inStream(t, b, Intake); n != 5 {
		t.Fatalf("%d alerts are left of five that nobody took", n)
	}
	n := 0
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "intake"}, func(Msg) (Verdict, bool) { n++; return Done, n == 3 })
	b.look(t.Context())
	if n := inStream(t, b, Intake); n != 2 {
		t.Errorf("%d alerts are left after three of five were taken", n)
	}
	if err := fill(); incidents.KindOf(err) != incidents.KindUnavailable || taken != 8 {
		t.Errorf("%d taken in all, then %v", taken, err)
	}
}

// Streams made before they had limits get them.
func TestStreamsOfEarlierVersionsAreBroughtUpToDate(t *testing.T) {
	o := options(t)
	b := open(t, o)
	old := streams(b.o)[0]
	old.MaxBytes, old.Discard = -1, jetstream.DiscardOld
	if _, err := b.js.UpdateStream(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	publish(t, b, "intake.a", "1", "alert")
	shut(t, b)
	b = open(t, o)
	s, err := b.js.Stream(t.Context(), Intake)
	if err != nil {
		t.Fatal(err)
	}
	if i := s.CachedInfo(); i.Config.MaxBytes != 1<<30 || i.Config.Discard != jetstream.DiscardNew || i.State.Msgs != 1 {
		t.Errorf("the intake is %+v with %d messages", i.Config, i.State.Msgs)
	}
}

package bus

import (
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

const collectorPassword = "a password of splunk"

// collector connects the way a foreign program does.
func collector(t *testing.T, addr, user, password string) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect("nats://"+addr, nats.UserInfo(user, password), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

func TestACollectorMayPublishToItsOwnSubjectOnly(t *testing.T) {
	o := options(t)
	o.CollectorListen = "127.0.0.1:0"
	o.Collectors = map[string]string{"splunk": collectorPassword, "wazuh": "a password of wazuh"}
	b := open(t, o)
	nc := collector(t, b.CollectorAddr(), "splunk", collectorPassword)
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(2*time.Second))
	if err != nil {
		t.Fatal(err)
	}

	if _, err := js.Publish(t.Context(), "intake.splunk", []byte("alert"), jetstream.WithMsgID("e1")); err != nil {
		t.Fatalf("own subject: %v", err)
	}
	for _, subject := range []string{"intake.wazuh", "intake.splunk.x", "dispatch.email", "receipts.sms", "incidents.opened.v1", "$JS.API.STREAM.DELETE.INTAKE"} {
		if err := nc.Publish(subject, []byte("forged")); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := nc.LastError(); err == nil || !strings.Contains(strings.ToLower(err.Error()), "permissions violation") {
		t.Errorf("forged publishes were not refused: %v", err)
	}
	for stream, want := range map[string]uint64{Intake: 1, Dispatch: 0, Receipts: 0, News: 0} {
		if n := inStream(t, b, stream); n != want {
			t.Errorf("%s has %d messages, want %d", stream, n, want)
		}
	}
}

func TestACollectorHearsNothing(t *testing.T) {
	o := options(t)
	o.CollectorListen = "127.0.0.1:0"
	o.Collectors = map[string]string{"splunk": collectorPassword}
	b := open(t, o)
	nc := collector(t, b.CollectorAddr(), "splunk", collectorPassword)
	heard := make(chan *nats.Msg, 16)
	for _, subject := range []string{">", "intake.>", "incidents.>", "_TOCSIN.>", "_INBOX.>"} {
		if _, err := nc.ChanSubscribe(subject, heard); err != nil {
			t.Fatal(err)
		}
	}
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	publish(t, b, "intake.other", "1", "alert of another source")
	publish(t, b, "incidents.opened.v1", "2", "I-1")
	consume(t, b, ConsumerSpec{Stream: Intake, Durable: "d"}, func(Msg) (Verdict, bool) { return Done, true })
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	if len(heard) != 0 {
		t.Errorf("heard %s", (<-heard).Subject)
	}
}

func TestACollectorNeedsItsPassword(t *testing.T) {
	o := options(t)
	o.CollectorListen = "127.0.0.1:0"
	o.Collectors = map[string]string{"splunk": collectorPassword}
	b := open(t, o)
	for _, tc := range []struct{ name, user, password string }{
		{"a wrong password", "splunk", "something else here"},
		{"an unknown source", "falco", collectorPassword},
		{"nobody", "", ""},
		{"the service's own user, which is for this process alone", appUser, o.Password},
	} {
		t.Run(tc.name, func(t *testing.T) {
			nc, err := nats.Connect("nats://"+b.CollectorAddr(), nats.UserInfo(tc.user, tc.password))
			if err == nil {
				nc.Close()
				t.Fatal("let in")
			}
		})
	}
}

func TestNothingListensUnlessAsked(t *testing.T) {
	if addr := open(t, options(t)).CollectorAddr(); addr != "" {
		t.Errorf("listens on %s", addr)
	}
}

// external starts a server that is not ours, as an operator would.
func external(t *testing.T) string {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
		NoSigs: true, SyncAlways: true, Username: "tocsin-app", Password: "secret of the cluster"})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(readyWithin) {
		t.Fatal("the external server does not start")
	}
	return s.ClientURL()
}

func TestAnExternalBusIsSharedByManyProcesses(t *testing.T) {
	o := Options{URL: external(t), User: "tocsin-app", Password: "secret of the cluster"}
	one, two := open(t, o), open(t, o)
	publish(t, one, "dispatch.email", "c1", "chunk")
	var got string
	consume(t, two, ConsumerSpec{Stream: Dispatch, Durable: "workers"}, func(m Msg) (Verdict, bool) { got = string(m.Data); return Done, true })
	if got != "chunk" {
		t.Errorf("got %q", got)
	}
	if err := two.Ready(); err != nil {
		t.Error(err)
	}
}

func TestAnExternalBusThatRefusesIsNamed(t *testing.T) {
	o := Options{URL: external(t), User: "tocsin-app", Password: "wrong"}
	if _, err := Open(t.Context(), o); incidents.KindOf(err) != incidents.KindUnavailable || strings.Contains(err.Error(), "wrong") {
		t.Errorf("error %v", err)
	}
}

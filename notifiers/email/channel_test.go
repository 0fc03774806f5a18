package email_test

import (
	"net"
	"net/mail"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/email"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func options(addr string) email.Options {
	return email.Options{Address: addr, TLS: email.TLSOff, From: mail.Address{Name: "Example Ltd", Address: "notices@example.com"},
		Connections: 4, Timeout: 5 * time.Second, Now: func() time.Time { return noon }}
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, incidents.Email, func(t *testing.T) *channeltest.Bench {
		m, err := standin.NewMail()
		if err != nil {
			t.Fatal(err)
		}
		ch, err := email.New(options(m.Addr))
		if err != nil {
			t.Fatal(err)
		}
		nobody, err := email.New(options(closedPort(t)))
		if err != nil {
			t.Fatal(err)
		}
		release := make(chan struct{})
		t.Cleanup(func() {
			close(release)
			_ = ch.Close()
			if err := m.Close(); err != nil {
				t.Error(err)
			}
		})
		reply := func(code int, e1, e2, e3 int) func(string) error {
			return func(string) error { return standin.Reply(code, e1, e2, e3) }
		}
		return &channeltest.Bench{Channel: ch, Unreachable: nobody, To: "ada.unique@example.com", Taken: func() int { return int(m.Count()) },
			Hang: func() { m.Answer = func(string) error { <-release; return standin.Reply(451, 4, 0, 0) } },
			Cases: []channeltest.Case{
				{Name: "a relay that takes the message has it", Want: incidents.OutcomeAccepted, Taken: 1},
				{Name: "550 to our own sender is nobody's refusal", Arm: func() { m.RefuseSender = reply(550, 5, 1, 8) }, Want: incidents.OutcomeRetry},
				{Name: "550 5.1.8 to RCPT is no address that is gone", Arm: func() { m.Refuse = reply(550, 5, 1, 8) }, Want: incidents.OutcomeRefused},
				{Name: "450 to RCPT is tried again", Arm: func() { m.Refuse = reply(450, 4, 2, 1) }, Want: incidents.OutcomeRetry},
				{Name: "550 5.1.1 to RCPT is an address that is gone", Arm: func() { m.Refuse = reply(550, 5, 1, 1) }, Want: incidents.OutcomeGone},
				{Name: "550 5.7.1 to RCPT is a refusal", Arm: func() { m.Refuse = reply(550, 5, 7, 1) }, Want: incidents.OutcomeRefused},
				{Name: "421 to RCPT is tried again", Arm: func() { m.Refuse = reply(421, 4, 7, 0) }, Want: incidents.OutcomeRetry},
				{Name: "451 to the message is tried again", Arm: func() { m.Answer = reply(451, 4, 3, 0) }, Want: incidents.OutcomeRetry},
				{Name: "554 to the message is a refusal", Arm: func() { m.Answer = reply(554, 5, 6, 0) }, Want: incidents.OutcomeRefused},
				{Name: "a message taken and no answer is doubt", Arm: func() { m.Lose = func(string) bool { return true } }, Want: incidents.OutcomeDoubt, Taken: 1},
			}}
	})
}

// closedPort is an address nobody listens at.
func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestNothingLeavesInTheClearWhenTLSIsRequired(t *testing.T) {
	m, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	o := options(m.Addr)
	o.TLS = email.TLSRequired
	ch, err := email.New(o)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ch.Send(t.Context(), channeltest.Message(incidents.Email, "ada@example.com", 1))
	if err != nil || r.Outcome != incidents.OutcomeRetry || m.Count() != 0 {
		t.Fatalf("outcome %s, %d taken, %v", r.Outcome, m.Count(), err)
	}
}

func TestAttemptsOfOneDeliveryAreTheSameMessage(t *testing.T) {
	o := options("localhost:25")
	a := channeltest.Message(incidents.Email, "ada@example.com", 1)
	b := a
	b.Attempt = 2
	x, err := o.Build(a, noon)
	if err != nil {
		t.Fatal(err)
	}
	y, err := o.Build(b, noon)
	if err != nil {
		t.Fatal(err)
	}
	if string(x) != string(y) {
		t.Errorf("two attempts differ:\n%s\n%s", x, y)
	}
	other, err := o.Build(channeltest.Message(incidents.Email, "ada@example.com", 2), noon)
	if err != nil {
		t.Fatal(err)
	}
	if string(x) == string(other) {
		t.Error("two deliveries are the same message")
	}
}

func TestARelayThatReportsIsAskedTo(t *testing.T) {
	m, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	ch, err := email.New(options(m.Addr))
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	if r, err := ch.Send(t.Context(), channeltest.Message(incidents.Email, "ada@example.com", 1)); err != nil || r.Outcome != incidents.OutcomeAccepted {
		t.Fatalf("%+v, %v", r, err)
	}
	if got := m.Letters(); len(got) != 1 || got[0].Envelope != "7-1-e" {
		t.Errorf("asked for reports under %+v", got)
	}
}

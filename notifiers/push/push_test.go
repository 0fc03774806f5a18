package push_test

import (
	"encoding/json"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/push"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("go.opencensus.io/stats/view.(*worker).start"))
}

func channel(t *testing.T, base string) *push.Channel {
	c, err := push.New(t.Context(), push.Options{BaseURL: base, Project: "p", Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, incidents.Push, func(t *testing.T) *channeltest.Bench {
		f := standin.NewFCM()
		t.Cleanup(func() { _ = f.Close() })
		fault := func(x standin.Fault) func() { return func() { f.Fault = func(string) *standin.Fault { return &x } } }
		return &channeltest.Bench{Channel: channel(t, f.URL), Unreachable: channel(t, closed(t)), To: "a-token-of-one-device", Taken: func() int { return len(f.Pushes()) }, Hang: f.Hang,
			Cases: []channeltest.Case{
				{Name: "200 is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
				{Name: "UNREGISTERED is an app that is gone", Arm: func() { f.Gone = func(string) bool { return true } }, Want: incidents.OutcomeGone},
				{Name: "429 waits as long as it is told", Arm: fault(standin.Fault{Status: 429, RetryAfter: "9"}), Want: incidents.OutcomeRetry, Retry: 9 * time.Second},
				{Name: "400 is a refusal", Arm: fault(standin.Fault{Status: 400}), Want: incidents.OutcomeRefused},
				{Name: "429 without a time waits a minute", Arm: fault(standin.Fault{Status: 429}), Want: incidents.OutcomeRetry, Retry: time.Minute},
				{Name: "503 is tried again when it says", Arm: fault(standin.Fault{Status: 503, RetryAfter: "60"}), Want: incidents.OutcomeRetry, Retry: time.Minute},
				{Name: "503 without a time is tried again", Arm: fault(standin.Fault{Status: 503}), Want: incidents.OutcomeRetry},
				{Name: "401 is tried again: a person has to mend the key", Arm: fault(standin.Fault{Status: 401}), Want: incidents.OutcomeRetry},
				{Name: "500 is doubt", Arm: fault(standin.Fault{Status: 500}), Want: incidents.OutcomeDoubt},
				{Name: "taken and cut is doubt, and the SDK does not try again", Arm: fault(standin.Fault{Cut: true}), Want: incidents.OutcomeDoubt, Taken: 1},
			}}
	})
}

func closed(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return "http://" + l.Addr().String()
}

// The payload stays small and holds nobody's name.
func TestPayload(t *testing.T) {
	b, err := json.Marshal(push.Build(channeltest.Message(incidents.Push, "token", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > 4096 || strings.Contains(string(b), "Ada") {
		t.Errorf("the payload is %d bytes: %s", len(b), b)
	}
	if n := strings.Count(string(b), `"7-1-p"`); n < 4 {
		t.Errorf("the delivery id is used %d times for collapsing", n)
	}
}

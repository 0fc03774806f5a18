package sms_test

import (
	"net"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/sms"
	"tocsin/notifiers/twilio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const number = "+14155550158"

func options(base string) twilio.Options {
	return twilio.Options{BaseURL: base, AccountSID: "AC00000000000000000000000000000001", KeySID: "SK01", Secret: "topsecretvalue", AuthToken: "callbacktoken", From: "+14155550199", Timeout: 5 * time.Second}
}

func client(t *testing.T, base string) *twilio.Client {
	c, err := twilio.New(options(base))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, incidents.SMS, func(t *testing.T) *channeltest.Bench {
		s := standin.NewTwilio("callbacktoken")
		t.Cleanup(func() { _ = s.Close() })
		fault := func(f standin.Fault) func() { return func() { s.Fault = func(string) *standin.Fault { return &f } } }
		return &channeltest.Bench{Channel: sms.Channel{Twilio: client(t, s.URL)}, Unreachable: sms.Channel{Twilio: client(t, closed(t))}, To: number,
			Taken: func() int { return len(s.Texts()) }, Hang: s.Hang, Secrets: []string{"topsecretvalue", "callbacktoken"},
			Cases: []channeltest.Case{
				{Name: "201 is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
				{Name: "21211 is a number that does not exist", Arm: fault(standin.Fault{Status: 400, Code: 21211}), Want: incidents.OutcomeGone},
				{Name: "21610 is an opt-out", Arm: fault(standin.Fault{Status: 400, Code: 21610}), Want: incidents.OutcomeRefused},
				{Name: "429 waits as long as it is told", Arm: fault(standin.Fault{Status: 429, Code: 20429, RetryAfter: "7"}), Want: incidents.OutcomeRetry, Retry: 7 * time.Second},
				{Name: "401 is tried again: a person has to mend the key", Arm: fault(standin.Fault{Status: 401, Code: 20003}), Want: incidents.OutcomeRetry},
				{Name: "500 is doubt", Arm: fault(standin.Fault{Status: 500}), Want: incidents.OutcomeDoubt},
				{Name: "503 is doubt", Arm: fault(standin.Fault{Status: 503}), Want: incidents.OutcomeDoubt},
				{Name: "a message taken and the connection cut is doubt", Arm: fault(standin.Fault{Cut: true}), Want: incidents.OutcomeDoubt, Taken: 1},
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

func TestFindFindsExactlyThisPersonsMessage(t *testing.T) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	ch := sms.Channel{Twilio: client(t, s.URL)}
	sent := channeltest.Message(incidents.SMS, number, 1)
	before := time.Now().Add(-time.Minute).Unix()
	if _, found, err := ch.Find(t.Context(), sent, before); err != nil || found {
		t.Fatalf("found before it was sent: %v", err)
	}
	r, err := ch.Send(t.Context(), sent)
	if err != nil {
		t.Fatal(err)
	}
	got, found, err := ch.Find(t.Context(), sent, before)
	if err != nil || !found || got.ProviderID != r.ProviderID {
		t.Fatalf("found %v %q, sent %q, %v", found, got.ProviderID, r.ProviderID, err)
	}
	if _, found, _ := ch.Find(t.Context(), channeltest.Message(incidents.SMS, number, 2), before); found {
		t.Error("another person's message on the same number was taken for this one's")
	}
	if _, found, _ := ch.Find(t.Context(), sent, time.Now().Add(time.Hour).Unix()); found {
		t.Error("a message older than the attempt was taken for it")
	}
}

func TestNumbersOfOtherCountriesAreNotTexted(t *testing.T) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	ch := sms.Channel{Twilio: client(t, s.URL), Bar: func(n string) string {
		if strings.HasPrefix(n, "+49") {
			return ""
		}
		return "country"
	}}
	r, err := ch.Send(t.Context(), channeltest.Message(incidents.SMS, number, 1))
	if err != nil || r.Outcome != incidents.OutcomeRefused || len(s.Texts()) != 0 {
		t.Fatalf("%+v %v", r, err)
	}
}

func TestCallbackSignatures(t *testing.T) {
	c := client(t, "")
	form := url.Values{"MessageSid": {"SM1"}, "MessageStatus": {"delivered"}}
	plain := map[string]string{"MessageSid": "SM1", "MessageStatus": "delivered"}
	const at = "https://public.example.com/callbacks/twilio/1-1-s/1/abc"
	sig := standin.Sign("callbacktoken", at, form)
	if !c.ValidCallback(at, plain, sig) {
		t.Error("a good signature is refused")
	}
	for name, bad := range map[string]bool{
		"another address": c.ValidCallback(at+"x", plain, sig),
		"another status":  c.ValidCallback(at, map[string]string{"MessageSid": "SM1", "MessageStatus": "failed"}, sig),
		"another key":     c.ValidCallback(at, plain, standin.Sign("other", at, form)),
		"no signature":    c.ValidCallback(at, plain, ""),
		"a forged one":    c.ValidCallback(at, plain, "AAAA"),
	} {
		if bad {
			t.Errorf("%s is taken", name)
		}
	}
}

// A provider that asks to be left alone says so in seconds or by a date, and a
// 503 asks as a 429 does, although nobody knows what became of the message.
func TestHowLongTheAccountIsLeftAlone(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault standin.Fault
		want  incidents.Outcome
		after time.Duration
	}{
		{"429 with a date", standin.Fault{Status: 429, Code: 20429, RetryAfter: "Fri, 30 Nov 2085 12:00:00 GMT"}, incidents.OutcomeRetry, time.Hour},
		{"429 with an absurd number", standin.Fault{Status: 429, Code: 20429, RetryAfter: "9000000000"}, incidents.OutcomeRetry, time.Hour},
		{"503 with seconds", standin.Fault{Status: 503, Code: 20503, RetryAfter: "120"}, incidents.OutcomeDoubt, 2 * time.Minute},
		{"503 without", standin.Fault{Status: 503, Code: 20503}, incidents.OutcomeDoubt, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := standin.NewTwilio("callbacktoken")
			t.Cleanup(func() { _ = s.Close() })
			s.Fault = func(string) *standin.Fault { return &c.fault }
			r, err := sms.Channel{Twilio: client(t, s.URL)}.Send(t.Context(), channeltest.Message(incidents.SMS, number, 1))
			if err != nil || r.Outcome != c.want || r.RetryAfter != c.after {
				t.Errorf("%+v %v", r, err)
			}
		})
	}
}

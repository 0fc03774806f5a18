package sms_test

import (
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/sms"
)

func twoAccounts(first, second notifiers.Channel) notifiers.Channel {
	return notifiers.NewSwitch(notifiers.Switch{Kind: incidents.SMS, Now: time.Now, Providers: []*notifiers.Provider{
		{Account: "sms/first", Channel: first, Limiter: notifiers.NewLimiter(0, time.Now)},
		{Account: "sms/second", Channel: second, Limiter: notifiers.NewLimiter(0, time.Now)}}})
}

// Two accounts are one channel: the suite holds with both well, and with the
// first dead. When the first takes a message and never answers, the second
// does not send it.
func TestTwoAccountsAreOneChannel(t *testing.T) {
	for name, dead := range map[string]bool{"both are well": false, "the first is dead": true} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, incidents.SMS, func(t *testing.T) *channeltest.Bench {
				a, b := standin.NewTwilio("callbacktoken"), standin.NewTwilio("callbacktoken")
				t.Cleanup(func() { _, _ = a.Close(), b.Close() })
				both := func(f standin.Fault) func() {
					return func() {
						a.Fault = func(string) *standin.Fault { return &f }
						b.Fault = a.Fault
					}
				}
				first := sms.Channel{Twilio: client(t, a.URL)}
				hang := a.Hang
				if dead {
					first, hang = sms.Channel{Twilio: client(t, closed(t))}, b.Hang
				}
				nobody := sms.Channel{Twilio: client(t, closed(t))}
				return &channeltest.Bench{Channel: twoAccounts(first, sms.Channel{Twilio: client(t, b.URL)}), Unreachable: twoAccounts(nobody, nobody), To: number,
					Taken: func() int { return len(a.Texts()) + len(b.Texts()) }, Hang: hang, Secrets: []string{"topsecretvalue", "callbacktoken"},
					Cases: []channeltest.Case{
						{Name: "201 is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
						{Name: "21211 is a number that does not exist", Arm: both(standin.Fault{Status: 400, Code: 21211}), Want: incidents.OutcomeGone},
						{Name: "21610 is an opt-out", Arm: both(standin.Fault{Status: 400, Code: 21610}), Want: incidents.OutcomeRefused},
						{Name: "429 waits as long as it is told", Arm: both(standin.Fault{Status: 429, Code: 20429, RetryAfter: "7"}), Want: incidents.OutcomeRetry, Retry: 7 * time.Second},
						{Name: "401 is tried again: a person has to mend the key", Arm: both(standin.Fault{Status: 401, Code: 20003}), Want: incidents.OutcomeRetry},
						{Name: "500 is doubt", Arm: both(standin.Fault{Status: 500}), Want: incidents.OutcomeDoubt},
						{Name: "a message taken and the connection cut is doubt, and is not sent by the other", Arm: both(standin.Fault{Cut: true}), Want: incidents.OutcomeDoubt, Taken: 1},
					}}
			})
		})
	}
}

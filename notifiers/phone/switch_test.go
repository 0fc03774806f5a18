package phone_test

import (
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/phone"
)

func twoAccounts(first, second notifiers.Channel) *notifiers.Switch {
	return notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Phone, Now: time.Now, Providers: []*notifiers.Provider{
		{Account: "phone/first", Channel: first, Limiter: notifiers.NewLimiter(0, time.Now)},
		{Account: "phone/second", Channel: second, Limiter: notifiers.NewLimiter(0, time.Now)}}})
}

// standIns are two accounts of Twilio's, and the channel they make together.
func standIns(t *testing.T) (a, b *standin.Twilio, both *notifiers.Switch) {
	t.Helper()
	a, b = standin.NewTwilio("callbacktoken"), standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	return a, b, twoAccounts(channel(t, a.URL), channel(t, b.URL))
}

func answers(f standin.Fault) func(string) *standin.Fault {
	return func(string) *standin.Fault { return &f }
}

func call(t *testing.T, ch notifiers.Channel, seq int64) incidents.Receipt {
	t.Helper()
	r, err := ch.Send(t.Context(), channeltest.Message(incidents.Phone, number, seq))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Two accounts are one channel: the suite holds with both well, and with the
// first dead. When the first takes a call and never answers, the second does
// not make it.
func TestTwoAccountsAreOneChannel(t *testing.T) {
	for name, dead := range map[string]bool{"both are well": false, "the first is dead": true} {
		t.Run(name, func(t *testing.T) {
			channeltest.Run(t, incidents.Phone, func(t *testing.T) *channeltest.Bench {
				a, b, ch := standIns(t)
				both := func(f standin.Fault) func() {
					return func() { a.Fault, b.Fault = answers(f), answers(f) }
				}
				hang := a.Hang
				if dead {
					ch, hang = twoAccounts(channel(t, closed(t)), channel(t, b.URL)), b.Hang
				}
				nobody := channel(t, closed(t))
				return &channeltest.Bench{Channel: ch, Unreachable: twoAccounts(nobody, nobody), To: number,
					Taken: func() int { return len(a.Calls()) + len(b.Calls()) }, Hang: hang, Secrets: []string{"topsecretvalue", "callbacktoken"},
					Cases: []channeltest.Case{
						{Name: "201 is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
						{Name: "21211 is a number that does not exist", Arm: both(standin.Fault{Status: 400, Code: 21211}), Want: incidents.OutcomeGone},
						{Name: "21216 is a number that may not be called", Arm: both(standin.Fault{Status: 400, Code: 21216}), Want: incidents.OutcomeRefused},
						{Name: "429 waits as long as it is told", Arm: both(standin.Fault{Status: 429, Code: 20429, RetryAfter: "7"}), Want: incidents.OutcomeRetry, Retry: 7 * time.Second},
						{Name: "401 is tried again: a person has to mend the key", Arm: both(standin.Fault{Status: 401, Code: 20003}), Want: incidents.OutcomeRetry},
						{Name: "500 is doubt", Arm: both(standin.Fault{Status: 500}), Want: incidents.OutcomeDoubt},
						{Name: "503 is doubt", Arm: both(standin.Fault{Status: 503}), Want: incidents.OutcomeDoubt},
						{Name: "a call placed and the connection cut is doubt, and is not made by the other", Arm: both(standin.Fault{Cut: true}), Want: incidents.OutcomeDoubt, Taken: 1},
					}}
			})
		})
	}
}

// What the first account definitely did not take for a reason of its own, the
// second calls at once; what says something of the number is the last word.
func TestTheSecondAccountCalls(t *testing.T) {
	for _, c := range []struct {
		name  string
		fault standin.Fault
		want  incidents.Outcome
		calls int // of the second account
	}{
		{"it asks to slow down", standin.Fault{Status: 429, Code: 20429, RetryAfter: "30"}, incidents.OutcomeAccepted, 1},
		{"its key is wrong", standin.Fault{Status: 401, Code: 20003}, incidents.OutcomeAccepted, 1},
		{"it is suspended", standin.Fault{Status: 403, Code: 20005}, incidents.OutcomeAccepted, 1},
		{"its number is not verified", standin.Fault{Status: 400, Code: 21210}, incidents.OutcomeAccepted, 1},
		{"it may not call this country", standin.Fault{Status: 400, Code: 21215}, incidents.OutcomeAccepted, 1},
		{"the number does not exist", standin.Fault{Status: 400, Code: 21211}, incidents.OutcomeGone, 0},
		{"the number may not be called", standin.Fault{Status: 400, Code: 21216}, incidents.OutcomeRefused, 0},
		{"it does not say whether it took the call", standin.Fault{Status: 503}, incidents.OutcomeDoubt, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b, both := standIns(t)
			a.Fault = answers(c.fault)
			r := call(t, both, 1)
			account := "phone/first"
			if c.calls > 0 {
				account = "phone/second"
			}
			if r.Outcome != c.want || r.Provider != account || len(b.Calls()) != c.calls || len(a.Calls()) != 0 {
				t.Errorf("%+v, %d calls by the first and %d by the second", r, len(a.Calls()), len(b.Calls()))
			}
		})
	}
}

// A country that neither account may call is refused, and the next channel's
// turn has come.
func TestACountryNeitherAccountMayCall(t *testing.T) {
	a, b, both := standIns(t)
	a.Fault, b.Fault = answers(standin.Fault{Status: 400, Code: 21215}), answers(standin.Fault{Status: 400, Code: 21215})
	if r := call(t, both, 1); r.Outcome != incidents.OutcomeRefused || r.Provider != "phone/second" {
		t.Errorf("%+v", r)
	}
}

// An account that does not say what became of three calls is left alone: these
// stay in doubt, the following ones are made by the other, none by both.
func TestAnAccountThatFailsIsLeftAlone(t *testing.T) {
	a, b, both := standIns(t)
	asked := 0
	a.Fault = func(string) *standin.Fault { asked++; return &standin.Fault{Status: 500} }
	for seq := range int64(3) {
		if r := call(t, both, seq); r.Outcome != incidents.OutcomeDoubt || r.Provider != "phone/first" {
			t.Fatalf("%+v", r)
		}
	}
	if n := len(b.Calls()); n != 0 {
		t.Fatalf("the second made %d calls that are in doubt at the first", n)
	}
	for seq := range int64(5) {
		if r := call(t, both, 10+seq); r.Outcome != incidents.OutcomeAccepted || r.Provider != "phone/second" {
			t.Errorf("%+v", r)
		}
	}
	if len(b.Calls()) != 5 || asked != 3 {
		t.Errorf("%d calls by the second, the first was asked %d times", len(b.Calls()), asked)
	}
}

// A doubt is looked up at the account that placed the call, and at both when
// nobody knows which did. Where both have one, a person decides.
func TestADoubtIsLookedUpWhereTheCallWasPlaced(t *testing.T) {
	a, b, both := standIns(t)
	a.Fault = answers(standin.Fault{Status: 429, Code: 20429})
	b.Fault = answers(standin.Fault{Cut: true})
	began := time.Now().Add(-time.Minute).Unix()
	r := call(t, both, 1)
	if r.Outcome != incidents.OutcomeDoubt || r.Provider != "phone/second" {
		t.Fatalf("%+v", r)
	}
	m := channeltest.Message(incidents.Phone, number, 1)
	for account, want := range map[string]bool{"phone/first": false, "phone/second": true, "": true} {
		m.Provider = account
		got, found, err := both.Find(t.Context(), m, began)
		if err != nil || found != want || found && (got.Provider != "phone/second" || got.ProviderID != b.Calls()[0].SID) {
			t.Errorf("asked %q: found %v, %v, %+v", account, found, err, got)
		}
	}
	a.Fault = nil
	call(t, channel(t, a.URL), 2) // somebody else on the same number, by the first
	m.Provider = ""
	if _, found, err := both.Find(t.Context(), m, began); incidents.KindOf(err) != incidents.KindConflict || found {
		t.Errorf("of two calls one was taken at a guess: %v", err)
	}
}

// A call that no account was asked to make says nothing of an account: it is no
// probe that finds a dead one well.
func TestACallThatIsNotMadeJudgesNoAccount(t *testing.T) {
	at := time.Now()
	a, b := standin.NewTwilio("callbacktoken"), standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _, _ = a.Close(), b.Close() })
	barred := func(url string) phone.Channel {
		ch := channel(t, url)
		ch.Bar = func(n string) string {
			if n == number {
				return ""
			}
			return "country"
		}
		return ch
	}
	both := notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Phone, Now: func() time.Time { return at }, Providers: []*notifiers.Provider{
		{Account: "phone/first", Channel: barred(a.URL)}, {Account: "phone/second", Channel: barred(b.URL)}}})
	asked := 0
	a.Fault = func(string) *standin.Fault { asked++; return &standin.Fault{Status: 401, Code: 20003} }
	for seq := range int64(3) {
		call(t, both, seq)
	}
	at = at.Add(time.Minute) // the first may be probed
	abroad, err := both.Send(t.Context(), channeltest.Message(incidents.Phone, "+4930123456", 4))
	if err != nil || abroad.Outcome != incidents.OutcomeRefused || abroad.Code != "country" {
		t.Fatalf("%+v %v", abroad, err)
	}
	for seq := range int64(4) {
		call(t, both, 10+seq)
	}
	if asked != 4 || len(b.Calls()) != 7 {
		t.Errorf("the dead account was asked %d times, the other made %d calls", asked, len(b.Calls()))
	}
}

package phone_test

import (
	"context"
	"encoding/xml"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"tocsin/incidents"
	"tocsin/internal/roster"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/phone"
	"tocsin/notifiers/twilio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const number = "+14155550158"

var noon = time.Date(2026, 11, 24, 20, 0, 0, 0, time.UTC) // in California

func client(t *testing.T, base string) *twilio.Client {
	c, err := twilio.New(twilio.Options{BaseURL: base, AccountSID: "AC00000000000000000000000000000001", KeySID: "SK01", Secret: "topsecretvalue", AuthToken: "callbacktoken", From: "+14155550199", Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func channel(t *testing.T, base string) phone.Channel {
	return phone.Channel{Twilio: client(t, base), Hours: phone.Hours{From: 9 * time.Hour, Until: 20 * time.Hour},
		Zones: func(string) []string { return []string{"America/Los_Angeles"} }, Now: func() time.Time { return noon }}
}

func TestChannel(t *testing.T) {
	channeltest.Run(t, incidents.Phone, func(t *testing.T) *channeltest.Bench {
		s := standin.NewTwilio("callbacktoken")
		t.Cleanup(func() { _ = s.Close() })
		fault := func(f standin.Fault) func() { return func() { s.Fault = func(string) *standin.Fault { return &f } } }
		return &channeltest.Bench{Channel: channel(t, s.URL), Unreachable: channel(t, closed(t)), To: number,
			Taken: func() int { return len(s.Calls()) }, Hang: s.Hang, Secrets: []string{"topsecretvalue", "callbacktoken"},
			Cases: []channeltest.Case{
				{Name: "201 is accepted", Want: incidents.OutcomeAccepted, Taken: 1},
				{Name: "21211 is a number that does not exist", Arm: fault(standin.Fault{Status: 400, Code: 21211}), Want: incidents.OutcomeGone},
				{Name: "21215 is a country the account may not call", Arm: fault(standin.Fault{Status: 400, Code: 21215}), Want: incidents.OutcomeRefused},
				{Name: "429 waits as long as it is told", Arm: fault(standin.Fault{Status: 429, Code: 20429, RetryAfter: "7"}), Want: incidents.OutcomeRetry, Retry: 7 * time.Second},
				{Name: "401 is tried again: a person has to mend the key", Arm: fault(standin.Fault{Status: 401, Code: 20003}), Want: incidents.OutcomeRetry},
				{Name: "500 is doubt", Arm: fault(standin.Fault{Status: 500}), Want: incidents.OutcomeDoubt},
				{Name: "503 is doubt", Arm: fault(standin.Fault{Status: 503}), Want: incidents.OutcomeDoubt},
				{Name: "a call placed and the connection cut is doubt", Arm: fault(standin.Fault{Cut: true}), Want: incidents.OutcomeDoubt, Taken: 1},
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

func TestNothingOfTheNoticeIsSaidBeforeTheKey(t *testing.T) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	ch := channel(t, s.URL)
	ch.Callback = func(id incidents.DeliveryID, _ int) string {
		return "http://127.0.0.1:1/callbacks/twilio/" + id.String() + "/1/mac"
	}
	s.Answers = func(string) string { return standin.AnswerNever }
	if _, err := ch.Send(t.Context(), channeltest.Message(incidents.Phone, number, 1)); err != nil {
		t.Fatal(err)
	}
	call := s.Calls()[0]
	if strings.Contains(call.Script, "canary") || strings.Contains(call.Script, "CODE") || strings.Contains(call.Script, "Canary") {
		t.Errorf("the notice stands in the request that places the call: %s", call.Script)
	}
	if strings.Count(call.Heard, "Example Ltd calls. Press 1.") != 2 {
		t.Errorf("heard %q", call.Heard)
	}
	form := call.Form
	form.Del("Twiml")
	const callback = "http%3A%2F%2F127.0.0.1%3A1%2Fcallbacks%2Ftwilio%2F7-1-v%2F1%2Fmac"
	if got, want := form.Encode(), "AsyncAmd=true&AsyncAmdStatusCallback="+callback+"&From=%2B14155550199&MachineDetection=Enable&Record=false&StatusCallback="+callback+
		"&StatusCallbackEvent=initiated&StatusCallbackEvent=answered&StatusCallbackEvent=completed&TimeLimit=600&Timeout=30&To=%2B14155550158"; got != want {
		t.Errorf("asked for\n%s\nwant\n%s", got, want)
	}
	if !strings.Contains(call.Script, "/callbacks/twilio/7-1-v/1/mac/speak") {
		t.Errorf("the key leads elsewhere: %s", call.Script)
	}
}

// said reads what a script says, and with which voice.
func said(t *testing.T, script string) (says []string, voice, language string) {
	t.Helper()
	var doc struct {
		Say []struct {
			Voice    string `xml:"voice,attr"`
			Language string `xml:"language,attr"`
			Text     string `xml:",chardata"`
		} `xml:"Say"`
		Hangup []struct{} `xml:"Hangup"`
	}
	if err := xml.Unmarshal([]byte(script), &doc); err != nil {
		t.Fatal(err)
	}
	if len(doc.Hangup) != 1 {
		t.Error("the call does not end")
	}
	for _, s := range doc.Say {
		says, voice, language = append(says, s.Text), s.Voice, s.Language
	}
	return says, voice, language
}

func TestTheNoticeIsSaidTwiceWithItsCodeSpelled(t *testing.T) {
	m := channeltest.Message(incidents.Phone, number, 1)
	m.Code = "04H2-9K"
	m.Text.Lang, m.Text.Spoken.Notice = "zh-Hans", "核验码是：04H2-9K 完 <&>\x00"
	script, err := phone.Notice(m)
	if err != nil {
		t.Fatal(err)
	}
	says, voice, language := said(t, script)
	if voice != "Polly.Zhiyu" || language != "cmn-CN" {
		t.Errorf("spoken by %s in %s", voice, language)
	}
	const want = "核验码是：0. 4. H. 2. 9. K.  完 <&> "
	if len(says) != 4 || says[0] != want || says[2] != want || says[1] != "Once more." || says[3] != "Goodbye." {
		t.Errorf("it says %q", says)
	}
}

func TestVoices(t *testing.T) {
	for lang, want := range map[incidents.Lang]string{"en": "en-US", "en-GB": "en-GB", "en-ZA": "en-US", "en-Latn-GB": "en-GB", "zh-Hans": "cmn-CN", "zh-Hans-HK": "cmn-CN", "zh": "cmn-CN", "zh-TW": "cmn-TW",
		"zh-Hant": "cmn-TW", "zh-Hant-HK": "yue-HK", "de-AT": "de-DE", "pt-BR": "pt-BR", "ar-EG": "arb", "xx": "", "mi": "", "": ""} {
		if v, ok := twilio.VoiceFor(lang); v.Language != want || ok != (want != "") {
			t.Errorf("%q is spoken as %q", lang, v.Language)
		}
	}
}

func TestCallsThatAreNotMade(t *testing.T) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	night := channel(t, s.URL)
	night.Now = func() time.Time { return noon.Add(12 * time.Hour) }
	abroad := channel(t, s.URL)
	abroad.Bar = roster.Numbers{Types: incidents.NumberTypes(), Countries: []string{"DE"}}.Barred
	paid := channeltest.Message(incidents.Phone, "+19005550158", 1)
	m := channeltest.Message(incidents.Phone, number, 1)
	foreign := m
	foreign.Text.Lang = "mi"
	traveller := m
	traveller.Zone = "Asia/Tokyo" // where it is five in the morning
	for _, c := range []struct {
		name string
		send func() (incidents.Receipt, error)
		want incidents.Outcome
		wait time.Duration
		code string
	}{
		{"at midnight it waits for nine", func() (incidents.Receipt, error) { return night.Send(t.Context(), m) }, incidents.OutcomeKept, 9 * time.Hour, ""},
		{"the person's own zone counts before the number's", func() (incidents.Receipt, error) { return channel(t, s.URL).Send(t.Context(), traveller) }, incidents.OutcomeKept, 4 * time.Hour, ""},
		{"a country that is not allowed", func() (incidents.Receipt, error) { return abroad.Send(t.Context(), m) }, incidents.OutcomeRefused, 0, "country"},
		{"a premium number, whatever countries are allowed", func() (incidents.Receipt, error) { return abroad.Send(t.Context(), paid) }, incidents.OutcomeRefused, 0, "number-kind"},
		{"a language without a voice goes on to the next channel", func() (incidents.Receipt, error) { return channel(t, s.URL).Send(t.Context(), foreign) }, incidents.OutcomeRefused, 0, "voice"},
	} {
		r, err := c.send()
		if err != nil || r.Outcome != c.want || r.RetryAfter != c.wait || r.Code != c.code {
			t.Errorf("%s: %+v %v", c.name, r, err)
		}
	}
	if n := len(s.Calls()); n != 0 {
		t.Errorf("%d calls were made", n)
	}
}

func TestFind(t *testing.T) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	ch := channel(t, s.URL)
	others := map[string]incidents.DeliveryID{}
	ch.Taken = func(_ context.Context, sid string, by incidents.DeliveryID) (bool, error) {
		of, known := others[sid]
		return known && of != by, nil
	}
	mine, theirs := channeltest.Message(incidents.Phone, number, 1), channeltest.Message(incidents.Phone, number, 2)
	began := time.Now().Add(-time.Minute).Unix()
	look := func() (incidents.Receipt, bool, error) { return ch.Find(t.Context(), mine, began) }
	if _, found, err := look(); err != nil || found {
		t.Fatalf("found before it was made: %v", err)
	}
	r, err := ch.Send(t.Context(), theirs)
	if err != nil {
		t.Fatal(err)
	}
	others[r.ProviderID] = theirs.Delivery
	if _, found, err := look(); err != nil || found {
		t.Fatalf("another person's call to the same number was taken for this one's: %v", err)
	}
	if r, err = ch.Send(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if got, found, err := look(); err != nil || !found || got.ProviderID != r.ProviderID {
		t.Fatalf("found %v %q, made %q: %v", found, got.ProviderID, r.ProviderID, err)
	}
	if _, found, err := ch.Find(t.Context(), mine, time.Now().Add(time.Hour).Unix()); err != nil || found {
		t.Errorf("a call older than the attempt was taken for it: %v", err)
	}
	if _, found, err := ch.Find(t.Context(), mine, time.Now().Add(-time.Hour).Unix()); err != nil || found {
		t.Errorf("a call long after the attempt was taken for it: %v", err)
	}
	others = map[string]incidents.DeliveryID{}
	if _, found, err := look(); err == nil || found {
		t.Error("of two calls one was taken at a guess")
	}
}

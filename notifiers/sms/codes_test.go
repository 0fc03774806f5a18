package sms_test

import (
	"fmt"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/sms"
)

// What is wrong with our account or its sender is no refusal by the person: the
// second account takes the message at once. What is wrong with the number is
// the last word. alone is what becomes of the message where there is no second.
func TestWhoseFaultACodeIs(t *testing.T) {
	const (
		retry   = incidents.OutcomeRetry
		refused = incidents.OutcomeRefused
		gone    = incidents.OutcomeGone
	)
	for _, c := range []struct {
		status, code int
		alone        incidents.Outcome
		ours         bool
		what         string
	}{
		{401, 20003, retry, true, "a wrong key"},
		{403, 20005, retry, true, "a suspended account"},
		{403, 20999, retry, true, "a code of accounts that nobody knows"},
		{401, 0, retry, true, "a wrong key, told by the status alone"},
		{404, 0, retry, true, "a wrong address"},
		{400, 21212, retry, true, "a sender that is no number"},
		{400, 21408, refused, true, "a country the account may not send to"},
		{400, 21601, retry, true, "a sender that sends no texts"},
		{400, 21603, retry, true, "no sender"},
		{400, 21606, retry, true, "a sender that is not the account's"},
		{400, 21608, retry, true, "a trial account"},
		{400, 21609, retry, true, "a callback address that is not valid"},
		{400, 21611, retry, true, "a full queue"},
		{400, 21612, refused, true, "a sender that does not reach the number"},
		{400, 21659, retry, true, "a sender that is not Twilio's"},
		{400, 21660, retry, true, "a sender of another account"},
		{400, 21661, retry, true, "a sender without texts"},
		{400, 21699, retry, true, "a code of senders that nobody knows"},
		{400, 21703, retry, true, "a messaging service without senders"},
		{400, 21705, retry, true, "a messaging service that is not valid"},
		{400, 21799, retry, true, "a code of messaging services that nobody knows"},
		{400, 30029, retry, true, "no message redaction"},
		{400, 30034, retry, true, "a sender that is not registered"},

		{400, 21211, gone, false, "a number that is not valid"},
		{400, 21214, gone, false, "a number that cannot be reached"},
		{400, 21217, gone, false, "a number that is not valid"},
		{400, 21610, refused, false, "an opt-out"},
		{400, 21614, gone, false, "a number that is not mobile"},
		{400, 21617, refused, false, "a message that is too long"},
		{400, 21635, gone, false, "a landline"},
		{400, 30003, refused, false, "a handset that is off"},
		{400, 30005, gone, false, "a number that is unknown"},
		{400, 30006, gone, false, "a number that carriers do not reach"},
		{400, 63999, refused, false, "a code of something else that nobody knows"},
		{400, 0, refused, false, "a bad request without a code"},
	} {
		t.Run(fmt.Sprint(c.status, " ", c.code, " is ", c.what), func(t *testing.T) {
			a, b := standin.NewTwilio("callbacktoken"), standin.NewTwilio("callbacktoken")
			t.Cleanup(func() { _, _ = a.Close(), b.Close() })
			a.Fault = func(string) *standin.Fault { return &standin.Fault{Status: c.status, Code: c.code} }
			first := sms.Channel{Twilio: client(t, a.URL)}
			m := channeltest.Message(incidents.SMS, number, 1)
			if r, err := first.Send(t.Context(), m); err != nil || r.Outcome != c.alone || r.Elsewhere != c.ours {
				t.Errorf("alone: %+v %v", r, err)
			}
			r, err := twoAccounts(first, sms.Channel{Twilio: client(t, b.URL)}).Send(t.Context(), m)
			want, taken := c.alone, 0
			if c.ours {
				want, taken = incidents.OutcomeAccepted, 1
			}
			if err != nil || r.Outcome != want || len(b.Texts()) != taken {
				t.Errorf("with a second account, which took %d: %+v %v", len(b.Texts()), r, err)
			}
		})
	}
}

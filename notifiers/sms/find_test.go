package sms_test

import (
	"sync/atomic"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers/channeltest"
	"tocsin/notifiers/sms"
	"tocsin/notifiers/twilio"
)

// redacting is a channel whose account is asked to redact, over its stand-in.
func redacting(t *testing.T, asked twilio.Redaction) (*standin.Twilio, sms.Channel) {
	s := standin.NewTwilio("callbacktoken")
	t.Cleanup(func() { _ = s.Close() })
	o := options(s.URL)
	o.Redaction = asked
	c, err := twilio.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return s, sms.Channel{Twilio: c}
}

// What became of a message that Twilio took and did not answer. Never is one
// that was taken said to be absent: it would be sent a second time.
func TestWhatBecameOfATextInDoubt(t *testing.T) {
	const (
		found   = "found"
		absent  = "absent"
		unclear = "unclear"
	)
	for _, c := range []struct {
		name  string
		asked twilio.Redaction
		byDef bool   // the account redacts whatever it is asked
		lost  bool   // Twilio never took it
		sent  bool   // Twilio has sent what it took, and redacted it
		other string // another message since: to its number, by another code
		want  string
	}{
		{name: "not redacted, still queued", want: found},
		{name: "not redacted, sent", sent: true, want: found},
		{name: "not redacted, never taken", lost: true, sent: true, want: absent},
		{name: "not redacted, never taken, and another to the same number", lost: true, sent: true, other: number, want: absent},
		{name: "numbers are, still queued", asked: twilio.RedactNumbers, want: found},
		{name: "numbers are, sent: the code is still in the body", asked: twilio.RedactNumbers, sent: true, want: found},
		{name: "numbers are, never taken, and another to a number that looks the same", asked: twilio.RedactNumbers, lost: true, sent: true, other: "+14155550199", want: absent},
		{name: "all is, still queued", asked: twilio.RedactAll, want: found},
		{name: "all is, sent", asked: twilio.RedactAll, sent: true, want: unclear},
		{name: "all is, never taken", asked: twilio.RedactAll, lost: true, sent: true, want: absent},
		{name: "all is, never taken, and another to a number that looks the same", asked: twilio.RedactAll, lost: true, sent: true, other: "+14155550199", want: unclear},
		{name: "all is, never taken, and another to a number that looks different", asked: twilio.RedactAll, lost: true, sent: true, other: "+4930123456", want: absent},
		{name: "the account redacts by itself, sent", byDef: true, sent: true, want: unclear},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, ch := redacting(t, c.asked)
			s.RedactsAll = c.byDef
			since := time.Now().Unix()
			var asked atomic.Bool
			s.Fault = func(string) *standin.Fault {
				switch {
				case asked.Swap(true):
					return nil
				case c.lost:
					return &standin.Fault{Status: 500}
				}
				return &standin.Fault{Cut: true}
			}
			m := channeltest.Message(incidents.SMS, number, 1)
			if r, err := ch.Send(t.Context(), m); err != nil || r.Outcome != incidents.OutcomeDoubt {
				t.Fatalf("%+v %v", r, err)
			}
			if c.other != "" {
				if r, err := ch.Send(t.Context(), channeltest.Message(incidents.SMS, c.other, 2)); err != nil || r.Outcome != incidents.OutcomeAccepted {
					t.Fatalf("%+v %v", r, err)
				}
			}
			s.Redacts.Store(c.sent)
			r, has, err := ch.Find(t.Context(), m, since)
			got := absent
			switch {
			case err != nil:
				got = unclear
			case has:
				got = found
			}
			if got != c.want {
				t.Errorf("it is %s, want %s: %+v %v", got, c.want, r, err)
			}
			if has && r.ProviderID != s.Texts()[0].SID {
				t.Errorf("%s was taken for it", r.ProviderID)
			}
		})
	}
}

// A message behind many others is found, page by page; one sent before the
// attempt ends the reading.
func TestALongListIsReadPageByPage(t *testing.T) {
	s, ch := redacting(t, twilio.RedactNumbers)
	s.PageSize = 2
	m := channeltest.Message(incidents.SMS, number, 1)
	sent, err := ch.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	for seq := range int64(9) {
		if _, err := ch.Send(t.Context(), channeltest.Message(incidents.SMS, "+14155550199", 20+seq)); err != nil {
			t.Fatal(err)
		}
	}
	s.Redacts.Store(true)
	if r, found, err := ch.Find(t.Context(), m, time.Now().Unix()); err != nil || !found || r.ProviderID != sent.ProviderID {
		t.Errorf("found %v %q, sent %q, %v", found, r.ProviderID, sent.ProviderID, err)
	}
	if _, found, err := ch.Find(t.Context(), m, time.Now().Add(time.Hour).Unix()); err != nil || found {
		t.Errorf("a message older than the attempt was taken for it: %v %v", found, err)
	}
}

// An account without Message Redaction carries messages as long as it is not
// asked to redact, and says what is missing when it is.
func TestAnAccountWithoutRedaction(t *testing.T) {
	for asked, want := range map[twilio.Redaction]incidents.Outcome{
		twilio.RedactNone:    incidents.OutcomeAccepted,
		twilio.RedactNumbers: incidents.OutcomeRetry,
		twilio.RedactAll:     incidents.OutcomeRetry,
	} {
		s, ch := redacting(t, asked)
		s.NoRedaction = true
		r, err := ch.Send(t.Context(), channeltest.Message(incidents.SMS, number, 1))
		if err != nil || r.Outcome != want || want == incidents.OutcomeRetry && !r.Elsewhere {
			t.Errorf("redaction %q: %+v %v", asked, r, err)
		}
	}
}

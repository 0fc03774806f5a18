package app

import (
	"context"
	"strconv"
	"strings"
	"time"

	"tocsin/incidents"
	"tocsin/internal/roster"
	"tocsin/internal/settings"
	"tocsin/internal/store"
	"tocsin/notifiers"
	"tocsin/notifiers/phone"
	"tocsin/notifiers/twilio"
)

// openPhone makes calls by the accounts of text messages, each with a number and
// a rate of its own.
func (a *App) openPhone(_ context.Context, c *channels) error {
	s := a.settings.Channels
	p := s.Phone
	if p.Mode != settings.ModeTwilio {
		return nil
	}
	var ps []*notifiers.Provider
	for _, x := range []struct {
		which, from string
		t           settings.Twilio
	}{{first, p.From, s.Twilio}, {second, p.SecondFrom, s.TwilioSecond}} {
		if x.from == "" {
			continue
		}
		name := accountName(incidents.Phone, x.which)
		x.t.From = x.from
		client, err := a.openTwilio(name, x.t, p.Timeout)
		if err != nil {
			return err
		}
		c.callers[name] = client
		back := func(id incidents.DeliveryID, attempt int) string { return a.callbackURL(name, id, attempt) }
		ps = append(ps, a.provider(incidents.Phone, x.which, phone.Channel{Twilio: client, Callback: back, Hours: phone.Hours{From: p.Hours.From(), Until: p.Hours.Until()},
			Zones: roster.PhoneZones, Bar: roster.Numbers{Types: p.NumberTypes, Countries: p.Countries}.Barred, Taken: a.store.CallTaken, Now: a.now}, p.RatePerSecond))
	}
	c.live[incidents.Phone] = a.switched(incidents.Phone, ps)
	return nil
}

// calls is how often a person who was not reached is called.
func (a *App) calls() store.CallPolicy {
	p := a.settings.Channels.Phone
	return store.CallPolicy{Tries: p.TriesPerDay, Gap: p.Gap.Std()}
}

// callsFor is how long one person is called at most: each call may have to wait
// for its gap and then for the next day.
func (a *App) callsFor() time.Duration {
	p := a.calls()
	return time.Duration(p.Tries) * (p.Gap + 24*time.Hour)
}

// Speak answers a key pressed in a call. The person who pressed the right one
// was reached: that is stored before the notice is said. Another key gets the
// greeting again. When the notice was held or stopped meanwhile, or the person
// excluded, the call ends and nothing is said.
func (a *App) Speak(ctx context.Context, publicURL string, form map[string]string, signature, delivery, attempt, mac string) (string, error) {
	account, id, n, err := a.genuineCall(publicURL, form, signature, delivery, attempt, mac)
	if err != nil {
		return "", err
	}
	claimed, an, err := a.store.Calling(ctx, id, n)
	if incidents.KindOf(err) == incidents.KindForbidden && err != nil {
		a.log.Info("an answered call may say nothing any more", "delivery", id.String(), "cause", err)
		return twilio.HangUp()
	}
	if err != nil {
		return "", err
	}
	m, err := a.dispatcher.Spoken(ctx, claimed, an)
	if err != nil {
		return "", err
	}
	if form["Digits"] != phone.Key {
		return phone.Greeting(m, a.callbackURL(account, id, n))
	}
	words, err := phone.Notice(m)
	if err != nil {
		return "", err
	}
	sid := form["CallSid"]
	r := incidents.StatusReceipt{ID: "twilio:" + sid + ":key", Delivery: id, Attempt: n, ProviderID: sid, Channel: incidents.Phone,
		Status: "delivered", Code: "key", Reason: "the person took the call and pressed the key", At: a.now().UTC()}
	if err := a.store.PutReceipt(ctx, r); err != nil {
		return "", err
	}
	a.wakeReceipts()
	return words, nil
}

// genuineCall checks that a callback of a call is ours, and of the account that
// made it.
func (a *App) genuineCall(publicURL string, form map[string]string, signature, delivery, attempt, mac string) (account string, id incidents.DeliveryID, n int, err error) {
	account, client := a.calledBy(a.channels.callers, delivery, attempt, mac)
	if client == nil {
		return account, id, 0, incidents.Forbidden("this callback is not ours")
	}
	if !client.ValidCallback(publicURL, form, signature) {
		return account, id, 0, incidents.Forbidden("the signature of the callback is wrong")
	}
	if id, err = incidents.ParseDeliveryID(delivery); err != nil {
		return account, id, 0, err
	}
	if n, err = strconv.Atoi(attempt); err != nil || id.Channel != incidents.Phone || form["CallSid"] == "" {
		return account, id, 0, incidents.Invalid("the callback names no call of ours")
	}
	return account, id, n, nil
}

// callReport stores what Twilio reports of a call: how it goes, and who it
// thinks answered. The guess of a machine decides nothing; it only says why
// nobody pressed the key.
func (a *App) callReport(ctx context.Context, publicURL string, form map[string]string, signature, delivery, attempt, mac string) error {
	_, id, n, err := a.genuineCall(publicURL, form, signature, delivery, attempt, mac)
	if err != nil {
		return err
	}
	said := readCall(form)
	if said.status == "" {
		return incidents.Invalid("the callback says nothing about its call")
	}
	sid := form["CallSid"]
	r := incidents.StatusReceipt{ID: "twilio:" + sid + ":" + said.word, Delivery: id, Attempt: n, ProviderID: sid, Channel: incidents.Phone,
		Status: said.status, Code: said.code, Reason: said.reason, At: a.now().UTC()}
	if err := a.store.PutReceipt(ctx, r); err != nil {
		return err
	}
	a.wakeReceipts()
	return nil
}

// A callWord is one report of Twilio in our words; see store.foldCalls.
type callWord struct{ word, status, code, reason string }

// callWords are Twilio's states of a call. Source: Twilio, Call resource,
// StatusCallback.
var callWords = map[string]callWord{
	"queued": {"", "accepted", "", ""}, "initiated": {"", "accepted", "", ""}, "ringing": {"", "accepted", "", ""},
	"in-progress": {"", "sent", "", ""},
	"completed":   {"", "ended", "no-key", "somebody took the call and pressed no key"},
	"busy":        {"", "undelivered", "busy", "the line was busy"},
	"no-answer":   {"", "undelivered", "no-answer", "nobody answered"},
	"canceled":    {"", "undelivered", "canceled", "the call was ended before it was answered"},
	"failed":      {"", "failed", incidents.CodeCallFailed, "the number cannot be called"},
}

const byMachine = "an answering machine took the call"

// readCall reads a report; a zero status is one that says nothing. Recognising
// machines reports for itself, without a state of the call.
func readCall(form map[string]string) callWord {
	by := form["AnsweredBy"]
	machine := strings.HasPrefix(by, "machine") || by == "fax"
	state, ok := form["CallStatus"]
	w := callWords[state]
	switch w.word = state; {
	case !ok && by != "":
		w = callWord{word: "answered-by", status: "sent"}
	case !ok:
		return callWord{}
	}
	if machine && (w.status == "sent" || w.status == "ended") {
		w.code, w.reason = by, byMachine
	}
	return w
}

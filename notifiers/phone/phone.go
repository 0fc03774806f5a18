// Package phone carries notices by telephone through Twilio: a voice says who
// calls, and says the notice once its person has pressed a key.
//
// It refuses to leave anything of a notice on an answering machine. Recognising
// machines is a guess, so the guess decides nothing: until a key is pressed a
// call says the caller's name and that there is a notice, and whoever answers
// and presses no key counts as not reached. The words of the notice are asked
// for over the callback when the key was pressed, and are kept neither by the
// provider's list of calls nor in the request that places one.
package phone

import (
	"context"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/notifiers/twilio"
)

// A Channel makes telephone calls.
type Channel struct {
	Twilio *twilio.Client
	// Callback makes the address where one attempt is reported. It carries
	// delivery, attempt and a MAC, so that the callback itself proves the call.
	Callback func(id incidents.DeliveryID, attempt int) string
	Hours    Hours
	// Zones tells the time zones of a number; nil: UTC.
	Zones func(number string) []string
	// Bar says why a number is not called at all, "" lets it; nil lets every one.
	Bar func(number string) string
	// Taken tells whether a call belongs to another delivery; nil: none does.
	Taken func(ctx context.Context, sid string, by incidents.DeliveryID) (bool, error)
	Now   notifiers.Clock
}

const (
	ringFor = 30 * time.Second // before most answering machines would have answered twice
	longest = 10 * time.Minute // a greeting, and twice the longest notice, with room
)

// Key is what a person presses to hear the notice.
const Key = "1"

// speakPath is where, below an attempt's callback, the words of its call are.
const speakPath = "/speak"

// Wait is how long the call must wait for a good hour of the person's day.
func (c Channel) Wait(m notifiers.Message) time.Duration {
	return c.Hours.Wait(c.Now(), c.zones(m))
}

// zones are the person's own, else those the number tells.
func (c Channel) zones(m notifiers.Message) (out []*time.Location) {
	names := []string{m.Zone}
	if m.Zone == "" {
		names = nil
		if c.Zones != nil {
			names = c.Zones(m.To)
		}
	}
	for _, name := range names {
		if z, err := time.LoadLocation(name); err == nil {
			out = append(out, z)
		}
	}
	return out
}

// Send asks for one call, unless it is night where the person is.
func (c Channel) Send(ctx context.Context, m notifiers.Message) (incidents.Receipt, error) {
	if c.Bar != nil {
		switch why := c.Bar(m.To); why {
		case "":
		case "country":
			return refused(why, "the number's country is not on the list of channels.phone.countries"), nil
		case "type":
			return refused("number-"+why, "the number's type is not on the list of channels.phone.number-types"), nil
		default:
			return refused("number-"+why, "numbers of this kind are never called: premium, shared cost, satellite, short codes, emergency"), nil
		}
	}
	if wait := c.Wait(m); wait > 0 {
		return notifiers.Early(wait), nil
	}
	callback := ""
	if c.Callback != nil {
		callback = c.Callback(m.Delivery, m.Attempt)
	}
	words, err := Greeting(m, callback)
	if err != nil {
		return refused("voice", err.Error()), nil
	}
	return c.Twilio.PlaceCall(ctx, twilio.Call{To: m.To, Script: words, Callback: callback, Ring: ringFor, Longest: longest}), nil
}

// refused is what becomes of a call that no account is asked to make.
func refused(code, why string) incidents.Receipt {
	return incidents.Receipt{Outcome: incidents.OutcomeRefused, Unasked: true, Code: code, Reason: why}
}

// Greeting is what a call says before its key is pressed; callback is the
// address of its attempt.
func Greeting(m notifiers.Message, callback string) (string, error) {
	v, err := voice(m)
	if err != nil {
		return "", err
	}
	return v.Ask(m.Text.Spoken.Hello, callback+speakPath)
}

// Notice is what a call says once its key was pressed.
func Notice(m notifiers.Message) (string, error) {
	v, err := voice(m)
	if err != nil {
		return "", err
	}
	s := m.Text.Spoken
	return v.Tell(s.Notice, m.Code, s.Again, s.Bye)
}

func voice(m notifiers.Message) (twilio.Voice, error) {
	v, ok := twilio.VoiceFor(m.Text.Lang)
	if !ok {
		return v, incidents.Invalid("there is no voice for this language")
	}
	return v, nil
}

// placing is how long after it was written down a call may have been placed.
const placing = 5 * time.Minute

// Find looks a call up by its number and time. Calls of other deliveries to the
// same number are passed over; of more than one that may be this one nothing
// can be said, and a person decides.
func (c Channel) Find(ctx context.Context, m notifiers.Message, since int64) (incidents.Receipt, bool, error) {
	from := time.Unix(since, 0)
	sids, err := c.Twilio.FindCalls(ctx, m.To, from, from.Add(placing))
	if err != nil {
		return incidents.Receipt{}, false, err
	}
	var mine []string
	for _, sid := range sids {
		taken, err := c.taken(ctx, sid, m.Delivery)
		if err != nil {
			return incidents.Receipt{}, false, err
		}
		if !taken {
			mine = append(mine, sid)
		}
	}
	switch len(mine) {
	case 0:
		return incidents.Receipt{}, false, nil
	case 1:
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: mine[0]}, true, nil
	}
	return incidents.Receipt{}, false, incidents.Conflict("there were several calls to this number at that time: which one is ours cannot be told")
}

func (c Channel) taken(ctx context.Context, sid string, by incidents.DeliveryID) (bool, error) {
	if c.Taken == nil {
		return false, nil
	}
	return c.Taken(ctx, sid, by)
}

// Package channeltest is the suite every channel passes: what each kind of
// answer means, that nobody waits for ever, and that no address, text or
// secret gets into a receipt or an error.
package channeltest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
	"tocsin/templates"
)

// A Case is one way a provider answers, and what must be made of it.
type Case struct {
	Name string
	// Arm makes the provider behave.
	Arm  func()
	Want incidents.Outcome
	// Retry is how long the provider asked to be left alone, if it did.
	Retry time.Duration
	// Taken is how many messages the provider holds afterwards.
	Taken int
}

// A Bench is a channel with its provider's stand-in.
type Bench struct {
	Channel notifiers.Channel
	To      string // an address the provider takes
	Taken   func() int
	Cases   []Case
	// Hang makes the provider take a request and never answer; nil only where
	// nobody answers.
	Hang func()
	// Mute is a provider that takes what it is given and answers nothing, as a
	// folder does: it refuses nobody, and nobody waits for it.
	Mute bool
	// Unreachable is the same channel with nobody at the other end.
	Unreachable notifiers.Channel
	Secrets     []string // that must never be shown
}

// Message makes one message of the suite.
func Message(c incidents.Channel, to string, seq int64) notifiers.Message {
	m := notifiers.Message{Delivery: incidents.DeliveryID{Notice: 7, Seq: seq, Channel: c}, Attempt: 1, Mode: incidents.Live, To: to,
		Name: "Ada Canary", Code: "CODE-" + fmt.Sprint(seq), NoticeID: "notice-7", Text: templates.Rendered{Lang: "en", Subject: "About your data",
			Text: "A canary text for one person.\n", HTML: "<p>A canary text for one person.</p>", SMS: "A canary text for one person. CODE-" + fmt.Sprint(seq),
			Title: "Example Ltd", Body: "A canary text for one person.",
			Spoken: templates.Spoken{Hello: "Example Ltd calls. Press 1.", Notice: "A canary text for one person. CODE-" + fmt.Sprint(seq), Again: "Once more.", Bye: "Goodbye."}}}
	return m
}

// Run runs the suite. open makes a fresh bench, which must show all that every
// channel has to; see lacks.
func Run(t *testing.T, kind incidents.Channel, open func(t *testing.T) *Bench) {
	b := open(t)
	if missing := b.lacks(); len(missing) > 0 {
		t.Fatalf("the bench does not show enough of the channel: %s", strings.Join(missing, "; "))
	}
	for _, c := range b.Cases {
		t.Run(c.Name, func(t *testing.T) {
			b := open(t)
			arm(b, c.Name)
			r, err := b.Channel.Send(t.Context(), Message(kind, b.To, 1))
			if err != nil {
				r = incidents.Receipt{Outcome: incidents.OutcomeRetry, Reason: err.Error()}
			}
			if r.Outcome != c.Want {
				t.Fatalf("outcome %s (%s %s), want %s", r.Outcome, r.Code, r.Reason, c.Want)
			}
			if c.Retry != 0 && r.RetryAfter != c.Retry {
				t.Errorf("to be tried again after %s, want %s", r.RetryAfter, c.Retry)
			}
			if n := b.Taken(); n != c.Taken {
				t.Errorf("the provider holds %d messages, want %d", n, c.Taken)
			}
			if r.Outcome == incidents.OutcomeAccepted && r.ProviderID == "" {
				t.Error("an accepted message has no provider id")
			}
			clean(t, b, r, err)
		})
	}
	t.Run("a provider that never answers is doubt, and the context ends it", func(t *testing.T) {
		b := open(t)
		if b.Mute {
			t.Skip("nobody is waited for")
		}
		b.Hang()
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		r, err := b.Channel.Send(ctx, Message(kind, b.To, 2))
		if err != nil || r.Outcome != incidents.OutcomeDoubt {
			t.Fatalf("outcome %s, error %v", r.Outcome, err)
		}
		clean(t, b, r, err)
	})
	t.Run("nobody at the other end is a retry, not doubt", func(t *testing.T) {
		b := open(t)
		r, err := b.Unreachable.Send(t.Context(), Message(kind, b.To, 3))
		if err == nil && r.Outcome != incidents.OutcomeRetry {
			t.Fatalf("outcome %s (%s)", r.Outcome, r.Reason)
		}
		clean(t, b, r, err)
	})
	t.Run("20 at once are 20 messages", func(t *testing.T) {
		b := open(t)
		done := make(chan incidents.Outcome, 20)
		for i := range 20 {
			go func() {
				r, err := b.Channel.Send(t.Context(), Message(kind, b.To, int64(100+i)))
				if err != nil {
					r.Outcome = incidents.Outcome(err.Error())
				}
				done <- r.Outcome
			}()
		}
		for range 20 {
			if o := <-done; o != incidents.OutcomeAccepted {
				t.Errorf("outcome %s", o)
			}
		}
		if n := b.Taken(); n != 20 {
			t.Errorf("the provider holds %d messages", n)
		}
	})
}

// lacks says what a bench leaves out of what every channel has to show: each
// outcome that its provider can cause, and that a definite no took nothing.
func (b *Bench) lacks() (missing []string) {
	demand := func(there bool, what string) {
		if !there {
			missing = append(missing, what)
		}
	}
	shown := func(o incidents.Outcome, taken int) bool {
		return slices.ContainsFunc(b.Cases, func(c Case) bool { return c.Want == o && c.Taken == taken })
	}
	demand(b.Channel != nil && b.Taken != nil && b.To != "", "a channel, an address it takes, and what its provider took")
	demand(b.Unreachable != nil, "a channel with nobody at the other end")
	demand(shown(incidents.OutcomeAccepted, 1), "a message that is accepted and taken once")
	demand(shown(incidents.OutcomeRetry, 0), "one that is tried again and was not taken")
	if !b.Mute {
		demand(b.Hang != nil, "a provider that never answers")
		demand(shown(incidents.OutcomeRefused, 0), "one that is refused")
		demand(shown(incidents.OutcomeGone, 0), "one to an address that is gone")
		demand(shown(incidents.OutcomeDoubt, 1), "one that was taken, and is in doubt")
	}
	names := map[string]bool{}
	for _, c := range b.Cases {
		demand(c.Name != "" && !names[c.Name], fmt.Sprintf("a name of its own for %q", c.Name))
		demand(c.Taken == 0 || c.Want == incidents.OutcomeAccepted || c.Want == incidents.OutcomeDoubt, fmt.Sprintf("an outcome of %q that goes with what was taken", c.Name))
		names[c.Name] = true
	}
	return missing
}

func arm(b *Bench, name string) {
	for _, c := range b.Cases {
		if c.Name == name && c.Arm != nil {
			c.Arm()
		}
	}
}

// clean fails when a receipt or an error shows what it must not.
func clean(t *testing.T, b *Bench, r incidents.Receipt, err error) {
	t.Helper()
	shown := fmt.Sprintf("%+v %v", r, err)
	local, _, _ := strings.Cut(b.To, "@")
	for _, secret := range append([]string{b.To, local, "Canary", "canary text"}, b.Secrets...) {
		if secret != "" && strings.Contains(shown, secret) {
			t.Errorf("%q is shown in %s", secret, shown)
		}
	}
}

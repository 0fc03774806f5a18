package channeltest

import (
	"context"
	"strings"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
)

type nobody struct{}

func (nobody) Send(context.Context, notifiers.Message) (incidents.Receipt, error) {
	return incidents.Receipt{}, nil
}

func whole() *Bench {
	return &Bench{Channel: nobody{}, Unreachable: nobody{}, To: "ada@example.com", Taken: func() int { return 0 }, Hang: func() {},
		Cases: []Case{
			{Name: "accepted", Want: incidents.OutcomeAccepted, Taken: 1},
			{Name: "retry", Want: incidents.OutcomeRetry},
			{Name: "refused", Want: incidents.OutcomeRefused},
			{Name: "gone", Want: incidents.OutcomeGone},
			{Name: "doubt", Want: incidents.OutcomeDoubt, Taken: 1},
		}}
}

func mute() *Bench {
	b := whole()
	b.Mute, b.Hang, b.Cases = true, nil, b.Cases[:2]
	return b
}

func TestABenchThatShowsEnough(t *testing.T) {
	for name, b := range map[string]*Bench{"a provider that answers": whole(), "one that is mute": mute()} {
		if missing := b.lacks(); len(missing) > 0 {
			t.Errorf("%s lacks %q", name, missing)
		}
	}
}

func TestABenchThatLeavesSomethingOut(t *testing.T) {
	without := func(i int) func(*Bench) {
		return func(b *Bench) { b.Cases = append(b.Cases[:i:i], b.Cases[i+1:]...) }
	}
	for _, c := range []struct {
		name string
		from *Bench
		mar  func(*Bench)
		want string
	}{
		{"no cases", whole(), func(b *Bench) { b.Cases = nil }, "accepted"},
		{"no cases of one that is mute", mute(), func(b *Bench) { b.Cases = nil }, "accepted"},
		{"nothing is accepted", whole(), without(0), "accepted"},
		{"nothing is tried again", whole(), without(1), "tried again"},
		{"nothing is refused", whole(), without(2), "refused"},
		{"no address is gone", whole(), without(3), "gone"},
		{"nothing is in doubt", whole(), without(4), "in doubt"},
		{"what is in doubt was not taken", whole(), func(b *Bench) { b.Cases[4].Taken = 0 }, "in doubt"},
		{"nobody hangs", whole(), func(b *Bench) { b.Hang = nil }, "never answers"},
		{"somebody is always there", whole(), func(b *Bench) { b.Unreachable = nil }, "nobody at the other end"},
		{"nobody counts", whole(), func(b *Bench) { b.Taken = nil }, "what its provider took"},
		{"a refusal that was taken", whole(), func(b *Bench) { b.Cases = append(b.Cases, Case{Name: "odd", Want: incidents.OutcomeRefused, Taken: 1}) }, `"odd"`},
		{"two cases of one name", whole(), func(b *Bench) { b.Cases = append(b.Cases, b.Cases[0]) }, "a name of its own"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.mar(c.from)
			if got := strings.Join(c.from.lacks(), "; "); !strings.Contains(got, c.want) {
				t.Errorf("it lacks %q, and not %q", got, c.want)
			}
		})
	}
}

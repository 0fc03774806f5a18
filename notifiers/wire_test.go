package notifiers

import (
	"errors"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/templates"
)

// An encoderFunc writes a message as the test says.
type encoderFunc func(m *Message) error

func (f encoderFunc) Encode(m *Message, _ time.Time) error { return f(m) }

// says writes a text into the room that the message has.
func says(text string) encoderFunc {
	return func(m *Message) error {
		m.Wire = append(m.Wire, text...)
		return nil
	}
}

var (
	accepted = incidents.Receipt{Outcome: incidents.OutcomeAccepted}
	inDoubt  = incidents.Receipt{Outcome: incidents.OutcomeDoubt}
)

func written(t *testing.T, text string) Message {
	t.Helper()
	m := Message{Text: templates.Rendered{Filled: &templates.Filled{}}}
	if err := m.write(says(text), time.Time{}); err != nil {
		t.Fatal(err)
	}
	return m
}

// Whatever becomes of messages, no two that are on their way share a buffer.
func TestNoTwoMessagesShareABuffer(t *testing.T) {
	for _, c := range []struct {
		name string
		give func(m Message)
	}{
		{"accepted", func(m Message) { release([]Message{m}, []incidents.Receipt{accepted}) }},
		{"accepted, twice in one batch", func(m Message) { release([]Message{m, m}, []incidents.Receipt{accepted, accepted}) }},
		{"accepted, once more later", func(m Message) {
			release([]Message{m}, []incidents.Receipt{accepted})
			next := written(t, "to somebody else")
			release([]Message{m}, []incidents.Receipt{accepted})
			if other := written(t, "to a third person"); &other.Wire[0] == &next.Wire[0] || string(next.Wire) != "to somebody else" {
				t.Error("a message that was given back twice took another's buffer along")
			}
		}},
		{"in doubt", func(m Message) { release([]Message{m}, []incidents.Receipt{inDoubt}) }},
		{"never settled", func(m Message) { release([]Message{m}, make([]incidents.Receipt, 1)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for range 50 {
				c.give(written(t, "to one person"))
				buffers := map[*byte]bool{}
				for range 4 {
					m := written(t, "to another")
					if buffers[&m.Wire[0]] {
						t.Fatal("two messages have one buffer")
					}
					if buffers[&m.Wire[0]] = true; string(m.Wire) != "to another" {
						t.Fatalf("it says %q", m.Wire)
					}
				}
			}
		})
	}
}

func TestAGivenBackBufferHoldsNothing(t *testing.T) {
	m := written(t, "Ada Example, ada@example.com")
	bytes := m.Wire
	ms := []Message{m}
	if release(ms, []incidents.Receipt{accepted}); ms[0].Wire != nil {
		t.Error("the message still holds it")
	}
	for _, b := range bytes[:cap(bytes)] {
		if b != 0 {
			t.Fatalf("it holds %q", bytes)
		}
	}
}

// After doubt, something may still read the bytes: they stay as they are.
func TestBytesInDoubtStayAsTheyAre(t *testing.T) {
	m := written(t, "to one person")
	release([]Message{m}, []incidents.Receipt{inDoubt})
	for range 100 {
		release([]Message{written(t, "to somebody else")}, []incidents.Receipt{accepted})
	}
	if string(m.Wire) != "to one person" {
		t.Errorf("they became %q", m.Wire)
	}
}

// What a caller wrote itself is the caller's.
func TestOnlyLentBuffersAreTaken(t *testing.T) {
	m := Message{Wire: []byte("of a test")}
	ms := []Message{m}
	if release(ms, []incidents.Receipt{accepted}); string(m.Wire) != "of a test" || string(ms[0].Wire) != "of a test" {
		t.Errorf("it says %q", m.Wire)
	}
	broken := Message{Text: templates.Rendered{Filled: &templates.Filled{}}}
	if err := broken.write(encoderFunc(func(*Message) error { return errors.New("no") }), time.Time{}); err == nil || broken.lent != nil {
		t.Errorf("a message that was not written has a buffer to give back, %v", err)
	}
}

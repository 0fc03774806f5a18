package notifiers

import (
	"sync"
	"time"

	"tocsin/incidents"
)

// wires are buffers for the bytes of messages, some kilobytes each, that would
// be made anew for everybody. What was in them is cleared.
var wires sync.Pool // of *[]byte

// write has a channel write the message, into a buffer that goes back once the
// message is accepted.
func (m *Message) write(e Encoder, at time.Time) error {
	if m.Text.Filled == nil {
		return e.Encode(m, at)
	}
	if b, ok := wires.Get().(*[]byte); ok {
		m.Wire = *b
	}
	if err := e.Encode(m, at); err != nil {
		return err
	}
	b := m.Wire
	m.lent = &b // of this message alone: its copies give the buffer back once
	return nil
}

// release takes back the buffers of messages that their channel is done with:
// of those the provider accepted. After anything else, a panic or no answer,
// nobody can say that no part of a channel still reads the bytes, and they are
// never used again.
func release(ms []Message, rs []incidents.Receipt) {
	for i := range ms {
		b := ms[i].lent
		if b == nil || *b == nil || rs[i].Outcome != incidents.OutcomeAccepted {
			continue
		}
		clear(*b)
		empty := (*b)[:0]
		*b, ms[i].Wire = nil, nil
		wires.Put(&empty)
	}
}

package bus

import (
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Msg is one message as its receiver sees it.
type Msg struct {
	Subject string
	// ID is what the publisher named it; empty when a collector named nothing.
	ID      string
	Data    []byte
	Headers map[string][]string
	// Delivered counts from 1; more than 1 means an earlier try was not finished.
	Delivered int
	// Seq is its place in the stream; 0 for live news.
	Seq uint64
	// StoredAt is when the stream took it; zero for live news.
	StoredAt time.Time

	aside func() // nil for live news
}

// Aside lets another message be handled in the place of this one, whose handler
// works on: more than MaxInFlight may be at work then. It may be called at any
// time, more than once, and by anybody.
func (m Msg) Aside() {
	if m.aside != nil {
		m.aside()
	}
}

func fromCore(m *nats.Msg) Msg {
	return Msg{Subject: m.Subject, ID: m.Header.Get(nats.MsgIdHdr), Data: m.Data, Headers: m.Header, Delivered: 1}
}

func fromStream(m jetstream.Msg) (Msg, error) {
	meta, err := m.Metadata()
	if err != nil {
		return Msg{}, err
	}
	return Msg{
		Subject: m.Subject(), ID: m.Headers().Get(nats.MsgIdHdr), Data: m.Data(), Headers: m.Headers(),
		Delivered: int(meta.NumDelivered), Seq: meta.Sequence.Stream, StoredAt: meta.Timestamp.UTC(),
	}, nil
}

// An Outgoing is one message to publish.
type Outgoing struct {
	Subject string
	// ID makes a second publish of the same message harmless for some minutes.
	// Receivers stay idempotent all the same.
	ID   string
	Data []byte
}

func (m Outgoing) wire() *nats.Msg {
	w := &nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{}}
	if m.ID != "" {
		w.Header.Set(nats.MsgIdHdr, m.ID)
	}
	return w
}

package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"tocsin/incidents"
)

const (
	answerWithin = 10 * time.Second
	batchLimit   = 500 // the server takes 1,000 in one atomic batch
)

// Publish stores one message and waits until it is synced to disk.
func (b *Bus) Publish(ctx context.Context, subject, msgID string, data []byte) error {
	if err := b.mend(); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	m := Outgoing{subject, msgID, data}
	_, err := b.js.PublishMsg(limited, m.wire())
	if errors.Is(err, jetstream.ErrNoStreamResponse) && b.restoreStreams(limited) {
		_, err = b.js.PublishMsg(limited, m.wire())
	}
	if err != nil {
		b.suspect(ctx, err)
		return refused("publish to "+subject, err)
	}
	return nil
}

// PublishBatch stores messages, many to a sync, in order within each stream.
// When it returns nil all are stored; when it fails some may be, and publishing
// them again under the same ids is harmless.
func (b *Bus) PublishBatch(ctx context.Context, msgs []Outgoing) error {
	if err := b.mend(); err != nil {
		return err
	}
	for _, some := range batches(msgs) {
		if err := b.publishSome(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// batches splits msgs so that each part goes to one stream and is small enough.
func batches(msgs []Outgoing) (parts [][]Outgoing) {
	open := map[string]int{} // first subject token, which decides the stream → its last part
	for _, m := range msgs {
		root, _, _ := strings.Cut(m.Subject, ".")
		i, ok := open[root]
		if !ok || len(parts[i]) == batchLimit {
			i = len(parts)
			open[root] = i
			parts = append(parts, nil)
		}
		parts[i] = append(parts[i], m)
	}
	return parts
}

// publishSome falls back to single publishes: one id the stream already knows
// refuses a whole atomic batch.
func (b *Bus) publishSome(ctx context.Context, msgs []Outgoing) error {
	if len(msgs) > 1 && b.publishAtomic(ctx, msgs) == nil {
		return nil
	}
	for _, m := range msgs {
		if err := b.Publish(ctx, m.Subject, m.ID, m.Data); err != nil {
			return err
		}
	}
	return nil
}

// publishAtomic stores all of msgs with one sync, or none of them.
func (b *Bus) publishAtomic(ctx context.Context, msgs []Outgoing) error {
	ctx, cancel := context.WithTimeout(ctx, b.within)
	defer cancel()
	batch, last := newBatchID(), len(msgs)-1
	for i, m := range msgs {
		w := m.wire()
		w.Header.Set("Nats-Batch-Id", batch)
		w.Header.Set("Nats-Batch-Sequence", strconv.Itoa(i+1))
		if i == last {
			w.Header.Set("Nats-Batch-Commit", "1")
		}
		if err := b.publishPart(ctx, w, i == 0 || i == last); err != nil {
			return err
		}
	}
	return nil
}

// publishPart asks for an answer to the first part, which tells whether the
// batch is taken at all, and to the last, which commits it.
func (b *Bus) publishPart(ctx context.Context, w *nats.Msg, ask bool) error {
	if !ask {
		return b.nc.PublishMsg(w)
	}
	answer, err := b.nc.RequestMsgWithContext(ctx, w)
	if err != nil {
		return err
	}
	if len(answer.Data) == 0 {
		if w.Header.Get("Nats-Batch-Commit") != "" {
			return fmt.Errorf("batch was not committed")
		}
		return nil
	}
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *struct {
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer.Data, &ack); err != nil {
		return err
	}
	if ack.Error != nil {
		return fmt.Errorf("batch refused: %s", ack.Error.Description)
	}
	return nil
}

func newBatchID() string { return nats.NewInbox()[len(nats.InboxPrefix):] }

func refused(what string, err error) error {
	e := incidents.Unavailable("the bus did not take it: %s", what)
	if errors.Is(err, nats.ErrMaxPayload) || errors.Is(err, nats.ErrBadSubject) {
		e = incidents.Invalid("the bus cannot take it: %s", what)
	}
	e.Err = err
	return e
}

// Subscribe calls f for every message on subject from now on, one at a time,
// until stop is called or ctx ends. Nothing is kept for a subscriber that is
// away or slow: a page that missed news reads the database.
func (b *Bus) Subscribe(ctx context.Context, subject string, f func(Msg)) (stop func(), err error) {
	sub, err := b.nc.Subscribe(subject, func(m *nats.Msg) { f(fromCore(m)) })
	if err != nil {
		return nil, refused("subscribe to "+subject, err)
	}
	// Only when the server knows of the subscription is it "from now on".
	if err := b.nc.FlushTimeout(b.within); err != nil {
		_ = sub.Unsubscribe()
		return nil, refused("subscribe to "+subject, err)
	}
	cancel := context.AfterFunc(ctx, func() { _ = sub.Unsubscribe() })
	return func() { cancel(); _ = sub.Unsubscribe() }, nil
}

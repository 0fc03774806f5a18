package notifiers_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/standin"
	"tocsin/notifiers"
	"tocsin/notifiers/email"
)

// A reader is an e-mail channel that reads the bytes it is given before and
// after they leave, and keeps those that were not accepted.
type reader struct {
	*email.Channel
	mu    sync.Mutex
	wrong []string
	kept  []heldBytes
	known map[*byte]bool // first bytes of what was accepted
	again int            // buffers that came a second time
}

type heldBytes struct{ now, then []byte }

func (c *reader) SendAll(ctx, leave context.Context, ms []notifiers.Message) []incidents.Receipt {
	then := make([][]byte, len(ms))
	for i, m := range ms {
		then[i] = bytes.Clone(m.Wire)
	}
	rs := c.Channel.SendAll(ctx, leave, ms)
	time.Sleep(200 * time.Microsecond) // others write meanwhile
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range ms {
		if err := ofPerson(m.Wire, m.Delivery.Seq); err != nil || !bytes.Equal(m.Wire, then[i]) {
			c.wrong = append(c.wrong, fmt.Sprintf("%s: it changed: %v; %v", m.Delivery, !bytes.Equal(m.Wire, then[i]), err))
		}
		switch first := &m.Wire[0]; {
		case rs[i].Outcome != incidents.OutcomeAccepted:
			c.kept = append(c.kept, heldBytes{m.Wire, then[i]})
		case c.known[first]:
			c.again++
		default:
			c.known[first] = true
		}
	}
	return rs
}

var (
	addressLike = regexp.MustCompile(`\bp(\d+)@example\.com`)
	nameLike    = regexp.MustCompile(`Person (\d+)\b`)
	deliveries  = regexp.MustCompile(`X-Delivery-Id: \d+-(\d+)-e`)
)

// ofPerson checks that a message names one person, and nobody else.
func ofPerson(wire []byte, seq int64) error {
	if bytes.IndexByte(wire, 0) >= 0 || !bytes.HasPrefix(wire, []byte("Date: ")) || !bytes.HasSuffix(wire, []byte("--\r\n")) {
		return errors.New("it is not whole")
	}
	for _, like := range []*regexp.Regexp{addressLike, nameLike, deliveries} {
		found := like.FindAllSubmatch(wire, -1)
		if len(found) == 0 {
			return fmt.Errorf("%s is not in it", like)
		}
		for _, x := range found {
			if string(x[1]) != fmt.Sprint(seq) {
				return fmt.Errorf("%s is person %s", like, x[1])
			}
		}
	}
	return nil
}

// Buffers are used again once a message is accepted, by many hands at once and
// beside messages that are refused, put off or lost. Everybody gets their own,
// and what was not accepted is never written over.
func TestEverybodyGetsTheirOwnFromUsedBuffers(t *testing.T) {
	w := newWorld(t)
	relay, err := standin.NewMail()
	if err != nil {
		t.Fatal(err)
	}
	defer relay.Close()
	relay.Refuse = func(to string) error {
		if n := seqOf(to); n%13 == 4 {
			return standin.Reply(550, 5, 1, 1)
		}
		return nil
	}
	relay.Lose = func(to string) bool { return seqOf(to)%97 == 5 }
	ch, err := email.New(email.Options{Address: relay.Addr, TLS: email.TLSOff, From: mail.Address{Address: "notices@quillfeather.example"}, Connections: 4, Now: w.now})
	if err != nil {
		t.Fatal(err)
	}
	defer ch.Close()
	c := &reader{Channel: ch, known: map[*byte]bool{}}
	d := w.dispatcher(c, &batcher{}, func(d *notifiers.Deps) { d.Window[incidents.Email] = 128 })
	n := w.sending(3000)
	w.ok(chunks(d, t.Context(), n.No, 3))
	if len(c.wrong) > 0 {
		t.Fatalf("%d messages are not what they were: %q", len(c.wrong), c.wrong[:min(3, len(c.wrong))])
	}
	for _, h := range c.kept {
		if !bytes.Equal(h.now, h.then) {
			t.Fatal("the bytes of a message that was not accepted were written over")
		}
	}
	if len(c.kept) < 200 || c.again < 500 {
		t.Errorf("%d were not accepted and %d had a buffer that was used before: the test says little", len(c.kept), c.again)
	}
	var got []int64
	for _, l := range relay.Letters() {
		seq := seqOf(l.To)
		if err := ofPerson(l.Data, seq); err != nil {
			t.Fatalf("person %d got: %v", seq, err)
		}
		got = append(got, seq)
	}
	slices.Sort(got)
	if had := len(got); had < 2500 || len(slices.Compact(got)) != had {
		t.Errorf("%d letters to %d persons", had, len(slices.Compact(got)))
	}
}

func seqOf(to string) (n int64) {
	_, _ = fmt.Sscanf(to, "p%d@example.com", &n)
	return n
}

package notifiers_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// Whom the list names kinds of data for is told these; everybody else those of the
// approved content.
func TestEverybodyIsToldTheirKindsOfData(t *testing.T) {
	w := newWorld(t)
	n := w.sending(3)
	var mu sync.Mutex
	told := map[int64]string{}
	mail := &batcher{do: func(_, _ context.Context, m notifiers.Message) incidents.Receipt {
		mu.Lock()
		defer mu.Unlock()
		told[m.Delivery.Seq] = m.Text.Text
		return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p"}
	}}
	w.ok(w.dispatcher(mail, &batcher{}, nil).Chunk(t.Context(), n.No, 1))
	for seq, kinds := range map[int64][]string{1: {"basic"}, 2: {"account"}, 3: {"basic"}} {
		if want := "It held " + w.book.DataWords("en", kinds) + "."; !strings.Contains(told[seq], want) {
			t.Errorf("person %d is not told %q: %s", seq, want, told[seq])
		}
	}
}

// A closed opener opens nothing, and says whose data that is.
type closed struct{ incidents.Opener }

func (closed) OpenContact(context.Context, incidents.Person) (incidents.Contact, error) {
	return incidents.Contact{}, errors.New("the contact of Person 1 is damaged")
}

// The log of a message that cannot be made names the step, and nobody.
func TestTheLogSaysWhichStepFailed(t *testing.T) {
	w := newWorld(t)
	n := w.sending(1)
	var log bytes.Buffer
	d := w.dispatcher(&batcher{}, &batcher{}, func(d *notifiers.Deps) {
		d.Opener, d.Log = closed{w.s}, slog.New(slog.NewTextHandler(&log, nil))
	})
	w.ok(d.Chunk(t.Context(), n.No, 1))
	if got := log.String(); !strings.Contains(got, `step="open the sealed contact" type=*errors.errorString`) || strings.Contains(got, "Person 1") {
		t.Errorf("the log: %s", got)
	}
}

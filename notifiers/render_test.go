package notifiers_test

import (
	"context"
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

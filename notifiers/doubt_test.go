package notifiers_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// A known channel leaves everything in doubt, and knows afterwards of some that it
// took them.
type known struct {
	batcher
	took func(incidents.DeliveryID) bool
}

func (k *known) Find(_ context.Context, m notifiers.Message, _ int64) (incidents.Receipt, bool, error) {
	return incidents.Receipt{Outcome: incidents.OutcomeAccepted, ProviderID: "p-" + m.Delivery.String()}, k.took(m.Delivery), nil
}

// A doubt of a stopped notice is looked up as any other, and never sent again.
func TestADoubtOfAStoppedNoticeIsLookedUp(t *testing.T) {
	for _, c := range []struct {
		name string
		to   incidents.NoticeStatus
		want map[incidents.DeliveryState]int64
	}{
		{"sending", incidents.NoticeSending, map[incidents.DeliveryState]int64{incidents.Accepted: 1, incidents.Ready: 1}},
		{"stopped", incidents.NoticeStopped, map[incidents.DeliveryState]int64{incidents.Accepted: 1, incidents.Manual: 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			mail := &batcher{do: func(context.Context, context.Context, notifiers.Message) incidents.Receipt {
				return incidents.Receipt{Outcome: incidents.OutcomeRefused}
			}}
			sms := &known{took: func(id incidents.DeliveryID) bool { return id.Seq == 1 }}
			sms.do = func(context.Context, context.Context, notifiers.Message) incidents.Receipt {
				return incidents.Receipt{Outcome: incidents.OutcomeDoubt}
			}
			d := w.dispatcher(mail, sms, nil)
			n := w.sending(2)
			w.ok(d.Chunk(t.Context(), n.No, 1))
			if got := w.states(n.No, incidents.SMS); got[incidents.InDoubt] != 2 {
				t.Fatalf("before: %v", got)
			}
			w.status(n, c.to)
			for range 3 {
				w.pass(10 * time.Minute)
				w.ok(d.Reconcile(t.Context()))
			}
			if got := w.states(n.No, incidents.SMS); !maps.Equal(got, c.want) {
				t.Errorf("the doubts became %v, not %v", got, c.want)
			}
			if len(sms.sent) != 2 {
				t.Errorf("%v were sent", sms.sent)
			}
		})
	}
}

package store

import (
	"fmt"
	"testing"
	"time"

	"tocsin/incidents"
)

func TestTheOutboxGivesEachMessageOnce(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		at := noon
		o.Now = func() time.Time { return at }
		s := opened(t, o)
		<-s.OutboxReady() // an earlier run may have left some
		ok(t, s.Write(t.Context(), func(tx incidents.Tx) error {
			for i := range 5 {
				if err := tx.Emit(incidents.Message{ID: fmt.Sprint(i / 2), Subject: "a.b", Data: []byte(fmt.Sprint(i))}); err != nil {
					return err
				}
			}
			return tx.Emit(incidents.Message{ID: "empty", Subject: "c"})
		}))
		select {
		case <-s.OutboxReady():
		default:
			t.Error("nobody was told")
		}
		take := func(n int) (seqs []int64, text string) {
			t.Helper()
			rows, err := s.TakeOutbox(t.Context(), n)
			ok(t, err)
			for _, r := range rows {
				seqs = append(seqs, r.Seq)
				text += fmt.Sprintf("%s %s %s;", r.ID, r.Subject, r.Data)
			}
			return seqs, text
		}
		first, text := take(2)
		same(t, text, "0 a.b 0;1 a.b 2;")
		second, text := take(10)
		same(t, text, "2 a.b 4;empty c ;")
		_, text = take(10)
		same(t, text, "")
		ok(t, s.OutboxDone(t.Context(), first))
		ok(t, s.OutboxBack(t.Context(), second[:1]))
		_, text = take(10)
		same(t, text, "2 a.b 4;")
		at = at.Add(outboxLease)
		_, text = take(10)
		same(t, text, "2 a.b 4;empty c ;") // whoever took them is taken for dead
		ok(t, s.OutboxDone(t.Context(), second))
		ok(t, s.OutboxDone(t.Context(), nil))
		at = at.Add(outboxLease)
		_, text = take(10)
		same(t, text, "")
	})
}

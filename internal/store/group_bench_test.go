package store

import (
	"fmt"
	"sync/atomic"
	"testing"

	"tocsin/incidents"
)

// BenchmarkAccept is what the hook pays per alert: intake, alert, audit entry
// and message, from 64 senders in shared commits.
func BenchmarkAccept(b *testing.B) {
	s := opened(b, options(b, ""))
	var n atomic.Int64
	b.SetParallelism(32)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			in := intake(newID(), fmt.Sprint(i))
			in.Body = make([]byte, 1000)
			err := s.Group(b.Context(), func(tx incidents.Tx) error {
				if _, _, err := tx.PutIntake(in); err != nil {
					return err
				}
				a := in.Alerts[0]
				a.ID, a.DedupKey = incidents.AlertID(in.ID), fmt.Sprint("k", i)
				if _, err := tx.AlertByKey(a.DedupKey, false); incidents.KindOf(err) != incidents.KindNotFound {
					return err
				}
				if err := tx.PutAlert(a); err != nil {
					return err
				}
				if err := tx.Emit(incidents.Message{ID: newID(), Subject: "incidents.alert_accepted.v1", Data: []byte("{}")}); err != nil {
					return err
				}
				return tx.Audit(incidents.AuditEntry{At: noon, Event: "alert.accepted", Subject: string(a.ID)})
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "alerts/s")
}

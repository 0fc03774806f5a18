package store

import (
	"testing"

	"tocsin/incidents"
)

func TestAnIncidentComesBackAsItWasPut(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		s := opened(t, o)
		in := incidents.Incident{ID: "i1", Ref: "INC-2026-0001", Mode: incidents.Live, Status: incidents.IncidentOpen, Title: "Lost keys", CreatedAt: noon}
		if err := s.Write(t.Context(), func(tx incidents.Tx) error {
			if err := tx.Audit(incidents.AuditEntry{At: noon, Event: "incident.opened", Incident: "i1"}); err != nil {
				return err
			}
			return tx.PutIncident(in)
		}); err != nil {
			t.Fatal(err)
		}
		if err := s.Read(t.Context(), func(tx incidents.Tx) error {
			got, err := tx.IncidentByRef("INC-2026-0001")
			if err != nil || got != in {
				t.Errorf("got %+v, %v", got, err)
			}
			log, err := tx.AuditOf("i1")
			if err != nil || len(log) != 1 || log[0].Seq != 1 {
				t.Errorf("log %+v, %v", log, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	})
}

package store

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

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

func TestAWriteThatIsBrokenOffLeavesItsConnectionFree(t *testing.T) {
	s := opened(t, options(t, ""))
	for i, when := range []string{"before it begins", "in the middle", "before it commits"} {
		ctx, cancel := context.WithCancel(t.Context())
		if i == 0 {
			cancel()
		}
		err := s.Write(ctx, func(tx incidents.Tx) error {
			if i == 1 {
				cancel()
			}
			if err := openIncident(tx, "lost"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", when, err)
		}
	}
	busy, free := make(chan struct{}), make(chan struct{})
	var first sync.WaitGroup
	first.Go(func() {
		if err := s.Write(t.Context(), func(tx incidents.Tx) error {
			close(busy)
			<-free
			return openIncident(tx, "first")
		}); err != nil {
			t.Error(err)
		}
	})
	<-busy
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := s.Write(ctx, func(tx incidents.Tx) error { return openIncident(tx, "lost") }); err == nil {
		t.Error("it wrote while another did")
	}
	close(free)
	first.Wait()
	ok(t, s.Write(t.Context(), func(tx incidents.Tx) error { return openIncident(tx, "second") }))
	ok(t, s.Read(t.Context(), func(tx incidents.Tx) error {
		for id, want := range map[incidents.IncidentID]incidents.Kind{"first": "", "second": "", "lost": incidents.KindNotFound} {
			if _, err := tx.Incident(id); incidents.KindOf(err) != want && (want != "" || err != nil) {
				t.Errorf("incident %s: %v", id, err)
			}
		}
		return nil
	}))
}

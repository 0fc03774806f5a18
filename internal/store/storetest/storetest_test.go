package storetest

import (
	"testing"

	"tocsin/incidents"
)

func TestAStoreOpensOnBothEngines(t *testing.T) {
	Each(t, func(t *testing.T, engine string) {
		d := Open(t, engine)
		if err := d.Group(t.Context(), func(tx incidents.Tx) error {
			return tx.PutIncident(incidents.Incident{ID: incidents.IncidentID(NewID()), Ref: "INC-1", Mode: incidents.Drill})
		}); err != nil {
			t.Fatal(err)
		}
		if err := d.Keeper.NewBlock(t.Context(), "list", 1); err != nil {
			t.Fatal(err)
		}
		if keys, err := d.Vault.Keys(t.Context(), "block/"); err != nil || len(keys) != 1 {
			t.Fatalf("keys %v, %v", keys, err)
		}
	})
}

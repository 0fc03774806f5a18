package app

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/bus"
	"tocsin/internal/settings"
)

// A collector need not name its messages: each that is given up is kept, and
// the same one only once.
func TestParkedAlertsAreEachKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tocsin.yaml")
	if err := os.WriteFile(file, []byte("data-dir: data\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := settings.Load(file, func(key string) string {
		return map[string]string{"TOCSIN_PASSPHRASE": "a passphrase of some length"}[key]
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := OpenAccounts(t.Context(), Config{Settings: s, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, seq := range []uint64{7, 8, 8} {
		m := bus.Msg{Subject: "intake.unknown", Data: []byte(`{"n":1}`), Seq: seq, StoredAt: at}
		if err := a.keepParked(t.Context(), m, "no source of this name"); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := a.Desk.Intakes(t.Context(), incidents.System, incidents.IntakeFilter{})
	if err != nil || len(kept) != 2 {
		t.Fatalf("%d kept, %v", len(kept), err)
	}
}

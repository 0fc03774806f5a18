package e2e

import (
	"database/sql"
	"path/filepath"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// A service starts though a notice cannot be recovered, tells the team, and
// sends the others.
func TestANoticeThatCannotBeRecoveredKeepsNoServiceDown(t *testing.T) {
	var in incidents.Incident
	plan := incidents.NoticeInput{Plan: []incidents.Step{{Channel: incidents.Email}}}
	dir := t.TempDir()
	before := func(s *settings.Settings) {
		s.DataDir, s.MasterKey.File = dir, filepath.Join(dir, "keys", "master.key")
		s.Escalation.Email = []string{"team@example.com"}
	}
	var team map[string]member
	t.Run("before", func(t *testing.T) {
		h := openHouse(t, storetest.SQLite, before)
		in, team = h.incident(time.Now().UTC()), h.team
		h.list(in, csvOf(5))
		h.released(in, h.approved(in, plan))
	})
	db, err := sql.Open("sqlite", filepath.Join(dir, "tocsin.db"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`UPDATE chunks SET flights = 'spoiled', claimed = 1, until = 0`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	h := closedHouse(t, storetest.SQLite, before)
	h.team = team
	h.start()
	h.told("Tocsin cannot go on with a notice")
	h.released(in, h.approved(in, plan))
}

package settings

import (
	"strings"
	"testing"
)

func TestAWorkerSharesDatabaseAndBus(t *testing.T) {
	s := Default()
	err := s.ValidateWorker()
	for _, want := range []string{"database.url", "SQLite", "bus.url", "NATS"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not name %s", err, want)
		}
	}
	s.Database.URL, s.Bus.URL = "postgres://db/tocsin", "nats://bus:4222"
	if err := s.ValidateWorker(); err != nil {
		t.Errorf("a worker that shares both: %v", err)
	}
	if notes := s.ApartFromTheService(); len(notes) != 1 || !strings.Contains(notes[0], "key-database.url") {
		t.Errorf("notes %q", notes)
	}
	s.KeyDatabase.URL, s.Channels.Letter.Mode = s.Database.URL, ModeFolder
	if notes := s.ApartFromTheService(); len(notes) != 1 || !strings.Contains(notes[0], "letter.folder") {
		t.Errorf("notes %q", notes)
	}
	s.Database.URL = "mysql://db"
	if err := s.ValidateWorker(); err == nil {
		t.Error("what the service refuses a worker takes")
	}
}

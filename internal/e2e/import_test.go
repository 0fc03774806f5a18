package e2e

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"tocsin/incidents"
	"tocsin/internal/settings"
	"tocsin/internal/store/storetest"
)

// The lists of internal/roster, each with what an importer must make of it.
var knownLists = []struct{ file, encoding string }{
	{"clean.csv.gz", ""},
	{"dirty.csv.gz", ""},
	{"clean-jsonl.jsonl.gz", ""},
	{"dirty-jsonl.jsonl.gz", ""},
	{"dirty-semicolon.csv.gz", ""},
	{"dirty-utf16le.csv.gz", ""},
	{"dirty-gbk.csv.gz", "gbk"},
}

// A list in any format and encoding is taken in whole, once: the counts are
// those it was made with, and the same list again adds nobody but rows that
// nothing identifies: no id, and no name with an address.
func TestEveryListIsTakenInWholeAndOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, engine string) {
		h := openHouse(t, engine, func(*settings.Settings) {})
		for _, l := range knownLists {
			t.Run(l.file, func(t *testing.T) {
				want := expectedOf(t, l.file)
				in, err := h.app.Desk.OpenIncident(context.Background(), h.as("rita"), "The list "+l.file, incidents.Drill)
				if err != nil {
					t.Fatal(err)
				}
				im := h.known(t, in, l.file, l.encoding)
				got := map[string]int64{"persons": im.Imported, "duplicate": im.Duplicates, "reject": im.Rejected}
				for outcome, n := range got {
					if want.Expected[outcome] != n {
						t.Errorf("%s: %d, want %d", outcome, n, want.Expected[outcome])
					}
				}
				// The lists count who has no address of their own; a minor among them is reached through a guardian.
				if im.Unreachable > want.Expected["unreachable"] || im.Repaired < want.Expected["repaired"] {
					t.Errorf("%d unreachable, at most %d; %d repaired, at least %d", im.Unreachable, want.Expected["unreachable"], im.Repaired, want.Expected["repaired"])
				}
				if im.Rows != want.Rows || !im.Done {
					t.Errorf("%d rows, done %v; want %d", im.Rows, im.Done, want.Rows)
				}
				h.onTheList(t, in, im.Imported)
				again := h.known(t, in, l.file, l.encoding)
				if again.Imported > want.Kinds["no_id"] || again.Imported+again.Duplicates+again.Rejected != want.Rows {
					t.Errorf("the same list again: %+v", again)
				}
				h.onTheList(t, in, im.Imported+again.Imported)
			})
		}
	})
}

type expectedList struct {
	Rows     int64            `json:"rows"`
	Expected map[string]int64 `json:"expected"`
	Kinds    map[string]int64 `json:"kinds"`
}

func expectedOf(t *testing.T, file string) (e expectedList) {
	t.Helper()
	base := file[:len(file)-len(filepath.Ext(file))]
	b, err := os.ReadFile(filepath.Join("..", "roster", "testdata", "lists", base[:len(base)-len(filepath.Ext(base))]+".expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &e); err != nil {
		t.Fatal(err)
	}
	return e
}

func (h *house) known(t *testing.T, in incidents.Incident, file, encoding string) incidents.Import {
	t.Helper()
	f, err := os.Open(filepath.Join("..", "roster", "testdata", "lists", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	im, err := h.app.Desk.ImportList(context.Background(), h.as("rita"), in.ID, incidents.ListUpload{Name: file, Encoding: encoding, Body: f})
	if err != nil {
		t.Fatal(err)
	}
	return im
}

// onTheList checks how long the list of an incident is, and that its last person can be read.
func (h *house) onTheList(t *testing.T, in incidents.Incident, want int64) {
	t.Helper()
	ctx := context.Background()
	now, err := h.app.Desk.Find(ctx, h.as("rita"), string(in.ID))
	if err != nil || now.Persons != want {
		t.Fatalf("%d persons on the list, %v; want %d", now.Persons, err, want)
	}
	last, err := h.app.Desk.Persons(ctx, h.as("rita"), in.ID, incidents.PersonPage{After: want - 1, Limit: 2})
	if err != nil || len(last) != 1 || last[0].Person.Seq != want {
		t.Fatalf("the last of %d persons: %d found, %v", want, len(last), err)
	}
}

package letter

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
)

func twoFolders(t *testing.T, first, second string) *notifiers.Switch {
	return notifiers.NewSwitch(notifiers.Switch{Kind: incidents.Letter, Now: time.Now, Providers: []*notifiers.Provider{
		{Account: "letter/first", Channel: channel(t, first, 10)}, {Account: "letter/second", Channel: channel(t, second, 10)}}})
}

// A batch is written into one folder: the first, or the second when the first
// one cannot be written. Each folder numbers its own.
func TestTheSecondFolderTakesOver(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "one"), t.TempDir()
	if err := os.Mkdir(one, 0o700); err != nil {
		t.Fatal(err)
	}
	sw := twoFolders(t, one, two)
	send := func(seqs ...int64) []incidents.Receipt {
		t.Helper()
		var ms []notifiers.Message
		for _, s := range seqs {
			ms = append(ms, message(t, s))
		}
		return sw.SendAll(t.Context(), t.Context(), ms)
	}
	for _, r := range send(1, 2) {
		if r.Outcome != incidents.OutcomeAccepted || r.Provider != "letter/first" {
			t.Fatalf("%+v", r)
		}
	}
	if err := os.Rename(one, one+"-away"); err != nil {
		t.Fatal(err)
	}
	unprintable := message(t, 5)
	unprintable.To = "محمد\nPoststraße 5\n10115 Berlin"
	got := append(send(3, 4), sw.SendAll(t.Context(), t.Context(), []notifiers.Message{message(t, 6), unprintable})...)
	for i, r := range got {
		if want := i != 3; (r.Outcome == incidents.OutcomeAccepted) != want || want && r.Provider != "letter/second" {
			t.Errorf("letter %d: %+v", i, r)
		}
	}
	if err := os.Rename(one+"-away", one); err != nil {
		t.Fatal(err)
	}
	a, b := manifests(t, one), manifests(t, two)
	if len(a) != 1 || a[1].Letters != 2 || len(b) != 2 || b[1].Letters != 2 || b[2].Letters != 1 {
		t.Errorf("%+v and %+v", a, b)
	}
	for seq, want := range map[int64]string{1: "letter/first", 4: "letter/second"} {
		if r, found, err := sw.Find(t.Context(), message(t, seq), 0); err != nil || !found || r.Provider != want {
			t.Errorf("letter %d: found %v, %v, %+v", seq, found, err, r)
		}
	}
	if _, found, err := sw.Find(t.Context(), message(t, 9), 0); found || err != nil {
		t.Errorf("found %v, %v", found, err)
	}
}

// Whether a batch reached a folder that nobody can read is not settled by the
// other one's not having it.
func TestAFolderThatIsAwayProvesNothing(t *testing.T) {
	one, two := filepath.Join(t.TempDir(), "away"), t.TempDir()
	if _, found, err := twoFolders(t, one, two).Find(t.Context(), message(t, 1), 0); found || incidents.KindOf(err) != incidents.KindUnavailable {
		t.Errorf("found %v, %v", found, err)
	}
}

// A batch of which nobody can say whether it reached the first folder is not
// written into the second.
func TestADoubtfulBatchStaysWhereItMayBe(t *testing.T) {
	one, two := t.TempDir(), t.TempDir()
	sw := twoFolders(t, one, two)
	name := batchName([]notifiers.Message{message(t, 1)})
	drop(t, one, name+endManifest, "{") // it is there, and cannot be read
	r := sw.SendAll(t.Context(), t.Context(), []notifiers.Message{message(t, 1)})[0]
	if r.Outcome != incidents.OutcomeDoubt || r.Provider != "letter/first" || len(manifests(t, two)) != 0 {
		t.Errorf("%+v", r)
	}
}

package letter

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tocsin/incidents"
	"tocsin/notifiers"
)

// A shelf keeps receipts, equal ids once.
type shelf map[string]incidents.StatusReceipt

func (s shelf) put(_ context.Context, r incidents.StatusReceipt) error {
	s[r.ID] = r
	return nil
}

func (s shelf) status(seq int64) (out []string) {
	for _, r := range s {
		if r.Delivery.Seq == seq {
			out = append(out, r.Status)
		}
	}
	return out
}

func printed(t *testing.T) (c *Channel, dir, batch string) {
	t.Helper()
	dir = t.TempDir()
	c = channel(t, dir, 10)
	c.SendAll(t.Context(), t.Context(), []notifiers.Message{message(t, 1), message(t, 2)})
	return c, dir, manifests(t, dir)[1].Batch
}

func exists(path string) bool { _, err := os.Stat(path); return err == nil }

func TestAnswers(t *testing.T) {
	for name, c := range map[string]struct {
		file, text   string
		one, two     string // status of the two letters
		reason       string // of the second
		pdfIsThere   bool
		waitsForMore bool
	}{
		"accepted":                     {endAccepted, "", "accepted", "accepted", "", true, false},
		"posted removes the addresses": {endPosted, "", "sent", "sent", "", false, false},
		"refused as a whole":           {endRefused, "paper jam\nmore", "failed", "failed", "the printer refused it: paper jam", false, false},
		"refused without a reason":     {endRefused, "", "failed", "failed", "the printer refused it", false, false},
		"one letter refused":           {endRefused, "7-2-l page is blank\n", "", "failed", "the printer refused it: page is blank", true, false},
		"a reason of odd bytes":        {endRefused, "torn\x00\xff page\t!" + strings.Repeat("x", 300), "failed", "failed", "", false, false},
	} {
		t.Run(name, func(t *testing.T) {
			ch, dir, batch := printed(t)
			if n, oldest, err := ch.Waiting(); n != 1 || oldest.IsZero() || err != nil {
				t.Errorf("%d batches wait, %v", n, err)
			}
			drop(t, dir, batch+c.file, c.text)
			got := shelf{}
			n, err := ch.Answers(t.Context(), got.put)
			if err != nil || n != 1 {
				t.Fatalf("took %d, %v", n, err)
			}
			if s := strings.Join(got.status(1), ","); s != c.one {
				t.Errorf("the first is %q, want %q", s, c.one)
			}
			if s := strings.Join(got.status(2), ","); s != c.two {
				t.Errorf("the second is %q, want %q", s, c.two)
			}
			for _, r := range got {
				if r.Channel != incidents.Letter || r.ProviderID == "" || c.reason != "" && r.Reason != c.reason || len([]rune(r.Reason)) > 160 {
					t.Errorf("%+v", r)
				}
			}
			if exists(filepath.Join(dir, batch+endPDF)) != c.pdfIsThere {
				t.Error("the PDF is there, or gone, when it should not be")
			}
			if exists(filepath.Join(dir, batch+c.file)) || !exists(filepath.Join(dir, answered, batch+c.file)) {
				t.Error("the answer was not moved aside")
			}
			if n, err := ch.Answers(t.Context(), got.put); n != 0 || err != nil {
				t.Errorf("taken again: %d, %v", n, err)
			}
			if n, _, _ := ch.Waiting(); n != 0 {
				t.Errorf("%d batches still wait", n)
			}
		})
	}
}

// An answer whose receipts were not all kept is read again, and counts once.
func TestAnswersAreReadUntilTheyAreKept(t *testing.T) {
	ch, dir, batch := printed(t)
	drop(t, dir, batch+endAccepted, "")
	got, calls := shelf{}, 0
	_, err := ch.Answers(t.Context(), func(ctx context.Context, r incidents.StatusReceipt) error {
		if calls++; calls == 2 {
			return errors.New("the disk is full")
		}
		return got.put(ctx, r)
	})
	if err == nil || !exists(filepath.Join(dir, batch+endAccepted)) {
		t.Fatalf("%v", err)
	}
	if _, err := ch.Answers(t.Context(), got.put); err != nil || len(got) != 2 {
		t.Errorf("%d receipts, %v", len(got), err)
	}
}

// An answer to nothing is reported, stays, and holds no other up.
func TestAnAnswerToNothing(t *testing.T) {
	ch, dir, batch := printed(t)
	drop(t, dir, "n7-000001-nothing"+endAccepted, "")
	drop(t, dir, batch+endAccepted, "")
	got := shelf{}
	n, err := ch.Answers(t.Context(), got.put)
	if n != 1 || len(got) != 2 || err == nil || !strings.Contains(err.Error(), "n7-000001-nothing") {
		t.Errorf("took %d with %d receipts, %v", n, len(got), err)
	}
	if !exists(filepath.Join(dir, "n7-000001-nothing"+endAccepted)) {
		t.Error("it is gone")
	}
	if _, err := ch.Answers(t.Context(), got.put); err != nil {
		t.Errorf("complained of twice: %v", err)
	}
}

func TestHalfWrittenFilesGoWithTime(t *testing.T) {
	ch, dir, _ := printed(t)
	drop(t, dir, temporary+"old", "x")
	drop(t, dir, temporary+"new", "x")
	if err := os.Chtimes(filepath.Join(dir, temporary+"old"), clock, clock.Add(-2*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(filepath.Join(dir, temporary+"new"), clock, clock); err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Answers(t.Context(), shelf{}.put); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(dir, temporary+"old")) || !exists(filepath.Join(dir, temporary+"new")) {
		t.Error("the wrong ones went")
	}
}

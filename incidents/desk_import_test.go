package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A countingRoll takes batches and fails where it is told to.
type countingRoll struct {
	Roll       // whatever else is asked is a mistake
	failReady  int
	failAdd    int
	ready, in  int
	rows       []int64
	aheads     []int
	importRows int64

	slow   time.Duration // what adding a batch takes
	notes  []Import      // as they were noted, with a batch or alone
	alone  int
	record Import
}

var errDisk = errors.New("the disk is full")

func (r *countingRoll) PreparePersons(_ context.Context, _ string, ahead int, batch []Candidate) (AddBatch, error) {
	r.ready++
	r.aheads = append(r.aheads, ahead)
	if r.ready == r.failReady {
		return nil, errDisk
	}
	return func(ctx context.Context, note ImportNote) (Import, error) {
		time.Sleep(r.slow)
		r.in++
		if r.in == r.failAdd {
			return Import{}, errDisk
		}
		for _, c := range batch {
			r.rows = append(r.rows, c.Row)
		}
		r.importRows += int64(len(batch))
		r.record.ID, r.record.Imported = "im", r.importRows
		return r.noted(note), ctx.Err()
	}, nil
}

func (r *countingRoll) NoteImport(_ context.Context, _ string, note ImportNote) (Import, error) {
	r.alone++
	return r.noted(note), nil
}

func (r *countingRoll) noted(note ImportNote) Import {
	_ = note(nil, &r.record)
	r.notes = append(r.notes, r.record)
	return r.record
}

// give reads batches into a taker until it is refused.
func (r *countingRoll) give(ctx context.Context, batches, size int) (given int, im Import, err error) {
	k := take(ctx, r, Import{ID: "im"}, &gauge{now: time.Now}, func(Tx, Import) error { return nil })
	row := int64(0)
	for given < batches && err == nil {
		batch := k.room()
		for range size {
			row++
			batch = append(batch, Candidate{Row: row})
		}
		if err = k.give(batch); err == nil {
			given++
		}
	}
	im, endErr := k.end()
	return given, im, errors.Join(err, endErr)
}

func TestBatchesAreAddedInTheOrderOfTheList(t *testing.T) {
	r := &countingRoll{}
	_, im, err := r.give(t.Context(), 40, 7)
	if err != nil || im.Imported != 280 || len(r.rows) != 280 {
		t.Fatalf("%d rows added, import %+v, %v", len(r.rows), im, err)
	}
	for i, row := range r.rows {
		if row != int64(i+1) {
			t.Fatalf("row %d was added as number %d", row, i+1)
		}
	}
	if want := "[0" + strings.Repeat(" 7", 39) + "]"; fmt.Sprint(r.aheads) != want {
		t.Fatalf("the roll was told that %v are ahead", r.aheads)
	}
}

func TestAnImportStopsAtTheFirstError(t *testing.T) {
	for name, r := range map[string]*countingRoll{
		"a batch that cannot be made ready": {failReady: 3},
		"a batch that cannot be added":      {failAdd: 3},
	} {
		t.Run(name, func(t *testing.T) {
			given, im, err := r.give(t.Context(), 1000, 2)
			if !errors.Is(err, errDisk) {
				t.Fatalf("the error is %v", err)
			}
			if len(r.rows) != 4 || im.ID != "im" || im.Imported != 4 {
				t.Fatalf("added %v, import %+v", r.rows, im)
			}
			if given > 6 {
				t.Fatalf("%d batches were read after the error", given-3)
			}
		})
	}
	t.Run("the last batch", func(t *testing.T) {
		r := &countingRoll{failAdd: 5}
		if _, im, err := r.give(t.Context(), 5, 2); !errors.Is(err, errDisk) || im.Imported != 8 {
			t.Fatalf("import %+v, %v", im, err)
		}
	})
}

func TestAnEmptyListIsNoBatch(t *testing.T) {
	r := &countingRoll{}
	if _, im, err := r.give(t.Context(), 0, 0); err != nil || r.ready != 0 || im.ID != "im" {
		t.Fatalf("%d batches, import %+v, %v", r.ready, im, err)
	}
}

// TestNewsOfAnImportKeepsItsBeat stores fast and slow batches, and none: the
// record moves with every batch, news of it leaves once a beat at most, and a
// list that stands still writes nothing.
func TestNewsOfAnImportKeepsItsBeat(t *testing.T) {
	for _, c := range []struct {
		name          string
		slow, between time.Duration // adding a batch, reading one
		batches       int
		notes, alone  int
		news          int
	}{
		{"batches follow each other", 50 * time.Millisecond, 0, 40, 40, 0, 3}, // two seconds
		{"a batch takes longer than a beat", 700 * time.Millisecond, 0, 4, 4, 0, 2},
		{"a slow list", 0, 9900 * time.Millisecond, 3, 3 + 3, 3, 3 + 3}, // noted alone once it moved; the batch is news again
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &countingRoll{slow: c.slow}
				g := &gauge{size: 1000, began: time.Now(), now: time.Now}
				var news []time.Time
				k := take(t.Context(), r, Import{ID: "im", Reading: &Reading{}}, g, func(_ Tx, im Import) error {
					if im.Reading == nil || im.Rows == 0 {
						t.Errorf("news of %+v", im)
					}
					news = append(news, time.Now())
					return nil
				})
				for i := range c.batches {
					g.rows.Add(7)
					g.bytes.Add(70)
					time.Sleep(c.between)
					if err := k.give(append(k.room(), Candidate{Row: int64(i + 1)})); err != nil {
						t.Fatal(err)
					}
					if c.between > 0 {
						synctest.Wait() // until it is stored
					}
				}
				im, err := k.end()
				if err != nil || im.Rows != int64(7*c.batches) || im.Reading.Bytes != int64(70*c.batches) || im.Reading.Size != 1000 || im.Imported != int64(c.batches) {
					t.Errorf("the record is %+v with %+v, %v", im, im.Reading, err)
				}
				if len(r.notes) != c.notes || r.alone != c.alone || len(news) != c.news {
					t.Errorf("%d notes, %d of them alone, %d news; want %d, %d, %d", len(r.notes), r.alone, len(news), c.notes, c.alone, c.news)
				}
				for i := 1; i < len(news); i++ {
					if d := news[i].Sub(news[i-1]); d < importBeat {
						t.Errorf("news %d came %s after the one before", i, d)
					}
				}
			})
		})
	}
}

// TestAnImportThatCannotBeNotedGoesOn has the database away between two batches.
func TestAnImportThatCannotBeNotedGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &unnotedRoll{}
		g := &gauge{began: time.Now(), now: time.Now}
		k := take(t.Context(), r, Import{ID: "im"}, g, func(Tx, Import) error { return nil })
		g.rows.Add(1)
		time.Sleep(10 * importBeat)
		synctest.Wait()
		if r.tried == 0 {
			t.Error("nothing was noted of a list that moved")
		}
		if err := k.give([]Candidate{{Row: 1}}); err != nil {
			t.Fatal(err)
		}
		if im, err := k.end(); err != nil || im.Imported != 1 {
			t.Fatalf("import %+v, %v", im, err)
		}
	})
}

type unnotedRoll struct {
	countingRoll
	tried int
}

func (r *unnotedRoll) NoteImport(context.Context, string, ImportNote) (Import, error) {
	r.tried++
	return Import{}, errDisk
}

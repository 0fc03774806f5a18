package incidents

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
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
}

var errDisk = errors.New("the disk is full")

func (r *countingRoll) PreparePersons(_ context.Context, _ string, ahead int, batch []Candidate) (AddBatch, error) {
	r.ready++
	r.aheads = append(r.aheads, ahead)
	if r.ready == r.failReady {
		return nil, errDisk
	}
	return func(ctx context.Context) (Import, error) {
		r.in++
		if r.in == r.failAdd {
			return Import{}, errDisk
		}
		for _, c := range batch {
			r.rows = append(r.rows, c.Row)
		}
		r.importRows += int64(len(batch))
		return Import{ID: "im", Imported: r.importRows}, ctx.Err()
	}, nil
}

// give reads batches into a taker until it is refused.
func (r *countingRoll) give(ctx context.Context, batches, size int) (given int, im Import, err error) {
	k := take(ctx, r, Import{ID: "im"})
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

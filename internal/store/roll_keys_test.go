package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"tocsin/incidents"
)

// keysWhole checks what holds when no import is open: no run waits, and the keys
// in the index are those in the persons' own rows, each with its person.
func (w *world) keysWhole() {
	w.t.Helper()
	w.ok(w.s.read(always, func(t *tx) error {
		l, err := t.list(w.in.ID)
		if err != nil {
			return err
		}
		var runs int
		if _, err := t.one(`SELECT COUNT(*) FROM person_key_runs WHERE list_no = $1`, args{l.no}, &runs); err != nil {
			return err
		}
		if runs != 0 || l.runs != l.merged {
			w.t.Errorf("%d runs wait; the list is at %d of %d", runs, l.merged, l.runs)
		}
		index := map[keyHash]int64{}
		err = t.rows(`SELECT hash, seq FROM person_keys WHERE list_no = $1`, args{l.no}, func(r scanner) error {
			var h []byte
			var seq int64
			err := r.Scan(&h, &seq)
			index[keyHash(h)] = seq
			return err
		})
		if err != nil {
			return err
		}
		kept := 0
		err = t.rows(`SELECT seq, keys FROM persons WHERE list_no = $1`, args{l.no}, func(r scanner) error {
			var seq int64
			var b []byte
			err := r.Scan(&seq, &b)
			for _, k := range keptKeys(b) {
				kept++
				if index[k] != seq {
					w.t.Errorf("a key of person %d belongs to person %d in the index", seq, index[k])
				}
			}
			return err
		})
		if kept != len(index) {
			w.t.Errorf("%d keys in the persons' rows, %d in the index", kept, len(index))
		}
		return err
	}))
}

// twin is person i again, known by the list's own id, with an address of their own.
func twin(i, row int64) incidents.Candidate {
	c := candidate(i)
	c.Row = row
	c.Keys = []string{c.Keys[0], fmt.Sprintf("ne:canary\nother%d@example.com", i)}
	return c
}

func TestDuplicatesAreFoundWhereverTheirKeysAre(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.mergeAt = 100
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		var im incidents.Import
		row, persons, twins := int64(0), int64(0), int64(0)
		for batch := range 30 {
			var rows []incidents.Candidate
			for range 10 {
				row++
				persons++
				c := candidate(persons)
				c.Row = row
				rows = append(rows, c)
			}
			for _, back := range []int64{1, 9, 60, 200} { // of this batch, of a run, sorted in, sorted in long ago
				if persons > back {
					row++
					twins++
					rows = append(rows, twin(persons-back, row))
				}
			}
			if batch%7 == 6 {
				w.s.books.drop(1) // as another process would find it
			}
			var err error
			im, err = w.s.AddPersons(always, "im1", rows)
			w.ok(err)
			p, err := w.s.FindPerson(always, w.in.ID, fmt.Sprintf("ref-%d", persons))
			w.ok(err)
			if p.Seq != persons {
				t.Fatalf("person %d is found at %d", persons, p.Seq)
			}
		}
		if im.Imported != persons || im.Duplicates != twins || im.Rows != row {
			t.Fatalf("imported %d, duplicates %d, rows %d; want %d, %d, %d", im.Imported, im.Duplicates, im.Rows, persons, twins, row)
		}
		_, err := w.s.FinishImport(always, incidents.Import{ID: "im1", Done: true})
		w.ok(err)
		w.keysWhole()
		late := candidate(9000) // nobody new: the address is the one a twin brought
		late.Keys = []string{"ne:canary\nother150@example.com"}
		if again := w.list("im2", append(candidates(persons), late), 64); again.Imported != 0 || again.Duplicates != persons+1 {
			t.Fatalf("the same list again: %+v", again)
		}
		w.keysWhole()
	})
}

func TestABrokenImportLeavesItsPeopleKnown(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		_, err := w.s.AddPersons(always, "im1", candidates(20))
		w.ok(err)
		w.s.books.drop(1) // the process ended here
		if im := w.list("im2", candidates(30), 30); im.Imported != 10 || im.Duplicates != 20 {
			t.Fatalf("the list again after the break: %+v", im)
		}
		w.keysWhole()
	})
}

func TestTwoProcessesAddToOneList(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		other := opened(t, w.s.o)
		other.mergeAt, w.s.mergeAt = 25, 40
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		var im incidents.Import
		for n := int64(0); n < 200; n += 10 {
			all := candidates(n + 10)
			mine := slices.Clone(all[n : n+10])
			again := slices.Clone(all[max(0, n-20) : n+10])
			for i := range again {
				again[i].Row += 1000 * (n + 1)
			}
			_, err := w.s.AddPersons(always, "im1", mine)
			w.ok(err)
			im, err = other.AddPersons(always, "im1", again)
			w.ok(err)
		}
		if im.Imported != 200 || im.Duplicates != 570 {
			t.Fatalf("imported %d, duplicates %d", im.Imported, im.Duplicates)
		}
		_, err := w.s.FinishImport(always, incidents.Import{ID: "im1", Done: true})
		w.ok(err)
		w.keysWhole()
	})
}

func TestAFailedBatchTeachesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.s.mergeAt = 30
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		_, err := w.s.AddPersons(always, "im1", candidates(10))
		w.ok(err)
		ready, err := w.s.PreparePersons(always, "im1", 0, candidates(20)[10:])
		w.ok(err)
		stopped, stop := context.WithCancel(always)
		stop()
		if _, err := ready(stopped, nil); !errors.Is(err, context.Canceled) {
			t.Fatalf("a batch was added after it was called off: %v", err)
		}
		broken := errors.New("the disk is full")
		b := w.s.prepare(w.in.ID, candidates(20)[10:])
		b.blocks, err = w.s.openBlocks(always, w.in.ID, 1, 20)
		w.ok(err)
		if err := w.s.write(always, func(t *tx) error {
			if _, _, err := t.addBatch("im1", b, nil); err != nil {
				return err
			}
			return broken
		}); !errors.Is(err, broken) {
			t.Fatal(err)
		}
		im, err := ready(always, nil)
		w.ok(err)
		if im.Imported != 20 || im.Duplicates != 0 {
			t.Fatalf("what was taken back is remembered: %+v", im)
		}
		_, err = w.s.FinishImport(always, incidents.Import{ID: "im1", Done: true})
		w.ok(err)
		w.keysWhole()
	})
}

func TestAnErasedPersonHasNoKeysLeft(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", append(candidates(20), twin(7, 21), twin(8, 22)), 5)
		w.ok(w.s.write(always, func(t *tx) error { // person 8's row is of before there was the column
			_, err := t.run(`UPDATE persons SET keys = NULL WHERE seq = 8`)
			return err
		}))
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im2", IncidentID: w.in.ID}))
		third := twin(7, 1)
		third.Keys[1] = "ne:canary\nthird7@example.com"
		_, err := w.s.AddPersons(always, "im2", []incidents.Candidate{third}) // waits in a run
		w.ok(err)
		for _, seq := range []int64{7, 8} {
			w.ok(w.s.ErasePerson(always, incidents.NewPersonID(w.in.ID, seq)))
			w.ok(w.s.read(always, func(q *tx) error {
				var left int
				_, err := q.one(`SELECT COUNT(*) FROM person_keys WHERE seq = $1`, args{seq}, &left)
				if left != 0 {
					t.Errorf("%d keys of person %d are left", left, seq)
				}
				return err
			}))
		}
		_, err = w.s.FinishImport(always, incidents.Import{ID: "im2", Done: true})
		w.ok(err)
		w.keysWhole()
		if im := w.list("im3", candidates(20), 20); im.Imported != 2 || im.Duplicates != 18 {
			t.Fatalf("the erased are still known: %+v", im)
		}
	})
}

func TestKeysSurviveBeingPacked(t *testing.T) {
	w := newWorld(t, options(t, ""))
	in := map[keyHash]int64{}
	for i := range int64(500) {
		in[w.s.keyHash("i1", fmt.Sprint(i))] = i + 1
	}
	out := map[keyHash]int64{}
	w.ok(unpackKeys(packKeys(in), out))
	if fmt.Sprint(in) != fmt.Sprint(out) {
		t.Fatal("packed keys are not what they were")
	}
	if err := unpackKeys(packKeys(in)[1:], out); err == nil {
		t.Fatal("a run that lost a byte was read")
	}
}

func TestAFilterForgetsNoKey(t *testing.T) {
	w := newWorld(t, options(t, ""))
	f := &keyFilter{}
	for i := range 20_000 {
		f.add(w.s.keyHash("i1", fmt.Sprint(i)))
	}
	wrong := 0
	for i := range 40_000 {
		may := f.may(w.s.keyHash("i1", fmt.Sprint(i)))
		switch {
		case i < 20_000 && !may:
			t.Fatalf("key %d is forgotten", i)
		case i >= 20_000 && may:
			wrong++
		}
	}
	if wrong > 20 {
		t.Fatalf("the filter is wrong about %d of 20,000 keys", wrong)
	}
}

package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"tocsin/incidents"
)

func TestAListIsTakenInOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		a, b := candidate(1), candidate(2)
		sameID := candidate(3)
		sameID.Keys = []string{"id:ref-1", "ne:canary\nnew@example.com"} // person 1 with a new address
		byNew := candidate(4)
		byNew.Keys = []string{"id:other", "ne:canary\nnew@example.com"} // found by that address
		byOther := candidate(5)
		byOther.Keys = []string{"id:other"}
		nobody := candidate(6)
		nobody.Channels, nobody.Place = nil, "US-CA"
		mended := candidate(7)
		mended.Repaired, mended.Flags, mended.Contact.Categories = true, incidents.FlagMinor, []string{"health"}
		im := w.list("im1", []incidents.Candidate{a, b, sameID, byNew, byOther, nobody, mended}, 2)
		if im.Imported != 4 || im.Duplicates != 3 || im.Unreachable != 1 || im.Repaired != 1 || im.Rows != 7 || !im.Done {
			t.Fatalf("import counts %+v", im)
		}
		if im.ByPlace["DE"] != 3 || im.ByPlace["US-CA"] != 1 || w.in.Persons != 4 || w.in.ListHash == "" {
			t.Fatalf("import %+v, incident %+v", im, w.in)
		}
		if minors := im.ByKind[mended.Kind()]; minors != 1 || len(im.ByKind) != 2 {
			t.Fatalf("by kind %v", im.ByKind)
		}
		hash := w.in.ListHash
		again := w.list("im2", []incidents.Candidate{a, b}, 2)
		if again.Imported != 0 || again.Duplicates != 2 || w.in.ListHash != hash {
			t.Fatalf("the same people again: %+v, hash moved %v", again, w.in.ListHash != hash)
		}
		p, err := w.s.FindPerson(always, w.in.ID, " Ref-2 ")
		w.ok(err)
		c, err := w.s.OpenContact(always, p)
		w.ok(err)
		if p.Seq != 2 || c.Ref != "REF-2" || c.Email != "canary2@example.com" || p.Mode != incidents.Live || !p.Can(incidents.SMS) {
			t.Fatalf("found %+v", p)
		}
		_, err = w.s.FindPerson(always, w.in.ID, "REF-99")
		w.refused(incidents.KindNotFound, err)
		w.ok(w.s.read(always, func(t *tx) error {
			for _, c := range []struct {
				f    incidents.PersonFilter
				want int64
			}{{incidents.PersonFilter{}, 4}, {incidents.PersonFilter{Places: []incidents.Place{"US"}}, 1}, {incidents.PersonFilter{Places: []incidents.Place{"US-CA", "DE"}}, 4},
				{incidents.PersonFilter{Langs: []incidents.Lang{"fr"}}, 0}, {incidents.PersonFilter{Places: []incidents.Place{"US-NY"}}, 0}} {
				listed, _, err := t.CountPersons(w.in.ID, c.f)
				if err != nil || listed != c.want {
					w.t.Fatalf("%+v chooses %d, %v; want %d", c.f, listed, err, c.want)
				}
			}
			page, err := t.Persons(w.in.ID, incidents.PersonPage{After: 1, Limit: 2})
			if err != nil || len(page) != 2 || page[0].Seq != 2 {
				w.t.Fatalf("page %v %v", page, err)
			}
			return nil
		}))
	})
}

func TestABatchTakenInTwiceChangesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		first, err := w.s.AddPersons(always, "im1", candidates(10))
		w.ok(err)
		second, err := w.s.AddPersons(always, "im1", candidates(10))
		w.ok(err)
		if fmt.Sprint(first) != fmt.Sprint(second) || first.Imported != 10 {
			t.Fatalf("first %+v, again %+v", first, second)
		}
	})
}

func TestTwentyBatchesAtOnce(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		var wg sync.WaitGroup
		for i := range 20 {
			wg.Go(func() {
				var batch []incidents.Candidate
				for j := range 150 {
					c := candidate(int64(i*100 + j + 1)) // half of the neighbours overlap
					c.Row = int64(i*1000 + j + 1)
					batch = append(batch, c)
				}
				if _, err := w.s.AddPersons(always, "im1", batch); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		im, err := w.s.FinishImport(always, incidents.Import{ID: "im1", Done: true})
		w.ok(err)
		w.reload()
		if im.Imported != 2050 || im.Duplicates != 950 || w.in.Persons != 2050 {
			t.Fatalf("imported %d, duplicates %d, on the list %d", im.Imported, im.Duplicates, w.in.Persons)
		}
		w.ok(w.s.read(always, func(q *tx) error {
			after := int64(0)
			for {
				page, err := q.Persons(w.in.ID, incidents.PersonPage{After: after, Limit: 1000})
				if err != nil || len(page) == 0 {
					return err
				}
				for _, p := range page {
					if after++; p.Seq != after {
						t.Fatalf("place %d is missing", after)
					}
					if _, err := w.s.OpenContact(always, p); err != nil {
						return err
					}
				}
			}
		}))
	})
}

func TestAChangedListVoidsApprovals(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.list("im1", candidates(3), 10)
		w.draft(1, twoSteps)
		w.approve("otto")
		w.list("im2", []incidents.Candidate{candidate(9)}, 10)
		if w.n.Status != incidents.NoticeDraft || w.n.Stale == "" {
			t.Fatalf("the notice is %s", w.n.Status)
		}
		w.n.Status = incidents.NoticeApproved // as if somebody put it back by hand
		w.put()
		w.refused(incidents.KindForbidden, w.release())
	})
}

func TestErasingAListLeavesNothing(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(30, twoSteps)
		w.refused(incidents.KindConflict, second(w.s.EraseList(always, w.in.ID)))
		w.ok(w.s.Capture(always, incidents.Capture{ID: "1-1-e", Delivery: incidents.DeliveryID{Notice: 1, Seq: 1, Channel: incidents.Email}, Channel: incidents.Email, To: "canary1@example.com", Body: []byte("Dear Canary Person1")}))
		ref, err := w.s.SaveFile(always, incidents.FileRef{IncidentID: w.in.ID, Kind: "rejects", Name: "rejected.csv"}, bytes.NewReader([]byte("7,columns,Canary Person7")))
		w.ok(err)
		w.n.Status = incidents.NoticeStopped
		w.put()
		before := w.reconcile()
		n, ids, err := w.s.EraseList(always, w.in.ID)
		w.ok(err)
		again, ids2, err := w.s.EraseList(always, w.in.ID)
		w.ok(err)
		if n != 1 || again != 1 || ids == "" || ids != ids2 {
			t.Fatalf("blocks %d then %d, %q then %q", n, again, ids, ids2)
		}
		w.ok(w.s.read(always, func(q *tx) error {
			p, err := q.Person(incidents.NewPersonID(w.in.ID, 3))
			if err != nil {
				return err
			}
			_, err = w.s.OpenContact(always, p)
			w.refused(incidents.KindNotFound, err)
			return nil
		}))
		_, err = w.s.FindPerson(always, w.in.ID, "REF-3")
		w.refused(incidents.KindNotFound, err)
		_, err = w.s.OpenCapture(always, "1-1-e")
		w.refused(incidents.KindNotFound, err)
		_, _, err = w.s.OpenFile(always, ref.ID)
		w.refused(incidents.KindNotFound, err)
		_, err = w.s.AddPersons(always, "im1", []incidents.Candidate{candidate(77)})
		w.refused(incidents.KindConflict, err)
		if w.reconcile() != before {
			t.Fatal("the counts changed")
		}
		noPlaintext(t, w)
	})
}

func second(_ int64, _ string, err error) error { return err }

// noPlaintext searches every byte of the database's files for personal data.
func noPlaintext(t *testing.T, w *world) {
	t.Helper()
	seen := 0
	w.ok(filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		seen += len(b)
		for _, secret := range []string{"canary", "Canary", "REF-", "+1202555", "ref-"} {
			if bytes.Contains(b, []byte(secret)) {
				t.Errorf("%s holds %q", filepath.Base(path), secret)
			}
		}
		return err
	}))
	if seen == 0 && !w.s.pg {
		t.Fatal("there was nothing to search")
	}
	if w.s.pg {
		noPlaintextRows(t, w)
	}
}

func TestErasingOnePersonKeepsTheOthers(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.sending(12, twoSteps)
		var old incidents.Person
		w.ok(w.s.read(always, func(q *tx) (err error) { old, err = q.Person(incidents.NewPersonID(w.in.ID, 5)); return err }))
		for _, seq := range []int64{5, 6} {
			w.ok(w.s.Capture(always, incidents.Capture{Delivery: incidents.DeliveryID{Notice: 1, Seq: seq, Channel: incidents.Email}, Channel: incidents.Email, Subject: "S"}))
		}
		w.ok(w.s.ErasePerson(always, old.ID))
		w.ok(w.s.ErasePerson(always, old.ID)) // again, as after a fault
		if _, err := w.s.OpenContact(always, old); err == nil {
			t.Fatal("a copy of the sealed row still opens")
		}
		if got := w.state(5, incidents.Email); got != incidents.Suppressed {
			t.Fatalf("what was planned for the person is %s", got)
		}
		w.counted()
		for seq := int64(1); seq <= 12; seq++ {
			w.ok(w.s.read(always, func(q *tx) error {
				p, err := q.Person(incidents.NewPersonID(w.in.ID, seq))
				if err != nil {
					return err
				}
				c, err := w.s.OpenContact(always, p)
				if (err == nil) != (seq != 5) || (seq != 5 && c.Ref != fmt.Sprintf("REF-%d", seq)) {
					t.Fatalf("person %d: %v", seq, err)
				}
				return nil
			}))
		}
		_, err := w.s.OpenCapture(always, "1-5-e")
		w.refused(incidents.KindNotFound, err)
		c, err := w.s.OpenCapture(always, "1-6-e")
		w.ok(err)
		if c.Subject != "S" {
			t.Fatal("another person's capture was lost")
		}
		im := w.list("im9", []incidents.Candidate{candidate(500)}, 10)
		if im.Imported != 1 {
			t.Fatal("the list cannot grow any more")
		}
		noPlaintext(t, w)
	})
}

// noPlaintextRows searches every value of every table of PostgreSQL, whose
// files belong to the server.
func noPlaintextRows(t *testing.T, w *world) {
	t.Helper()
	w.ok(w.s.read(always, func(q *tx) error {
		var tables []string
		err := q.rows(`SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema() AND table_type = 'BASE TABLE'`, nil, func(r scanner) error {
			var name string
			err := r.Scan(&name)
			tables = append(tables, name)
			return err
		})
		if err != nil || len(tables) < 10 {
			t.Fatalf("tables %v, %v", tables, err)
		}
		for _, name := range tables {
			err := q.rows(`SELECT CAST(x AS text) FROM `+name+` x`, nil, func(r scanner) error {
				var row string
				err := r.Scan(&row)
				for _, secret := range []string{"canary", "Canary", "REF-", "+1202555", "ref-", fmt.Sprintf("%x", "canary"), fmt.Sprintf("%x", "REF-")} {
					if strings.Contains(row, secret) {
						t.Errorf("table %s holds %q", name, secret)
					}
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	}))
}

// What a note changes is kept with its batch or alone, and not at all when the
// note fails; the counts of the batches stay, and a closed import takes none.
func TestNotesOfAnImport(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im1", IncidentID: w.in.ID}))
		reading := func(rows, bytes int64) incidents.ImportNote {
			return func(tx incidents.Tx, im *incidents.Import) error {
				im.Rows, im.Reading = rows, &incidents.Reading{Bytes: bytes}
				return tx.Emit(incidents.Message{ID: fmt.Sprint("news-", bytes), Subject: "incidents.list_progress.v1", Data: []byte("{}")})
			}
		}
		add, err := w.s.PreparePersons(always, "im1", 0, candidates(10))
		w.ok(err)
		im, err := add(always, reading(12, 100))
		w.ok(err)
		if im.Rows != 12 || im.Imported != 10 || im.Reading.Bytes != 100 {
			t.Errorf("with a batch: %+v", im)
		}
		im, err = w.s.NoteImport(always, "im1", reading(15, 200))
		w.ok(err)
		if im.Rows != 15 || im.Imported != 10 || im.Reading.Bytes != 200 {
			t.Errorf("alone: %+v", im)
		}
		failed := errors.New("no")
		if _, err = w.s.NoteImport(always, "im1", func(_ incidents.Tx, im *incidents.Import) error { im.Rows = 99; return failed }); !errors.Is(err, failed) {
			t.Errorf("a note that failed: %v", err)
		}
		im, err = w.s.FinishImport(always, incidents.Import{ID: "im1", Broke: incidents.BrokeUpload, Reading: &incidents.Reading{Bytes: 300}})
		w.ok(err)
		if im.Rows != 10 || im.Done || im.Broke != incidents.BrokeUpload || im.Reading.Bytes != 300 {
			t.Errorf("closed as broken: %+v", im)
		}
		rows, err := w.s.TakeOutbox(always, 10)
		w.ok(err)
		if len(rows) != 2 {
			t.Errorf("%d pieces of news, want 2", len(rows))
		}
		w.ok(w.s.StartImport(always, incidents.Import{ID: "im2", IncidentID: w.in.ID}))
		_, err = w.s.FinishImport(always, incidents.Import{ID: "im2", Done: true})
		w.ok(err)
		if _, err = w.s.NoteImport(always, "im2", reading(1, 1)); incidents.KindOf(err) != incidents.KindConflict {
			t.Errorf("a note of a closed import: %v", err)
		}
	})
}

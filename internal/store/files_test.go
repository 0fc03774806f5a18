package store

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"

	"tocsin/incidents"
)

func TestFilesComeBackWhole(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		r := rand.New(rand.NewPCG(1, 2))
		for _, size := range []int{0, 1, pieceSize, pieceSize + 1, 3*pieceSize - 5} {
			want := make([]byte, size)
			for i := range want {
				want[i] = byte(r.Uint32())
			}
			ref, err := w.s.SaveFile(always, incidents.FileRef{IncidentID: w.in.ID, Name: "../../etc/passwd", Kind: "receipt", At: w.now()}, bytes.NewReader(want))
			w.ok(err)
			if ref.ID == "" || ref.Size != int64(size) {
				t.Fatalf("ref %+v", ref)
			}
			got, rc, err := w.s.OpenFile(always, ref.ID)
			w.ok(err)
			b, err := io.ReadAll(rc)
			w.ok(err)
			w.ok(rc.Close())
			if !bytes.Equal(b, want) || got != ref {
				t.Fatalf("%d bytes came back as %d", size, len(b))
			}
			if size > pieceSize {
				w.write(func(q *tx) error {
					_, err := q.run(`DELETE FROM file_pieces WHERE file_id = $1 AND no = 1`, string(ref.ID))
					return err
				})
				_, rc, err = w.s.OpenFile(always, ref.ID)
				w.ok(err)
				if _, err := io.ReadAll(rc); err == nil {
					t.Fatal("a file with a piece missing reads to its end")
				}
			}
		}
		w.ok(w.s.read(always, func(q *tx) error {
			all, err := q.Files(w.in.ID)
			if len(all) != 5 {
				t.Fatalf("%d files", len(all))
			}
			return err
		}))
	})
}

func TestABrokenUploadIsNoFile(t *testing.T) {
	eachEngine(t, func(t *testing.T, w *world) {
		w.incident("i1", incidents.Live)
		_, err := w.s.SaveFile(always, incidents.FileRef{ID: "f1", IncidentID: w.in.ID, Kind: "receipt"}, io.MultiReader(bytes.NewReader(make([]byte, 2*pieceSize)), broken{}))
		if err == nil {
			t.Fatal("no error")
		}
		_, _, err = w.s.OpenFile(always, "f1")
		w.refused(incidents.KindNotFound, err)
		_, err = w.s.SaveFile(always, incidents.FileRef{ID: "f1", IncidentID: w.in.ID, Kind: "receipt"}, bytes.NewReader([]byte("whole")))
		w.ok(err)
	})
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("the line broke") }

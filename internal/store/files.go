package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"strconv"

	"tocsin/incidents"
)

// pieceSize is how much of a file is in memory at once.
const pieceSize = 256 << 10

// A sealer seals and opens pieces of one file.
type sealer interface {
	Seal(aad string, plain []byte) []byte
	Open(aad string, sealed []byte) ([]byte, error)
}

// fileSealer returns what a file is sealed with: rejected rows go when their
// list goes, everything else stays as evidence.
func (s *Store) fileSealer(ctx context.Context, ref incidents.FileRef, fresh bool) (sealer, error) {
	if ref.Kind != "rejects" {
		return s.o.Keeper.Small("file"), nil
	}
	if fresh {
		if err := s.o.Keeper.NewBlocks(ctx, rejectsScope(ref.IncidentID), 1); err != nil {
			return nil, err
		}
	}
	return s.o.Keeper.Sealer(ctx, rejectsScope(ref.IncidentID), 1)
}

// SaveFile keeps a file sealed, piece by piece. The reference is written last,
// so that a file is either whole or not there.
func (s *Store) SaveFile(ctx context.Context, ref incidents.FileRef, r io.Reader) (incidents.FileRef, error) {
	if ref.ID == "" {
		ref.ID = incidents.FileID(s.o.NewID())
	}
	box, err := s.fileSealer(ctx, ref, true)
	if err != nil {
		return ref, err
	}
	err = s.write(ctx, func(t *tx) error {
		_, err := t.run(`DELETE FROM file_pieces WHERE file_id = $1 AND NOT EXISTS (SELECT 1 FROM files WHERE id = $1)`, string(ref.ID))
		return err
	})
	if err != nil {
		return ref, err
	}
	sum := sha256.New()
	ref.Size = 0
	buf := make([]byte, pieceSize)
	for no := 0; ; no++ {
		n, rerr := io.ReadFull(r, buf)
		if rerr != nil && !errors.Is(rerr, io.EOF) && !errors.Is(rerr, io.ErrUnexpectedEOF) {
			return ref, errors.Join(fmt.Errorf("read file %s: %w", ref.ID, rerr), s.dropPieces(ctx, ref.ID))
		}
		if n > 0 {
			sum.Write(buf[:n])
			ref.Size += int64(n)
			if err := s.savePiece(ctx, ref.ID, no, box.Seal(pieceAAD(ref.ID, no), buf[:n])); err != nil {
				return ref, err
			}
		}
		if rerr != nil {
			break
		}
	}
	ref.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return ref, s.write(ctx, func(t *tx) error { return t.PutFileRef(ref) })
}

func pieceAAD(id incidents.FileID, no int) string { return string(id) + "/" + strconv.Itoa(no) }

func (s *Store) savePiece(ctx context.Context, id incidents.FileID, no int, sealed []byte) error {
	return s.write(ctx, func(t *tx) error {
		n, err := t.run(`INSERT INTO file_pieces (file_id, no, sealed) VALUES ($1, $2, $3) ON CONFLICT (file_id, no) DO NOTHING`, string(id), no, sealed)
		if err == nil && n == 0 {
			err = incidents.Conflict("file %s is there already", id)
		}
		return err
	})
}

func (s *Store) dropPieces(ctx context.Context, id incidents.FileID) error {
	return s.write(context.WithoutCancel(ctx), func(t *tx) error {
		_, err := t.run(`DELETE FROM file_pieces WHERE file_id = $1`, string(id))
		return err
	})
}

// PutFileRef inserts or replaces a reference to a file.
func (t *tx) PutFileRef(ref incidents.FileRef) error {
	if ref.ID == "" {
		return incidents.Invalid("a file needs an id")
	}
	body, err := json.Marshal(ref)
	if err == nil {
		_, err = t.run(`INSERT INTO files (id, incident_id, kind, at, body) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (id) DO UPDATE SET incident_id = excluded.incident_id, kind = excluded.kind, at = excluded.at, body = excluded.body`,
			string(ref.ID), string(ref.IncidentID), ref.Kind, ms(ref.At), string(body))
	}
	return err
}

// Files lists the files of an incident, newest first.
func (t *tx) Files(in incidents.IncidentID) (out []incidents.FileRef, err error) {
	err = t.rows(`SELECT body FROM files WHERE incident_id = $1 ORDER BY at DESC, id DESC`, args{string(in)}, func(r scanner) error {
		var body string
		if err := r.Scan(&body); err != nil {
			return err
		}
		var ref incidents.FileRef
		err := json.Unmarshal([]byte(body), &ref)
		out = append(out, ref)
		return err
	})
	return out, err
}

// OpenFile opens a file as a stream. Its end is checked: a piece that was
// changed, moved or lost is an error of Read, never a shorter file.
func (s *Store) OpenFile(ctx context.Context, id incidents.FileID) (ref incidents.FileRef, _ io.ReadCloser, err error) {
	var body string
	err = s.read(ctx, func(t *tx) error {
		found, err := t.one(`SELECT body FROM files WHERE id = $1`, args{string(id)}, &body)
		if err == nil && !found {
			err = incidents.NotFound("there is no file %s", id)
		}
		return err
	})
	if err != nil {
		return ref, nil, err
	}
	if err := json.Unmarshal([]byte(body), &ref); err != nil {
		return ref, nil, err
	}
	box, err := s.fileSealer(ctx, ref, false)
	if err != nil {
		return ref, nil, err
	}
	return ref, &fileReader{ctx: ctx, store: s, ref: ref, box: box, sum: sha256.New()}, nil
}

// A fileReader opens one piece at a time.
type fileReader struct {
	ctx   context.Context // of the caller of OpenFile, for as long as it reads
	store *Store
	ref   incidents.FileRef
	box   sealer
	sum   hash.Hash
	no    int
	size  int64
	piece []byte
	err   error
}

func (f *fileReader) Read(p []byte) (int, error) {
	for len(f.piece) == 0 && f.err == nil {
		f.err = f.next()
	}
	if len(f.piece) == 0 {
		return 0, f.err
	}
	n := copy(p, f.piece)
	f.piece = f.piece[n:]
	return n, nil
}

func (f *fileReader) next() error {
	if f.size == f.ref.Size {
		if hex.EncodeToString(f.sum.Sum(nil)) != f.ref.SHA256 {
			return fmt.Errorf("file %s is not what was saved", f.ref.ID)
		}
		return io.EOF
	}
	var sealed []byte
	err := f.store.read(f.ctx, func(t *tx) error {
		found, err := t.one(`SELECT sealed FROM file_pieces WHERE file_id = $1 AND no = $2`, args{string(f.ref.ID), f.no}, &sealed)
		if err == nil && !found {
			err = incidents.NotFound("file %s was erased, or a piece of it is lost", f.ref.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	if f.piece, err = f.box.Open(pieceAAD(f.ref.ID, f.no), sealed); err != nil {
		return fmt.Errorf("open file %s: %w", f.ref.ID, err)
	}
	f.no++
	f.size += int64(len(f.piece))
	f.sum.Write(f.piece)
	return nil
}

// Close ends reading.
func (f *fileReader) Close() error {
	f.piece, f.err = nil, io.ErrClosedPipe
	return nil
}

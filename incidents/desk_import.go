package incidents

import (
	"context"
	"io"
	"sync/atomic"
	"time"
)

// importBatch is how many persons are sealed and stored per transaction.
const importBatch = 5000

// importBeat is the least time between two pieces of news of one import.
const importBeat = 500 * time.Millisecond

// ListProgress is the news that an import moved. It is no act, so it is in no
// audit log, and pages that show no import need not heed it.
const ListProgress = "list.progress"

// A gauge is how far a list is read. Whoever reads the list turns it, and the
// taker writes it down with what it stores.
type gauge struct {
	rows, rejected, bytes atomic.Int64

	size  int64 // of the upload; 0: not known
	began time.Time
	now   func() time.Time
}

// of counts the bytes of a list on their way to its reader.
func (g *gauge) of(list io.Reader) io.Reader { return &gauged{list, g} }

type gauged struct {
	list io.Reader
	g    *gauge
}

func (l *gauged) Read(b []byte) (int, error) {
	n, err := l.list.Read(b)
	l.g.bytes.Add(int64(n))
	return n, err
}

// show puts into the record of an import how far its list is read.
func (g *gauge) show(im *Import) {
	im.Rejected = g.rejected.Load() // before the rows, of which they are a part
	im.Rows = g.rows.Load()
	now := g.now()
	im.Reading = &Reading{Bytes: g.bytes.Load(), Size: g.size, Took: now.Sub(g.began).Milliseconds(), At: now.UTC().Truncate(time.Second)}
}

// A taker puts batches on the roll, in order, while the list is read on: one is
// stored while the next is made ready and the one after that is read. It keeps
// the record of the import up to date: with every batch, and between them when
// none comes for a while.
type taker struct {
	roll    Roll
	gauge   *gauge
	tell    func(Tx, Import) error // puts the news that it moved on the bus
	batches chan []Candidate
	ready   chan readyBatch
	free    chan []Candidate // emptied, to be filled again
	done    chan struct{}    // closed when nothing is taken any more
	im      Import           // after done
	err     error            // after done
}

type readyBatch struct {
	rows []Candidate
	add  AddBatch
	err  error
}

func take(ctx context.Context, roll Roll, im Import, g *gauge, tell func(Tx, Import) error) *taker {
	k := &taker{roll: roll, gauge: g, tell: tell, batches: make(chan []Candidate), ready: make(chan readyBatch), free: make(chan []Candidate, 1), done: make(chan struct{}), im: im}
	go k.prepare(ctx, im.ID)
	go k.store(ctx)
	return k
}

func (k *taker) prepare(ctx context.Context, id string) {
	defer close(k.ready)
	before := 0
	for rows := range k.batches {
		add, err := k.roll.PreparePersons(ctx, id, before, rows)
		select {
		case k.ready <- readyBatch{rows, add, err}:
		case <-k.done:
			return
		}
		before = len(rows)
	}
}

func (k *taker) store(ctx context.Context) {
	defer close(k.done)
	beat := time.NewTicker(importBeat)
	defer beat.Stop()
	due := false // news of it may leave again
	for {
		select {
		case b, ok := <-k.ready:
			if !ok {
				return
			}
			select {
			case <-beat.C:
				due = true
			default:
			}
			if k.err = k.add(ctx, b, due); k.err != nil {
				return
			}
			if due {
				due = false
				beat.Reset(importBeat)
			}
		case <-beat.C:
			due = !due || !k.note(ctx) // no batch came for two beats
		}
	}
}

// add stores a batch, and in the same transaction how far the list is read.
func (k *taker) add(ctx context.Context, b readyBatch, tell bool) error {
	if b.err != nil {
		return b.err
	}
	im, err := b.add(ctx, k.noting(tell))
	if err != nil {
		return err
	}
	k.im = im
	clear(b.rows) // personal data has been here
	select {
	case k.free <- b.rows[:0]:
	default:
	}
	return nil
}

// noting shows how far the list is read in the record of the import, and has
// the open pages told.
func (k *taker) noting(tell bool) ImportNote {
	return func(tx Tx, im *Import) error {
		k.gauge.show(im)
		if !tell {
			return nil
		}
		return k.tell(tx, *im)
	}
}

// note writes down that a slow list moved, if it did. What cannot be written
// down now is with the next batch, which tells what is wrong if it cannot be either.
func (k *taker) note(ctx context.Context) bool {
	if r := k.im.Reading; r != nil && r.Bytes == k.gauge.bytes.Load() && k.im.Rows == k.gauge.rows.Load() {
		return false
	}
	im, err := k.roll.NoteImport(ctx, k.im.ID, k.noting(true))
	if err == nil {
		k.im = im
	}
	return err == nil
}

// room is where the next batch goes.
func (k *taker) room() []Candidate {
	select {
	case b := <-k.free:
		return b
	default:
		return make([]Candidate, 0, importBatch)
	}
}

// give hands a batch over; it waits until there is room for it.
func (k *taker) give(batch []Candidate) error {
	select {
	case k.batches <- batch:
		return nil
	case <-k.done:
		return k.err
	}
}

// end waits until everything given is on the roll, or nothing more will be.
func (k *taker) end() (Import, error) {
	close(k.batches)
	<-k.done
	for range k.ready { // until nothing is made ready any more, which an error may have left
	}
	return k.im, k.err
}

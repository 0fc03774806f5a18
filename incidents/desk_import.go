package incidents

import "context"

// importBatch is how many persons are sealed and stored per transaction.
const importBatch = 5000

// A taker puts batches on the roll, in order, while the list is read on: one is
// stored while the next is made ready and the one after that is read.
type taker struct {
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

func take(ctx context.Context, roll Roll, im Import) *taker {
	k := &taker{batches: make(chan []Candidate), ready: make(chan readyBatch), free: make(chan []Candidate, 1), done: make(chan struct{}), im: im}
	go k.prepare(ctx, roll, im.ID)
	go k.store(ctx)
	return k
}

func (k *taker) prepare(ctx context.Context, roll Roll, id string) {
	defer close(k.ready)
	before := 0
	for rows := range k.batches {
		add, err := roll.PreparePersons(ctx, id, before, rows)
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
	for b := range k.ready {
		if k.err = b.err; k.err != nil {
			return
		}
		im, err := b.add(ctx)
		if k.err = err; err != nil {
			return
		}
		k.im = im
		clear(b.rows) // personal data has been here
		select {
		case k.free <- b.rows[:0]:
		default:
		}
	}
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

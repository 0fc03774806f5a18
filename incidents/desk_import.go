package incidents

import "context"

// importBatch is how many persons are sealed and stored per transaction.
const importBatch = 10000

// A taker puts batches on the roll, in order, while the list is read on.
type taker struct {
	batches chan []Candidate
	free    chan []Candidate // emptied, to be filled again
	done    chan struct{}    // closed when nothing is taken any more
	im      Import           // after done
	err     error            // after done
}

func take(ctx context.Context, roll Roll, im Import) *taker {
	k := &taker{batches: make(chan []Candidate), free: make(chan []Candidate, 1), done: make(chan struct{}), im: im}
	go func() {
		defer close(k.done)
		for batch := range k.batches {
			got, err := roll.AddPersons(ctx, im.ID, batch)
			if err != nil {
				k.err = err
				return
			}
			k.im = got
			clear(batch) // personal data has been here
			select {
			case k.free <- batch[:0]:
			default:
			}
		}
	}()
	return k
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

// give hands a batch over; it waits for the batch before.
func (k *taker) give(batch []Candidate) error {
	select {
	case k.batches <- batch:
		return nil
	case <-k.done:
		return k.err
	}
}

// end waits until everything given is on the roll.
func (k *taker) end() (Import, error) {
	close(k.batches)
	<-k.done
	return k.im, k.err
}

package main

import (
	"context"
	"sync"
	"time"

	"tocsin/incidents"
	"tocsin/internal/store"
)

// A forgetful journal hands persons out and writes nothing down: the same
// pipeline without a ledger, to see what the ledger costs.
type forgetful struct {
	*store.Store
	size int64
	mu   sync.Mutex
	left map[int64][]incidents.Person
}

func (j *forgetful) TakeChunk(ctx context.Context, notice, no int64, owner string, lease time.Duration) (c incidents.Chunk, ok bool, err error) {
	c = incidents.Chunk{Notice: notice, No: no, From: (no-1)*1000 + 1, To: min(no*1000, j.size), Fence: 1, Owner: owner}
	var people []incidents.Person
	err = j.Read(ctx, func(tx incidents.Tx) error {
		people, err = tx.Persons("i1", incidents.PersonPage{After: c.From - 1, Limit: int(c.To - c.From + 1)})
		return err
	})
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.left == nil {
		j.left = map[int64][]incidents.Person{}
	}
	j.left[no] = people
	return c, err == nil, err
}

func (j *forgetful) Turn(_ context.Context, t incidents.Turn) (c incidents.Claims, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	left := j.left[t.Chunk.No]
	n := min(t.Want, len(left))
	for _, p := range left[:n] {
		c.Next = append(c.Next, incidents.Claimed{Person: p, First: t.Now, Delivery: incidents.Delivery{
			ID: incidents.DeliveryID{Notice: t.Chunk.Notice, Seq: p.Seq, Channel: t.Channel}, State: incidents.Attempting, Attempts: 1, Fence: 1}})
	}
	j.left[t.Chunk.No] = left[n:]
	return c, nil
}

func (j *forgetful) LeaveChunk(context.Context, incidents.Chunk) error { return nil }

package store

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"tocsin/incidents"
)

// An ahead is what a chunk has to send on one channel, read while it waits for
// its turn or earlier windows are under way, so that the one writer has not to
// read it. What it holds may be claimed while nobody but the holder of the chunk
// changed it since: the claim compares the revisions of chunk and list in its transaction.
type ahead struct {
	chunk   incidents.Chunk
	channel incidents.Channel

	mu   sync.Mutex
	revs revisions
	rows []dueRow
	last int64 // seq: nothing up to it is wanted any more
	more bool  // there may be more than rows: nothing was read yet, or what was read does not hold
	busy bool  // they are being read
	left afterTurn
	lost *lostTurn // the last, if nobody answered whether it was committed
}

// A lostTurn was handed to the database to be committed, and the connection ended
// before the answer came.
type lostTurn struct {
	incidents.Turn
	claims incidents.Claims
	after  afterTurn
}

// revisions are how often chunk and list were changed by others.
type revisions struct{ chunk, list int64 }

// aheadWanted: a claim of fewer is quick enough without reading ahead.
const aheadWanted = 8

// aheads are those of the chunks this process works on.
type aheads struct {
	kept    statements // that read ahead on SQLite
	mu      sync.Mutex
	by      map[chunkKey]*ahead
	reading sync.WaitGroup
	closed  bool
}

func (all *aheads) of(turn incidents.Turn) *ahead {
	key := chunkKey{turn.Chunk.Notice, turn.Chunk.No}
	all.mu.Lock()
	defer all.mu.Unlock()
	a := all.by[key]
	if a == nil || a.chunk.Fence != turn.Chunk.Fence || a.channel != turn.Channel {
		a = &ahead{chunk: turn.Chunk, channel: turn.Channel, more: true}
		if all.by == nil {
			all.by = map[chunkKey]*ahead{}
		}
		all.by[key] = a
	}
	return a
}

// drop forgets what was read of a chunk.
func (all *aheads) drop(notice, chunk int64) {
	all.mu.Lock()
	defer all.mu.Unlock()
	delete(all.by, chunkKey{notice, chunk})
}

// close waits until nothing is being read.
func (all *aheads) close() {
	all.mu.Lock()
	all.closed = true
	all.mu.Unlock()
	all.reading.Wait()
	all.kept.close()
}

// offer is what a claim of so many may take, and whether that is the rest of the chunk.
func (a *ahead) offer(want int) (rows []dueRow, rest bool, at revisions) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.rows[:min(want, len(a.rows))], len(a.rows) <= want && !a.more && !a.busy, a.revs
}

// turned remembers how a turn left the chunk, and lets go of what it claimed; of
// everything when it holds no more.
func (a *ahead) turned(next []incidents.Claimed, after afterTurn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.left, a.lost = after, nil
	for _, c := range next {
		a.last = max(a.last, c.Delivery.ID.Seq)
	}
	if after.stale {
		a.rows, a.more = nil, true
	}
	a.trim()
}

// mayStand remembers a turn whose commit nobody answered.
func (a *ahead) mayStand(turn incidents.Turn, c incidents.Claims, after afterTurn) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.lost = &lostTurn{turn, c, after}
}

// stands returns what a turn came to that is tried again, if the row of the chunk
// tells that it was committed the first time: to try it again would be refused,
// and what it claimed would be in doubt without ever having left.
func (a *ahead) stands(turn incidents.Turn, at place) (c incidents.Claims, after afterTurn, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if x := a.lost; x != nil && x.Want == turn.Want && slices.Equal(x.Done, turn.Done) && x.after.no == at.no && x.after.landed == at.landed && x.after.text() == at.text() {
		return x.claims, x.after, true
	}
	return c, after, false
}

// place is how the last turn left the chunk, nil when somebody may have written since.
func (a *ahead) place(at moment) *place {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at == (moment{}) || a.left.at != at {
		return nil
	}
	p := a.left.place
	return &p
}

// fresh tells that nothing of the chunk was claimed yet.
func (a *ahead) fresh() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.last == 0
}

// leftOff is how the last turn left the chunk, nil when that is not known. Flights
// are a copy: a transaction that fails leaves them as they are.
func (a *ahead) leftOff() *place {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.left.held {
		return nil
	}
	p := a.left.place
	p.flights = slices.Clone(p.flights)
	return &p
}

// trim leaves out what is not wanted any more; a.mu is held.
func (a *ahead) trim() {
	for len(a.rows) > 0 && a.rows[0].seq <= a.last {
		a.rows = a.rows[1:]
	}
}

// refill reads the rest of the chunk, unless it was read.
func (s *Store) refill(a *ahead) {
	a.mu.Lock()
	due := a.more && !a.busy
	a.busy = a.busy || due
	a.mu.Unlock()
	if !due {
		return
	}
	s.aheads.mu.Lock()
	defer s.aheads.mu.Unlock()
	if !s.aheads.closed {
		s.aheads.reading.Go(func() { s.readAhead(a) })
	}
}

// readAhead reads what is due after the last that was claimed; an error leaves it
// to the claim to find out.
func (s *Store) readAhead(a *ahead) {
	a.mu.Lock()
	from := a.last
	a.mu.Unlock()
	var revs revisions
	var rows []dueRow
	ctx, cancel := context.WithTimeout(context.Background(), s.within) // Close waits for it
	defer cancel()
	err := s.read(ctx, func(t *tx) (err error) {
		if t.lite != nil {
			t.kept = &s.aheads.kept
		}
		revs, rows, err = t.dueAfter(a.chunk, a.channel, from)
		return err
	})
	s.aheads.kept.prepare(ctx, s.r)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.busy, a.more = false, false
	if err != nil {
		revs, rows = revisions{-1, -1}, nil // it holds for nothing
	}
	a.revs, a.rows = revs, rows
	a.trim()
}

// A slack says how many rows may be read ahead, when the writer begins to wait for
// the disk or to land: a processor is free then. What is read has time until the
// chunk before has nothing left. On two processors a reader that took no heed took
// a fifth of what rendering and sending could have had.
type slack chan int

const (
	slackAtMost  = 8  // of them may be behind
	slackRows    = 32 // are read when none came
	slackWithout = 2 * time.Millisecond
)

// begin lets so many rows be read.
func (s slack) begin(rows int) {
	select {
	case s <- rows:
	default:
	}
}

// wait waits for a slack, for a moment.
func (s slack) wait() (rows int) {
	t := time.NewTimer(slackWithout)
	defer t.Stop()
	select {
	case rows = <-s:
	case <-t.C:
	}
	return max(rows, slackRows)
}

// dueAfter reads what is due after a place on the list, and the revisions it holds for.
func (t *tx) dueAfter(c incidents.Chunk, channel incidents.Channel, after int64) (revs revisions, out []dueRow, err error) {
	var list int64
	found, err := t.one(`SELECT c.rev, l.rev, l.no FROM chunks c JOIN releases r ON r.notice_no = c.notice_no JOIN lists l ON l.no = r.list_no
		WHERE c.notice_no = $1 AND c.no = $2 AND c.fence = $3`, args{c.Notice, c.No, c.Fence}, &revs.chunk, &revs.list, &list)
	if err != nil || !found {
		return revs, nil, err
	}
	from, to := placesOf(c.No)
	from = max(from, after+1)
	out = make([]dueRow, 0, max(0, to-from+1))
	paced, until := after == 0 && !t.postgres(), 0 // who has begun to claim is in a hurry
	err = t.dueStretch(list, c.Notice, from, to, channel, func(x dueRow) {
		if paced && len(out) == until {
			until += t.s.slack.wait()
		}
		out = append(out, x)
	})
	return revs, out, err
}

// cells are what a text holds between its blanks.
type cells struct {
	rest string
	err  error // the first number that was none
}

func (c *cells) text() (s string) {
	s, c.rest, _ = strings.Cut(c.rest, " ")
	return s
}

func (c *cells) number() int64 {
	n, err := strconv.ParseInt(c.text(), 10, 64)
	c.err = cmp.Or(c.err, err)
	return n
}

// quoted takes a quoted text off the front.
func (c *cells) quoted() (s string) {
	q, err := strconv.QuotedPrefix(c.rest)
	if err == nil {
		c.rest = strings.TrimPrefix(c.rest[len(q):], " ")
		s, err = strconv.Unquote(q)
	}
	c.err = cmp.Or(c.err, err)
	return s
}

// end is the first thing that was wrong with the cells, or that some are left.
func (c *cells) end() error {
	if c.err == nil && c.rest != "" {
		return strconv.ErrSyntax
	}
	return c.err
}
